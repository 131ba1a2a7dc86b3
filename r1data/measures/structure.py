"""Structure: whether a reply has its parts in their places (the format reward of the R1 paper, section 2.2)."""

from __future__ import annotations

import polars as pl

from r1data.replies import CLOSE, OPEN, WHITE_SPACE


def opens(text: pl.Expr) -> pl.Expr:
    """How many `<think>` tags."""
    return text.str.count_matches(OPEN, literal=True).fill_null(0).cast(pl.Int32)


def closes(text: pl.Expr) -> pl.Expr:
    """How many `</think>` tags."""
    return text.str.count_matches(CLOSE, literal=True).fill_null(0).cast(pl.Int32)


def in_order(text: pl.Expr, reasoning: pl.Expr, answer: pl.Expr) -> pl.Expr:
    """One `<think>` at the start, one `</think>` after it, something between them and something behind."""
    one_each = (opens(text) == 1) & (closes(text) == 1)
    at_the_start = text.str.strip_chars_start(WHITE_SPACE).str.starts_with(OPEN)
    return (one_each & at_the_start & reasoning.is_not_null() & answer.is_not_null()).fill_null(False)


def has_box(answer: pl.Expr) -> pl.Expr:
    r"""Whether the answer carries a `\boxed{`."""
    return answer.str.contains(r"\boxed{", literal=True).fill_null(False)


def chars(part: pl.Expr) -> pl.Expr:
    """Unicode characters of a part; 0 where it is missing."""
    return part.str.len_chars().fill_null(0).cast(pl.Int32)
