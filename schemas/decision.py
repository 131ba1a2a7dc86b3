"""Decision: kept or rejected, and every reason why."""

from __future__ import annotations

from enum import StrEnum

import dataframely as dy
import polars as pl

VERSION = 1


class Reason(StrEnum):
    """Why a completion is rejected, in the order in which a row's first reason is chosen."""

    TRUNCATED = "truncated"
    FORMAT = "format"
    NO_ANSWER = "no_answer"
    INCORRECT = "incorrect"
    UNVERIFIED = "unverified"
    """No judgement could be reached: bad reference, time-out, verifier error, undecided."""
    MIXED_LANGUAGE = "mixed_language"
    LONG_PARAGRAPH = "long_paragraph"
    MESSY_CODE = "messy_code"
    REPETITION = "repetition"
    DUPLICATE = "duplicate"
    """The same text was already kept for the same prompt."""
    SURPLUS = "surplus"
    """Good, but its prompt has enough good ones."""


class Decisions(dy.Schema):
    """The table of decisions: `reason` is the first of `reasons`, `rank` the place among a prompt's good ones."""

    completion_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    prompt_id = dy.String(regex=r"^[0-9a-f]{32}$")
    kept = dy.Bool()
    reason = dy.String(nullable=True, check=lambda c: c.is_in([r.value for r in Reason]))
    reasons = dy.List(dy.String())
    rank = dy.Int32(nullable=True, min=1)

    @dy.rule()
    def rejected_has_a_reason(cls) -> pl.Expr:
        return pl.col("kept") == pl.col("reason").is_null()

    @dy.rule()
    def first_reason_leads(cls) -> pl.Expr:
        return pl.col("kept") | (pl.col("reasons").list.first() == pl.col("reason"))
