"""The orders in which samples are shown: stated rules, and the same on every machine."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from r1data.recipe import Selection
from r1data.review.plans import ordered
from r1data.selection import MEASURES
from schemas import Measures, Outcome

TYPES = {name: Measures.create_empty().schema[name] for name in MEASURES}
CLEAN = dict.fromkeys(MEASURES, None) | {"think_in_order": True, "tail_repeats": 1, "language_share": 1.0}


def rows(*changes: dict[str, object]) -> pl.DataFrame:
    made = [
        {"completion_id": f"{n:032x}", "prompt_id": "f" * 32, "outcome": "correct", "rule_outcome": "correct",
         "judge_outcome": None, "pass_rate": 1.0, **CLEAN, **change}
        for n, change in enumerate(changes)
    ]  # fmt: skip
    types = {
        **TYPES,
        "judge_outcome": pl.String,
        "outcome": pl.String,
        "rule_outcome": pl.String,
        "pass_rate": pl.Float64,
    }
    return pl.DataFrame(made, schema_overrides=types)


def order(plan: str, *changes: dict[str, object]) -> list[int]:
    told = ordered(rows(*changes), plan, Selection())  # type: ignore[arg-type]
    return [int(key, 16) for key in told["completion_id"]]


def test_the_most_doubtful_come_first() -> None:
    changes: list[dict[str, object]] = [
        {}, {"pass_rate": 0.25}, {"longest_paragraph": 1900}, {"outcome": "undecided"}, {"language_share": 0.98},
        {"tail_repeats": 2}, {"outcome": None},
    ]  # fmt: skip
    assert order("low_confidence", *changes)[:5] == [3, 2, 1, 4, 5]
    told = ordered(rows(*changes), "low_confidence", Selection())
    why = dict(zip((int(key, 16) for key in told["completion_id"]), told["why"], strict=True))
    assert why[2] == "long paragraph: longest near its limit (95%)" and why[0] is None
    assert why[1] == "few draws of this prompt are correct (75%)" and "not `correct`" in (why[3] or "")


def test_only_what_is_disputed_is_shown_as_disagreement() -> None:
    changes: list[dict[str, object]] = [
        {}, {"answers_agree": False}, {"judge_outcome": "incorrect"}, {"judge_outcome": "correct"},
        {"rule_outcome": None, "judge_outcome": "incorrect"}, {"answers_agree": True},
    ]  # fmt: skip
    assert order("disagreement", *changes) == [2, 1]


@given(st.permutations(range(8)), st.sampled_from(["random", "low_confidence", "disagreement"]))
def test_the_order_of_the_rows_does_not_matter(places: list[int], plan: str) -> None:
    table = rows(*({"pass_rate": n % 3 / 2, "judge_outcome": "incorrect"} for n in range(8)))
    one = ordered(table, plan, Selection())  # type: ignore[arg-type]
    assert one.equals(ordered(table[places], plan, Selection()))  # type: ignore[arg-type]


@given(st.lists(st.sampled_from([None, *Outcome]), max_size=6), st.lists(st.floats(0, 1), max_size=6))
def test_every_sample_is_in_both_full_orders(outcomes: list[Outcome | None], rates: list[float]) -> None:
    changes: list[dict[str, object]] = [{"outcome": one and one.value} for one in outcomes]
    changes += [{"pass_rate": rate, "repeated_lines": rate} for rate in rates]
    if changes:
        for plan in ("random", "low_confidence"):
            assert sorted(order(plan, *changes)) == list(range(len(changes)))
