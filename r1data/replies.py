"""A reply's two parts: the reasoning and the answer. The one place that splits a completion's text.

With `</think>`, the reasoning is what stands before the first one (without a leading `<think>`) and the answer what
stands behind the last one. A reply that opens a thought and never closes it has no answer; one without either tag
is all answer. Outer white space belongs to neither part, and a part with nothing else in it is null.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

OPEN = "<think>"
CLOSE = "</think>"
ANSWER_OPEN, ANSWER_CLOSE = "<answer>", "</answer>"

WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's White_Space, spelt out because Python's and Rust's own ideas of it differ."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply in parts. A part that is missing or empty is None."""

    reasoning: str | None
    answer: str | None


def split(text: str) -> Reply:
    """One reply in parts; the same as the expressions, for a caller who holds a single text."""
    if CLOSE in text:
        before = text.partition(CLOSE)[0].strip(WHITE_SPACE).removeprefix(OPEN)
        return Reply(_part(before), _part(text.rpartition(CLOSE)[2]))
    if OPEN in text:
        return Reply(_part(text.partition(OPEN)[2]), None)
    return Reply(None, _part(text))


def reasoning(text: pl.Expr) -> pl.Expr:
    """The reasoning of each text, or null."""
    before = text.str.split(CLOSE).list.first().str.strip_chars(WHITE_SPACE).str.strip_prefix(OPEN)
    behind = text.str.splitn(OPEN, 2).struct.field("field_1")
    return _part_of(pl.when(_has(text, CLOSE)).then(before).otherwise(behind))


def answer(text: pl.Expr) -> pl.Expr:
    """The answer of each text, or null."""
    behind = pl.when(~_has(text, OPEN) | _has(text, CLOSE)).then(text.str.split(CLOSE).list.last())
    return _part_of(behind)


def bare(answer: pl.Expr) -> pl.Expr:
    """Answers without the tags that R1-Zero puts around them; the closing one may be missing, where it ended a draw."""
    inner = answer.str.strip_prefix(ANSWER_OPEN).str.strip_suffix(ANSWER_CLOSE).str.strip_chars(WHITE_SPACE)
    return pl.when(answer.str.starts_with(ANSWER_OPEN)).then(inner).otherwise(answer)


def bare_text(answer: str) -> str:
    """The same for one answer."""
    if not answer.startswith(ANSWER_OPEN):
        return answer
    return answer.removeprefix(ANSWER_OPEN).removesuffix(ANSWER_CLOSE).strip(WHITE_SPACE)


def _has(text: pl.Expr, tag: str) -> pl.Expr:
    return text.str.contains(tag, literal=True)


def _part(text: str) -> str | None:
    return text.strip(WHITE_SPACE) or None


def _part_of(text: pl.Expr) -> pl.Expr:
    stripped = text.str.strip_chars(WHITE_SPACE)
    return pl.when(stripped != "").then(stripped)
