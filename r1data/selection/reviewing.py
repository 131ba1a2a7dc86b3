"""Reviewing: what the decisions of several people about a completion come to."""

from __future__ import annotations

import polars as pl

from schemas import Action, Outcome

UNSOUND = "unsound"
"""The standing of an edited sample whose edited text is wrong or unreadable."""
STANDINGS_SCHEMA = pl.Schema({"completion_id": pl.String, "review": pl.String, "edited": pl.String})


def standings(reviews: pl.DataFrame) -> pl.DataFrame:
    """One row per completion that somebody has decided about: `review`, and the `edited` text where there is one.

    Takes rows of `schemas.Reviews`. Of each reader the last word counts; skipping is none, and takes an earlier one
    back. Where one of two readers rejects, it is rejected: doubt costs a row, not the dataset. Only a first reader who
    speaks after the second one, knowing what that one said, has the word alone. Where both edited, the second one, who
    saw the first one's text, counts.
    """
    said = reviews.sort("decided_at", "review_id")
    words = said.unique(["completion_id", "reviewer", "reading"], keep="last", maintain_order=True)
    words = words.filter(pl.col("action") != Action.SKIPPED)
    first = pl.col("reading") == 1
    last = words.filter(
        first | (pl.col("decided_at") > pl.col("decided_at").filter(first).max().over("completion_id")).fill_null(True)
    )
    sound = (pl.col("outcome") == Outcome.CORRECT).fill_null(True) & (pl.col("findings").list.len() == 0)
    one = last.with_columns(review=pl.when((pl.col("action") == Action.EDITED) & ~sound).then(pl.lit(UNSOUND))
                            .otherwise("action"))  # fmt: skip
    edits = one.filter(pl.col("action") == Action.EDITED).sort("reading", "decided_at", "review_id")
    newest = edits.unique("completion_id", keep="last").select("completion_id", by="review", edited="text")
    told = one.group_by("completion_id").agg(rejected=(pl.col("action") == Action.REJECTED).any())
    joined = told.join(newest, on="completion_id", how="left")
    review = (
        pl.when("rejected").then(pl.lit(Action.REJECTED.value))
        .otherwise(pl.coalesce("by", pl.lit(Action.APPROVED.value)))
    )  # fmt: skip
    return joined.select("completion_id", review=review, edited="edited").match_to_schema(STANDINGS_SCHEMA).sort(
        "completion_id"
    )  # fmt: skip
