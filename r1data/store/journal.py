"""The journal: finished draws that are safe on disk but not yet sealed into Parquet.

One SQLite file per shard being sampled, in WAL mode with full synchronisation: when `commit` returns, its rows survive
a kill of this process and a loss of power. A completion is stored once, whoever offers it again. Beside them stand cut
draws: what a draw had written when a cap interrupted it, so that it goes on from there.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path

import polars as pl

from schemas import Completion, Completions

COLUMNS = tuple(field.name for field in fields(Completion))
_row = attrgetter(*COLUMNS)
CUTS_SCHEMA = pl.Schema({
    "completion_id": pl.String, "prompt_id": pl.String, "draw": pl.Int32, "stages": pl.Int32, "text": pl.String,
    "token_ids": pl.Binary, "prompt_tokens": pl.Int32, "completion_tokens": pl.Int32, "seconds": pl.Float64,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class CutRow:
    """A draw that a cap has interrupted: all that it has written so far, after so many requests (`stages`)."""

    completion_id: str
    prompt_id: str
    draw: int
    stages: int
    text: str
    token_ids: tuple[int, ...] | None
    prompt_tokens: int
    completion_tokens: int
    seconds: float


_cut_row = attrgetter(*(field.name for field in fields(CutRow)))


class Journal:
    """An open journal. Use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA cache_size=-512")  # it is written in order and read once; many may be open
        columns = ", ".join(COLUMNS)
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS completions ({columns}, PRIMARY KEY (completion_id))")
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS cuts ({', '.join(CUTS_SCHEMA)}, PRIMARY KEY (completion_id))"
        )

    def commit(self, completions: Iterable[Completion], cuts: Iterable[CutRow] = ()) -> None:
        """Make them durable, in one transaction. A completion that is already there is left as it is; of a draw that is
        cut again, the longer text counts.
        """
        marks = ", ".join("?" * len(COLUMNS))
        cut_marks = ", ".join("?" * len(CUTS_SCHEMA))
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(
                f"INSERT OR IGNORE INTO completions VALUES ({marks})", [_row(c) for c in completions]
            )
            self._connection.executemany(
                f"INSERT OR REPLACE INTO cuts VALUES ({cut_marks})", [_packed(cut) for cut in cuts]
            )
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def read(self) -> pl.DataFrame:
        """All completions, sorted by id."""
        return _frame(self._connection.execute("SELECT * FROM completions ORDER BY completion_id"))

    def read_cuts(self) -> pl.DataFrame:
        """The draws that were interrupted and have not ended, in the shape of `CUTS_SCHEMA`."""
        unfinished = "SELECT * FROM cuts WHERE completion_id NOT IN (SELECT completion_id FROM completions)"
        rows = self._connection.execute(f"{unfinished} ORDER BY completion_id").fetchall()
        return pl.DataFrame(rows, schema=CUTS_SCHEMA, orient="row")

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
        return _frame(connection.execute("SELECT * FROM completions"))
    except sqlite3.OperationalError:  # created a moment ago, its table not yet there
        return pl.DataFrame(schema=polars_schema())
    finally:
        connection.close()


def _frame(found: sqlite3.Cursor) -> pl.DataFrame:
    """What was found, in today's columns: a run of an older version may have been killed and left its journal."""
    names = [column[0] for column in found.description]
    schema = polars_schema()
    frame = pl.DataFrame(found.fetchall(), schema={name: schema[name] for name in names}, orient="row")
    missing = [pl.lit(1, schema[name]).alias(name) for name in schema if name == "stages" and name not in names]
    return frame.with_columns(missing).select(list(schema))


def polars_schema() -> dict[str, pl.DataType]:
    """Column types of the completions table."""
    return {name: column.dtype for name, column in Completions.columns().items()}


def unpacked(token_ids: bytes | None) -> tuple[int, ...] | None:
    """The token ids of a cut as they were."""
    return None if token_ids is None else tuple(array("I", token_ids))


def _packed(cut: CutRow) -> tuple[object, ...]:
    values = list(_cut_row(cut))
    ids = cut.token_ids
    values[list(CUTS_SCHEMA).index("token_ids")] = None if ids is None else array("I", ids).tobytes()
    return tuple(values)
