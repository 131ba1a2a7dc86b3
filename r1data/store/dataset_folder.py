"""The dataset's folder as it was staged, and what was decided to be in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from r1data.errors import WorkspaceError
from r1data.store.files import STAGING
from r1data.store.merged_folder import MergedFolder

READ_ROWS = 1000
READ_BYTES = 1 << 20
DECISIONS = "decisions.parquet"


def staged_paths(root: Path) -> list[str]:
    """Everything in a workspace's dataset folder that is no folder, as sorted paths with `/`.

    Raises:
        WorkspaceError: there is no such folder.
    """
    folder = root / "dataset"
    if not folder.is_dir():
        raise WorkspaceError(f"{root}: has no dataset yet", "run the recipe to its end: `r1data run`")
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (not path.is_dir() or path.is_symlink()) and not path.name.startswith(STAGING)
    )


def digests(path: Path) -> tuple[str, str]:
    """SHA-256 and git's object id of what a file holds, read once."""
    sha256, git = hashlib.sha256(), hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            sha256.update(block)
            git.update(block)
    return sha256.hexdigest(), git.hexdigest()


def table_rows(path: Path) -> int:
    """How many rows a Parquet file has by its footer; it raises what pyarrow raises where it is none."""
    with pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


def table_schema(path: Path) -> pl.Schema:
    """Names and types of a Parquet file's columns, in order."""
    return pl.scan_parquet(path).collect_schema()


def table_batches(path: Path) -> Iterator[pl.DataFrame]:
    """The rows of a Parquet file, a thousand at a time: texts may be long."""
    with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=READ_ROWS):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame


def decided_rows(root: Path) -> pl.DataFrame:
    """What must be in the dataset: `example_id` of every kept row and, where the workspace is a mix, its `split`.

    Raises:
        WorkspaceError: nothing has been decided there.
    """
    merged, decisions = MergedFolder(root), root / DECISIONS
    if merged.is_there:
        return merged.scan_merged().filter("kept").select("example_id", "split").collect()
    if decisions.is_file():
        kept = pl.scan_parquet(decisions).filter("kept")
        return kept.select(example_id="completion_id", split=pl.lit(None, pl.String)).collect()
    raise WorkspaceError(f"{root}: nothing has been decided here", "run the recipe to its end: `r1data run`")
