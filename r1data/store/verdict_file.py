"""A file of verdicts: what `r1data verify` writes, in batches, whole or with a note that it was interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from r1data.errors import EngineError
from r1data.store.files import written_whole
from schemas import Verdict

COLUMNS = pa.schema([
    ("id", pa.string()), ("verifier", pa.string()), ("version", pa.int32()), ("outcome", pa.string()),
    ("extracted", pa.string()), ("detail", pa.string()), ("seconds", pa.float64()),
])  # fmt: skip
BATCH_ROWS = 5000
COMPLETE = b"r1data.complete"


@dataclass(slots=True)
class VerdictFile:
    """An open file of verdicts."""

    _writer: pq.ParquetWriter
    _waiting: list[tuple[object, ...]] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Write one verdict, sooner or later."""
        self._waiting.append(
            (verdict.completion_id, verdict.verifier, verdict.version, str(verdict.outcome), verdict.extracted,
             verdict.detail, verdict.seconds)
        )  # fmt: skip
        if len(self._waiting) >= BATCH_ROWS:
            self.flush()

    def copy(self, table: pa.Table) -> None:
        """Take over rows of an earlier file."""
        self.flush()
        self._writer.write_table(table.select(COLUMNS.names).cast(COLUMNS))

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            columns = list(zip(*self._waiting, strict=True))
            self._writer.write_table(pa.table([pa.array(c, f.type) for c, f in zip(columns, COLUMNS, strict=True)],
                                              schema=COLUMNS))  # fmt: skip
            self._waiting.clear()

    def mark(self, complete: bool) -> None:
        """Note in the file whether it holds all rows."""
        self._writer.add_key_value_metadata({COMPLETE: str(complete).lower().encode()})


@contextmanager
def verdict_file(target: Path) -> Iterator[VerdictFile]:
    """Open a file of verdicts. It takes the place of `target` at the end of the block, also when that is interrupted or
    an engine fails: then with the verdicts so far, and marked as incomplete.
    """
    interruption: BaseException | None = None
    with written_whole(target) as staging, pq.ParquetWriter(staging, COLUMNS, compression="zstd") as writer:
        file = VerdictFile(writer)
        try:
            yield file
        except (KeyboardInterrupt, EngineError) as interrupted:
            interruption = interrupted
        file.flush()
        file.mark(interruption is None)
    if interruption is not None:
        raise interruption


def interrupted_rows(target: Path) -> pa.Table | None:
    """The rows of a file that an interruption left incomplete; None where there is no such file."""
    if not target.is_file():
        return None
    try:
        found = pq.ParquetFile(target)
        marks = found.metadata.metadata or {}
        return found.read() if marks.get(COMPLETE) == b"false" else None
    except (OSError, pa.ArrowException):
        return None


def ids_of(table: pa.Table) -> list[str]:
    """The ids in a table of verdicts."""
    ids: list[str] = table.column("id").to_pylist()
    return ids
