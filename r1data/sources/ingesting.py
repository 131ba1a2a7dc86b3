"""Ingesting: all sources of a recipe into one table of prompts, with every row accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

import dataframely as dy
import polars as pl

from r1data.errors import SourceError
from r1data.recipe import FilePrompts, GymPrompts, HubPrompts, Recipe, ShippedPrompts, Source
from r1data.sources.files import read_files
from r1data.sources.gym import read_gym
from r1data.sources.hub import read_hub
from r1data.sources.rows import Bad
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


def read_prompts(recipe: Recipe) -> Ingested:
    """Read all sources of a recipe; the same task is taken once, from the first source that has it.

    Raises:
        SourceError: a source cannot be read, or there is no prompt in any of them.
        TooManyBadPrompts: a source has more unusable rows than `max_bad_prompts`.
    """
    found: dict[str, Prompt] = {}
    bad: list[Bad] = []
    rows = 0
    for source in recipe.prompts:
        read, unusable = 0, []
        for row in _read(source, recipe):
            read += 1
            if isinstance(row, Bad):
                unusable.append(row)
            else:
                found.setdefault(row.prompt_id, row)
        bad += unusable
        rows += read
        if len(unusable) > recipe.max_bad_prompts * read:
            _refuse(unusable, read, recipe.max_bad_prompts, _bad_table(bad))
    if not found:
        raise SourceError(
            f"recipe {recipe.name}: there are no prompts in its sources", "check the files under `prompts`"
        )
    prompts = _prompt_table(list(found.values()))
    return Ingested(prompts, _bad_table(bad), duplicates=rows - len(bad) - prompts.height, rows=rows)


def _read(source: Source, recipe: Recipe) -> Iterator[Prompt | Bad]:
    match source:
        case FilePrompts():
            return read_files(source, recipe)
        case HubPrompts():
            return read_hub(source, recipe)
        case ShippedPrompts():
            return read_shipped(source)
        case GymPrompts():
            return read_gym(source)


def _refuse(unusable: list[Bad], read: int, limit: float, table: pl.DataFrame) -> None:
    examples = {bad.rule: bad for bad in reversed(unusable)}
    common = Counter(bad.rule for bad in unusable).most_common(RULES_SHOWN)
    lines = [f"  {count:,} x {rule}, such as {examples[rule].row}: {examples[rule].detail}" for rule, count in common]
    share = len(unusable) / read
    raise TooManyBadPrompts(
        f"{unusable[0].source}: {len(unusable):,} of {read:,} rows ({share:.1%}) are unusable, "
        f"more than max_bad_prompts = {limit:.1%}:\n" + "\n".join(lines),
        "correct the rows (all are listed in bad_prompts.parquet), map the right columns, or raise max_bad_prompts",
        table,
    )


def _prompt_table(prompts: list[Prompt]) -> pl.DataFrame:
    rows = [{f.name: getattr(p, f.name) for f in fields(Prompt)} for p in prompts]
    for row, prompt in zip(rows, prompts, strict=True):
        row["messages"] = [{"role": m.role, "content": m.content} for m in prompt.messages]
    return Prompts.validate(pl.DataFrame(rows, schema=_types(Prompts)), cast=True).sort("prompt_id")


def _bad_table(bad: list[Bad]) -> pl.DataFrame:
    return pl.DataFrame([astuple(row) for row in bad], schema=_types(BadPrompts), orient="row")


def _types(schema: type[dy.Schema]) -> dict[str, pl.DataType]:
    return {name: column.dtype for name, column in schema.columns().items()}
