"""Replies from files of any make, some hundred rows at a time: what `r1data refine` reads.

A Parquet file's long texts stay in Arrow's memory; the other formats are read row by row. A row that cannot be used is
handed on with what is wrong with it, in its place: rows in are rows out.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from r1data.errors import SourceError
from r1data.sources.formats import Unreadable, read_file
from r1data.sources.hints import did_you_mean

BATCH_ROWS = 512
READ_BYTES = 1 << 20
NEEDED = ("id", "response")
TEXTS = ("id", "prompt", "solution", "language", "finish_reason", "domain", "source")
CHECKED = ("verifier", "reference", "task", "options", "tolerance", "tests", "constraints", "accepted", "comparison",
           "checker")  # fmt: skip
"""Columns that say how an answer is checked, in whatever form `r1data verify` takes them."""
COUNTS = ("completion_tokens",)
KNOWN = ("response", *TEXTS, *CHECKED, *COUNTS)
COLUMNS = pl.Schema({
    "row": pl.Int64, **dict.fromkeys(TEXTS, pl.String), "completion_tokens": pl.Int32, "check": pl.String,
    "trouble": pl.String,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a file. `frame` has `COLUMNS`: the row's number from 0, what the file says of it (null where it says
    nothing), under `check` the columns about checking as one JSON object, and `trouble` where the row is unusable.
    """

    frame: pl.DataFrame
    responses: pa.Array
    """The replies, valid UTF-8 and never null."""


def read_replies(path: Path) -> Iterator[Batch]:
    """The rows of a JSONL, JSON, Parquet or CSV file, in their order.

    Raises:
        SourceError: it cannot be read, or has no column `response`.
    """
    if not path.is_file():
        names = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SourceError(f"{path}: there is no such file", did_you_mean(path.name, names, f"{path.parent} has"))
    try:
        yield from _parquet(path) if path.suffix.lower() == ".parquet" else _rows(path)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{path}: cannot be read: {error}", "check that the file is whole") from None


def _parquet(path: Path) -> Iterator[Batch]:
    # Without these two, a file with a single huge row group would be read whole.
    with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
        names = set(file.schema_arrow.names)
        _need_response(names, path)
        present = [name for name in KNOWN if name in names]
        row = 0
        for read in file.iter_batches(batch_size=BATCH_ROWS, columns=present):
            yield _columnar(read, row)
            row += read.num_rows


def _columnar(read: pa.RecordBatch, row: int) -> Batch:
    responses, troubles = _valid_texts(read.column("response"))
    columns: dict[str, pl.Series] = {"row": pl.int_range(row, row + read.num_rows, eager=True)}
    for name in TEXTS:
        columns[name] = _as_text(name, read, troubles)
    counted = read.column("completion_tokens") if "completion_tokens" in read.schema.names else None
    tokens = pl.Series([None] * read.num_rows, dtype=pl.Int32) if counted is None else pl.Series(counted)
    columns["completion_tokens"] = tokens.cast(pl.Int32, strict=False)
    columns["check"] = _checks(read)
    columns["trouble"] = pl.Series(troubles, dtype=pl.String)
    return Batch(pl.DataFrame(columns, schema=COLUMNS), responses)


def _valid_texts(array: pa.Array) -> tuple[pa.Array, list[str | None]]:
    """The column as texts without nulls, and what was wrong where there was no text."""
    troubles: list[str | None] = [None] * len(array)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        return pa.array([""] * len(array)), [f"response holds {array.type}, not text"] * len(array)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        for place in range(len(array)):
            try:
                texts.append(array[place].as_py())
            except UnicodeDecodeError:
                texts.append("")
                troubles[place] = "response is no valid UTF-8"
        array = pa.array(texts, pa.large_string())
    if array.null_count:
        for place in pc.indices_nonzero(array.is_null()).to_pylist():
            troubles[place] = troubles[place] or "there is no response"
        array = array.fill_null("")
    return array, troubles


def _as_text(name: str, read: pa.RecordBatch, troubles: list[str | None]) -> pl.Series:
    nothing = pl.Series(name, [None] * read.num_rows, dtype=pl.String)
    if name not in read.schema.names:
        return nothing
    array = read.column(name)
    try:
        array.validate(full=True)
        if pa.types.is_nested(array.type):
            return pl.Series(name, [_conversation(value) for value in array.to_pylist()], dtype=pl.String)
        return pl.Series(name, array.cast(pa.large_string()), dtype=pl.String)
    except (pa.ArrowException, ValueError):
        for place in range(read.num_rows):
            troubles[place] = troubles[place] or f"{name} cannot be read as text"
        return nothing


