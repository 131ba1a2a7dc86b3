"""From the raw rows of a table to prompts, with the columns that the recipe maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from r1data.errors import SourceError
from r1data.recipe import Columns
from r1data.sources.formats import Row, Unreadable
from r1data.sources.hints import did_you_mean
from r1data.sources.rows import Bad, Defaults, bad_row, read_row
from schemas import Prompt

ROWS_TO_CHECK = 1000
"""A mapped column that none of so many rows has does not exist; JSON objects may each lack some of their keys."""


Read = TypeVar("Read")
Make = Callable[[Mapping[str, Any], str, Columns, Defaults], Read | Bad]
"""From a raw row, its place, the columns and the defaults to what it says, or to what is wrong with it."""


def read_rows(rows: Iterable[Row], columns: Columns, defaults: Defaults, limit: int | None) -> Iterator[Prompt | Bad]:
    """Raw rows as prompts, at most `limit` of them.

    Raises:
        SourceError: a column that the recipe names is in none of the first rows.
    """
    return made_rows(rows, columns, defaults, limit, read_row)


def made_rows(
    rows: Iterable[Row], columns: Columns, defaults: Defaults, limit: int | None, make: Make[Read]
) -> Iterator[Read | Bad]:
    """Raw rows as whatever `make` makes of them, at most `limit` of them.

    Raises:
        SourceError: a column that the recipe names is in none of the first rows.
    """
    present: set[str] = set()
    readable = 0
    for place, raw in islice(rows, limit):
        if isinstance(raw, Unreadable):
            yield bad_row(defaults.source, place, raw.rule, raw.detail, raw.content)
            continue
        readable += 1
        if readable <= ROWS_TO_CHECK:
            present.update(raw)
        if readable == ROWS_TO_CHECK:
            check_columns(columns, present, defaults.source)
        yield make(raw, place, columns, defaults)
    if 0 < readable < ROWS_TO_CHECK:
        check_columns(columns, present, defaults.source)


def check_columns(columns: Columns, present: set[str], source: str) -> None:
    """A column that the recipe names must exist; one that it leaves to the default may be absent.

    Raises:
        SourceError: it does not.
    """
    for role in sorted(columns.model_fields_set):
        name = getattr(columns, role)
        if name not in present:
            raise SourceError(
                f"{source}: columns.{role} names column '{name}', which is not there",
                did_you_mean(name, present, "there is"),
            )
