"""Questions: which examples ask the same, and which ask so nearly the same that they must be on one side of a split.

Two answers, because two mistakes cost differently. That two questions are *one* drops examples, so it is said with
care: equal texts, or near-duplicates by `r1data.duplicates.prompts`, which compares references too. That two questions
belong *together* only keeps them from being on both sides of a split, so it is said freely: whatever calculates the
same and has most word pairs in common, or is joined to it through others.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from r1data.duplicates import prompt_twins, signatures
from r1data.duplicates.groups import groups
from r1data.duplicates.prompts import BANDS, NGRAM, ROWS, calculating
from r1data.texts import Texts, words_of

TOGETHER = 0.6
"""Estimated similarity of word pairs from which two questions belong together: its standard error is 0.04, so that
hardly any pair that has 0.7 in common is missed."""
SLICE = 20_000
"""Questions whose formulas are read at a time: what is read of them takes several times their own memory."""


def questions_of(seen: pl.DataFrame) -> pl.DataFrame:
    """What is known of each question: `question`, `canonical` (the question that it is one with, often itself) and
    `side` (equal for those that belong together).

    `seen` has the columns of `offers.QUESTION_SCHEMA`, in any order, a question as often as it was met.
    """
    least = pl.col("verifier", "reference", "text").min()
    distinct = seen.group_by("question").agg(least, pl.col("part").min()).sort("part", "question")
    likely = _with_same_formulas(distinct)
    twins = prompt_twins(
        likely.select("text", "verifier", "reference", prompt_id="question", task=pl.lit(None, pl.String))
    ).select(question="prompt_id", canonical="twin")
    told = distinct.select("question").join(twins, on="question", how="left", maintain_order="left")
    told = told.with_columns(pl.coalesce("canonical", "question").alias("canonical"))
    return told.join(_sides(likely, twins), on="question", how="left", maintain_order="left").with_columns(
        pl.coalesce("side", "question").alias("side")
    )


def _with_same_formulas(questions: pl.DataFrame) -> pl.DataFrame:
    """Those questions of which another one calculates the same; `block` counts what they calculate."""
    parts = [some.select(calculating("text").hash(seed=0).alias("block")) for some in questions.iter_slices(SLICE)]
    blocks = pl.concat(parts) if parts else pl.DataFrame(schema={"block": pl.UInt64})
    return questions.hstack(blocks).filter(pl.col("block").is_duplicated())


def _sides(likely: pl.DataFrame, twins: pl.DataFrame) -> pl.DataFrame:
    """`question` and `side`, for those that belong together with another one: the least of their fingerprints."""
    likely = likely.sort("question")
    marks = signatures(words_of(Texts.of(likely["text"])), NGRAM)
    group = groups(marks, np.arange(likely.height), likely["block"].to_numpy(), bands=BANDS, rows=ROWS, floor=TOGETHER)
    grouped = likely.select("question", pl.Series("group", group)).filter(pl.col("group") >= 0)
    first = pl.col("question").min().over("group")
    edges = [*grouped.select("question", first.alias("other")).iter_rows(), *twins.iter_rows()]
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        while (parent := parents.setdefault(name, name)) != name:
            parents[name] = name = parents[parent]
        return name

    for one, other in edges:
        low, high = sorted((root(one), root(other)))
        parents[high] = low
    found = {name: root(name) for name in list(parents)}
    return pl.DataFrame({"question": list(found), "side": list(found.values())}, schema={"question": pl.String,
                                                                                       "side": pl.String})  # fmt: skip
