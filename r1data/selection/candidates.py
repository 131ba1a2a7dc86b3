"""Candidates: all that decisions are made from, in one table without any text, in drawn order.

Joining five tables by ids of 32 characters takes seconds for a million rows, deciding over numbers a fraction of one. So
the tables are joined once, when a run decides, and `r1data whatif` reads what came out.
"""

from __future__ import annotations

import polars as pl

from r1data.selection.findings import MEASURES
from schemas import FinishReason

IN_DRAWN_ORDER = ("prompt_id", "draw", "completion_id")
TOLD = ("domain", "source", "language")
"""Columns of prompts that quotas and breakdowns are about."""


def candidates(
    completions: pl.LazyFrame,
    outcomes: pl.LazyFrame,
    measures: pl.LazyFrame,
    prompts: pl.LazyFrame | None = None,
    kinship: pl.DataFrame | None = None,
    contaminations: pl.LazyFrame | None = None,
) -> pl.DataFrame:
    """One row for each completion that is no failed draw, ordered by prompt and draw.

    Of `completions` it reads completion_id, prompt_id, draw, finish_reason and completion_tokens, of `outcomes`
    completion_id and outcome. Beside those: `prompt`, the prompt's number; `key` and `folded`, an id and a text as 64
    bits; the measures that decide; domain, source and language of the prompt; `group` in which a text has near kin, and
    `kin`, its row in `kinship`; `contamination` (the method that found it) and `contaminated_by`.

    Raises ValueError where a completion has not been measured.
    """
    drawn = completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
    rows = drawn.select("completion_id", "prompt_id", "draw", "finish_reason", "completion_tokens")
    measured = measures.select("completion_id", *MEASURES, bits64("folded"), _measured=pl.lit(True))
    rows = rows.join(outcomes.select("completion_id", "outcome"), on="completion_id", how="left")
    rows = rows.join(measured, on="completion_id", how="left")
    if prompts is None:
        rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in TOLD)
    else:
        rows = rows.join(prompts.select("prompt_id", *TOLD), on="prompt_id", how="left")
    rows = with_evidence(rows, kinship, contaminations)
    number = (pl.col("prompt_id") != pl.col("prompt_id").shift()).fill_null(True).cast(pl.UInt32).cum_sum()
    whole = rows.sort(IN_DRAWN_ORDER).with_columns(bits64("completion_id").alias("key"), prompt=number - 1).collect()
    unmeasured = whole.filter(pl.col("_measured").is_null())
    if unmeasured.height:
        first = unmeasured["completion_id"][0]
        raise ValueError(f"{unmeasured.height} completions have no measures (the first is {first}): measure them first")
    return whole.drop("_measured")


def with_evidence(
    rows: pl.LazyFrame, kinship: pl.DataFrame | None, contaminations: pl.LazyFrame | None
) -> pl.LazyFrame:
    """The rows with what comparing them with each other and with benchmarks has found, by their completion_id."""
    if kinship is None:
        rows = rows.with_columns(group=pl.lit(None, pl.Int64), kin=pl.lit(None, pl.UInt32))
    else:
        kin = kinship.lazy().select("completion_id", "group").with_row_index("kin")
        rows = rows.join(kin, on="completion_id", how="left")
    if contaminations is None:
        return rows.with_columns(
            contamination=pl.lit(None, pl.String), contaminated_by=pl.lit(None, pl.String)
        )  # fmt: skip
    strongest = (
        contaminations.sort("completion_id", -pl.col("score"), "benchmark", "item")
        .unique("completion_id", keep="first", maintain_order=True)
        .select("completion_id", contamination="method", contaminated_by=pl.format("{}/{}", "benchmark", "item"))
    )
    return rows.join(strongest, on="completion_id", how="left")


def bits64(name: str) -> pl.Expr:
    """64 bits of a fingerprint in 32 hexadecimal digits: two of a million differ there but once in 40 million tables."""
    return (
        pl.col(name).str.slice(16, 8).str.to_integer(base=16, dtype=pl.UInt64, strict=True) * (1 << 32)
        + pl.col(name).str.slice(24, 8).str.to_integer(base=16, dtype=pl.UInt64, strict=True)
    ).alias(name)
