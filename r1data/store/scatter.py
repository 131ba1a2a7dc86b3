"""Scatter: rows with long texts that come in any order, put together by number in memory that has a bound.

A sort by another order than that in which rows lie must hold them all, or write them down once in between. They are
written as they come, to a file or several for each number, and each number is read alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

HELD_BYTES = 128 << 20
"""Rows that may wait to be written, all numbers together."""


class Scatter:
    """Collects rows by the column `number` in an empty folder. Not for two threads at once."""

    def __init__(self, folder: Path, number: str, held_bytes: int = HELD_BYTES) -> None:
        self._folder = folder
        self._number = number
        self._limit = held_bytes
        self._waiting: dict[int, list[pl.DataFrame]] = {}
        self._held = 0
        self._files: dict[int, list[Path]] = {}

    def add(self, rows: pl.DataFrame, held: int | None = None) -> None:
        """Take rows, each for the file that its number says. `held` is how many bytes they keep in memory, where they
        are a few of many whose texts lie together.
        """
        for (number,), some in rows.partition_by(self._number, as_dict=True).items():
            self._waiting.setdefault(int(number), []).append(some)
        self._held += int(rows.estimated_size()) if held is None else held
        if self._held > self._limit:
            self._write()

    def _write(self) -> None:
        for number, waiting in self._waiting.items():
            files = self._files.setdefault(number, [])
            path = self._folder / f"{number:06d}-{len(files):06d}.arrow"
            pl.concat(waiting, rechunk=True).write_ipc(path, compression="lz4")
            files.append(path)
        self._waiting, self._held = {}, 0

    def collected(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Each number with all of its rows, in the order in which they came; what is read is removed."""
        self._write()
        for number in sorted(self._files):
            files = self._files.pop(number)
            yield number, pl.concat([pl.read_ipc(path) for path in files])
            for path in files:
                path.unlink()
