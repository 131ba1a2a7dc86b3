"""Ingesting: all sources of a recipe into one table of prompts, with every row accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, astuple, dataclass

import dataframely as dy
import polars as pl

from r1data.errors import SourceError
from r1data.recipe import FilePrompts, GymPrompts, HubPrompts, Recipe, ShippedPrompts, Source
from r1data.sources.files import read_files
from r1data.sources.gym import read_gym
from r1data.sources.hub import read_hub
from r1data.sources.rows import Bad, bad_row
from r1data.sources.shipped import read_shipped
from schemas import BadPrompts, Prompt, Prompts

RULES_SHOWN = 3


class TooManyBadPrompts(SourceError):
    """More of a source's rows are unusable than the recipe allows; `bad` is the table of all found so far."""

    def __init__(self, message: str, remedy: str, bad: pl.DataFrame) -> None:
        super().__init__(message, remedy)
        self.bad = bad


@dataclass(frozen=True, slots=True)
class Ingested:
    """What was read. Every row is in one place: rows = prompts + bad + duplicates."""

    prompts: pl.DataFrame
    bad: pl.DataFrame
    duplicates: int
    rows: int
    sources: tuple[str, ...] = ()
    """The sources' names as they stand in the prompts, in the order of the recipe."""


@dataclass(frozen=True, slots=True)
class SourceRows:
    """What one source adds: `read` rows, of which these are new prompts and these unusable; the rest are duplicates."""

    prompts: pl.DataFrame
    bad: list[Bad]
    read: int


def read_prompts(recipe: Recipe) -> Ingested:
    """Read all sources of a recipe; the same task is taken once, from the first source that has it.

    Raises:
        SourceError: a source cannot be read, or there is no prompt in any of them.
        TooManyBadPrompts: a source has more unusable rows than `max_bad_prompts`.
    """
    taken: set[str] = set()
    tables: list[pl.DataFrame] = []
    bad: list[Bad] = []
    rows = 0
    for source in recipe.prompts:
        found = _read_source(source, recipe, taken)
        tables.append(found.prompts)
        taken.update(found.prompts["prompt_id"])
        bad += found.bad
        rows += found.read
        require_few_bad(found, recipe.max_bad_prompts, bad)
    if not taken:
        raise nothing_usable(recipe.name, bad)
    prompts = pl.concat(tables).sort("prompt_id")
    sources = tuple(dict.fromkeys(name for table in tables for name in table["source"].unique(maintain_order=True)))
    return Ingested(prompts, bad_table(bad), rows - len(bad) - prompts.height, rows, sources)


def _read_source(source: Source, recipe: Recipe, taken: Collection[str]) -> SourceRows:
    fresh: dict[str, Prompt] = {}
    bad: list[Bad] = []
    read = 0
    for row in _rows(source, recipe):
        read += 1
        if isinstance(row, Bad):
            bad.append(row)
        elif row.prompt_id not in taken:
            fresh.setdefault(row.prompt_id, row)
    prompts, refused = checked_prompts(list(fresh.values()))
    return SourceRows(prompts, bad + refused, read)


def _rows(source: Source, recipe: Recipe) -> Iterator[Prompt | Bad]:
    match source:
        case FilePrompts():
            return read_files(source, recipe)
        case HubPrompts():
            return read_hub(source, recipe)
        case ShippedPrompts():
            return read_shipped(source, recipe)
        case GymPrompts():
            return read_gym(source)


def checked_prompts(prompts: list[Prompt]) -> tuple[pl.DataFrame, list[Bad]]:
    """The prompts as a table that keeps the schema's rules, and the rows that do not: the last net."""
    table = pl.DataFrame([asdict(prompt) for prompt in prompts], schema=_types(Prompts))
    good, failure = Prompts.filter(table, cast=True)
    details = failure.details()
    rules = [name for name in details.columns if name not in table.columns]
    told = "the table of prompts refuses it"
    refused = [
        bad_row(row["source"], row["source_row"], _broken(row, rules), told, row["messages"])
        for row in details.iter_rows(named=True)
    ]
    return good, refused


def _broken(row: dict[str, object], rules: list[str]) -> str:
    return next((rule for rule in rules if row[rule] == "invalid"), "schema")


def require_few_bad(found: SourceRows, limit: float, bad: list[Bad]) -> None:
    """Refuse a source of whose rows more than this share is unusable; `bad` are those of all sources so far.

    Raises:
        TooManyBadPrompts: it is.
    """
    if len(found.bad) <= limit * found.read:
        return
    share = len(found.bad) / found.read
    raise TooManyBadPrompts(
        f"{found.bad[0].source}: {len(found.bad):,} of {found.read:,} rows ({share:.1%}) are unusable, "
        f"more than max_bad_prompts = {limit:.1%}:\n{_summary(found.bad)}",
        "correct the rows (all are listed in bad_prompts.parquet), map the right columns, or raise max_bad_prompts",
        bad_table(bad),
    )


def nothing_usable(name: str, bad: list[Bad]) -> SourceError:
    """The error for sources without a single prompt."""
    message = f"recipe {name}: there are no prompts in its sources"
    if not bad:
        return SourceError(message, "check the files under `prompts`")
    remedy = "correct the rows (all are listed in bad_prompts.parquet) or map the right columns"
    return TooManyBadPrompts(f"{message}, all rows are unusable:\n{_summary(bad)}", remedy, bad_table(bad))


def _summary(bad: list[Bad]) -> str:
    """The most frequent rules, each with its first example."""
    examples = {row.rule: row for row in reversed(bad)}
    common = Counter(row.rule for row in bad).most_common(RULES_SHOWN)
    return "\n".join(
        f"  {count:,} x {rule}, such as {examples[rule].row}: {examples[rule].detail}" for rule, count in common
    )


def bad_table(bad: list[Bad]) -> pl.DataFrame:
    """Unusable rows as their table."""
    return BadPrompts.validate(pl.DataFrame([astuple(row) for row in bad], schema=_types(BadPrompts), orient="row"))


def _types(schema: type[dy.Schema]) -> dict[str, pl.DataType]:
    return {name: column.dtype for name, column in schema.columns().items()}
