"""Decision: kept or rejected, and every reason why."""

from __future__ import annotations

from enum import StrEnum

import dataframely as dy
import polars as pl

VERSION = 3


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
    STYLE = "style"
    """A rewritten one does not keep to the principles of style."""
    REVIEW = "review"
    """A person has rejected it, an edit of it does not hold, or it waits for a person."""
    CONTAMINATED = "contaminated"
    """Prompt or reply holds a benchmark's item."""
    DUPLICATE = "duplicate"
    """The same text, or nearly the same, was already kept."""
    PASS_RATE = "pass_rate"
    """The prompt is easier or harder than the recipe wants."""
    SURPLUS = "surplus"
    """Good, but its prompt has enough good ones."""
    QUOTA = "quota"
    """Good, but its domain (or what else a quota is about) has enough."""


class Decisions(dy.Schema):
    """The table of decisions: `reason` is the first of `reasons`, `rank` the place among a prompt's good ones.

    `findings` are the finer reasons, each under its reason: `messy_code/unclosed`, `duplicate/near`.
    """

    completion_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    prompt_id = dy.String(regex=r"^[0-9a-f]{32}$")
    kept = dy.Bool()
    reason = dy.String(nullable=True, check=lambda c: c.is_in([r.value for r in Reason]))
    reasons = dy.List(dy.String())
    findings = dy.List(dy.String())
    rank = dy.Int32(nullable=True, min=1)
    duplicate_of = dy.String(nullable=True)
    """The completion that says the same, for one that is rejected as a duplicate."""
    similarity = dy.Float64(nullable=True, min=0, max=1)
    """How much the two have in common: estimated Jaccard similarity of their word n-grams, 1 for the same text."""
    contaminated_by = dy.String(nullable=True)
    """Benchmark and item, `math-500/12`; the evidence is in `contamination.parquet`."""

    @dy.rule()
    def rejected_has_a_reason(cls) -> pl.Expr:
        return pl.col("kept") == pl.col("reason").is_null()

    @dy.rule()
    def first_reason_leads(cls) -> pl.Expr:
        return pl.col("kept") | (pl.col("reasons").list.first() == pl.col("reason"))
