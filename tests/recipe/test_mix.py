"""A mix is read as it is written, names what is wrong with it, and grows and shrinks as a whole."""

from pathlib import Path

import pytest

from r1data.errors import RecipeError
from r1data.recipe import GymPrompts, Recipe, is_mix, read_mix, read_recipe, read_runtime, scaled_recipe
from r1data.standing_in import with_stand_ins

SHIPPED = Path(__file__).parents[2] / "data" / "recipes" / "r1-800k.yaml"
SMALL = Path(__file__).parents[2] / "data" / "runtimes" / "small.yaml"
TABLE_5 = {"math": 395_285, "code": 211_129, "stem": 10_124, "logic": 10_395, "general": 177_812}


def written(folder: Path, text: str) -> Path:
    path = folder / "mix.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_mix_has_the_counts_of_the_papers_table() -> None:
    assert is_mix(SHIPPED)
    quotas = read_mix(SHIPPED).merge.quotas
    assert {name: quota.rows for name, quota in quotas.items()} == TABLE_5
    assert sum(TABLE_5.values()) == 804_745
    small = read_mix(SHIPPED, scale=0.001).merge.quotas
    assert {name: quota.rows for name, quota in small.items()} == {
        "math": 395, "code": 211, "stem": 10, "logic": 10, "general": 178,
    }  # fmt: skip


def test_every_recipe_of_the_shipped_mix_can_be_read_and_every_model_has_a_stand_in() -> None:
    mix, runtime = read_mix(SHIPPED), read_runtime(SMALL)
    groups = {part.group for part in mix.parts}
    assert groups == {"cold_start", "reasoning", "general"}
    for part in mix.parts:
        if part.kind == "recipe":
            recipe = with_stand_ins(read_recipe(mix.folder / part.recipe), runtime, part.name)
            assert recipe.model.is_folder, f"{part.name} would load {recipe.model.id}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("parts: []\nname: x", "parts"),
        ("name: x\nparts:\n- {name: a, group: odd, kind: recipe, recipe: a.yaml}", "group"),
        ("name: x\nparts:\n- {name: a/b, group: general, kind: recipe, recipe: a.yaml}", "letters"),
        ("name: x\nparts:\n" + 2 * "- {name: a, group: general, kind: recipe, recipe: a.yaml}\n", "two parts are"),
        ("name: x\nparts:\n- {name: r, group: cold_start, kind: rewrite, of: [a], model: m}", "before it"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        read_mix(written(tmp_path, text))


def test_parts_are_chosen_by_name_or_group_with_what_they_rewrite(tmp_path: Path) -> None:
    mix = read_mix(written(tmp_path, """
name: x
parts:
- {name: a, group: cold_start, kind: recipe, recipe: a.yaml}
- {name: b, group: reasoning, kind: recipe, recipe: b.yaml}
- {name: r, group: cold_start, kind: rewrite, of: [a], model: m}
"""))  # fmt: skip
    assert [part.name for part in mix.chosen(())] == ["a", "b", "r"]
    assert [part.name for part in mix.chosen(["r"])] == ["a", "r"]
    assert [part.name for part in mix.chosen(["reasoning"])] == ["b"]
    assert [part.name for part in mix.offering] == ["b", "r"]
    with pytest.raises(RecipeError, match="nothing is no part"):
        mix.chosen(["nothing is no part"])


def test_a_scale_changes_how_many_prompts_and_nothing_else() -> None:
    recipe = Recipe.model_validate({
        "name": "x", "model": "m",
        "prompts": [
            {"kind": "reasoning_gym", "family": "gcd", "size": 30_000},
            {"kind": "shipped", "dataset": "arithmetic-en", "limit": 10},
            {"kind": "shipped", "dataset": "arithmetic-zh"},
        ],
    })  # fmt: skip
    small = scaled_recipe(recipe, 0.001)
    gym, limited, whole = small.prompts
    assert isinstance(gym, GymPrompts)
    assert (gym.size, limited.limit, whole.limit) == (30, 1, None)  # type: ignore[union-attr]
    assert small.model_copy(update={"prompts": recipe.prompts}) == recipe


def test_a_stand_in_is_found_by_the_part_first_and_brings_how_it_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "runtime.yaml"
    path.write_text("""
stand_ins:
  big/model: ./small
  code: {model: ./coder, template: {name: r1-zero}, max_tokens: 100}
""", encoding="utf-8")  # fmt: skip
    runtime = read_runtime(path)
    recipe = Recipe.model_validate(
        {"name": "x", "model": "big/model", "prompts": [{"kind": "shipped", "dataset": "a"}]}
    )
    recipe = recipe.model_copy(update={"folder": tmp_path / "recipes"})
    plain, code = with_stand_ins(recipe, runtime, "math"), with_stand_ins(recipe, runtime, "code")
    assert (plain.model.id, plain.template.name) == ("../small", "chat")
    assert (code.model.id, code.template.name, code.sampling.max_tokens) == ("../coder", "r1-zero", 100)
    other = recipe.model_copy(update={"model": recipe.model.model_copy(update={"id": "other/model"})})
    assert with_stand_ins(other, runtime, "math") == other
