"""Findings: every way in which a reply can be found wanting, one line each, with the reason that it falls under.

The report draws its distributions and `whatif` its answers from the same table, so that no threshold can be shown that
does not decide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.recipe import Selection
from schemas import STYLE_CHECKS, FinishReason, Outcome, Reason

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


def _thoughtless(name: str, means: str, told: pl.Expr) -> Finding:
    """Something that is wrong with a thought that must be there: where the prompt says so, or else the recipe."""

    def holds(selection: Selection) -> pl.Expr:
        return pl.col("thinking").fill_null(selection.reasoning == "required") & told

    return Finding(name, means, holds, "reasoning")


def _outcome(name: str, means: str, told: pl.Expr) -> Finding:
    return _where(name, means, pl.col("asked") & told, "correctness", "correct")


_ENDED = ~pl.col("finish_reason").is_in([FinishReason.LENGTH.value, FinishReason.LOOP.value]).fill_null(False)
"""A reply that the limit cut, or the guard against loops, is cut off for a reason that has its own name."""
_ONLY_ANSWER_MISSING = (
    (pl.col("answer_chars") == 0) & (pl.col("think_opens") == 1) & (pl.col("think_closes") == 1)
).fill_null(False)

_THINKS = (pl.col("reasoning_chars") > 0) | (pl.col("think_opens") > 1) | (pl.col("think_closes") > 1)
"""A thought that is opened and closed at once, as a prefill does, is none."""

STYLE = dict(zip(
    STYLE_CHECKS,
    ("its thought has paragraphs too long to follow", "it does not think in the first person",
     "its thought is formatted", "it does not begin with what is asked", "it never doubts or checks itself",
     "it thinks long about a very easy question", "its solution speaks of the thought behind it",
     "its solution does not start at once", "its solution says what the thought does not",
     "it does not come to an answer"),
    strict=True,
))  # fmt: skip
"""What it means not to keep to a principle of style."""

FINDINGS: tuple[Finding, ...] = (
    _where("truncated/length", "the token limit cut it", pl.col("finish_reason") == FinishReason.LENGTH, "truncated",
           "drop"),
    _where("truncated/cut_off", "it stops in the middle of something", pl.col("cut_off") & _ENDED, "cut_off", "drop"),
    _thoughtless("format/tags", "it has no thought in its tags", ~pl.col("think_in_order") & ~_ONLY_ANSWER_MISSING),
    _thoughtless("format/answer", "there is no answer behind its thought",
                 ~pl.col("think_in_order") & (pl.col("answer_chars") == 0)),
    Finding("format/unwanted_thought", "it thinks about what needs no thought",
            lambda selection: ~pl.col("thinking") & (_THINKS | (pl.col("answer_chars") == 0))),
    _where("format/disagree", "the thought ends with another answer than the solution", ~pl.col("answers_agree"),
           "answers_agree", "required"),
    _where("format/template_tokens", "tokens of a chat template are left in it", pl.col("template_tokens") > 0,
           "template_tokens", "drop"),
    _where("format/self_reference", "it talks of itself as a model", pl.col("self_reference") > 0, "self_reference",
           "drop"),
    _outcome("no_answer/none", "there is nothing to compare", pl.col("outcome") == Outcome.NO_ANSWER),
    _outcome("incorrect/answer", "its answer is wrong", pl.col("outcome") == Outcome.INCORRECT),
    _outcome("unverified/bad_reference", "the reference itself cannot be read",
             pl.col("outcome") == Outcome.BAD_REFERENCE),
    _outcome("unverified/timeout", "checking it took too long", pl.col("outcome") == Outcome.TIMEOUT),
    _outcome("unverified/verifier_error", "checking it failed", pl.col("outcome") == Outcome.VERIFIER_ERROR),
    _outcome("unverified/undecided", "the check came to no decision", pl.col("outcome") == Outcome.UNDECIDED),
    _outcome("unverified/no_verdict", "nobody has checked it", pl.col("outcome").is_null()),
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
    _beyond("messy_code/indentation", "the indentation of a code block is broken", "code_misindented", "above",
            "code_unparsed"),
    _beyond("messy_code/prose", "there is running text in a code block", "prose_in_code", "above"),
    _beyond("messy_code/bare", "code stands outside of any block", "bare_code", "above"),
    Finding("repetition/looped", "it repeated itself until it was cut",
            lambda selection: pl.col("finish_reason") == FinishReason.LOOP),
    _beyond("repetition/loop", "it ends in a loop", "looping_tail", "from"),
    _beyond("repetition/tail", "its end has been said before, again and again", "tail_repeats", "from"),
    _beyond("repetition/lines", "its lines come again", "repeated_lines", "above"),
    _beyond("repetition/paragraphs", "its paragraphs come again", "repeated_paragraphs", "above"),
    _beyond("repetition/ngrams", "its phrases come again", "repeated_ngrams", "above"),
    *(_where(f"style/{check}", means, pl.col("style").list.contains(check), "style", "required")
      for check, means in STYLE.items()),
)  # fmt: skip
"""What a row tells by itself, in the order of the reasons."""

AMONG = {
    "review/rejected": "a person has rejected it",
    "review/unsound": "as a person has edited it, it is wrong or unreadable",
    "review/pending": "no person has read it",
    "contaminated/ngram": "it has a run of words in common with a benchmark's item",
    "contaminated/digits": "it is a benchmark's item with other digits",
    "contaminated/overlap": "it is a benchmark's item in slightly other words",
    "duplicate/exact": "an earlier one says the same",
    "duplicate/near": "an earlier one says nearly the same",
    "duplicate/prompt": "an earlier prompt asks nearly the same, and has good replies",
    "pass_rate/low": "its prompt is harder than wanted",
    "pass_rate/high": "its prompt is easier than wanted",
    "surplus/rank": "its prompt has enough good ones",
    "quota/full": "there are enough of its kind",
}
"""What depends on other rows or on people, and what it means."""

_ORDER = {reason: place for place, reason in enumerate(Reason)}
NAMES = tuple(sorted(
    (*(finding.name for finding in FINDINGS), *AMONG), key=lambda name: _ORDER[Reason(name.partition("/")[0])]
))  # fmt: skip
"""All findings, in the order of their reasons. The place of a finding is its bit in a row's mask, so that the lowest
bit of a mask belongs to the first reason.
"""
MEASURES = tuple(dict.fromkeys(
    (*(finding.measure for finding in FINDINGS if finding.measure), "cut_off", "think_in_order", "think_opens",
     "think_closes", "reasoning_chars", "answer_chars", "answers_agree", "template_tokens", "self_reference",
     "fence_unclosed", "code_in_reasoning")
))  # fmt: skip
"""The columns of `schemas.Measures` that decide."""


def bit(name: str) -> int:
    """The bit of a finding in a row's mask."""
    return 1 << NAMES.index(name)


