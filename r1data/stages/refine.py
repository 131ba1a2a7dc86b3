"""Refine: the replies of somebody's file, measured, compared and decided on; a row for a row, in their order.

Texts are read once, some hundred at a time, by as many threads as there are cores; what stays of each is numbers. Only
then is it known which rows resemble each other and what is boilerplate, and all rows are decided on in one query.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from r1data.sources.replies_file import read_replies
from r1data.stages.reading import Read, Reader
from r1data.verifiers import VerifierPool
from schemas import Verdict

SAY_SECONDS = 10.0
READ_AHEAD = 2
"""Batches for each thread that are being read or wait for it."""
MOST_UNJUDGED = 4096
"""Rows that may wait for their verdicts before reading waits for them."""
PART_ROWS = 8192


@dataclass(frozen=True, slots=True)
class Refined:
    """How the rows of a file came out: rows = kept + rejected. A row counts for each of its reasons and findings."""

    rows: int
    kept: int
    reasons: dict[str, int]
    first_reasons: dict[str, int]
    findings: dict[str, int]
    checked: dict[str, int] = field(default_factory=dict)
    """Benchmarks that were held against the rows, with their items."""
    unchecked: dict[str, str] = field(default_factory=dict)
    """Those that could not be loaded, and why."""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__} | {"rejected": self.rows - self.kept}


@dataclass(slots=True)
class Waiting:
    """A batch that has been read and waits for its verdicts."""

    read: Read
    verdicts: list[Future[Verdict]]

    def judged(self) -> pl.DataFrame:
        """Its rows with `outcome`, `extracted` and `detail` of their verdicts, null where nothing was asked."""
        said = [future.result() for future in self.verdicts]
        verdicts = pl.DataFrame(
            [(one.completion_id, str(one.outcome), one.extracted, one.detail) for one in said],
            schema=dict.fromkeys(("completion_id", "outcome", "extracted", "detail"), pl.String), orient="row",
        )  # fmt: skip
        return self.read.frame.join(verdicts, on="completion_id", how="left", maintain_order="left")


def read_all(
    source: Path, reader: Reader, threads: int, pool: VerifierPool | None
) -> Iterator[tuple[pl.DataFrame, Read]]:
    """Every batch of a file, measured and judged, in its order. Reading, measuring and verifying overlap; the memory
    that they take does not grow with the file.
    """
    reading: deque[Future[Read]] = deque()
    waiting: deque[Waiting] = deque()
    unjudged = 0

    def settle() -> tuple[pl.DataFrame, Read]:
        nonlocal unjudged
        done = waiting.popleft()
        unjudged -= len(done.verdicts)
        return done.judged(), done.read

    def take(read: Read) -> None:
        nonlocal unjudged
        waiting.append(Waiting(read, [pool.submit(check) for check in read.checks] if pool else []))
        unjudged += len(waiting[-1].verdicts)

    with ThreadPoolExecutor(threads, "reading") as executor:
        try:
            for batch in read_replies(source):
                reading.append(executor.submit(reader.read, batch))
                while len(reading) > READ_AHEAD * threads:
                    take(reading.popleft().result())
                while waiting and (unjudged > MOST_UNJUDGED or all(v.done() for v in waiting[0].verdicts)):
                    yield settle()
            while reading:
                take(reading.popleft().result())
                while unjudged > MOST_UNJUDGED:
                    yield settle()
            while waiting:
                yield settle()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
