"""Merged folder: what a mix has made of its parts, and the parts' examples as a merge reads them.

    merged.parquet                       a row for each offered example: kept or why not, and its split
    dataset/README.md  dataset/data/     the merged examples, a file or several for each split
    merging.json                         what the last merge came to, written last
    report.html

Everything is written beside its place and renamed, so a killed merge leaves what the one before it made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from dataframely.exc import SchemaError, ValidationError

from r1data.errors import WorkspaceError
from r1data.recipe import fingerprint_files
from r1data.store.files import folder_written_whole, write_parquet, write_text
from schemas import Examples, Merged

READ_BYTES = 1 << 20
READ_ROWS = 1024
RUN_AGAIN = "run the part's recipe again with this version of r1data"
MERGED_GROUP_ROWS = 100_000
Shelf = tuple[str, pl.DataFrame]
"""A split, and the rows of one file of it."""


class MergedFolder:
    """Where a merge puts what it makes. Call the writing methods only while holding the workspace's lock."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def is_there(self) -> bool:
        """Whether something was merged here."""
        return (self.root / "merged.parquet").is_file()

    @contextmanager
    def dataset_written(
        self, shelves: Iterable[Shelf], card: Callable[[dict[str, str]], str]
    ) -> Iterator[dict[str, list[Path]]]:
        """Write the dataset's files and its card, and give the files by split; the folder takes the place of the old
        one when the block ends well.

        `card` is given where each split lies in the folder. Files' names hold a hash of all of them, for the reason
        that `Workspace.write_dataset` has.
        """
        with folder_written_whole(self.root / "dataset") as staging:
            splits: dict[str, list[Path]] = {}
            for split, frame in shelves:
                files = splits.setdefault(split, [])
                files.append(staging / "data" / f"{split}-{len(files):05d}.parquet")
                write_parquet(files[-1], Examples.validate(frame, cast=True))
            everything = [file.name for files in splits.values() for file in files]
            digest = fingerprint_files(staging / "data", everything)[:16]
            for split, files in splits.items():
                names = [f"{split}-{at:05d}-of-{len(files):05d}-{digest}.parquet" for at in range(len(files))]
                splits[split] = [file.rename(file.with_name(name)) for file, name in zip(files, names, strict=True)]
            write_text(staging / "README.md", card({split: f"data/{split}-*-{digest}.parquet" for split in splits}))
            yield splits

    def write_merged(self, merged: pl.DataFrame) -> None:
        """Store what became of every offered example."""
        valid = Merged.validate(merged, cast=True).sort("part", "example_id")
        write_parquet(self.root / "merged.parquet", valid, MERGED_GROUP_ROWS)

    def scan_merged(self) -> pl.LazyFrame:
        """What became of every offered example; empty where nothing was merged."""
        path = self.root / "merged.parquet"
        return pl.scan_parquet(path) if path.is_file() else Merged.create_empty().lazy()

    def scan_examples(self) -> pl.LazyFrame:
        """The merged examples of all splits."""
        files = sorted((self.root / "dataset" / "data").glob("*.parquet"))
        return pl.scan_parquet(files) if files else Examples.create_empty().lazy()

    def write_summary(self, summary: dict[str, Any], report: str) -> None:
        """Store the page, and last of all what the merge came to."""
        write_text(self.root / "report.html", report)
        write_text(self.root / "merging.json", json.dumps(summary, indent=2, ensure_ascii=False) + "\n")

    def read_summary(self) -> dict[str, Any]:
        """What the last merge came to, or nothing."""
        path = self.root / "merging.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return found


def offered_examples(part: str, root: Path, rows: int = READ_ROWS) -> Iterator[tuple[Path, pl.DataFrame]]:
    """The examples of a part's dataset, some hundred at a time, in the order of its files, each with its file.

    They have the columns of examples; those that an older version did not write yet are null. `checked` tells whether
    their values are an example's.

    Raises:
        WorkspaceError: there is no dataset, or a file of it does not hold examples.
    """
    files = sorted((root / "dataset" / "data").glob("*.parquet"))
    if not files:
        raise WorkspaceError(
            f"{root}: part {part!r} has no dataset", "run its recipe to the end, or leave the part out of the mix"
        )
    for file in files:
        try:
            yield from ((file, batch) for batch in _batches(file, rows))
        except (pa.ArrowException, OSError) as trouble:
            raise WorkspaceError(f"{file}: cannot be read: {trouble}", RUN_AGAIN) from trouble


def _batches(file: Path, rows: int) -> Iterator[pl.DataFrame]:
    columns = Examples.columns()
    with pq.ParquetFile(file, buffer_size=READ_BYTES, pre_buffer=False) as source:
        there = set(source.schema_arrow.names)
        if needed := [name for name, column in columns.items() if name not in there and not column.nullable]:
            raise WorkspaceError(f"{file}: holds no examples: it has no column {', '.join(needed)}", RUN_AGAIN)
        absent = [pl.lit(None, columns[name].dtype).alias(name) for name in columns if name not in there]
        names = [name for name in columns if name in there]
        for batch in source.iter_batches(batch_size=rows, columns=names):
            yield pl.DataFrame(batch).with_columns(absent).select(*columns)


def checked(rows: pl.DataFrame, file: Path) -> pl.DataFrame:
    """Rows of a file as `schemas.Examples`.

    Raises:
        WorkspaceError: some are no examples.
    """
    try:
        return Examples.validate(rows, cast=True)
    except (ValidationError, SchemaError, pl.exceptions.PolarsError) as trouble:
        raise WorkspaceError(f"{file}: holds rows that are no examples: {trouble}", RUN_AGAIN) from trouble
