"""A recipe that is wrong is refused with a message that names the key and the remedy."""

from pathlib import Path

import pytest
import yaml

from r1data.errors import RecipeError
from r1data.recipe import read_recipe, read_runtime

GOOD = {
    "name": "good",
    "model": "./model",
    "prompts": [{"kind": "file", "path": "prompts.jsonl"}, {"kind": "shipped", "dataset": "arithmetic-en"}],
}
HOSTED = {"model": {"id": "teacher", "api": "chat"}}


def write(folder: Path, document: object) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_paths_start_at_the_recipes_folder(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, GOOD))
    assert recipe.resolve(recipe.model.id) == tmp_path / "model"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samplig": {}}, "samplig: unknown key; did you mean 'sampling'?"),
        ({"sampling": {"drws": 3}}, "sampling.drws: unknown key; did you mean 'draws'?"),
        ({"selection": {"longest_paragaph": 3}}, "did you mean 'longest_paragraph'?"),
        ({"prompts": [{"kind": "file", "path": "a", "colums": {}}]}, "did you mean 'columns'?"),
        ({"prompts": [{"kind": "file", "path": "a", "columns": {"qestion": "q"}}]}, "did you mean 'question'?"),
        ({"prompts": [{"kind": "shiped", "dataset": "a"}]}, "'shipped'"),
        ({"prompts": [{"path": "a"}]}, "needs a key 'kind'"),
        ({"prompts": []}, "at least 1"),
        (HOSTED | {"sampling": {"caps": [8], "max_tokens": 9}}, "sampling: a model with api: chat cannot go on"),
        (HOSTED | {"template": {"name": "r1-zero"}}, "template: a model with api: chat is sent messages"),
        (HOSTED | {"template": {"prefill": "<think>"}}, "leave out prefill"),
        ({"model": {"id": "./folder", "api": "chat"}}, "the name that the model's server knows it by"),
        ({"model": {"id": "a", "api": "chatty"}}, "model.api"),
        ({"sampling": {"temperature": 0, "draws": 4}}, "temperature 0 gives the same reply every time"),
        ({"sampling": {"temperature": "warm"}}, "sampling.temperature"),
        ({"name": "../evil"}, "names the workspace's folder"),
        ({"model": None}, "model"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        read_recipe(write(tmp_path, GOOD | change))
    assert message in str(caught.value)
    assert "recipe.yaml" in str(caught.value)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text", "a: [", ""])
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match="YAML"):
        read_recipe(path)


def test_a_missing_file_lists_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(RecipeError) as caught:
        read_recipe(tmp_path / "recipes.yaml")
    assert "recipe.yaml" in str(caught.value.remedy)


def test_set_changes_one_key(tmp_path: Path) -> None:
    recipe = read_recipe(write(tmp_path, GOOD), ["sampling.draws=7", "selection.correctness=any"])
    assert (recipe.sampling.draws, recipe.selection.correctness) == (7, "any")
    with pytest.raises(RecipeError, match="did you mean 'draws'"):
        read_recipe(write(tmp_path, GOOD), ["sampling.drawss=7"])


def test_the_default_runtime_is_a_local_engine() -> None:
    assert read_runtime(None).engine.kind == "local"
    assert read_runtime(None, ["engine.kind=scripted", "engine.accuracy=1"]).engine.kind == "scripted"
