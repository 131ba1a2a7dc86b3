"""Twins: rows that were dropped because another one says the same, counted, and some of them beside that other one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from r1data.report.excerpts import excerpt
from r1data.report.likeness import compare

GROUPS_SHOWN = 6
Texts = Callable[[Sequence[str]], Mapping[str, str]]
"""From ids to the texts of those that are there."""
COLUMNS = ("completion_id", "prompt_id", "source", "duplicate_of", "similarity")


@dataclass(frozen=True, slots=True)
class Pair:
    """A dropped row beside the one that stayed, what differs marked. `others`: more that were dropped for the same."""

    dropped: str
    stayed: str
    similarity: float
    kinds: str
    others: int
    dropped_text: Markup
    stayed_text: Markup


@dataclass(frozen=True, slots=True)
class Twins:
    """Counts of dropped rows by how alike, and by where their twin is from, and some of the groups."""

    rows: int
    groups: int
    counts: dict[str, int]
    pairs: list[Pair]


def twins(decided: pl.DataFrame, texts: Texts) -> Twins | None:
    """Of rows with `COLUMNS` (null where nothing is known); None where none was dropped for being alike."""
    dropped = decided.filter(pl.col("duplicate_of").is_not_null())
    if not dropped.height:
        return None
    leaders = decided.select(
        pl.col("completion_id").alias("duplicate_of"), pl.col("prompt_id").alias("its_prompt"),
        pl.col("source").alias("its_source"),
    ).join(dropped.select("duplicate_of").unique(), on="duplicate_of", how="semi")  # fmt: skip
    exact, within = pl.col("similarity").fill_null(1.0) >= 1, pl.col("prompt_id") == pl.col("its_prompt")
    rows = dropped.join(leaders, on="duplicate_of", how="left", maintain_order="left").with_columns(
        exact=exact, within=within.fill_null(False), across=(pl.col("source") != pl.col("its_source")).fill_null(False),
        size=pl.len().over("duplicate_of"),
    )  # fmt: skip
    exactly = int(rows["exact"].sum())
    counts = {
        "the same text": exactly, "nearly the same": rows.height - exactly, **_bands(rows),
        "within a prompt": int(rows["within"].sum()), "of another prompt": rows.height - int(rows["within"].sum()),
        "of another source": int(rows["across"].sum()),
    }  # fmt: skip
    return Twins(rows.height, rows["duplicate_of"].n_unique(), counts, _pairs(rows, texts))


def _bands(rows: pl.DataFrame) -> dict[str, int]:
    """Near twins by similarity, in steps of a twentieth."""
    near = rows.filter(~pl.col("exact")).select(
        (pl.col("similarity") * 20).floor().clip(0, 19).cast(pl.Int32).alias("b")
    )
    return {f"– by {5 * band} to {5 * band + 5}%": n for band, n in near.group_by("b").len().sort("b").iter_rows()}


def _pairs(rows: pl.DataFrame, texts: Texts) -> list[Pair]:
    """One pair of each of some groups: near ones first, as the same text has nothing to show, the largest first."""
    by_group = rows.sort("exact", "similarity", "completion_id").unique(
        "duplicate_of", keep="first", maintain_order=True
    )
    chosen = by_group.sort("exact", "size", "similarity", "completion_id", descending=[False, True, False, False])
    chosen = chosen.head(GROUPS_SHOWN)
    found = texts([*chosen["completion_id"], *chosen["duplicate_of"]])
    pairs = []
    for row in chosen.iter_rows(named=True):
        one, other = found.get(row["completion_id"]), found.get(row["duplicate_of"])
        if one is None or other is None:
            continue
        _, (ours, theirs) = compare(one, other)
        where = "of one prompt" if row["within"] else "of two sources" if row["across"] else "of two prompts"
        pairs.append(
            Pair(row["completion_id"], row["duplicate_of"], row["similarity"] or 1.0, where, row["size"] - 1,
                 excerpt(one, ours), excerpt(other, theirs))
        )  # fmt: skip
    return pairs
