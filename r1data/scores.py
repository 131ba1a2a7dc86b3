"""Scores: how well a model did on prompts that were sampled and judged, each with its 95% interval.

Several draws of a prompt are not independent of each other, so the interval is that of the mean over prompts of each
prompt's own mean: with n prompts, 1.96 standard deviations between them divided by the square root of n.
"""

from __future__ import annotations

import math
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


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one model on one set of prompts.

    `accuracy` is the share of right draws among those that could be judged, `format` of those with one thought in its
    tags and an answer behind it, `language` the mean language consistency (R1 paper, Eq. 7), `mixed` the share with too
    many words of another language, `readable` the share with none of the flaws of readability, `tokens` the length.
    """

    prompts: int
    completions: int
    accuracy: Estimate
    format: Estimate
    language: Estimate
    mixed: Estimate
    readable: Estimate
    tokens: Estimate
    unjudged: int

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Scores:
        """From JSON."""
        estimates = {key: Estimate(**stored[key]) for key in ESTIMATES}
        return cls(stored["prompts"], stored["completions"], unjudged=stored["unjudged"], **estimates)


ESTIMATES = ("accuracy", "format", "language", "mixed", "readable", "tokens")


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
        accuracy=(pl.col("outcome") == Outcome.CORRECT.value).filter(judged).mean(),
        format=pl.col("think_in_order").mean(),
        language=pl.col("language_share").mean(),
        mixed=pl.col("reasons").list.contains(Reason.MIXED_LANGUAGE.value).mean(),
        readable=(~flawed).mean(),
        tokens=pl.col("completion_tokens").mean(),
    )
    return Scores(
        prompts=by_prompt.height,
        completions=rows.height,
        unjudged=rows.filter(~judged).height,
        **{name: Estimate.of(by_prompt[name]) for name in ESTIMATES},
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
