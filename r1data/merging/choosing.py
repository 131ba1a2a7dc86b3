"""Choosing: of all that the parts offer, what is kept, why the rest is not, and on which side of the split it is.

In this order, each over what those before it have left:

1. `form`, `length`: an example is not in the agreed form, or longer than a sample may be.
2. `duplicate/rewritten`: another example is its rewritten form, which goes before.
   `duplicate/prompt`: an earlier part answers the same question (`same_prompt: first_part`).
   `duplicate/exact`, `duplicate/near`: an earlier example has the same reply, or nearly the same.
3. `surplus/prompt`: its question has enough examples.
4. `quota/*`, `token_budget/*`: see `room`.

"Earlier" is the order of precedence: that of the parts, and within a part one that the seed makes. It hangs on ids
alone, so neither the order of rows nor how parts are cut into files changes anything.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from r1data.duplicates import twins
from r1data.merging.offers import named
from r1data.merging.room import FINDINGS as ROOM_FINDINGS
from r1data.merging.room import without_room
from r1data.merging.splits import split_of
from r1data.recipe.merging import Merge
from r1data.selection.candidates import bits64
from r1data.selection.keeping import shuffled
from schemas.merged import MergeReason

DECIDED = ("kept", "reason", "reasons", "findings", "duplicate_of", "similarity", "rank", "split")


def choose(
    offers: pl.DataFrame, questions: pl.DataFrame, kinship: pl.DataFrame, settings: Merge, seed: int, parts: list[str]
) -> pl.DataFrame:
    """Decide on every offer (`Offered.rows`); the columns `DECIDED`, a row for each in the given order.

    `questions` is `questions_of` what was seen, `kinship` what `Resemblance` finds among the offers' `key`s (see
    `offers.named`), `parts` the parts' names in the order of precedence, which the offers' `part` counts.
    """
    rows = _in_precedence(offers, questions, seed)
    rows = _unfit(rows, settings)
    rows = _rewritten(rows)
    rows = _asked_before(rows, settings)
    rows = _said_before(rows, kinship, settings)
    rows = _surplus(rows, settings)
    rows = _without_room(rows, settings, parts)
    kept = pl.col("finding").list.len() == 0
    rows = rows.with_columns(kept=kept, split=pl.when(kept).then(split_of("side", settings, seed)))
    reasons = pl.col("finding").list.eval(pl.element().str.split("/").list.first()).list.unique(maintain_order=True)
    told = rows.with_columns(reasons=reasons, findings="finding").with_columns(reason=pl.col("reasons").list.first())
    return told.sort("row").select(DECIDED)


def _in_precedence(offers: pl.DataFrame, questions: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The offers, earlier ones first, with their place in the given order (`row`), `good` and no `finding` yet."""
    rows = offers.with_row_index("row").join(questions, on="question", how="left", maintain_order="left")
    key = rows.select(bits64("example_id")).to_series().to_numpy()
    rows = rows.with_columns(pl.Series("shuffle", shuffled(key, seed)), named())
    empty = pl.lit([], pl.List(pl.String))
    no_twin = {"duplicate_of": pl.lit(None, pl.String), "similarity": pl.lit(None, pl.Float64)}
    return rows.sort("part", "shuffle", "example_id").with_columns(finding=empty, good=pl.lit(True), **no_twin)


def _found(rows: pl.DataFrame, finding: str, where: pl.Expr) -> pl.DataFrame:
    """Note a finding of rows, which are no longer good."""
    named_so = pl.when(where).then(pl.lit([finding], pl.List(pl.String))).otherwise(pl.lit([], pl.List(pl.String)))
    return rows.with_columns(finding=pl.concat_list("finding", named_so), good=pl.col("good") & ~where)


def _unfit(rows: pl.DataFrame, settings: Merge) -> pl.DataFrame:
    rows = _found(rows, f"{MergeReason.FORM}/tags", ~pl.col("formed"))
    if settings.longest is None:
        return rows
    tokens = pl.col("prompt_tokens").cast(pl.Int64) + pl.col("completion_tokens")
    return _found(rows, f"{MergeReason.LENGTH}/tokens", tokens > settings.longest)


def _rewritten(rows: pl.DataFrame) -> pl.DataFrame:
    """Of an example and its rewritten form one is enough: the latter is what somebody has worked on."""
    rewritings = rows.filter("good").filter(pl.col("rewritten_from") != pl.col("example_id"))
    by_original = rewritings.select(example_id="rewritten_from", by="example_id").unique(
        "example_id", keep="first", maintain_order=True
    )
    rows = rows.join(by_original, on="example_id", how="left", maintain_order="left")
    gone = pl.col("good") & pl.col("by").is_not_null()
    rows = rows.with_columns(duplicate_of=pl.when(gone).then("by").otherwise("duplicate_of"))
    return _found(rows, f"{MergeReason.DUPLICATE}/rewritten", gone).drop("by")


def _asked_before(rows: pl.DataFrame, settings: Merge) -> pl.DataFrame:
    if settings.same_prompt == "every_part":
        return rows
    owners = rows.filter("good").group_by("canonical", maintain_order=True)
    first = owners.agg(owner=pl.col("part").first(), answered=pl.col("example_id").first())
    rows = rows.join(first, on="canonical", how="left", maintain_order="left")
    gone = pl.col("good") & (pl.col("part") > pl.col("owner"))
    rows = rows.with_columns(duplicate_of=pl.when(gone).then("answered").otherwise("duplicate_of"))
    return _found(rows, f"{MergeReason.DUPLICATE}/prompt", gone).drop("owner", "answered")


def _said_before(rows: pl.DataFrame, kinship: pl.DataFrame, settings: Merge) -> pl.DataFrame:
    asked = rows.select("good", "folded", completion_id="key", prompt_id="canonical")
    # Equal texts to different questions are told by their signatures, if they are long enough to be no accident.
    found = twins(asked, kinship, settings.similarity, "prompt").rename({"completion_id": "key"})
    found = found.select("key", "exact", "similarity", twin=pl.col("twin").str.tail(32))
    rows = rows.drop("similarity").join(found, on="key", how="left", maintain_order="left")
    rows = rows.with_columns(duplicate_of=pl.coalesce("twin", "duplicate_of"))
    exact = pl.col("exact").fill_null(False)
    rows = _found(rows, f"{MergeReason.DUPLICATE}/exact", pl.col("twin").is_not_null() & exact)
    return _found(rows, f"{MergeReason.DUPLICATE}/near", pl.col("twin").is_not_null() & ~exact).drop("twin", "exact")


def _surplus(rows: pl.DataFrame, settings: Merge) -> pl.DataFrame:
    """Number the good examples of each question, and let those above the cap go."""
    place = pl.col("good").cast(pl.Int32).cum_sum().over("canonical")
    rows = rows.with_columns(rank=pl.when("good").then(place))
    if settings.keep_per_prompt is None:
        return rows
    return _found(rows, f"{MergeReason.SURPLUS}/prompt", pl.col("good") & (pl.col("rank") > settings.keep_per_prompt))


def _without_room(rows: pl.DataFrame, settings: Merge, parts: list[str]) -> pl.DataFrame:
    which = np.flatnonzero(rows["good"].to_numpy())
    rank, shuffle = (rows[name].to_numpy()[which] for name in ("rank", "shuffle"))
    full = without_room(rows, which[np.lexsort((shuffle, rank))].astype(np.int64), settings.quotas, parts)
    for place, finding in enumerate(ROOM_FINDINGS):
        rows = _found(rows, finding, pl.lit(pl.Series(full & (1 << place) > 0)))
    return rows
