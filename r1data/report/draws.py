"""Draws: one slim row each, with what was decided about it and without any text."""

from __future__ import annotations

import polars as pl

from r1data.selection import combined
from r1data.store import Tables
from schemas import FinishReason, Outcome

JUDGED = (Outcome.CORRECT.value, Outcome.INCORRECT.value, Outcome.NO_ANSWER.value)
"""What says something about the model; the other outcomes say something about the checking."""


def draws(tables: Tables) -> pl.LazyFrame:
    """One row per draw, failed ones included.

    Columns: completion_id, prompt_id, completion_tokens, failed, outcome, kept, reason, other_reasons (how many), and
    of the prompt domain, language and source. What is not known yet is null.
    """
    drawn = tables.completions.select(
        "completion_id", "prompt_id", "completion_tokens", failed=pl.col("finish_reason") == FinishReason.ERROR
    )
    decisions = tables.decisions.select(
        "completion_id", "kept", "reason", other_reasons=pl.col("reasons").list.len().cast(pl.Int32) - 1
    )
    prompts = tables.prompts.select("prompt_id", "domain", "language", "source")
    outcomes = combined(tables.verdicts, tables.policy).select("completion_id", "outcome")
    return (
        drawn.join(outcomes, on="completion_id", how="left")
        .join(decisions, on="completion_id", how="left")
        .join(prompts, on="prompt_id", how="left")
    )
