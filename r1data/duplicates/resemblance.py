"""Resemblance: texts come in blocks from any thread, and in the end it is known which of them resemble each other.

Signatures are appended to a file, 256 bytes a text; of the ids alone all are in memory.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import polars as pl

from r1data.duplicates.groups import Keys, groups
from r1data.duplicates.signatures import PLACES, Signatures, signatures
from r1data.recipe import Duplicates
from r1data.texts import Words
from schemas import Kinship

FEWEST_WORDS = 50
"""Shorter replies are compared within their prompt only."""
SIGNATURE = pl.Array(pl.UInt16, PLACES)


class Resemblance:
    """Collects texts and finds the groups among them. `add` may be called by several threads at once."""

    def __init__(self, folder: Path, settings: Duplicates, *, everyone: bool = False) -> None:
        """`folder` is made, and holds the signatures until the end. With `everyone` the table has also those that
        resemble no other, each in a group of its own: for a recipe that keeps the most different ones.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "signatures.bin"
        self._file = self._path.open("wb")
        self._settings = settings
        self._everyone = everyone
        self._lock = threading.Lock()
        self._ids: list[pl.Series] = []
        self._prompts: list[Keys] = []

    def add(self, ids: pl.Series, words: Words, prompt_ids: pl.Series) -> None:
        """Take the words of texts, with the id of each and that of the prompt that it answers."""
        if len(ids) == 0:
            return
        rows = signatures(words, self._settings.ngram)
        prompts = prompt_ids.hash(seed=0).to_numpy()
        if self._settings.scope == "everywhere":  # "The answer is 4." is no copy where another question is answered
            prompts = np.where(np.diff(words.offsets) < FEWEST_WORDS, prompts, np.uint64(0))
        with self._lock:
            self._file.write(rows.tobytes())
            self._ids.append(ids.alias("completion_id"))
            self._prompts.append(prompts)

    def finish(self) -> pl.DataFrame:
        """The table of those that resemble others (Kinship), by group and id. It depends on no order of `add`."""
        self._file.close()
        if not self._ids:
            empty: pl.DataFrame = Kinship.create_empty().with_columns(signature=pl.Series([], dtype=SIGNATURE))
            return empty
        ids = pl.concat(self._ids, rechunk=True)
        rows: Signatures = np.memmap(self._path, np.uint16, "r").reshape(len(ids), PLACES)
        order = ids.arg_sort().to_numpy().astype(np.int64)
        within = np.concatenate(self._prompts) if self._prompts else None
        group = groups(rows, order, within)
        if self._everyone:
            alone = order[group[order] < 0]
            group[alone] = group.max(initial=-1) + 1 + np.arange(len(alone))
        order = order[group[order] >= 0]
        order = order[np.argsort(group[order], kind="stable")]
        table = pl.DataFrame({"completion_id": ids.gather(order), "group": group[order]})
        table = table.with_columns(signature=pl.Series(rows[order], dtype=SIGNATURE))
        del rows
        self._path.unlink()
        return table
