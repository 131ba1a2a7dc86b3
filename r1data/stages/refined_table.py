"""The refined table: a row for each row of a file, with its decision, the evidence for it, and everything measured."""

from __future__ import annotations

import polars as pl

from r1data.duplicates import prompt_twins
from r1data.recipe import Refinement
from r1data.selection import decide_rows
from r1data.stages.reading import MEASURED, VERDICT
from schemas import Reason

UNREADABLE = "format/unreadable"
DECIDED = ("kept", "reason", "reasons", "findings", "duplicate_of", "similarity", "contaminated_by", "benchmark")
LABELS = ("language", "domain", "source", "finish_reason", "completion_tokens", "asked", *VERDICT, "trouble")
HIT = ("part", "method", "score", "text", "item_text")
RESEMBLANCE = ("prompt_id", "prompt_twin", "prompt_similarity", "group", "signature")
OUT_COLUMNS = ("id", *DECIDED, "contamination", "rank", *LABELS, *MEASURED, *RESEMBLANCE)
"""The last five are there so that another threshold needs no text; null where a prompt or a row resembles no other."""
KEYS = ("completion_id", "twin")
"""What rows and their twins are called while they are decided on."""


def decided(
    rows: pl.DataFrame, settings: Refinement, kinship: pl.DataFrame, hits: pl.DataFrame, prompts: pl.DataFrame
) -> pl.DataFrame:
    """Decide on the rows of a file (`reading.READ_SCHEMA`), which stay in their order; `prompts` are `Reader.prompts`.

    Columns are `KEYS` and `OUT_COLUMNS`.
    """
    asked = prompts.select(
        "prompt_id", "text", reference="check", verifier=pl.lit("math"), task=pl.lit(None, pl.String)
    )
    twins_of_prompts = prompt_twins(asked if settings.duplicates.prompts == "drop" else asked.clear())
    decisions = decide_rows(rows, settings.selection, settings.seed, kinship, hits, twins_of_prompts)
    names = rows.select("completion_id", "id")
    twins = decisions.select(completion_id="duplicate_of").join(
        names, on="completion_id", how="left", maintain_order="left"
    )
    decision = decisions.select("kept", "reason", "reasons", "findings", "rank", "similarity")
    table = rows.hstack(decision).with_columns(
        twins["id"].alias("duplicate_of"), decisions["duplicate_of"].alias("twin")
    )
    table = table.join(kinship, on="completion_id", how="left", maintain_order="left")
    named_twins = twins_of_prompts.rename({"twin": "prompt_twin", "similarity": "prompt_similarity"})
    table = table.join(named_twins, on="prompt_id", how="left", maintain_order="left")
    return _with_trouble(_with_hits(table, hits)).select(*KEYS, *OUT_COLUMNS)


def _with_hits(table: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """Name of each contaminated row the strongest hit, its prompt's or its own."""
    best = hits.sort("score", "benchmark", "item", descending=[True, False, False]).unique(
        "completion_id", keep="first", maintain_order=True
    )
    named = best.select("completion_id", pl.struct("benchmark", "item", *HIT).alias("hit"))
    own = table.select("completion_id").join(named, on="completion_id", how="left", maintain_order="left")["hit"]
    asked = table.select(completion_id="prompt_id").join(named, on="completion_id", how="left", maintain_order="left")
    hit = pl.coalesce(pl.lit(asked["hit"]), pl.lit(own))
    return table.with_columns(hit.alias("hit")).with_columns(
        contaminated_by=pl.col("hit").struct.field("item"),
        benchmark=pl.col("hit").struct.field("benchmark"),
        contamination=pl.when(pl.col("hit").is_not_null()).then(
            pl.struct(pl.col("hit").struct.field(name) for name in HIT)
        ),
    )


def _with_trouble(table: pl.DataFrame) -> pl.DataFrame:
    """A row that cannot be read is rejected for that alone."""
    bad = pl.col("trouble").is_not_null()
    only = {"reasons": [Reason.FORMAT.value], "findings": [UNREADABLE]}
    return table.with_columns(
        kept=pl.col("kept") & ~bad,
        reason=pl.when(bad).then(pl.lit(Reason.FORMAT.value)).otherwise("reason"),
        **{name: pl.when(bad).then(pl.lit(value, pl.List(pl.String))).otherwise(name) for name, value in only.items()},
    )
