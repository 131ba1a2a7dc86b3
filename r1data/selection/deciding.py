"""Deciding: which completions are kept, and every reason why the others are not.

A query over verdicts and measures. It reads no text, so another threshold over a million rows takes a moment.
"""

from __future__ import annotations

import polars as pl

from r1data.recipe import Policy, Selection
from r1data.selection.policy import combined
from r1data.selection.reasons import (
    AMONG_OTHERS,
    CORRECTNESS,
    LEGIBILITY,
    RANK,
    REPEATS_EARLIER,
    expressions,
)
from schemas import Decisions, FinishReason, Reason

MEASURES = (
    "think_in_order",
    "language_share",
    "answer_language_share",
    "longest_paragraph",
    "fence_unclosed",
    "code_in_reasoning",
    "repeated_lines",
    "tail_repeats",
    "folded",
)
IN_DRAWN_ORDER = ("prompt_id", "draw", "completion_id")
KEEP_ORDER = {"first": IN_DRAWN_ORDER, "shortest": ("prompt_id", "completion_tokens", "draw", "completion_id")}


def decide(
    completions: pl.LazyFrame,
    verdicts: pl.LazyFrame,
    measures: pl.LazyFrame,
    selection: Selection,
    policy: Policy = "rule",
) -> pl.DataFrame:
    """One decision for each completion that is no failed draw, ordered by prompt and draw.

    Of `completions` it reads completion_id, prompt_id, draw, finish_reason and completion_tokens. `policy` says whose
    verdict counts, the rule's or the judge's. The result depends
    on the rows alone, not on their order, and is valid against `schemas.Decisions`.

    Raises ValueError where a completion has not been measured; without a verdict it is `unverified`.
    """
    rows = _rows(completions, combined(verdicts, policy).select("completion_id", "outcome"), measures)
    alone = [expression.alias(reason) for reason, expression in _alone(selection).items()]
    rows = rows.with_columns(alone).with_columns(good=~pl.any_horizontal(_alone(selection).values()))
    rows = _ranked(_with_repeats(rows), selection)
    among = expressions(selection)
    rows = rows.with_columns(among[reason].alias(reason) for reason in AMONG_OTHERS)
    named = [pl.when(pl.col(reason)).then(pl.lit(reason.value)) for reason in Reason]
    decided = (
        rows.with_columns(pl.concat_list(named).list.drop_nulls().alias("reasons"))
        .with_columns(reason=pl.col("reasons").list.first())
        .with_columns(kept=pl.col("reason").is_null())
        .sort(IN_DRAWN_ORDER)
        .select(*Decisions.columns(), "measured")
        .collect()
    )
    unmeasured = decided.filter(~pl.col("measured"))
    if unmeasured.height:
        first = unmeasured["completion_id"][0]
        raise ValueError(f"{unmeasured.height} completions have no measures (the first is {first}): measure them first")
    return Decisions.validate(decided.drop("measured"))


def accepted(frame: pl.DataFrame, selection: Selection) -> pl.Series:
    """Whether each row is correct and readable, as `decide` sees it before it looks at the prompt's other replies.

    Takes `outcome` (null for none yet), `finish_reason` and the columns of `schemas.Measures`.
    """
    return frame.select((~pl.any_horizontal(_alone(selection).values())).alias("accepted"))["accepted"]


def readable(completions: pl.DataFrame, measures: pl.DataFrame, selection: Selection) -> pl.Series:
    """Whether each completion would be kept if its answer were correct, in the order of `completions`.

    Takes completion_id and finish_reason, and the measures of those completions.
    """
    frame = completions.join(measures, on="completion_id", how="left", maintain_order="left", validate="m:1")
    flaws = expressions(selection)
    return frame.select((~pl.any_horizontal(flaws[reason] for reason in LEGIBILITY)).alias("readable"))["readable"]


def _alone(selection: Selection) -> dict[Reason, pl.Expr]:
    """The reasons that a row gives by itself."""
    all_of_them = expressions(selection)
    return {reason: all_of_them[reason] for reason in (*LEGIBILITY, *CORRECTNESS)}


def _rows(completions: pl.LazyFrame, outcomes: pl.LazyFrame, measures: pl.LazyFrame) -> pl.LazyFrame:
    drawn = completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
    drawn = drawn.select("completion_id", "prompt_id", "draw", "finish_reason", "completion_tokens")
    measured = measures.select("completion_id", *MEASURES, measured=pl.lit(True))
    return drawn.join(outcomes, on="completion_id", how="left").join(
        measured, on="completion_id", how="left"
    ).with_columns(pl.col("measured").fill_null(False))  # fmt: skip


def _with_repeats(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Among a prompt's good replies, mark those that say what an earlier draw said."""
    earlier = pl.col("good").cast(pl.Int32).cum_sum().over("prompt_id", "folded") > 1
    return rows.sort(IN_DRAWN_ORDER).with_columns((pl.col("good") & earlier).alias(REPEATS_EARLIER))


def _ranked(rows: pl.LazyFrame, selection: Selection) -> pl.LazyFrame:
    """Number a prompt's good and distinct replies by the rule for keeping; null for the others."""
    best = pl.col("good") & ~pl.col(REPEATS_EARLIER)
    place = best.cast(pl.Int32).cum_sum().over("prompt_id")
    return rows.sort(KEEP_ORDER[selection.keep_rule]).with_columns(pl.when(best).then(place).alias(RANK))
