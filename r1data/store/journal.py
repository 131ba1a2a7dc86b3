"""The journal: finished draws that are safe on disk but not yet sealed into Parquet.

One SQLite file per shard being sampled, in WAL mode with full synchronisation: when `commit` returns, its rows survive
a kill of this process and a loss of power. A completion is stored once, whoever offers it again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from pathlib import Path

import polars as pl

from schemas import Completion, Completions

COLUMNS = tuple(field.name for field in fields(Completion))
_row = attrgetter(*COLUMNS)


class Journal:
    """An open journal. Use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        columns = ", ".join(COLUMNS)
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS completions ({columns}, PRIMARY KEY (completion_id)) WITHOUT ROWID"
        )

    def commit(self, completions: Iterable[Completion]) -> None:
        """Make the completions durable, in one transaction. One that is already there is left as it is."""
        marks = ", ".join("?" * len(COLUMNS))
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(
                f"INSERT OR IGNORE INTO completions VALUES ({marks})", [_row(c) for c in completions]
            )
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def read(self) -> pl.DataFrame:
        """All completions, sorted by id."""
        rows = self._connection.execute("SELECT * FROM completions ORDER BY completion_id").fetchall()
        return pl.DataFrame(rows, schema=polars_schema(), orient="row")

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self._connection.close()

    def remove(self) -> None:
        """Close the journal and delete its files. Only after its rows have been sealed."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


def read_journal(path: Path) -> pl.DataFrame:
    """The completions in a journal that another process may be writing, or may just have sealed and removed."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    except sqlite3.OperationalError:
        return pl.DataFrame(schema=polars_schema())
    try:
        rows = connection.execute("SELECT * FROM completions").fetchall()
    except sqlite3.OperationalError:  # created a moment ago, its table not yet there
        rows = []
    finally:
        connection.close()
    return pl.DataFrame(rows, schema=polars_schema(), orient="row")


def polars_schema() -> dict[str, pl.DataType]:
    """Column types of the completions table."""
    return {name: column.dtype for name, column in Completions.columns().items()}
