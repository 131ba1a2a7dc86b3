"""Majority: what most draws of a prompt answer, whether that contradicts its reference, or may stand in for one.

Answers are the same when they are spelled alike up to trifles, or when `same` says so; it is asked about pairs of a
prompt's most frequent spellings only, so that a prompt with a hundred different answers costs no more than another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import polars as pl

from schemas import Outcome, References

MOST_SPELLINGS = 6
"""So many spellings of a prompt's answers are compared with each other; rarer ones stand for themselves."""
MIN_AGREEMENT, MIN_ANSWERS = 0.6, 4
COMPARE_ANSWERS = ("math", "choice")
"""Verifiers that compare an answer with a reference; the others judge it against something else."""


class Pair(NamedTuple):
    """Two answers to one prompt, the more frequent one first."""

    prompt_id: str
    one: str
    other: str


Same = Callable[[Sequence[Pair]], Sequence[bool]]


def majorities(answers: pl.DataFrame, same: Same, min_answers: int = MIN_ANSWERS) -> pl.DataFrame:
    """The most frequent answer of each prompt that has at least `min_answers` answers.

    Takes prompt_id, extracted (null or blank where a draw has no answer) and outcome, one row for each verdict. Gives
    prompt_id, majority, agreement (its share of the answers), answers, judged and correct (of all draws), and how many
    of the majority's own draws were called `right` and `wrong`. Ties go to the spelling that sorts first.
    """
    rows = answers.with_columns(text=spelling(pl.col("extracted")))
    is_ = {outcome: pl.col("outcome") == outcome for outcome in Outcome}
    totals = rows.group_by("prompt_id").agg(
        answers=(pl.col("text") != "").sum(),
        judged=(is_[Outcome.CORRECT] | is_[Outcome.INCORRECT] | is_[Outcome.NO_ANSWER]).sum(),
        correct=is_[Outcome.CORRECT].sum(),
    )
    enough = totals.filter(pl.col("answers") >= min_answers)
    texts = (
        rows.filter(pl.col("text") != "")
        .join(enough.select("prompt_id"), on="prompt_id", how="semi")
        .group_by("prompt_id", "text")
        .agg(
            n=pl.len(), right=is_[Outcome.CORRECT].sum(), wrong=is_[Outcome.INCORRECT].sum(),
            spelled=pl.col("extracted").str.strip_chars().min(),
        )
        .sort("prompt_id", "n", "text", descending=[False, True, False])
        .with_columns(place=pl.int_range(pl.len()).over("prompt_id"))
    )  # fmt: skip
    groups = (
        texts.with_columns(group=_groups(texts, same))
        .group_by("prompt_id", "group", maintain_order=True)
        .agg(pl.col("n", "right", "wrong").sum(), majority=pl.col("spelled").first())
        .sort("prompt_id", "n", "group", descending=[False, True, False])
        .unique("prompt_id", keep="first", maintain_order=True)
    )
    return (
        groups.join(enough, on="prompt_id")
        .with_columns(agreement=pl.col("n") / pl.col("answers"))
        .select("prompt_id", "majority", "agreement", "answers", "judged", "correct", "right", "wrong")
        .sort("prompt_id")
    )


def suspects(
    prompts: pl.DataFrame,
    answers: pl.DataFrame,
    same: Same,
    min_agreement: float = MIN_AGREEMENT,
    min_answers: int = MIN_ANSWERS,
) -> pl.DataFrame:
    """Prompts whose draws mostly agree on an answer that their reference contradicts: the reference may be wrong.

    Of `prompts` it reads prompt_id and reference, `answers` are as in `majorities`. Gives prompt_id, reference,
    majority, agreement, answers, judged and correct, the clearest cases first.
    """
    known = prompts.filter(pl.col("reference").is_not_null()).select("prompt_id", "reference")
    mine = answers.join(known, on="prompt_id", how="semi")
    return (
        majorities(mine, same, min_answers)
        .filter((pl.col("agreement") >= min_agreement) & (pl.col("wrong") > pl.col("right")))
        .join(known, on="prompt_id")
        .select("prompt_id", "reference", "majority", "agreement", "answers", "judged", "correct")
        .sort("agreement", "answers", "prompt_id", descending=[True, True, False])
    )


def references(answers: pl.DataFrame, same: Same, min_agreement: float, min_answers: int) -> pl.DataFrame:
    """The answers that enough draws agree on, as `schemas.References`; `answers` are as in `majorities`."""
    found = majorities(answers, same, min_answers).filter(pl.col("agreement") >= min_agreement)
    return References.validate(found.select("prompt_id", "agreement", "answers", reference="majority"), cast=True)


def spelling(text: pl.Expr) -> pl.Expr:
    """An answer without what never makes a difference: spaces, dollar signs, a full stop behind it; blank for null."""
    plain = text.fill_null("").str.replace_all(r"\\(?:left|right|displaystyle)\b|\\[,;:! ]|[\s$]", "")
    return plain.str.replace_all(r"\\[dt]frac\b", "\\frac").str.strip_chars_end(".。")


def _groups(texts: pl.DataFrame, same: Same) -> pl.Series:
    """For each spelling the place of the first spelling of its prompt that says the same."""
    few = texts.filter(pl.col("place") < MOST_SPELLINGS).select("prompt_id", "place", "spelled")
    pairs = (
        few.join(few, on="prompt_id", suffix="_other")
        .filter(pl.col("place") < pl.col("place_other"))
        .sort("prompt_id", "place_other", "place")
    )
    columns = pairs.select("prompt_id", "spelled", "spelled_other").iter_rows()
    alike = pairs.filter(pl.Series(same([Pair(*row) for row in columns]), dtype=pl.Boolean))
    first: dict[tuple[str, int], int] = {}
    for prompt_id, one, other in alike.select("prompt_id", "place", "place_other").iter_rows():
        first.setdefault((prompt_id, other), first.get((prompt_id, one), one))
    places = texts.select("prompt_id", "place").iter_rows()
    return pl.Series([first.get((prompt_id, place), place) for prompt_id, place in places], dtype=pl.Int64)
