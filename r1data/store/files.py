"""Writing files whole: beside the target, flushed to disk, then renamed. A kill leaves the old file or the new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

STAGING = ".staging-"
ROW_GROUP_ROWS = 500
"""Small row groups read and write several times faster where rows hold long texts."""


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Give a path to write to; it becomes `target` when the block ends well and vanishes when it does not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = target.with_name(f"{STAGING}{os.getpid()}-{target.name}")
    try:
        yield staging
        with staging.open("rb+") as file:
            os.fsync(file.fileno())
        staging.replace(target)
        _sync_folder(target.parent)
    finally:
        staging.unlink(missing_ok=True)


@contextmanager
def folder_written_whole(target: Path) -> Iterator[Path]:
    """Give an empty folder to fill; it takes the place of `target` when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = target.with_name(f"{STAGING}{os.getpid()}-{target.name}")
    retired = target.with_name(f"{STAGING}retired-{target.name}")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        yield staging
        # A folder cannot be renamed over a full one. A kill between the two lines leaves none; the next run makes it.
        if target.exists():
            target.rename(retired)
        staging.rename(target)
        _sync_folder(target.parent)
    finally:
        shutil.rmtree(retired, ignore_errors=True)
        shutil.rmtree(staging, ignore_errors=True)


def write_text(target: Path, text: str) -> None:
    """Write a text file whole, as UTF-8."""
    with written_whole(target) as staging:
        staging.write_text(text, encoding="utf-8")


def write_parquet(
    target: Path, frame: pl.DataFrame, group_rows: int = ROW_GROUP_ROWS, metadata: dict[str, str] | None = None
) -> None:
    """Write one zstd Parquet file whole. Tables without long texts are better off with larger groups of rows.

    `metadata` is kept in the file's footer.
    """
    with written_whole(target) as staging:
        frame.write_parquet(staging, compression="zstd", row_group_size=group_rows, metadata=metadata)


def sweep_staging(folder: Path) -> None:
    """Remove what killed writers left half done. Call only while holding the workspace's lock."""
    for leftover in folder.rglob(f"{STAGING}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
