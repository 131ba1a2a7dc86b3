"""The raw rows of JSONL, JSON, Parquet and CSV files, one by one.

A row that cannot be read is handed on as `Unreadable`; only a file that is no such file is an error. Blank lines are
no rows.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from r1data.errors import SourceError

BATCH_ROWS = 1000
LONGEST_CSV_FIELD = 1 << 27
SHOWN_BYTES = 1000
UNDECODED = re.compile(r"[\udc80-\udcff]")
"""What `surrogateescape` leaves where bytes are no UTF-8."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One row that is no row at all: the rule it breaks and the start of what stands there."""

    rule: str
    detail: str
    content: str


Row = tuple[str, Mapping[str, Any] | Unreadable]
"""A row's place and what is there."""


def read_file(path: Path, label: str) -> Iterator[Row]:
    """The raw rows of one file, each with its place: the label and, from 1, its line (or its number in the file).

    Raises:
        SourceError: the file's kind is unknown, or it cannot be opened as what its name says.
    """
    name = path.name.lower()
    try:
        match Path(name.removesuffix(".gz")).suffix:
            case ".jsonl" | ".ndjson":
                yield from _json_lines(path, label)
            case ".json":
                yield from _json_array(path, label)
            case ".csv":
                yield from _csv(path, label)
            case ".parquet":
                yield from _parquet(path, label)
            case _:
                remedy = "use .jsonl, .json, .csv (each also with .gz) or .parquet"
                raise SourceError(f"{path}: unknown kind of file", remedy)
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise SourceError(f"{path}: cannot be read: {error}", "check that the file is whole") from None


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _json_lines(path: Path, label: str) -> Iterator[Row]:
    with _open(path) as file:
        for number, line in enumerate(file, start=1):
            whole = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if whole.strip():
                yield f"{label}:{number}", _json_object(whole)


def _json_object(line: bytes) -> Mapping[str, Any] | Unreadable:
    shown = line[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Unreadable("invalid_utf8", str(error), shown)
    except (ValueError, RecursionError) as error:
        return Unreadable("invalid_json", str(error), shown)
    return value if isinstance(value, dict) else Unreadable("not_an_object", f"is {type(value).__name__}", shown)


def _json_array(path: Path, label: str) -> Iterator[Row]:
    remedy = "correct it, or write one object a line into a .jsonl, where one bad line costs one row"
    with _open(path) as file:
        text = file.read().removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: is no valid JSON: {error}", remedy) from None
    if not isinstance(value, list):
        raise SourceError(f"{path}: should be a list of objects", remedy)
    for number, item in enumerate(value, start=1):
        good = isinstance(item, dict)
        kind = type(item).__name__
        yield f"{label}:{number}", item if good else Unreadable("not_an_object", f"is {kind}", str(item)[:SHOWN_BYTES])


def _csv(path: Path, label: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CSV_FIELD)
    latest = ""

    def lines(file: IO[bytes] | gzip.GzipFile) -> Iterator[str]:
        nonlocal latest
        for number, line in enumerate(file):
            whole = line.removeprefix(codecs.BOM_UTF8) if number == 0 else line
            latest = whole.decode("utf-8", "surrogateescape")
            yield latest

    with _open(path) as file:
        reader = csv.reader(lines(file), strict=True)
        try:
            header = next(reader, [])
        except csv.Error as error:
            raise SourceError(f"{path}:1: the header is no valid CSV: {error}", "correct it") from None
        _refuse_repeated(header, path)
        while True:
            place = f"{label}:{reader.line_num + 1}"
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield place, Unreadable("invalid_csv", f"{error}, in line {reader.line_num}", latest[:SHOWN_BYTES])
                continue
            if cells:
                yield place, _csv_row(header, cells)


def _csv_row(header: list[str], cells: list[str]) -> Mapping[str, Any] | Unreadable:
    shown = ",".join(cells)[:SHOWN_BYTES]
    if len(cells) != len(header):
        return Unreadable("csv_width", f"has {len(cells)} cells, the header {len(header)}", shown)
    if any(UNDECODED.search(cell) for cell in cells):
        return Unreadable("invalid_utf8", "the row is no valid UTF-8", shown)
    return {name: cell or None for name, cell in zip(header, cells, strict=True)}


def _parquet(path: Path, label: str) -> Iterator[Row]:
    number = 0
    with pq.ParquetFile(path) as file:
        _refuse_repeated(file.schema_arrow.names, path)
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            for row in _batch_rows(batch):
                number += 1
                yield f"{label}:{number}", row


def _batch_rows(batch: pa.RecordBatch) -> Iterator[Mapping[str, Any] | Unreadable]:
    """All rows at once; where a value of one cannot be read, one by one, so that only this row is lost."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        yield from (_batch_row(batch.slice(place, 1)) for place in range(batch.num_rows))


def _batch_row(one: pa.RecordBatch) -> Mapping[str, Any] | Unreadable:
    try:
        row: Mapping[str, Any] = one.to_pylist()[0]
    except UnicodeDecodeError as error:
        return Unreadable("invalid_utf8", str(error), "")
    except (ValueError, OverflowError, pa.ArrowException) as error:
        return Unreadable("unreadable_value", str(error), "")
    return row


def _refuse_repeated(columns: list[str], path: Path) -> None:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise SourceError(f"{path}: has more than one column '{twice[0]}'", "give each column its own name")
