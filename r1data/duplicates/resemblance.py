"""Resemblance: signatures of texts as they come, in a file, and at the end the groups of those that are alike."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import polars as pl

from r1data.duplicates.groups import groups
from r1data.duplicates.signatures import BINS, signatures
from r1data.recipe import Duplicates
from r1data.texts import Words
from schemas import Kinship


class Resemblance:
    """Takes texts from any thread; keeps 256 bytes of each in a file, and an id in memory."""

    def __init__(self, path: Path, settings: Duplicates) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("wb")
        self._settings = settings
        self._lock = threading.Lock()
        self._ids: list[pl.Series] = []
        self._scopes: list[pl.Series] = []
        self._spoken: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []

    def add(self, ids: pl.Series, words: Words, prompts: pl.Series) -> None:
        """Take texts, with the prompts that they answer."""
        signed, spoken = signatures(words, self._settings.ngram)
        with self._lock:
            self._file.write(signed.tobytes())
            self._ids.append(ids)
            self._spoken.append(spoken)
            if self._settings.scope == "prompt":
                self._scopes.append(prompts.hash())

    def finish(self) -> pl.DataFrame:
        """The texts that resemble others, as `schemas.Kinship`, ordered by id. The result depends on no order."""
        self._file.close()
        if not self._ids:
            return Kinship.create_empty()
        ids = pl.concat(self._ids)
        order = ids.arg_sort().to_numpy()
        signed = np.memmap(self._path, np.uint16, "r", shape=(len(ids), BINS))
        scopes = pl.concat(self._scopes).to_numpy() if self._scopes else None
        found = groups(signed, np.concatenate(self._spoken), scopes)
        sizes = np.bincount(found, minlength=len(found))
        members = order[sizes[found[order]] > 1]
        rank = np.empty(len(ids), np.int64)
        rank[order] = np.arange(len(ids))
        firsts = np.full(len(ids), len(ids), np.int64)
        np.minimum.at(firsts, found[members], rank[members])
        return pl.DataFrame(
            {"completion_id": ids.gather(members), "group": firsts[found[members]],
             "signature": pl.Series(np.asarray(signed[members]), dtype=pl.Array(pl.UInt16, BINS))}
        )  # fmt: skip
