"""What holds for every table: rows are conserved, their order is nothing, and a looser threshold rejects no text."""

from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from r1data.recipe import Selection
from r1data.selection import decide
from schemas import Outcome, Reason
from tests.selection.rows import completions, id_of, measures, verdicts

SHARES = st.sampled_from([None, 0.0, 0.5, 0.9, 0.95, 1.0])
DRAWN = st.fixed_dictionaries(
    {
        "prompt_id": st.sampled_from(["a" * 32, "b" * 32]),
        "draw": st.integers(0, 3),
        "finish_reason": st.sampled_from(["stop", "stop", "stop", "length", "loop", "error"]),
        "completion_tokens": st.integers(1, 4),
        "error": st.just("set for every row, and read for failed ones only"),
    }
)
MEASURED = st.fixed_dictionaries(
    {
        "think_in_order": st.sampled_from([True, True, True, False]),
        "language_share": SHARES,
        "answer_language_share": SHARES,
        "longest_paragraph": st.sampled_from([0, 1999, 2000, 2001]),
        "fence_unclosed": st.sampled_from([False, False, True]),
        "code_in_reasoning": st.sampled_from([False, False, True]),
        "repeated_lines": st.sampled_from([0.0, 0.3, 0.4]),
        "tail_repeats": st.integers(1, 6),
        "folded": st.integers(0, 4).map(id_of),
    }
)
OUTCOMES = st.sampled_from([*["correct"] * 8, *(outcome.value for outcome in Outcome), None])
ROWS = st.lists(st.tuples(DRAWN, MEASURED, OUTCOMES), max_size=12)
SELECTIONS = st.builds(
    Selection,
    correctness=st.sampled_from(["correct", "any"]),
    reasoning=st.sampled_from(["required", "optional"]),
    truncated=st.sampled_from(["drop", "keep"]),
    language_share=st.sampled_from([0.0, 0.9, 1.0]),
    longest_paragraph=st.sampled_from([1999, 2000, 3000]),
    code_in_reasoning=st.sampled_from(["drop", "keep"]),
    repeated_lines=st.sampled_from([0.0, 0.3, 1.0]),
    tail_repeats=st.integers(1, 7),
    keep_per_prompt=st.sampled_from([None, 1, 2]),
    keep_rule=st.sampled_from(["first", "shortest"]),
)
LOOSER: dict[str, Any] = {
    "correctness": "any",
    "reasoning": "optional",
    "truncated": "keep",
    "language_share": 0.0,
    "longest_paragraph": 10**6,
    "code_in_reasoning": "keep",
    "repeated_lines": 1.0,
    "tail_repeats": 10**6,
}
Rows = list[tuple[dict[str, Any], dict[str, Any], str | None]]
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def tables(rows: Rows) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    drawn = completions(*(row[0] for row in rows))
    return drawn, verdicts(*(row[2] for row in rows)), measures(*(row[1] for row in rows))


@few
@given(ROWS, SELECTIONS)
def test_rows_are_conserved(rows: Rows, selection: Selection) -> None:
    drawn, judged, measured = tables(rows)
    decisions = decide(drawn.lazy(), judged.lazy(), measured.lazy(), selection)
    alive = drawn.filter(pl.col("finish_reason") != "error")
    assert sorted(decisions["completion_id"]) == sorted(alive["completion_id"])
    assert decisions["kept"].sum() + decisions["reason"].count() == alive.height
    ranks = decisions.filter(pl.col("rank").is_not_null()).group_by("prompt_id").agg(pl.col("rank").sort())
    assert all(ranked == list(range(1, len(ranked) + 1)) for ranked in ranks["rank"].to_list())
    surplus = decisions["reason"] == Reason.SURPLUS
    assert decisions.filter(pl.col("rank").is_not_null() != (pl.col("kept") | surplus.fill_null(False))).height == 0


@few
@given(ROWS, SELECTIONS, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(rows: Rows, selection: Selection, random: Any) -> None:
    drawn, judged, measured = tables(rows)
    first = decide(drawn.lazy(), judged.lazy(), measured.lazy(), selection)
    shuffled = [frame[random.sample(range(frame.height), frame.height)] for frame in (drawn, judged, measured)]
    again = decide(*(frame.lazy() for frame in shuffled), selection)  # type: ignore[call-arg, arg-type]
    assert first.equals(again)


@few
@given(ROWS, SELECTIONS, st.sets(st.sampled_from(sorted(LOOSER))))
def test_a_looser_threshold_rejects_nothing_that_was_kept(rows: Rows, selection: Selection, loosened: set[str]) -> None:
    """A kept row stays, unless an earlier draw of the same text is now good and stands in its place."""
    drawn, judged, measured = tables(rows)
    strict = selection.model_copy(update={"keep_per_prompt": None})
    loose = strict.model_copy(update={name: LOOSER[name] for name in loosened})
    before, after = (decide(drawn.lazy(), judged.lazy(), measured.lazy(), chosen) for chosen in (strict, loose))
    after = after.join(measured.select("completion_id", "folded"), on="completion_id")
    kept_texts = set(after.filter("kept").select("prompt_id", "folded").rows())
    lost = before.filter("kept").join(after.filter(~pl.col("kept")), on="completion_id", how="inner", suffix="_after")
    assert set(lost["reason_after"]) <= {Reason.DUPLICATE}
    assert set(lost.select("prompt_id", "folded").rows()) <= kept_texts
