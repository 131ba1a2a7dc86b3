"""Hits: benchmark items that were found in prompts and replies, with the evidence, and what was not looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from r1data.report.excerpts import excerpt
from r1data.report.likeness import compare
from r1data.store import Checked
from r1data.visible import visible

HITS_SHOWN = 8
METHODS = {
    "ngram": "a run of words in common",
    "digits": "the same but for numbers",
    "overlap": "most of its words, in their order",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a row beside the item's, the words that both have marked."""

    completion_id: str
    benchmark: str
    item: str
    part: str
    method: str
    score: float
    ours: Markup
    theirs: Markup


@dataclass(frozen=True, slots=True)
class Benchmark:
    """How many items were looked for (None where that is not known), and how many rows and items were hit."""

    name: str
    items: int | None
    rows: int
    found: int


@dataclass(frozen=True, slots=True)
class Hits:
    """The benchmarks that were checked, those that were not with the reason, and some hits."""

    benchmarks: list[Benchmark]
    missing: dict[str, str]
    rows: int
    shown: list[Hit]


def hits(contaminations: pl.DataFrame, checked: Sequence[Checked]) -> Hits | None:
    """Of `schemas.Contaminations`; None where no benchmark was asked for."""
    if not checked and not contaminations.height:
        return None
    found = {
        name: (rows, items)
        for name, rows, items in contaminations.group_by("benchmark")
        .agg(rows=pl.col("completion_id").n_unique(), items=pl.col("item").n_unique())
        .iter_rows()
    }
    known = {one.name: one.items for one in checked if one.trouble is None}
    names = sorted({*known, *found}, key=lambda name: (-found.get(name, (0, 0))[0], name))
    benchmarks = [Benchmark(visible(name, 80), known.get(name), *found.get(name, (0, 0))) for name in names]
    missing = {visible(one.name, 80): visible(one.trouble, 300) for one in checked if one.trouble is not None}
    return Hits(benchmarks, missing, contaminations["completion_id"].n_unique(), _shown(contaminations))


def _shown(contaminations: pl.DataFrame) -> list[Hit]:
    """The clearest hit of each benchmark, then the next one of each; of an item only one."""
    ordered = contaminations.sort("score", "completion_id", descending=[True, False])
    one_each = ordered.unique(["benchmark", "item"], keep="first", maintain_order=True)
    turn = pl.int_range(pl.len()).over("benchmark")
    chosen = one_each.with_columns(turn=turn).sort("turn", "benchmark", "item").head(HITS_SHOWN)
    return [_hit(row) for row in chosen.iter_rows(named=True)]


def _hit(row: Mapping[str, object]) -> Hit:
    ours, theirs = str(row["text"]), str(row["item_text"])
    (in_ours, in_theirs), _ = compare(ours, theirs)
    return Hit(
        str(row["completion_id"]), visible(str(row["benchmark"]), 80), visible(str(row["item"]), 80), str(row["part"]),
        METHODS.get(str(row["method"]), str(row["method"])), float(str(row["score"])),
        excerpt(ours, in_ours), excerpt(theirs, in_theirs),
    )  # fmt: skip
