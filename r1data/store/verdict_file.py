"""A file of verdicts: what `r1data verify` writes. It appears whole; until then what is finished is safe beside it.

Finished rows are sealed in chunks in the folder `OUT.partial`, in their order. A run that was stopped, by kill -9 too,
goes on from the chunks; the last run puts them together and removes the folder.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from r1data.store.files import sweep_staging, written_whole
from schemas import Verdict

COLUMNS = pa.schema([
    ("id", pa.string()), ("verifier", pa.string()), ("version", pa.int32()), ("outcome", pa.string()),
    ("extracted", pa.string()), ("detail", pa.string()), ("seconds", pa.float64()),
])  # fmt: skip
CHUNK_ROWS, CHUNK_SECONDS = 5000, 5.0


@dataclass(slots=True)
class VerdictFile:
    """An open file of verdicts."""

    folder: Path
    chunks: int
    _waiting: list[tuple[object, ...]] = field(default_factory=list)
    _sealed: float = field(default_factory=time.monotonic)

    def add(self, verdict: Verdict) -> None:
        """Take one verdict; it is safe with its chunk, after so many rows or seconds."""
        self._waiting.append(
            (verdict.completion_id, verdict.verifier, verdict.version, str(verdict.outcome), verdict.extracted,
             verdict.detail, verdict.seconds)
        )  # fmt: skip
        if len(self._waiting) >= CHUNK_ROWS or time.monotonic() - self._sealed > CHUNK_SECONDS:
            self.seal()

    def seal(self) -> None:
        """Make safe what waits."""
        if self._waiting:
            columns = list(zip(*self._waiting, strict=True))
            arrays = [pa.array(column, f.type) for column, f in zip(columns, COLUMNS, strict=True)]
            with written_whole(self.folder / f"{self.chunks:06d}.parquet") as staging:
                pq.write_table(pa.table(arrays, schema=COLUMNS), staging, compression="zstd")
            self.chunks += 1
            self._waiting.clear()
        self._sealed = time.monotonic()


@contextmanager
def verdict_file(target: Path) -> Iterator[VerdictFile]:
    """Open a file of verdicts. It takes the place of `target` when the block ends well; else what was finished stays
    beside it, for the next time.
    """
    folder = _folder(target)
    folder.mkdir(parents=True, exist_ok=True)
    sweep_staging(folder)
    file = VerdictFile(folder, len(_chunks(target)))
    try:
        yield file
    finally:
        file.seal()
    with written_whole(target) as staging, pq.ParquetWriter(staging, COLUMNS, compression="zstd") as writer:
        for chunk in _chunks(target):
            writer.write_table(pq.read_table(chunk))
    shutil.rmtree(folder)


def finished_rows(target: Path) -> Iterator[pa.Table]:
    """The rows that an interrupted run finished, chunk by chunk: id, verifier, outcome."""
    for chunk in _chunks(target):
        yield pq.read_table(chunk, columns=["id", "verifier", "outcome"])


def _folder(target: Path) -> Path:
    return target.with_name(f"{target.name}.partial")


def _chunks(target: Path) -> list[Path]:
    return sorted(_folder(target).glob("[0-9]*.parquet"))