def masks_of(
    rows: pl.DataFrame, selection: Selection, known: tuple[Selection, npt.NDArray[np.uint64]] | None = None
) -> npt.NDArray[np.uint64]:
    """The mask of everything that each row tells by itself; a measure that is null tells nothing.

    `known` are the masks of the same rows under another selection: what decides alike there is not told again.
    """
    fresh = [finding for finding in FINDINGS if known is None or not _alike(finding, selection, known[0])]
    masks = np.zeros(rows.height, np.uint64)
    if known is not None:
        alike = sum(bit(finding.name) for finding in FINDINGS if finding not in fresh)
        masks |= known[1] & np.uint64(alike)
    if not fresh:
        return masks
    blank = (pl.lit(None, pl.List(pl.String)).alias("style"), pl.lit(None, pl.Boolean).alias("thinking"))
    rows = rows.with_columns(column for column in blank if column.meta.output_name() not in rows.columns)
    held = rows.select(finding.holds(selection).fill_null(False).alias(finding.name) for finding in fresh)
    for column in held:
        found = column.to_numpy() if len(column) == rows.height else np.full(rows.height, column.item())
        if found.any():  # most of them are rare, and eight bytes a row for each are dear
            masks[found] |= np.uint64(bit(column.name))
    return masks


def _alike(finding: Finding, one: Selection, other: Selection) -> bool:
    return finding.key is None or bool(getattr(one, finding.key) == getattr(other, finding.key))


def names(mask: int) -> list[str]:
    """The findings that a mask stands for."""
    return [name for place, name in enumerate(NAMES) if mask >> place & 1]


def reasons(mask: int) -> list[str]:
    """The reasons that a mask stands for, each once, the first one first."""
    return list(dict.fromkeys(name.partition("/")[0] for name in names(mask)))


def mask_of(reason: Reason) -> int:
    """The bits of all findings that fall under a reason."""
    return sum(bit(name) for name in NAMES if name.partition("/")[0] == reason)
