"""Screening: many texts held against an index, from several threads, and what is left when all are seen."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import polars as pl

from r1data.contamination.alignment import Aligner, Alignments
from r1data.contamination.evidence import METHODS, grams, judge
from r1data.contamination.index import Index
from r1data.contamination.search import Scratch, find_places
from r1data.texts import Texts, Words
from schemas import Contaminations

STOCK_PROMPTS = 5
"""Different prompts from which on an n-gram that hits them, and is not part of a copy, is a stock phrase."""
SHOWN = 600
"""Characters of evidence that are kept."""
PARTS = ("prompt", "reasoning", "answer", "solution")
FOUND = pl.Schema([
    ("completion_id", pl.String), ("benchmark", pl.String), ("item", pl.String), ("part", pl.String),
    ("method", pl.String), ("score", pl.Float64), ("text", pl.String), ("item_text", pl.String),
    ("prompt", pl.String), ("run", pl.Boolean), ("grams", pl.List(pl.UInt64)),
])  # fmt: skip


class Screening:
    """Looks for items in texts. `scan` may be called from several threads; `finish` when all are done."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._found: list[pl.DataFrame] = []
        self._own = threading.local()

    def scan(self, ids: Sequence[str], prompts: Sequence[str], words: Words, texts: Texts, part: str | Texts) -> None:
        """Look for items in texts: `ids` of the rows, `prompts` that they belong to (draws of one prompt count once).

        `part` is "prompt" or "solution"; for replies it is their answers (places in the same data), and what is found
        before them is "reasoning".
        """
        index = self._index
        if not len(index) or not len(texts):
            return
        if not hasattr(self._own, "scratch"):
            self._own.scratch, self._own.aligner = Scratch(index.entries.sizes, index.entries.enough), Aligner()
        rows = self._whole(ids, prompts, words, texts, part)
        events = find_places(words, index.seeds, min(index.settings.ngrams), self._own.scratch)
        if events.shape[1]:
            found = self._own.aligner.align(
                events, words, index.words, index.weights, index.tiers, index.entries.needed
            )
            hits = judge(index, events, found, words, texts)
            for number in np.flatnonzero(hits.method >= 0).tolist():
                row, run = int(events[0, number]), bool(hits.run[number])
                rows.append(
                    self._hit(ids, prompts, row, int(events[1, number]), part, METHODS[hits.method[number]], run)
                    | self._evidence(int(events[1, number]), found, number, run, words, texts, row, part)
                )
        if rows:
            self._found.append(pl.DataFrame(rows, schema=FOUND))

    def finish(self) -> pl.DataFrame:
        """The hits, the strongest for each text and item. Columns of `schemas.Contaminations`."""
        found = pl.concat([pl.DataFrame(schema=FOUND), *self._found])
        found = found.with_row_index("row")
        run = found.filter("run").select("row", "prompt", gram="grams").explode("gram")
        spread = run.with_columns(prompts=pl.col("prompt").n_unique().over("gram"))
        stock = spread.group_by("row").agg(pl.col("prompts").min()).filter(pl.col("prompts") >= STOCK_PROMPTS)
        kept = found.join(stock, on="row", how="anti")
        strength = {"ngram": 0, "digits": 1, "overlap": 2}
        kept = kept.sort(
            "completion_id", "benchmark", "item", "run", -pl.col("score"),
            pl.col("method").replace_strict(strength, return_dtype=pl.Int8),
            pl.col("part").replace_strict(dict(zip(PARTS, range(4), strict=True)), return_dtype=pl.Int8), "text",
        ).unique(["completion_id", "benchmark", "item"], keep="first", maintain_order=True)  # fmt: skip
        return Contaminations.validate(kept.select(Contaminations.column_names()), cast=True)

    def _whole(
        self, ids: Sequence[str], prompts: Sequence[str], words: Words, texts: Texts, part: str | Texts
    ) -> list[dict[str, object]]:
        """Prompts that are an item which says too little to be looked for inside a text."""
        if part != "prompt" or not self._index.whole:
            return []
        rows = []
        for row in range(len(texts)):
            first, last = int(words.offsets[row]), int(words.offsets[row + 1])
            for entry in self._index.whole.get(words.hashes[first:last].tobytes(), ()):
                evidence = {"score": 1.0, "text": texts.text(row)[:SHOWN], "item_text": self._entry(entry), "grams": []}
                rows.append(self._hit(ids, prompts, row, entry, part, "ngram", False) | {"part": part} | evidence)
        return rows

    def _hit(
        self, ids: Sequence[str], prompts: Sequence[str], row: int, entry: int, part: str | Texts, method: str,
        run: bool,
    ) -> dict[str, object]:  # fmt: skip
        item = self._index.items[int(self._index.entries.item[entry])]
        return {
            "completion_id": ids[row], "benchmark": item.benchmark, "item": item.item, "method": method,
            "prompt": prompts[row], "run": run,
        }  # fmt: skip

    def _evidence(
        self, entry: int, found: Alignments, number: int, run: bool, words: Words, texts: Texts, row: int,
        part: str | Texts,
    ) -> dict[str, object]:  # fmt: skip
        index, first = self._index, int(self._index.words.offsets[entry])
        if run:
            size = int(found["run_last"][number] - found["run_first"][number])
            begin, end = first + int(found["run_first"][number]), first + int(found["run_last"][number])
            last = int(found["run_text"][number])
            seen = (last - size, last)
        else:
            begin, end = first + int(found["item_first"][number]), first + int(found["item_last"][number])
            seen = (int(found["text_first"][number]), int(found["text_last"][number]))
        place = int(words.starts[seen[0]])
        return {
            "part": part if isinstance(part, str) else "answer" if place >= part.starts[row] else "reasoning",
            "score": min(1.0, float(found["words"][number]) / float(index.entries.sizes[entry])),
            "text": texts.between(place, int(words.ends[seen[1] - 1]))[:SHOWN],
            "item_text": index.texts.between(int(index.words.starts[begin]), int(index.words.ends[end - 1]))[:SHOWN],
            "grams": grams(index, begin, end).tolist() if run else [],
        }  # fmt: skip

    def _entry(self, entry: int) -> str:
        words = self._index.words
        first, last = int(words.offsets[entry]), int(words.offsets[entry + 1])
        return self._index.texts.between(int(words.starts[first]), int(words.ends[last - 1]))[:SHOWN]
