"""Policy: one outcome for a completion of which both a rule and the judge have spoken.

What a rule is silent about or leaves undecided is the judge's to decide. Otherwise the policies are:

- `rule`: the rule's outcome, undecided ones included.
- `judge`: the judge's outcome.
- `or`: the better of the two. A judgement counts before a fault, so the faults of one side leave it to the other.
- `and`: the worse of the two. A refusal stands by itself, but nothing is correct unless both say so: where one side is
  faulty and the other says correct, it stays unjudged.

Where the judge should have a word and has not been asked yet, the outcome is `undecided`.
"""

from __future__ import annotations

import polars as pl

from r1data.recipe import ASKS_A_MODEL, Policy
from schemas import Outcome

JUDGE = "judge"
SPOKEN = ("outcome", "verifier", "version", "extracted")
BEST_FIRST = (
    Outcome.CORRECT,
    Outcome.INCORRECT,
    Outcome.NO_ANSWER,
    Outcome.BAD_REFERENCE,
    Outcome.TIMEOUT,
    Outcome.VERIFIER_ERROR,
    Outcome.UNDECIDED,
)
JUDGED, FAULT, WITHDRAWN, ABSENT = 0, 10, 20, 30
"""Ranks. The lower one has the word, the rule where they are equal."""


def combined(verdicts: pl.LazyFrame, policy: Policy = "rule") -> pl.LazyFrame:
    """One row a completion: its outcome under the policy, with verifier, version and answer of the side it comes from.

    Takes `schemas.Verdicts`. Of several verdicts of one side the highest version's counts; within a version `correct`
    wins, then the alphabet, so that the choice never hangs on the order of rows.
    """
    by_judge = pl.col("verifier").is_in(ASKS_A_MODEL)
    rule, judge = _last_word(verdicts.filter(~by_judge)), _last_word(verdicts.filter(by_judge))
    both = rule.join(judge, on="completion_id", how="full", coalesce=True, suffix="_judge")
    decides = _rank("outcome_judge", _ranks(policy, of_judge=True)) < _rank("outcome", _ranks(policy, of_judge=False))
    chosen = [pl.when(decides).then(f"{name}_judge").otherwise(name).alias(name) for name in SPOKEN]
    return both.select("completion_id", *chosen).with_columns(
        pl.col("outcome").fill_null(Outcome.UNDECIDED.value), pl.col("verifier").fill_null(JUDGE)
    )


def _last_word(verdicts: pl.LazyFrame) -> pl.LazyFrame:
    ranked = [pl.col("version"), pl.col("outcome") == Outcome.CORRECT, pl.col("outcome"), pl.col("verifier")]
    spoken = [pl.col(name).sort_by(ranked, descending=[True, True, False, False]).first() for name in SPOKEN]
    return verdicts.group_by("completion_id").agg(spoken)


def _rank(outcome: str, ranks: dict[str | None, int]) -> pl.Expr:
    return pl.col(outcome).replace_strict(ranks, return_dtype=pl.Int32)


def _ranks(policy: Policy, *, of_judge: bool) -> dict[str | None, int]:
    ranks: dict[str | None, int] = {}
    for place, outcome in enumerate(BEST_FIRST):
        match policy:
            case "rule":
                ranks[outcome.value] = FAULT if of_judge else JUDGED
            case "judge":
                ranks[outcome.value] = JUDGED if of_judge else WITHDRAWN
            case "or":
                ranks[outcome.value] = place if place < 3 else FAULT
            case "and":
                ranks[outcome.value] = WITHDRAWN - 1 if outcome is Outcome.CORRECT else place if place < 3 else FAULT
    if not of_judge and policy != "rule":
        ranks[Outcome.UNDECIDED.value] = WITHDRAWN
    unheard_judge_matters = of_judge and policy in ("judge", "and")
    ranks[None] = FAULT if unheard_judge_matters else ABSENT
    return ranks
