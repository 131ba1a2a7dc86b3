"""Plans: in which order samples are shown to a person. Pure functions over columns.

- `random`: by the id, which is a hash, so that the first hundred say something about all.
- `low_confidence`: the most doubtful first. A row's doubt is the largest of: the share of the way that a measure has
  gone from where nothing is wrong to its threshold; the share of its prompt's judged draws that were not correct; and 1
  where it is kept though its verdict is not `correct`.
- `disagreement`: only rows on which two opinions differ: the rule and the judge, the answer named in the thought and
  that of the solution, and (`r1data.review.room`) a first and a second reader.
"""

from __future__ import annotations

from typing import Literal, get_args

import polars as pl

from r1data.recipe import Selection
from r1data.selection import FINDINGS, Finding
from schemas import Outcome

Plan = Literal["random", "low_confidence", "disagreement"]
PLANS: tuple[str, ...] = get_args(Plan)
HARMLESS = {"tail_repeats": 1.0}
"""Where a measure begins that is regular at another value than nothing; shares that may not fall low begin at 1."""
WORDS = {"words": "foreign words", "language_share": "language"}


def ordered(rows: pl.DataFrame, plan: Plan, selection: Selection) -> pl.DataFrame:
    """The rows that a plan shows, in its order: `completion_id`, `prompt_id`, `score` (the higher the sooner) and
    `why` (for people; null where nothing is to be said).

    Takes completion_id, prompt_id, outcome, rule_outcome, judge_outcome (null for none), pass_rate (null for unknown)
    and the measures that decide. Every order ends with the id, so that it is the same on every machine.
    """
    match plan:
        case "random":
            told = rows.with_columns(score=pl.lit(0.0), next=pl.lit(0.0), why=pl.lit(None, pl.String))
        case "low_confidence":
            told = _doubtful(rows, selection)
        case "disagreement":
            told = _disputed(rows)
    told = told.sort("score", "next", "completion_id", descending=[True, True, False])
    return told.select("completion_id", "prompt_id", "score", "why")


def share_of_way(finding: Finding, selection: Selection) -> pl.Expr | None:
    """How far a measure has gone to its threshold: 0 where nothing is wrong, 1 at the threshold and beyond; None where
    the finding is about no number, or its threshold is where nothing is wrong.
    """
    if finding.measure is None or finding.key is None:
        return None
    threshold = float(getattr(selection, finding.key))
    harmless = 1.0 if finding.side == "below" else HARMLESS.get(finding.measure, 0.0)
    if threshold == harmless:
        return None
    return ((pl.col(finding.measure) - harmless) / (threshold - harmless)).clip(0, 1).fill_null(0).fill_nan(0)


def _doubtful(rows: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    ways = {
        finding.name: way
        for finding in FINDINGS
        if finding.measure in rows.columns and (way := share_of_way(finding, selection)) is not None
    }
    bad = [outcome.value for outcome in Outcome if outcome is not Outcome.CORRECT]
    doubts = {
        **{f"{_said(name)} near its limit": way for name, way in ways.items()},
        "few draws of this prompt are correct": (1 - pl.col("pass_rate")).fill_null(0),
        "the verdict is not `correct`": pl.col("outcome").is_in(bad).fill_null(False).cast(pl.Float64),
    }
    held = rows.select(doubt.cast(pl.Float64).alias(name) for name, doubt in doubts.items())
    largest = pl.max_horizontal(pl.all())
    named = pl.coalesce(*(pl.when(pl.col(name) == largest).then(pl.lit(name)) for name in doubts))
    told = held.select(
        score=largest, next=pl.mean_horizontal(pl.all()),
        why=pl.when(largest > 0).then(pl.format("{} ({}%)", named, (largest * 100).round(0).cast(pl.Int64))),
    )  # fmt: skip
    return rows.hstack(told)


def _said(finding: str) -> str:
    return finding.replace("/", ": ").replace("_", " ")


def _disputed(rows: pl.DataFrame) -> pl.DataFrame:
    right = Outcome.CORRECT.value
    judged = pl.col("rule_outcome").is_not_null() & pl.col("judge_outcome").is_not_null()
    verdicts = judged & ((pl.col("rule_outcome") == right) != (pl.col("judge_outcome") == right))
    answers = ~pl.col("answers_agree").fill_null(True)
    return rows.with_columns(
        score=verdicts.cast(pl.Float64) * 2 + answers.cast(pl.Float64),
        next=pl.lit(0.0),
        why=pl.when(verdicts)
        .then(pl.format("the rule says {}, the judge {}", "rule_outcome", "judge_outcome"))
        .when(answers)
        .then(pl.lit("the thought ends with another answer than the solution")),
    ).filter(pl.col("score") > 0)
