"""Screen: which prompts hold a benchmark's item, before a token is spent on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from r1data.contamination import Index, Item, Screening
from r1data.measures import BLOCK_ROWS
from r1data.recipe import Recipe
from r1data.sources.benchmarks import Loaded, load_benchmarks
from r1data.texts import Cutter, Texts
from schemas import BadPrompts

RULE = "contaminated"
CONTENT_CHARS = 300


def load_items(recipe: Recipe, say: Callable[[str], None]) -> Loaded:
    """The items of the benchmarks that a recipe names; says which could not be loaded.

    Raises:
        SourceError: one cannot be loaded, and the recipe does not say to go on without it.
    """
    loaded = load_benchmarks(recipe.contamination, recipe.resolve)
    for one in loaded.unchecked:
        say(f"not held against {one.name}: {one.why}")
    return loaded


def screen_prompts(recipe: Recipe, items: Sequence[Item], prompts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The prompts without those that hold an item, and those as rows of BadPrompts."""
    if not items:
        return prompts, BadPrompts.create_empty()
    screening = Screening(Index.of(items, recipe.contamination))
    asked = prompts.select("prompt_id", question=_question())
    cutter = Cutter()
    for some in asked.iter_slices(BLOCK_ROWS):
        texts = Texts.of(some["question"])
        ids = some["prompt_id"].to_list()
        screening.scan(ids, ids, cutter.cut(texts), texts, "prompt")
    hits = screening.finish().sort("score", descending=True).unique("completion_id", keep="first", maintain_order=True)
    said = pl.format("holds {}/{} ({}): {}", "benchmark", "item", "method", pl.col("text").str.slice(0, CONTENT_CHARS))
    found = hits.select(prompt_id="completion_id", detail=said)
    held = prompts.join(found, on="prompt_id").sort("source", "prompt_id")
    bad = held.select(
        "source", row="source_row", rule=pl.lit(RULE), detail="detail", content=_question().str.slice(0, CONTENT_CHARS)
    )
    return prompts.join(found, on="prompt_id", how="anti", maintain_order="left"), BadPrompts.validate(bad, cast=True)


def _question() -> pl.Expr:
    """All that a prompt says but the assistant's turns."""
    turn = pl.element()
    asked = pl.col("messages").list.eval(turn.struct.field("content").filter(turn.struct.field("role") != "assistant"))
    return asked.list.join("\n\n")
