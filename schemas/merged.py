"""Merged: what became of every example that the parts of a mix offered."""

from __future__ import annotations

from enum import StrEnum

import dataframely as dy
import polars as pl

VERSION = 1


class MergeReason(StrEnum):
    """Why an offered example is not in the merged set, in the order in which the first reason is chosen."""

    FORM = "form"
    """Its `<think>` tags are not in the one agreed form."""
    LENGTH = "length"
    """Longer than a sample may be."""
    DUPLICATE = "duplicate"
    """Another example that is offered says the same, or is its rewritten form, or an earlier part asks the same."""
    SURPLUS = "surplus"
    """Its prompt has enough examples."""
    QUOTA = "quota"
    """Its domain, or its part or category within it, has enough examples."""
    TOKEN_BUDGET = "token_budget"
    """Its domain has enough tokens."""


SPLITS = ("train", "validation", "test")


class Merged(dy.Schema):
    """The table of offers: one row for each example of each part, kept or not, with all that the card counts.

    `question` is equal for examples that ask the same, whatever `prompt_id` their parts have for it. `findings` are the
    finer reasons, each under its reason (`duplicate/near`, `quota/domain`). `rank` is the place among the examples of a
    question that are left when duplicates are gone.
    """

    part = dy.String(primary_key=True, min_length=1)
    example_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    prompt_id = dy.String(regex=r"^[0-9a-f]{32}$")
    question = dy.String(regex=r"^[0-9a-f]{32}$")
    domain = dy.String(min_length=1)
    category = dy.String(nullable=True)
    language = dy.String(min_length=1)
    source = dy.String(min_length=1)
    licence = dy.String(nullable=True)
    verifier = dy.String(min_length=1)
    model = dy.String(min_length=1)
    rewritten_from = dy.String(nullable=True)
    review = dy.String(nullable=True)
    thinking = dy.Bool()
    """Whether the reply has a thought."""
    rounds = dy.Int32(min=0)
    """Turns of the user."""
    prompt_tokens = dy.Int32(min=0)
    completion_tokens = dy.Int32(min=0)
    kept = dy.Bool()
    reason = dy.String(nullable=True, check=lambda c: c.is_in([r.value for r in MergeReason]))
    reasons = dy.List(dy.String())
    findings = dy.List(dy.String())
    duplicate_of = dy.String(nullable=True)
    """The example in whose favour it goes, for a duplicate."""
    similarity = dy.Float64(nullable=True, min=0, max=1)
    """How much the two replies have in common, where they were compared: estimated Jaccard similarity of n-grams."""
    rank = dy.Int32(nullable=True, min=1)
    split = dy.String(nullable=True, check=lambda c: c.is_in(SPLITS))

    @dy.rule()
    def dropped_has_a_reason(cls) -> pl.Expr:
        return pl.col("kept") == pl.col("reason").is_null()

    @dy.rule()
    def first_reason_leads(cls) -> pl.Expr:
        return pl.col("kept") | (pl.col("reasons").list.first() == pl.col("reason"))

    @dy.rule()
    def kept_is_on_one_side(cls) -> pl.Expr:
        return pl.col("kept") == pl.col("split").is_not_null()
