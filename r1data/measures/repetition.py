"""Repetition: lines that come again, and an end that goes round in a loop."""

from __future__ import annotations

import hashlib

import polars as pl

from r1data.measures.spaces import squeezed

SHORTEST_LINE = 4
"""Shorter lines ("So", "= 4", "}") come again in honest work and do not count."""
TAIL = 24
"""Characters: long enough that a boxed answer, said in the reasoning and again behind it, counts twice at most. A loop
counts once a turn, or once in about `TAIL` characters where its turns are shorter."""


def repeated_lines(text: pl.Expr) -> pl.Expr:
    """Share of the text's lines that repeat an earlier one; 0 where no line counts."""
    line = pl.element().str.strip_chars()
    lines = text.str.split("\n").list.eval(line.filter(line.str.len_chars() >= SHORTEST_LINE))
    total, distinct = lines.list.len(), lines.list.n_unique()
    share = pl.when(total > 0).then((total.cast(pl.Float64) - distinct) / total)
    return share.fill_null(0.0)


def tail_repeats(text: pl.Expr) -> pl.Expr:
    """How often, without overlap, the text's last `TAIL` characters occur in it; 1 where the text is shorter."""
    tail = text.str.slice(-TAIL)
    found = text.str.split(tail).list.len().cast(pl.Int32) - 1
    return pl.when(text.str.len_chars() >= TAIL).then(found).otherwise(1).fill_null(1)


def folded(text: pl.Expr) -> pl.Expr:
    """A fingerprint of the text in which all white space is alike: two replies with the same one say the same.

    BLAKE2, because Polars' own hash may change with its version and this one is stored.
    """
    plain = squeezed(text.fill_null("")).str.strip_chars()
    return plain.map_batches(_digests, return_dtype=pl.String)


def _digests(texts: pl.Series) -> pl.Series:
    return pl.Series(
        texts.name, [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts], dtype=pl.String
    )
