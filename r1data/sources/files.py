"""Prompts from JSONL, JSON, Parquet and CSV files."""

from __future__ import annotations

from collections.abc import Iterator

from r1data.recipe import FilePrompts, Recipe
from r1data.sources.columns import read_rows
from r1data.sources.finding import find_files
from r1data.sources.formats import read_file
from r1data.sources.rows import Bad, Defaults
from schemas import Prompt


def read_files(source: FilePrompts, recipe: Recipe) -> Iterator[Prompt | Bad]:
    """The prompts of all files that the source's path names, in the order of their paths.

    Raises:
        SourceError: there is no such file, its kind is unknown, or a mapped column is not there.
    """
    files = find_files(source.path, recipe)
    defaults = Defaults.of(source, recipe, source.path)
    rows = (row for label, path in files for row in read_file(path, label))
    yield from read_rows(rows, source.columns, defaults, source.limit)
