"""The journal of rewrites: finished ones that are safe on disk but not yet sealed into Parquet.

One SQLite file, in WAL mode with full synchronisation: when `commit` returns, the rewrite survives a kill of this
process and a loss of power. Each is two rows, of `Completions` and of `Rewrites`, kept as JSON.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from schemas import Completions, Rewrites

NAME = "rewrites.sqlite"


class RewriteJournal:
    """An open journal in a workspace's folder. Use it from one thread at a time."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.path = root / NAME
        self._connection = sqlite3.connect(self.path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS rewrites (completion_id TEXT PRIMARY KEY, completion TEXT, rewrite TEXT)"
        )

    def commit(self, completion: Mapping[str, Any], rewrite: Mapping[str, Any]) -> None:
        """Make one rewrite durable; one that is already there is left as it is."""
        row = (completion["completion_id"], _told(completion), _told(rewrite))
        self._connection.execute("INSERT OR IGNORE INTO rewrites VALUES (?, ?, ?)", row)

    def read(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """All rewrites, as completions and as rewrites."""
        found = self._connection.execute("SELECT completion, rewrite FROM rewrites ORDER BY completion_id").fetchall()
        return _frame([one for one, _ in found], Completions), _frame([other for _, other in found], Rewrites)

    @property
    def rows(self) -> int:
        """How many rewrites there are."""
        count: int = self._connection.execute("SELECT count(*) FROM rewrites").fetchone()[0]
        return count

    def clear(self) -> None:
        """Forget everything: it has been sealed."""
        self._connection.execute("DELETE FROM rewrites")

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self._connection.close()


def _told(row: Mapping[str, Any]) -> str:
    # ASCII: half of a character pair, which SQLite does not take, is escaped, and dealt with when it is read.
    return json.dumps(row, ensure_ascii=True)


def _frame(rows: list[str], schema: type[dy.Schema]) -> pl.DataFrame:
    types = {name: column.dtype for name, column in schema.columns().items()}
    return pl.DataFrame([_clean(json.loads(row)) for row in rows], schema=types)


def _clean(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case list():
            return [_clean(one) for one in value]
        case dict():
            return {key: _clean(one) for key, one in value.items()}
        case _:
            return value
