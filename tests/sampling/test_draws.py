"""Draws are named by content: what changes the text or how it is sampled changes the id, nothing else does."""

from pathlib import Path

import polars as pl
import pytest

from r1data.model import LoadedModel, load_model
from r1data.prompts import Renderer
from r1data.recipe import Recipe
from r1data.sampling import draws_of, route
from schemas import Prompts

BASE = {"name": "t", "prompts": [{"kind": "shipped", "dataset": "x"}]}


def prompts(*questions: str) -> pl.DataFrame:
    rows = [
        {
            "prompt_id": f"{number:032x}", "messages": [{"role": "user", "content": question}], "domain": "math",
            "language": "en", "verifier": "math", "reference": "4", "task": None, "source": "s", "source_row": "1",
            "licence": None,
        }
        for number, question in enumerate(questions)
    ]  # fmt: skip
    return Prompts.validate(pl.DataFrame(rows, schema_overrides={"task": pl.String, "licence": pl.String}), cast=True)


@pytest.fixture(scope="module")
def model(tiny: Path) -> LoadedModel:
    return load_model(Recipe.model_validate(BASE | {"model": str(tiny)}))


def ids(model: LoadedModel, frame: pl.DataFrame, **changes: object) -> list[str]:
    recipe = Recipe.model_validate(BASE | {"model": "./m"} | changes)
    renderer = Renderer(model, recipe.template)
    return [d.completion_id for d in draws_of(frame, renderer, route(recipe, model), recipe)]


def test_more_draws_keep_those_that_were_there(model: LoadedModel) -> None:
    frame = prompts("2+2?", "3+3?")
    few, many = ids(model, frame, sampling={"draws": 2}), ids(model, frame, sampling={"draws": 5})
    assert set(few) < set(many) and len(many) == len(set(many)) == 10


def test_order_and_company_do_not_count(model: LoadedModel) -> None:
    frame = prompts("2+2?", "3+3?", "4+4?")
    assert set(ids(model, frame)) == set(ids(model, frame.reverse()))
    assert set(ids(model, frame.head(1))) < set(ids(model, frame))


@pytest.mark.parametrize(
    "change",
    [
        {"sampling": {"temperature": 0.5}},
        {"sampling": {"max_tokens": 7}},
        {"seed": 1},
        {"template": {"system": "Be brief."}},
        {"template": {"prefill": "<think>\n"}},
        {"template": {"name": "r1-zero"}},
    ],
)
def test_what_changes_the_draw_changes_the_id(model: LoadedModel, change: dict[str, object]) -> None:
    frame = prompts("2+2?")
    assert not set(ids(model, frame)) & set(ids(model, frame, **change))


@pytest.mark.parametrize(
    "change", [{"name": "other"}, {"selection": {"longest_paragraph": 5}}, {"verification": {"deadline": 1}}]
)
def test_what_does_not_change_the_draw_keeps_the_id(model: LoadedModel, change: dict[str, object]) -> None:
    frame = prompts("2+2?")
    assert ids(model, frame) == ids(model, frame, **change)


def test_the_prefill_is_part_of_what_is_sent(model: LoadedModel) -> None:
    recipe = Recipe.model_validate(BASE | {"model": "./m", "template": {"prefill": "<think>\nI"}})
    draw = next(draws_of(prompts("2+2?"), Renderer(model, recipe.template), "r", recipe))
    assert draw.rendered.text.endswith("<think>\nI")
    assert model.tokenizer.decode(draw.rendered.tokens) == draw.rendered.text
