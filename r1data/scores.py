"""Scores: how well a model did on prompts that were sampled and judged, each with its 95% interval.

Several draws of a prompt are not independent of each other, so the interval is that of the mean over prompts of each
prompt's own mean: with n prompts, 1.96 standard deviations between them divided by the square root of n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from r1data.store import Workspace
from schemas import Outcome, Reason

READABILITY = (Reason.MIXED_LANGUAGE, Reason.LONG_PARAGRAPH, Reason.MESSY_CODE, Reason.REPETITION)
JUDGED = (Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER)
CERTAIN = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over prompts, and half the width of its 95% interval."""

    mean: float
    margin: float

    @classmethod
    def of(cls, prompt_means: pl.Series) -> Estimate:
        """From the means of the prompts; those that have none are left out."""
        given = prompt_means.drop_nulls()
        if not len(given):
            return cls(math.nan, math.nan)
        spread = given.std() if len(given) > 1 else 0.0
        return cls(_number(given.mean()), CERTAIN * _number(spread) / math.sqrt(len(given)))


MEANS = ("accuracy", "format", "language", "mixed", "readable", "tokens")


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one model on one set of prompts.

    `by_prompt` has a row for each prompt: its `prompt_id`, how many `completions` were judged and how many stayed
    `unjudged`, and the means of `MEANS`. `accuracy` is the share of right draws among those that could be judged,
    `format` of those with one thought in its tags and an answer behind it, `language` the mean language consistency
    (R1 paper, Eq. 7), `mixed` the share with too many words of another language, `readable` the share with none of the
    flaws of readability, `tokens` the length.
    """

    by_prompt: pl.DataFrame

    @classmethod
    def pooled(cls, of: Sequence[Scores]) -> Scores:
        """Those of several seeds as one: the means of each prompt over the seeds. More seeds make no more prompts, so
        the interval stays that of the prompts; how far seeds lie apart it does not tell.
        """
        together = pl.concat([one.by_prompt for one in of]).group_by("prompt_id", maintain_order=True)
        return cls(together.agg(pl.col("completions", "unjudged").sum(), pl.col(MEANS).mean()))

    def estimate(self, key: str) -> Estimate:
        """One of `MEANS`."""
        return Estimate.of(self.by_prompt[key])

    def gain(self, before: Scores, key: str) -> Estimate:
        """How much more it is than before, prompt by prompt: what both models find easy or hard does not blur it."""
        both = self.by_prompt.join(before.by_prompt, on="prompt_id", suffix="_before")
        return Estimate.of(both[key] - both[f"{key}_before"])

    @property
    def prompts(self) -> int:
        """How many there are."""
        return self.by_prompt.height

    @property
    def completions(self) -> int:
        """How many were drawn."""
        return int(self.by_prompt["completions"].sum())

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "prompts": self.prompts, "completions": self.completions,
            "unjudged": int(self.by_prompt["unjudged"].sum()),
            **{key: asdict(self.estimate(key)) for key in MEANS},
        }  # fmt: skip


def scores(workspace: Workspace) -> Scores:
    """From the verdicts, measures and decisions of a workspace. Failed draws count for nothing."""
    tables = workspace.tables()
    drawn = tables.completions.select("completion_id", "prompt_id", "completion_tokens")
    rows = (
        drawn.join(tables.verdicts.select("completion_id", "outcome"), on="completion_id", how="inner")
        .join(tables.measures.select("completion_id", "think_in_order", "language_share"), on="completion_id")
        .join(tables.decisions.select("completion_id", "reasons"), on="completion_id")
        .collect()
    )
    judged = pl.col("outcome").is_in([outcome.value for outcome in JUDGED])
    flawed = pl.any_horizontal(pl.col("reasons").list.contains(reason.value) for reason in READABILITY)
    by_prompt = rows.group_by("prompt_id").agg(
        completions=pl.len(),
        unjudged=(~judged).sum(),
        accuracy=(pl.col("outcome") == Outcome.CORRECT.value).filter(judged).mean(),
        format=pl.col("think_in_order").mean(),
        language=pl.col("language_share").mean(),
        mixed=pl.col("reasons").list.contains(Reason.MIXED_LANGUAGE.value).mean(),
        readable=(~flawed).mean(),
        tokens=pl.col("completion_tokens").mean(),
    )
    return Scores(by_prompt.sort("prompt_id"))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
