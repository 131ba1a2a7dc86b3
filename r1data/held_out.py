"""Held out: the questions that models are measured by, and that nothing which they learn from may ask."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from r1data.errors import RecipeError
from r1data.recipe import Recipe
from r1data.sources import read_prompts


def require_unseen(held: Recipe, asked: Iterable[tuple[str, Recipe]], shown: Iterable[tuple[str, Path]]) -> None:
    """Refuse prompts (`asked`) and conversations (`shown`) with a question of `held`; each comes with its place.

    Raises:
        RecipeError: one has.
    """
    unseen = questions_of(held)
    for place, questions in [
        *((place, questions_of(recipe)) for place, recipe in asked),
        *((place, questions_in(file)) for place, file in shown),
    ]:
        if both := unseen & questions:
            raise RecipeError(
                f"{place}: asks {len(both):,} of the held-out questions, such as {min(both)!r}",
                "take other prompts for the stage, or for held_out",
            )


def questions_of(recipe: Recipe) -> set[str]:
    """What the prompts of a recipe ask in their last turn, without the differences of white space."""
    return _plain(read_prompts(recipe).prompts["messages"].list.last().struct.field("content"))


def questions_in(file: Path) -> set[str]:
    """What people ask in a file of conversations, in any turn; a table of judged pairs has it in a column."""
    found = pl.scan_parquet(file) if file.suffix == ".parquet" else pl.scan_ndjson(file, infer_schema_length=None)
    if "messages" not in found.collect_schema():
        return _plain(found.select("question").collect()["question"])
    turns = found.select("messages").explode("messages").unnest("messages")
    return _plain(turns.filter(pl.col("role") == "user").collect()["content"])


def _plain(questions: pl.Series) -> set[str]:
    return set(questions.str.replace_all(r"\s+", " ").str.strip_chars())
