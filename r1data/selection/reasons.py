"""Reasons: one expression for each way to be rejected, over a row of outcome, measures and finish reason."""

from __future__ import annotations

import polars as pl

from r1data.recipe import Selection
from schemas import FinishReason, Outcome, Reason

REPEATS_EARLIER = "repeats_earlier"
"""Column: an earlier good reply to the same prompt says the same."""
RANK = "rank"
"""Column: place among the prompt's good replies, from 1."""

JUDGED = (Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER)

LEGIBILITY = (
    Reason.TRUNCATED,
    Reason.FORMAT,
    Reason.MIXED_LANGUAGE,
    Reason.LONG_PARAGRAPH,
    Reason.MESSY_CODE,
    Reason.REPETITION,
)
"""What can be told from the text alone, before any verdict."""
CORRECTNESS = (Reason.NO_ANSWER, Reason.INCORRECT, Reason.UNVERIFIED)
AMONG_OTHERS = (Reason.DUPLICATE, Reason.SURPLUS)
"""What depends on the prompt's other replies."""


def expressions(selection: Selection) -> dict[Reason, pl.Expr]:
    """When each reason holds. A null share (no words) and a measure at its threshold are no reason. A reply that was
    cut because it repeated itself is a repetition under any threshold.
    """
    col, outcome = pl.col, pl.col("outcome")
    asks_correct = pl.lit(selection.correctness == "correct")
    mixed = pl.min_horizontal("language_share", "answer_language_share") < selection.language_share
    held: dict[Reason, pl.Expr] = {
        Reason.TRUNCATED: pl.lit(selection.truncated == "drop") & (col("finish_reason") == FinishReason.LENGTH),
        Reason.FORMAT: pl.lit(selection.reasoning == "required") & ~col("think_in_order"),
        Reason.NO_ANSWER: asks_correct & (outcome == Outcome.NO_ANSWER),
        Reason.INCORRECT: asks_correct & (outcome == Outcome.INCORRECT),
        Reason.UNVERIFIED: asks_correct & (outcome.is_null() | ~outcome.is_in(JUDGED)),
        Reason.MIXED_LANGUAGE: mixed,
        Reason.LONG_PARAGRAPH: col("longest_paragraph") > selection.longest_paragraph,
        Reason.MESSY_CODE: col("fence_unclosed")
        | (pl.lit(selection.code_in_reasoning == "drop") & col("code_in_reasoning")),
        Reason.REPETITION: (col("finish_reason") == FinishReason.LOOP)
        | (col("repeated_lines") > selection.repeated_lines)
        | (col("tail_repeats") >= selection.tail_repeats),
        Reason.DUPLICATE: col(REPEATS_EARLIER),
        Reason.SURPLUS: pl.lit(False) if selection.keep_per_prompt is None else col(RANK) > selection.keep_per_prompt,
    }
    return {reason: expression.fill_null(False) for reason, expression in held.items()}
