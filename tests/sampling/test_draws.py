"""Draws are named by content: what changes the text or how it is sampled changes the id, nothing else does."""

from pathlib import Path

import polars as pl
import pytest

from r1data.model import LoadedModel, load_model
from r1data.prompts import Renderer
from r1data.recipe import Recipe
from r1data.sampling import completion_id, expanded, route, seed_of
from schemas import Message, Prompts

BASE = {"name": "t", "prompts": [{"kind": "shipped", "dataset": "x"}]}


def prompts(*questions: str) -> pl.DataFrame:
    rows = [
        {
            "prompt_id": f"{number:032x}", "messages": [{"role": "user", "content": question}], "domain": "math",
            "language": "en", "verifier": "math", "reference": "4", "task": None, "source": "s", "source_row": "1",
            "licence": None, "category": None, "thinking": None,
        }
        for number, question in enumerate(questions)
    ]  # fmt: skip
    return Prompts.validate(pl.DataFrame(rows, schema_overrides=dict(Prompts.create_empty().schema)), cast=True)


@pytest.fixture(scope="module")
def model(tiny: Path) -> LoadedModel:
    return load_model(Recipe.model_validate(BASE | {"model": str(tiny)}))


def ids(model: LoadedModel, frame: pl.DataFrame, **changes: object) -> list[str]:
    recipe = Recipe.model_validate(BASE | {"model": "./m"} | changes)
    renderer = Renderer(model, recipe.template)
    rows = [
        (prompt_id, renderer.render([Message(m["role"], m["content"]) for m in messages], language).fingerprint)
        for prompt_id, messages, language in frame.select("prompt_id", "messages", "language").iter_rows()
    ]
    plan = pl.DataFrame(rows, schema=["prompt_id", "rendered"], orient="row")
    draws = expanded(plan.with_columns(draws=recipe.sampling.most_draws), route(recipe, model), recipe.seed)
    return draws["completion_id"].to_list()


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
        {"sampling": {"caps": [100], "max_tokens": 32768}},
        {"sampling": {"loops": None}},
    ],
)
def test_what_changes_the_draw_changes_the_id(model: LoadedModel, change: dict[str, object]) -> None:
    frame = prompts("2+2?")
    assert not set(ids(model, frame)) & set(ids(model, frame, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"selection": {"longest_paragraph": 5}},
        {"verification": {"deadline": 1}},
        {"sampling": {"draws": {"target": 1, "max": 4}}},
    ],
)
def test_what_does_not_change_the_draw_keeps_the_id(model: LoadedModel, change: dict[str, object]) -> None:
    frame = prompts("2+2?")
    assert ids(model, frame) == ids(model, frame, **change)


def test_the_prefill_is_part_of_what_is_sent(model: LoadedModel) -> None:
    recipe = Recipe.model_validate(BASE | {"model": "./m", "template": {"prefill": "<think>\nI"}})
    rendered = Renderer(model, recipe.template).render([Message("user", "2+2?")], "en")
    assert rendered.text.endswith("<think>\nI")
    assert model.tokenizer.decode(rendered.tokens) == rendered.text


def test_a_seed_belongs_to_prompt_and_index() -> None:
    assert seed_of(0, "p", 3) == seed_of(0, "p", 3)
    assert len({seed_of(s, p, i) for s in range(3) for p in "pq" for i in range(5)}) == 30
    assert all(0 <= seed_of(s, "p", 1) < 1 << 31 for s in range(200))
    assert completion_id("a", "b", "c", 1) != completion_id("a", "bc", "", 1)
