"""A model as the factory sees it before an engine loads it: identity, tokenizer, chat template."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from r1data.errors import ModelError
from r1data.recipe import EngineChoice, LocalEngine, Model, Recipe, fingerprint

WEIGHTS = ("*.safetensors", "*.bin")
IDENTITY = ("config.json", "generation_config.json", "tokenizer*", "chat_template*", "vocab*", "merges*")
CHUNK = 1 << 24
"""Of a weight file, size, first and last 16 MiB are hashed: two trainings differ everywhere, terabytes take hours."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """`source` is what an engine loads (folder or Hub name), `name` what the tables say, `tokenizer` transformers'.

    A model with the api `chat` is known by its name alone: nothing of it is on this machine, and `tokenizer` is None.
    """

    name: str
    source: str
    revision: str | None
    fingerprint: str
    tokenizer: Any
    api: Literal["completions", "chat"] = "completions"

    @property
    def is_folder(self) -> bool:
        """Whether the model lies on this machine."""
        return Path(self.source).is_dir()


def load_model(recipe: Recipe) -> LoadedModel:
    """Find the recipe's model and load its tokenizer, without loading weights. A hosted chat model has neither.

    Raises:
        ModelError: the folder is missing, has no weights or no tokenizer, or the Hub does not give it.
    """
    model = recipe.model
    if model.api == "chat":
        identity = fingerprint({"id": model.id, "revision": model.revision, "api": model.api})
        return LoadedModel(model.id, model.id, model.revision, identity, None, model.api)
    if not model.is_folder:
        tokenizer = _tokenizer(model.id, model.revision)
        identity = fingerprint({"id": model.id, "revision": model.revision})
        return LoadedModel(model.id, model.id, model.revision, identity, tokenizer)
    folder = recipe.resolve(model.id)
    _require_weights(folder, model.id)
    return LoadedModel(folder.name, str(folder), None, folder_fingerprint(folder), _tokenizer(str(folder), None))


def require_engine_for(model: LoadedModel, engine: EngineChoice) -> None:
    """Refuse an engine that cannot serve this model.

    Raises:
        ModelError: the model is hosted by somebody else, and the engine would have to load it here.
    """
    if model.api == "chat" and isinstance(engine, LocalEngine):
        raise ModelError(
            f"model {model.name}: with api: chat it is hosted by somebody else, and a local engine cannot load it",
            "name its address in the runtime (engine: {kind: server, endpoints: [https://.../v1]}), or leave out api",
        )


def model_fingerprint(model: Model, resolve: Callable[[str], Path]) -> str:
    """The identity of a model that somebody else loads: of its folder, where it is one here, or of its name."""
    if model.is_folder and (folder := resolve(model.id)).is_dir():
        return folder_fingerprint(folder)
    return fingerprint({"id": model.id, "revision": model.revision})


def folder_fingerprint(folder: Path) -> str:
    """Hash of what makes the model what it is: configuration, tokenizer, template and weights; not where it lies."""
    digest = hashlib.blake2b(digest_size=16)
    files = {path for pattern in (*IDENTITY, *WEIGHTS) for path in folder.glob(pattern) if path.is_file()}
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + _file_digest(path))
    return digest.hexdigest()


def _file_digest(path: Path) -> bytes:
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        digest.update(file.read(CHUNK))
        if size > CHUNK:
            file.seek(max(CHUNK, size - CHUNK))
            digest.update(file.read(CHUNK))
    return digest.digest()


def _require_weights(folder: Path, given: str) -> None:
    if not folder.is_dir():
        raise ModelError(f"model {given}: there is no folder {folder}", _remedy_for(folder))
    if not (folder / "config.json").is_file():
        raise ModelError(f"model {folder}: has no config.json", "name a folder made by save_pretrained or a Hub id")
    if not any(path for pattern in WEIGHTS for path in folder.glob(pattern)):
        raise ModelError(f"model {folder}: has no weights (*.safetensors)", _remedy_for(folder))


def _remedy_for(folder: Path) -> str:
    match folder.name:
        case "smollm2":
            return "make it with `r1data models smollm2`"
        case "tiny":
            return "make it with `make tiny`"
        case _:
            return "correct `model` in the recipe: a folder (beginning with . or /) or a name on the Hub"


def _tokenizer(source: str, revision: str | None) -> Any:  # noqa: ANN401 - transformers' tokenizers share no useful type
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    from transformers import AutoTokenizer  # imported late: it takes seconds

    try:
        return AutoTokenizer.from_pretrained(source, revision=revision or "main")
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"model {source}: its tokenizer cannot be loaded: {reason}",
            "check the name, that this machine reaches the Hub (or that the folder holds tokenizer.json), "
            "and HF_TOKEN for gated models",
        ) from None