def _checks(read: pa.RecordBatch) -> pl.Series:
    present = [name for name in CHECKED if name in read.schema.names]
    if "reference" not in present:
        return pl.Series("check", [None] * read.num_rows, dtype=pl.String)
    try:
        rows = read.select(present).to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        rows = [{}] * read.num_rows
    return pl.Series("check", [_check(row) for row in rows], dtype=pl.String)


def _rows(path: Path) -> Iterator[Batch]:
    waiting: list[Mapping[str, Any] | Unreadable] = []
    first, seen = 0, False
    for _, raw in read_file(path, path.name):
        waiting.append(raw)
        if len(waiting) == BATCH_ROWS:
            seen = seen or _named(waiting, path)
            yield _tabular(waiting, first)
            first += len(waiting)
            waiting = []
    if waiting or not first:
        if not seen:
            _named(waiting, path)
        yield _tabular(waiting, first)


def _named(rows: list[Mapping[str, Any] | Unreadable], path: Path) -> bool:
    """Refuse a file whose first rows have no response at all: it has another name there."""
    names = {name for row in rows if not isinstance(row, Unreadable) for name in row}
    if names:
        _need_response(names, path)
    return bool(names)


def _tabular(rows: list[Mapping[str, Any] | Unreadable], first: int) -> Batch:
    responses: list[str] = []
    made = []
    for number, row in enumerate(rows, start=first):
        columns: dict[str, Any] = {"row": number}
        try:
            if isinstance(row, Unreadable):
                raise ValueError(f"{row.rule}: {row.detail}")
            columns |= {name: _text(row, name) for name in TEXTS}
            tokens = row.get("completion_tokens")
            columns["completion_tokens"] = tokens if isinstance(tokens, int) and 0 <= tokens < 2**31 else None
            columns["check"] = _check(row) if row.get("reference") is not None else None
            response = row.get("response")
            if not isinstance(response, str):
                raise ValueError("there is no response" if response is None else "response is no text")
            response.encode()  # half a surrogate pair is no text that a file could hold
            responses.append(response)
        except ValueError as trouble:
            columns["trouble"] = str(trouble)
            responses.append("")
        made.append(columns)
    return Batch(pl.DataFrame(made, schema=COLUMNS), pa.array(responses, pa.large_string()))


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None:
        return None
    if name == "prompt" and not isinstance(value, str):
        value = _conversation(value)
    text = value if isinstance(value, str) else str(value)
    text.encode()
    return text


def _conversation(turns: object) -> str | None:
    """What was asked in a conversation: its turns but the assistant's."""
    if not isinstance(turns, list | tuple):
        return None if turns is None else str(turns)
    asked = [turn for turn in turns if isinstance(turn, Mapping) and turn.get("role") != "assistant"]
    return "\n\n".join(str(turn.get("content") or "") for turn in asked)


def _check(row: Mapping[str, Any]) -> str | None:
    if row.get("reference") is None:
        return None
    given = {name: row[name] for name in CHECKED if row.get(name) is not None}
    return json.dumps(given, ensure_ascii=False, default=str)


def _need_response(names: set[str], path: Path) -> None:
    if "response" not in names:
        raise SourceError(
            f"{path}: has no column 'response'",
            did_you_mean("response", names, "rename the one that holds the replies; it has"),
        )


def read_some(path: Path, rows: Collection[int], column: str = "response") -> dict[int, str]:
    """The texts of a few rows of a file, by their numbers; of Parquet only the groups that hold them are read."""
    wanted = set(rows)
    if path.suffix.lower() != ".parquet":
        numbered = enumerate(row for _, row in read_file(path, path.name))
        found = {n: _shown(row.get(column)) for n, row in numbered if n in wanted and not isinstance(row, Unreadable)}
        return {number: text for number, text in found.items() if text is not None}
    texts: dict[int, str] = {}
    with pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False) as file:
        if column not in file.schema_arrow.names:
            return texts
        first = 0
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            here = sorted(number for number in wanted if first <= number < first + count)
            for batch in file.iter_batches(BATCH_ROWS, [group], [column]) if here else ():
                for number in [number for number in here if first <= number < first + batch.num_rows]:
                    text = _shown(batch.column(0)[number - first].as_py())
                    if text is not None:
                        texts[number] = text
                first += batch.num_rows
            if not here:
                first += count
    return texts


def _shown(value: object) -> str | None:
    return value if isinstance(value, str) else _conversation(value)
