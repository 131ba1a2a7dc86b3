"""Code: Markdown fences, as CommonMark defines them.

A line of three or more backticks or tildes, maybe indented. What follows backticks on the line must hold none,
which tells a fence from inline code that happens to begin a line.
"""

from __future__ import annotations

import polars as pl

BACKTICKS = r"(?m)^[ \t]*`{3,}[^`\n]*$"
TILDES = r"(?m)^[ \t]*~{3,}.*$"
BLOCK = (
    r"(?ms)^[ \t]*`{3,}[^`\n]*$.*?(?:^[ \t]*`{3,}[^`\n]*$|\z)"
    r"|^[ \t]*~{3,}.*?(?:^[ \t]*~{3,}[^\n]*$|\z)"
)
"""A whole fenced block, or one that never ends."""


def fences(text: pl.Expr) -> pl.Expr:
    """How many fence lines the text has; 0 where it is null."""
    return (text.str.count_matches(BACKTICKS) + text.str.count_matches(TILDES)).fill_null(0).cast(pl.Int32)


def unclosed(text: pl.Expr) -> pl.Expr:
    """Whether a fence of either kind has no partner."""
    odd = (text.str.count_matches(BACKTICKS) % 2 == 1) | (text.str.count_matches(TILDES) % 2 == 1)
    return odd.fill_null(False)


def outside(text: pl.Expr) -> pl.Expr:
    """The text without its fenced blocks."""
    return text.str.replace_all(BLOCK, "")
