"""Findings: every way in which a reply can be found wanting, one line each, with the reason that it falls under.

The report draws its distributions and `whatif` its answers from the same table, so that no threshold can be shown that
does not decide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import polars as pl

from r1data.recipe import Selection
from schemas import FinishReason, Outcome, Reason

JUDGED = (Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER)

Side = Literal["above", "below", "from"]
"""Which values are found wanting: those above the threshold, below it, or from it on."""


class Finding(NamedTuple):
    """One way to be found wanting. `measure` and `key` name a measure and its threshold; without one `key` is the
    switch of the recipe that makes it count, or None where it always does.
    """

    name: str
    """`reason/finding`."""
    means: str
    """In a few words, for people."""
    holds: Callable[[Selection], pl.Expr]
    key: str | None = None
    measure: str | None = None
    side: Side | None = None

    @property
    def reason(self) -> Reason:
        """What it falls under."""
        return Reason(self.name.partition("/")[0])


def _beyond(name: str, means: str, measure: str, side: Side, key: str | None = None) -> Finding:
    """A measure on the wrong side of the recipe's threshold of the same name."""
    key = key or measure

    def holds(selection: Selection) -> pl.Expr:
        threshold: float = getattr(selection, key)
        value = pl.col(measure)
        match side:
            case "above":
                return value > threshold
            case "below":
                return value < threshold
            case "from":
                return value >= threshold

    return Finding(name, means, holds, key, measure, side)


def _where(name: str, means: str, told: pl.Expr, key: str, counts: str) -> Finding:
    """Something that is there or not, and counts where the recipe says so."""
    return Finding(name, means, lambda selection: pl.lit(getattr(selection, key) == counts) & told, key)


def _outcome(name: str, means: str, told: pl.Expr) -> Finding:
    return _where(name, means, pl.col("asked") & told, "correctness", "correct")


FINDINGS: tuple[Finding, ...] = (
    _where("truncated/length", "the token limit cut it", pl.col("finish_reason") == FinishReason.LENGTH, "truncated",
           "drop"),
    _where("truncated/cut_off", "it stops in the middle of something", pl.col("cut_off"), "cut_off", "drop"),
    _where("format/tags", "it has no thought in its tags with an answer behind it", ~pl.col("think_in_order"),
           "reasoning", "required"),
    _where("format/disagree", "the thought ends with another answer than the solution", ~pl.col("answers_agree"),
           "answers_agree", "required"),
    _where("format/template_tokens", "tokens of a chat template are left in it", pl.col("template_tokens") > 0,
           "template_tokens", "drop"),
    _where("format/self_reference", "it talks of itself as a model", pl.col("self_reference") > 0, "self_reference",
           "drop"),
    _outcome("no_answer/none", "there is nothing to compare", pl.col("outcome") == Outcome.NO_ANSWER),
    _outcome("incorrect/answer", "its answer is wrong", pl.col("outcome") == Outcome.INCORRECT),
    _outcome("unverified/fault", "no judgement could be reached",
             pl.col("outcome").is_null() | ~pl.col("outcome").is_in([one.value for one in JUDGED])),
    _beyond("mixed_language/share", "too few words of the thought are in the language that was asked for",
            "language_share", "below"),
    _beyond("mixed_language/answer", "too few words of the answer are in the language that was asked for",
            "answer_language_share", "below", "language_share"),
    _beyond("mixed_language/words", "it strays into other languages again and again", "foreign_words", "above"),
    _beyond("mixed_language/passage", "a passage is in another language", "foreign_passage", "above"),
    _beyond("long_paragraph/longest", "a paragraph goes on and on", "longest_paragraph", "above"),
    Finding("messy_code/unclosed", "a code block is never closed", lambda selection: pl.col("fence_unclosed")),
    _where("messy_code/in_reasoning", "there is a code block in the thought", pl.col("code_in_reasoning"),
           "code_in_reasoning", "drop"),
    _beyond("messy_code/unparsed", "a code block is no program", "code_unparsed", "above"),
    _beyond("messy_code/prose", "there is running text in a code block", "prose_in_code", "above"),
    _beyond("messy_code/bare", "code stands outside of any block", "bare_code", "above"),
    Finding("repetition/looped", "it repeated itself until it was cut",
            lambda selection: pl.col("finish_reason") == FinishReason.LOOP),
    _beyond("repetition/loop", "it ends in a loop", "looping_tail", "from"),
    _beyond("repetition/tail", "its end has been said before, again and again", "tail_repeats", "from"),
    _beyond("repetition/lines", "its lines come again", "repeated_lines", "above"),
    _beyond("repetition/paragraphs", "its paragraphs come again", "repeated_paragraphs", "above"),
    _beyond("repetition/ngrams", "its phrases come again", "repeated_ngrams", "above"),
)  # fmt: skip
"""What a row tells by itself, in the order of the reasons."""

AMONG = {
    "contaminated/ngram": "it has a run of words in common with a benchmark's item",
    "contaminated/digits": "it is a benchmark's item with other digits",
    "contaminated/overlap": "it is a benchmark's item in slightly other words",
    "duplicate/exact": "an earlier one says the same",
    "duplicate/near": "an earlier one says nearly the same",
    "duplicate/prompt": "an earlier prompt asks nearly the same",
    "pass_rate/outside": "its prompt is easier or harder than wanted",
    "surplus/rank": "its prompt has enough good ones",
    "quota/full": "there are enough of its kind",
}
"""What depends on other rows, and what it means."""

NAMES = (*(finding.name for finding in FINDINGS), *AMONG)
"""All findings, in the order in which they are named. The place of a finding is its bit in a row's mask."""
MEASURES = tuple(dict.fromkeys(
    (*(finding.measure for finding in FINDINGS if finding.measure), "cut_off", "think_in_order", "answers_agree",
     "template_tokens", "self_reference", "fence_unclosed", "code_in_reasoning")
))  # fmt: skip
"""The columns of `schemas.Measures` that decide."""


def bit(name: str) -> int:
    """The bit of a finding in a row's mask."""
    return 1 << NAMES.index(name)
