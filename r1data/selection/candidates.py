"""Candidates: all that decisions are made from, as numbers, in one table without any text.

Joining five tables by ids of 32 characters takes seconds for a million rows, deciding over numbers a fraction of one.
So the tables are joined once, when a run decides, and `r1data whatif` reads what came out.
"""

from __future__ import annotations

import polars as pl
import polars.selectors as cs

from r1data.selection.findings import MEASURES
from schemas import FinishReason

IN_DRAWN_ORDER = ("prompt_id", "draw", "completion_id")
TOLD = ("domain", "source", "language")
"""Columns of prompts that quotas and breakdowns are about."""
FROM_PEOPLE: dict[str, pl.DataType | type[pl.DataType]] = {"style": pl.List(pl.String), "review": pl.String}
"""Columns that most runs have nothing in: principles of style that are not kept to, and what people decided."""


def candidates(
    completions: pl.LazyFrame,
    outcomes: pl.LazyFrame,
    measures: pl.LazyFrame,
    prompts: pl.LazyFrame | None = None,
    kinship: pl.DataFrame | None = None,
    contaminations: pl.DataFrame | None = None,
    rewrites: pl.LazyFrame | None = None,
    standings: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row for each completion that is no failed draw, ordered by prompt and draw, `numbered`.

    Of `completions` it reads completion_id, prompt_id, draw, finish_reason and completion_tokens, of `outcomes`
    completion_id and outcome, of `prompts` domain, source, language and thinking, of `rewrites` completion_id and
    style; `standings` are what people decided (`reviewing.standings`).

    Raises ValueError where a completion has not been measured.
    """
    drawn = completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
    rows = drawn.select("completion_id", "prompt_id", "draw", "finish_reason", "completion_tokens", asked=pl.lit(True))
    rows = rows.join(outcomes.select("completion_id", "outcome"), on="completion_id", how="left")
    measured = measures.select("completion_id", *MEASURES, "folded", measured=pl.lit(True))
    rows = rows.join(measured, on="completion_id", how="left")
    if prompts is not None:
        told = prompts.select("prompt_id", *TOLD, cs.by_name("thinking", require_all=False))
        rows = rows.join(told, on="prompt_id", how="left")
    if rewrites is not None:
        rows = rows.join(rewrites.select("completion_id", "style"), on="completion_id", how="left")
    if standings is not None:
        decided = standings.lazy().select("completion_id", "review")
        rows = rows.join(decided, on="completion_id", how="left")
    frame = rows.sort(IN_DRAWN_ORDER).collect()
    unmeasured = frame.filter(pl.col("measured").is_null())
    if unmeasured.height:
        first = unmeasured["completion_id"][0]
        raise ValueError(f"{unmeasured.height} completions have no measures (the first is {first}): measure them first")
    return numbered(frame.drop("measured"), kinship, contaminations)


def numbered(
    frame: pl.DataFrame,
    kinship: pl.DataFrame | None = None,
    contaminations: pl.DataFrame | None = None,
    twin_prompts: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Rows with numbers in the place of what is long: `prompt` counts the prompts, `key` and `folded` are an id and a
    text as 64 bits, `same` counts the texts that several replies to one prompt have (null for others), `group` and
    `kin` are the group in which a row has near kin and its row in `kinship`, `contamination` and `contaminated_by`
    the strongest hit's method, and its benchmark and item.

    With `twin_prompts` (prompt_id, twin, similarity) also `repeats`, the number of the prompt that a row's prompt
    nearly repeats, and `likeness`, how nearly. A run needs none: it does not sample such prompts.
    """
    asked = pl.col("prompt_id")
    prompt = asked.rle_id() if frame["prompt_id"].is_sorted() else asked.hash().rank("dense").cast(pl.UInt32) - 1
    frame = frame.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in FROM_PEOPLE.items() if name not in frame.columns
    )
    made = frame.with_columns(bits64("completion_id").alias("key"), bits64("folded"), prompt=prompt)
    made = made.with_columns(same=pl.struct("prompt", "folded").hash().rank("dense").cast(pl.UInt32))
    shared = pl.col("same").is_duplicated() & pl.col("folded").is_not_null()
    made = made.with_columns(same=pl.when(shared).then("same"))
    if twin_prompts is not None:
        made = _with_twin_prompts(made, twin_prompts)
    return _with_hits(_with_kin(made, kinship), contaminations)


def bits64(name: str) -> pl.Expr:
    """64 bits of a fingerprint in 32 hexadecimal digits; that any two of a million are alike in them happens to one set
    of rows in 37 million.
    """
    halves = (pl.col(name).str.slice(at, 8).str.to_integer(base=16, dtype=pl.Int64) for at in (16, 24))
    high, low = (half.cast(pl.UInt64) for half in halves)
    return (high * (1 << 32) + low).alias(name)


def _with_twin_prompts(frame: pl.DataFrame, twin_prompts: pl.DataFrame) -> pl.DataFrame:
    numbers = frame.select(twin="prompt_id", repeats="prompt").unique()
    told = twin_prompts.join(numbers, on="twin").select("prompt_id", "repeats", likeness="similarity")
    return frame.join(told, on="prompt_id", how="left", maintain_order="left")


def _with_kin(frame: pl.DataFrame, kinship: pl.DataFrame | None) -> pl.DataFrame:
    if kinship is None:
        return frame.with_columns(group=pl.lit(None, pl.Int64), kin=pl.lit(None, pl.UInt32))
    kin = kinship.select("completion_id", "group").with_row_index("kin")
    return frame.join(kin, on="completion_id", how="left", maintain_order="left")


def _with_hits(frame: pl.DataFrame, contaminations: pl.DataFrame | None) -> pl.DataFrame:
    """A row is contaminated by what is found in its prompt, under the prompt's id, or else in its reply."""
    if contaminations is None or not contaminations.height:
        return frame.with_columns(pl.lit(None, pl.String).alias(name) for name in ("contamination", "contaminated_by"))
    strongest = (
        contaminations.sort("score", "benchmark", "item", descending=[True, False, False])
        .unique("completion_id", keep="first", maintain_order=True)
        .select("completion_id", hit=pl.struct("method", by=pl.format("{}/{}", "benchmark", "item")))
    )
    own = frame.select("completion_id").join(strongest, on="completion_id", how="left", maintain_order="left")["hit"]
    asked = frame.select(completion_id="prompt_id").join(
        strongest, on="completion_id", how="left", maintain_order="left"
    )["hit"]  # fmt: skip
    hits = pl.DataFrame({"own": own, "asked": asked}).select(hit=pl.coalesce("asked", "own"))["hit"]
    return frame.with_columns(
        hits.struct.field("method").alias("contamination"), hits.struct.field("by").alias("contaminated_by")
    )
