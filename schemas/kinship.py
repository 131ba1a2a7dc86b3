"""Kinship and contamination: which texts nearly say the same, and which hold a benchmark's item."""

from __future__ import annotations

from typing import Literal, get_args

import dataframely as dy

VERSION = 1
BINS = 128
"""Numbers of a signature."""

Method = Literal["ngram", "digits", "overlap"]


class Kinship(dy.Schema):
    """The table of texts that resemble others: one row for each text of a group of two or more.

    `group` is the same for all that may be near-duplicates of each other, `signature` the MinHash of the text
    (`r1data.duplicates` says how two are compared). Texts that resemble no other are not in the table.
    """

    completion_id = dy.String(primary_key=True)
    group = dy.Int64(min=0)
    signature = dy.Array(dy.UInt16(), BINS)


class Contaminations(dy.Schema):
    """The table of hits: one row for each text and benchmark item, the strongest evidence of the two."""

    completion_id = dy.String(primary_key=True)
    """Of the reply; `part` says where the hit is."""
    benchmark = dy.String(primary_key=True)
    item = dy.String(primary_key=True)
    part = dy.String(check=lambda c: c.is_in(["prompt", "reasoning", "answer", "solution"]))
    method = dy.String(check=lambda c: c.is_in(get_args(Method)))
    """`ngram`: a run of words in common; `digits`: the same text but for digits; `overlap`: most of the item's words in
    their order, a few of them changed."""
    score = dy.Float64(min=0, max=1)
    """Share of the item's words that the text holds in their order."""
    text = dy.String()
    """What the text says there."""
    item_text = dy.String()
    """What the item says there."""
