"""The prompt sets that come with r1data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r1data.errors import SourceError
from r1data.recipe import Columns, Recipe, ShippedPrompts
from r1data.sources.columns import read_rows
from r1data.sources.formats import read_file
from r1data.sources.hints import did_you_mean
from r1data.sources.rows import Bad, Defaults
from schemas import Prompt

FOLDER = Path(__file__).parents[2] / "data" / "prompts"
LICENCE = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class ShippedSet:
    """One set: its name in recipes, and what is in it."""

    name: str
    rows: int
    languages: tuple[str, ...]
    first_question: str


def list_shipped() -> list[ShippedSet]:
    """All sets that come with r1data, by name."""
    return [_describe(path) for path in sorted(FOLDER.glob("*.jsonl"))]


def read_shipped(source: ShippedPrompts, recipe: Recipe) -> Iterator[Prompt | Bad]:
    """The prompts of one set.

    Raises:
        SourceError: there is no such set.
    """
    path = FOLDER / f"{source.dataset}.jsonl"
    known = sorted(p.stem for p in FOLDER.glob("*.jsonl"))
    if source.dataset not in known:
        remedy = did_you_mean(source.dataset, known, "known")
        raise SourceError(f"prompts: no set called '{source.dataset}' is shipped", remedy)
    defaults = Defaults.of(source, recipe, source.dataset, LICENCE)
    yield from read_rows(read_file(path, path.name), Columns(), defaults, source.limit)


def _describe(path: Path) -> ShippedSet:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    languages = tuple(sorted({row["language"] for row in rows}))
    return ShippedSet(path.stem, len(rows), languages, _asked(rows[0]) if rows else "")


def _asked(row: dict[str, Any]) -> str:
    """What a row asks, its first line: of its question, or of the last turn of its conversation."""
    question: str = row["messages"][-1]["content"] if "messages" in row else row["question"]
    return question.partition("\n")[0]
