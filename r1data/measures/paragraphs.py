"""Paragraphs: runs of text without a line break, in Unicode characters. Fenced code and tables are no prose."""

from __future__ import annotations

import polars as pl

from r1data.measures import code

TABLE_ROW = r"(?m)^[ \t]*\|.*$"


def lengths(text: pl.Expr) -> pl.Expr:
    """Lengths of the text's paragraphs, a list; an empty line has length 0."""
    prose = code.outside(text).str.replace_all(TABLE_ROW, "").str.replace_all("\r", "\n", literal=True)
    return prose.str.split("\n").list.eval(pl.element().str.strip_chars().str.len_chars())


def longest(lengths: pl.Expr) -> pl.Expr:
    """Characters of the longest paragraph; 0 where there is none."""
    return lengths.list.max().fill_null(0).cast(pl.Int32)


def number(lengths: pl.Expr) -> pl.Expr:
    """How many paragraphs there are that hold anything."""
    return lengths.list.eval((pl.element() > 0).sum()).list.first().fill_null(0).cast(pl.Int32)
