"""Prompts from JSONL, JSON, Parquet and CSV files, row by row."""

from __future__ import annotations

import csv
import difflib
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from r1data.errors import SourceError
from r1data.recipe import Columns, FilePrompts, Recipe
from r1data.sources.rows import Bad, Defaults, read_row, shorten
from schemas import Prompt

BATCH_ROWS = 1000
LONGEST_CSV_FIELD = 1 << 27
Place = str


class Unreadable(Exception):
    """One row of a file that is no row at all."""

    def __init__(self, rule: str, detail: str, content: str) -> None:
        super().__init__(detail)
        self.rule, self.detail, self.content = rule, detail, content


Row = tuple[Place, Mapping[str, Any] | Unreadable]


def read_files(source: FilePrompts, recipe: Recipe) -> Iterator[Prompt | Bad]:
    """The prompts of all files that the source's path names, in the order of their names.

    Raises:
        SourceError: there is no such file, its kind is unknown, or a mapped column is not there.
    """
    paths = find_files(source.path, recipe)
    defaults = Defaults(source.name or source.path, source.domain, source.language, source.verifier, source.licence)
    rows = (row for path in paths for row in read_file(path))
    yield from read_rows(rows, source.columns, defaults, source.limit)


def read_rows(rows: Iterable[Row], columns: Columns, defaults: Defaults, limit: int | None) -> Iterator[Prompt | Bad]:
    """Raw rows as prompts. The first readable row shows whether the mapped columns exist."""
    unchecked = True
    for place, raw in islice(rows, limit):
        if isinstance(raw, Unreadable):
            yield Bad(defaults.source, place, raw.rule, raw.detail, shorten(raw.content))
            continue
        if unchecked:
            check_columns(columns, list(raw), defaults.source)
            unchecked = False
        yield read_row(raw, place, columns, defaults)


def check_columns(columns: Columns, present: list[str], source: str) -> None:
    """A column that the recipe names must exist; one that it leaves to the default may be absent.

    Raises:
        SourceError: it does not.
    """
    for role in columns.model_fields_set:
        name = getattr(columns, role)
        if name not in present:
            close = difflib.get_close_matches(name, present, n=1)
            guess = f"did you mean '{close[0]}'? " if close else ""
            raise SourceError(
                f"{source}: columns.{role} names column '{name}', which is not there",
                f"{guess}it has: {', '.join(sorted(present))}",
            )


def find_files(pattern: str, recipe: Recipe) -> list[Path]:
    """The files that a path with or without wildcards names.

    Raises:
        SourceError: none.
    """
    whole = recipe.resolve(pattern)
    if whole.is_file():
        return [whole]
    parts = whole.parts
    first_wild = next((i for i, part in enumerate(parts) if any(c in part for c in "*?[")), None)
    if first_wild is None:
        near = sorted(p.name for p in whole.parent.iterdir()) if whole.parent.is_dir() else []
        close = difflib.get_close_matches(whole.name, near, n=3, cutoff=0.4)
        hint = f"in {whole.parent} there is: {', '.join(close or near[:8])}" if near else f"{whole.parent} is no folder"
        raise SourceError(f"prompts: there is no file {whole}", f"{hint} (paths are relative to the recipe)")
    folder = Path(*parts[:first_wild])
    found = sorted(path for path in folder.glob(str(Path(*parts[first_wild:]))) if path.is_file())
    if not found:
        raise SourceError(f"prompts: no file matches {whole}", "check the path; it is relative to the recipe's folder")
    return found


def read_file(path: Path) -> Iterator[Row]:
    """The raw rows of one file, each with its place.

    Raises:
        SourceError: the file's kind is unknown, or it cannot be opened as what its name says.
    """
    kind = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    try:
        match kind.lower().removesuffix(".gz"):
            case ".jsonl" | ".ndjson":
                yield from _json_lines(path)
            case ".json":
                yield from _json_array(path)
            case ".csv":
                yield from _csv(path)
            case ".parquet":
                yield from _parquet(path)
            case _:
                raise SourceError(f"prompts: {path}: unknown kind of file", "use .jsonl, .json, .csv or .parquet")
    except (OSError, EOFError, pa.ArrowException) as error:
        raise SourceError(f"prompts: {path}: cannot be read: {error}", "check that the file is whole") from None


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _json_lines(path: Path) -> Iterator[Row]:
    with _open(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield f"{path.name}:{number}", _json_object(line)


def _json_object(line: bytes) -> Mapping[str, Any] | Unreadable:
    shown = line[:1000].decode("utf-8", "backslashreplace")
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Unreadable("invalid_utf8", str(error), shown)
    except (ValueError, RecursionError) as error:
        return Unreadable("invalid_json", str(error), shown)
    return value if isinstance(value, dict) else Unreadable("not_an_object", f"is {type(value).__name__}", shown)


def _json_array(path: Path) -> Iterator[Row]:
    with _open(path) as file:
        try:
            value = json.loads(file.read().decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise SourceError(
                f"prompts: {path}: is no valid JSON: {error}", "for one object a line use .jsonl"
            ) from None
    if not isinstance(value, list):
        raise SourceError(f"prompts: {path}: should be a list of objects", "for one object a line use .jsonl")
    for number, item in enumerate(value, start=1):
        good = isinstance(item, dict)
        yield f"{path.name}:{number}", item if good else Unreadable("not_an_object", type(item).__name__, str(item))


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CSV_FIELD)
    with _open(path) as file:
        lines = (line.decode("utf-8-sig" if number == 0 else "utf-8", "replace") for number, line in enumerate(file))
        reader = csv.reader(lines)
        header = next(reader, [])
        try:
            for cells in reader:
                if cells:
                    yield f"{path.name}:{reader.line_num}", _csv_row(header, cells)
        except csv.Error as error:
            raise SourceError(f"prompts: {path}:{reader.line_num}: is no valid CSV: {error}", "mend the line") from None


def _csv_row(header: list[str], cells: list[str]) -> Mapping[str, Any] | Unreadable:
    if len(cells) != len(header):
        return Unreadable("csv_width", f"has {len(cells)} cells, the header {len(header)}", ",".join(cells))
    if any("\N{REPLACEMENT CHARACTER}" in cell for cell in cells):
        return Unreadable("invalid_utf8", "the line is no valid UTF-8", ",".join(cells))
    return {name: cell or None for name, cell in zip(header, cells, strict=True)}


def _parquet(path: Path) -> Iterator[Row]:
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield f"{path.name}:{number}", row
