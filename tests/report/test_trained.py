"""The pages of trainings and pipelines: any numbers can be drawn, names command nothing, each gain in its place."""

from xml.etree import ElementTree

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from r1data.recipe import Pipeline
from r1data.report.curves import chart, curves, standalone
from r1data.report.dots import dots, round_ticks
from r1data.report.model_table import markdown, rows
from r1data.report.pipeline_page import pictures, render_pipeline_page
from r1data.scores import MEANS, Scores
from r1data.trained import tokens_per_second

HOSTILE = "<script>alert(1)</script>|"
shares = st.floats(0, 1)
numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
PIPELINE = Pipeline.model_validate(
    {
        "name": HOSTILE,
        "models": {"base": "./tiny"},
        "labels": {"base": HOSTILE, "tuned": "Tuned"},
        "held_out": {"prompts": [{"kind": "shipped", "dataset": "arithmetic-en"}]},
        "stages": [{"name": "tuned", "kind": "sft", "model": "base", "data": ["./d.jsonl"]}],
    }
)


def of(accuracies: list[float]) -> Scores:
    count = len(accuracies)
    columns = {key: accuracies if key == "accuracy" else [0.5] * count for key in MEANS}
    ids = [f"{place}" for place in range(count)]
    return Scores(pl.DataFrame({"prompt_id": ids, "completions": [1] * count, "unjudged": [0] * count, **columns}))


BASE = of([0, 1, 0, 1])
SCORES = {0: {"base": BASE, "tuned": of([1, 1, 0, 1])}, 1: {"base": BASE, "tuned": of([1, 1, 1, 1])}}


@given(st.lists(numbers, min_size=1, max_size=700))
def test_any_numbers_can_be_drawn(values: list[float]) -> None:
    drawn = chart(list(enumerate(values, 1)), HOSTILE)
    assert ElementTree.fromstring(standalone(drawn)).get("viewBox")
    assert "<script" not in drawn


def test_what_never_moves_from_nothing_is_no_curve() -> None:
    steps = [{"step": step, "loss": 1e-8 * step, "faults": 0.0, "length": 90 + step} for step in range(1, 21)]
    found = curves(steps)
    assert [one.key for one in found] == ["length"]
    assert (found[0].first, found[0].last) == (91.5, 109.5)
    assert [one.key for one in curves([{**row, "loss": 1.0} for row in steps])] == ["loss", "length"]


def test_a_gain_is_over_the_model_it_began_with_where_both_were_measured() -> None:
    base, tuned = rows(PIPELINE, SCORES)
    assert (base.cells[0], base.gains, base.seeds) == ("50.0 ± 56.6", (), ("50.0",))
    assert (tuned.cells[0], tuned.seeds) == ("87.5 ± 24.5", ("75.0", "100.0"))
    assert tuned.gains[0] == "+37.5 ± 46.9"
    alone = rows(PIPELINE, {0: SCORES[0], 1: {"tuned": SCORES[1]["tuned"]}})[1]
    assert alone.gains[0] == "+25.0 ± 49.0", "of the seed in which both were measured"
    assert tuned.gains[1] == "+0.0 ± 0.0"


@given(shares, shares)
def test_an_axis_holds_what_is_on_it_between_round_shares(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    ticks = round_ticks(low, high)
    assert 3 <= len(ticks) <= 6
    assert ticks[0] <= low + 1e-9 and ticks[-1] >= high - 1e-9
    assert ticks[0] >= 0 and ticks[-1] <= 1 + 1e-9


def test_tokens_are_counted_on_where_a_trainer_begins_anew() -> None:
    rows = [{"step": 1, "seconds": 2.0, "tokens_seen": 100}, {"step": 2, "seconds": 4.0, "tokens_seen": 200}]
    assert tokens_per_second(rows) == 50
    assert tokens_per_second([*rows, {"step": 3, "seconds": 10.0, "tokens_seen": 100}]) == 30
    assert tokens_per_second([]) is tokens_per_second([{"step": 1, "seconds": 2.0}]) is None


def test_names_are_nothing_but_names() -> None:
    page = render_pipeline_page(PIPELINE, SCORES, {}, [(0, HOSTILE, 2, 1)])
    assert "<script" not in page and "&lt;script" in page
    assert "<script" not in dots(PIPELINE, SCORES, "accuracy")
    assert all("<script" not in text and ElementTree.fromstring(text) for _, text in pictures(PIPELINE, SCORES, {}))
    table = markdown(PIPELINE, SCORES)
    assert table.startswith("| model | accuracy | gained |")
    assert "<script" not in table and "&lt;/script>\\|" in table


def test_a_model_of_which_nothing_could_be_judged_breaks_no_picture() -> None:
    unjudged = {0: {"base": BASE, "tuned": of([float("nan")] * 4)}}
    drawn = dots(PIPELINE, unjudged, "accuracy")
    assert "Tuned" not in drawn and "Tuned" in dots(PIPELINE, unjudged, "format")
