"""Measures: numbers about a reply's text, one module for each noun. They judge nothing: thresholds are `selection`'s.

`measure` fills a whole table. Each module has a function `columns` from a block of replies to its columns.
"""

from __future__ import annotations

import threading

import polars as pl

from r1data.measures import code, fingerprint, language, paragraphs, repetition, structure
from r1data.measures.block import Block
from r1data.measures.language import language_share, language_shares
from r1data.texts import Cutter, Texts
from schemas import Measures

__all__ = ["VERSION", "language_share", "language_shares", "measure", "measure_block", "warm_up"]

VERSION = 2
"""Raised when a number changes for the same text."""
BLOCK_ROWS = 256
"""Replies at a time: 5 MB of text and their words stay in the processor's cache."""

_own = threading.local()


def measure(frame: pl.DataFrame) -> pl.DataFrame:
    """The measures of each text, valid against `schemas.Measures`, in the frame's order.

    Takes `completion_id`, `language` (the prompt's, ISO 639-1), `text` (the whole reply, never null) and, where they
    were counted, `completion_tokens`.
    """
    measured = [_measured(part) for part in frame.iter_slices(BLOCK_ROWS)]
    return Measures.validate(pl.concat(measured) if measured else Measures.create_empty())


def measure_block(block: Block) -> dict[str, pl.Series]:
    """All that can be told of the texts alone, by the names of the table's columns."""
    return {
        **structure.columns(block),
        **language.columns(block),
        **paragraphs.columns(block),
        **code.columns(block),
        **repetition.columns(block),
        **fingerprint.columns(block),
    }


def warm_up() -> None:
    """Load and compile what the first measurement needs: seconds, in which nothing else is done."""
    text = "<think>\nOne line of a thought that is written in English.\n</think>\n\nAn answer."
    measure(pl.DataFrame({"completion_id": ["0" * 32], "language": ["en"], "text": [text]}))


def _measured(frame: pl.DataFrame) -> pl.DataFrame:
    if not hasattr(_own, "cutter"):
        _own.cutter = Cutter()
    block = Block.of(Texts.of(frame["text"]), frame["language"], _own.cutter)
    tokens = pl.col("completion_tokens") if "completion_tokens" in frame.columns else pl.lit(None)
    named = frame.select(
        "completion_id", pl.lit(VERSION, pl.Int32).alias("version"), tokens.cast(pl.Int32).alias("tokens")
    )
    columns = named.with_columns(**measure_block(block))
    return columns.select(Measures.column_names())
