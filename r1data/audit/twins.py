"""Twins: prompts whose questions differ in nothing but case, white space and punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import polars as pl

from r1data.duplicates import prompt_twins

FOLDED_VERIFIERS = frozenset({"math", "choice", "code", "judge", "quality", "identity"})
"""Elsewhere spelling may be what the task is about."""
SPACING = re.compile(r"\\[,;:! ]|\\(?:left|right|displaystyle)(?![A-Za-z])|[$`~*]{2}|\$")
DASHES = str.maketrans({"−": "-", "–": "-", "—": "-", "’": "'", "‘": "'"})
STOPS = re.compile(r"(?<!\d)[.,:]|[.,:](?!\d)|[;?。、…\"“”「」『』《》]|(?<=[a-z]{2})!|(?<=[\u4e00-\u9fff])!")
SPACES = re.compile(r"\s+")
LOOSE_SPACE = re.compile(r"(?<![0-9a-z]) | (?![0-9a-z])")


def folded(text: str) -> str:
    """The text as far as it tells questions apart: signs of calculation, digits and their points stay."""
    text = unicodedata.normalize("NFKC", text).translate(DASHES).casefold()
    text = STOPS.sub(" ", SPACING.sub(" ", text))
    return LOOSE_SPACE.sub("", SPACES.sub(" ", text).strip())


def twins(prompts: pl.DataFrame, sources: Sequence[str]) -> pl.DataFrame:
    """Prompts that repeat another one: prompt_id, and the `twin` that stays.

    Of several the one from the earliest of `sources` stays, then the one with the least id, so that nothing hangs on
    the order of rows and a source that is added at the end displaces nothing.
    """
    rank = {source: place for place, source in enumerate(sources)}
    rows = prompts.filter(pl.col("verifier").is_in(FOLDED_VERIFIERS)).select(
        "prompt_id", "verifier", "task", "messages", rank=pl.col("source").replace_strict(rank, default=len(rank))
    )
    keys = [folded("\n".join(turn["content"] for turn in turns)) for turns in rows["messages"]]
    ordered = rows.drop("messages").with_columns(key=pl.Series(keys, dtype=pl.String)).sort("rank", "prompt_id")
    first = pl.col("prompt_id").first().over("key", "verifier", "task")
    return ordered.with_columns(twin=first).filter(pl.col("twin") != pl.col("prompt_id")).select("prompt_id", "twin")


def near_twins(prompts: pl.DataFrame, sources: Sequence[str]) -> pl.DataFrame:
    """Prompts that nearly repeat another one: prompt_id, the `twin` that stays, as with `twins`, and `similarity`."""
    rank = {source: place for place, source in enumerate(sources)}
    content = pl.col("messages").list.eval(pl.element().struct.field("content")).list.join("\n")
    rows = prompts.filter(pl.col("verifier").is_in(FOLDED_VERIFIERS)).select(
        "prompt_id", "verifier", "reference", "task", text=content,
        rank=pl.col("source").replace_strict(rank, default=len(rank), return_dtype=pl.Int64),
    )  # fmt: skip
    return prompt_twins(rows.sort("rank", "prompt_id"))
