"""Measures: numbers about a reply's text, one module for each noun. They judge nothing: thresholds are `selection`'s.

`measure` fills a whole table on columns; the modules' expressions can be used alone.
"""

from __future__ import annotations

import polars as pl

from r1data import replies
from r1data.measures import code, paragraphs, repetition, structure
from r1data.measures.language import language_share, language_shares, speech
from schemas import Measures

__all__ = ["VERSION", "language_share", "language_shares", "measure", "warm_up"]

VERSION = 1
"""Raised when a number changes for the same text."""


def measure(frame: pl.DataFrame) -> pl.DataFrame:
    """The measures of each text, valid against `schemas.Measures`, in the frame's order.

    Takes `completion_id`, `language` (the prompt's, ISO 639-1) and `text` (the whole reply, never null).
    """
    text, reasoning, answer, lengths = (pl.col(name) for name in ("text", "reasoning", "answer", "lengths"))
    parts = frame.with_columns(replies.reasoning(text).alias("reasoning"), replies.answer(text).alias("answer"))
    parts = parts.with_columns(paragraphs.lengths(reasoning).alias("lengths"))
    thought = speech(parts["reasoning"], parts["language"])
    said = speech(parts["answer"], parts["language"])
    measured = parts.select(
        pl.col("completion_id"),
        pl.lit(VERSION, pl.Int32).alias("version"),
        structure.chars(reasoning).alias("reasoning_chars"),
        structure.chars(answer).alias("answer_chars"),
        structure.opens(text).alias("think_opens"),
        structure.closes(text).alias("think_closes"),
        structure.in_order(text, reasoning, answer).alias("think_in_order"),
        structure.has_box(answer).alias("has_box"),
        thought.share.alias("language_share"),
        said.share.alias("answer_language_share"),
        thought.language.alias("detected_language"),
        thought.probability.alias("detected_probability"),
        paragraphs.longest(lengths).alias("longest_paragraph"),
        paragraphs.number(lengths).alias("paragraphs"),
        (code.fences(reasoning) + code.fences(answer)).alias("code_fences"),
        (code.unclosed(reasoning) | code.unclosed(answer)).alias("fence_unclosed"),
        (code.fences(reasoning) > 0).alias("code_in_reasoning"),
        repetition.repeated_lines(reasoning).alias("repeated_lines"),
        repetition.tail_repeats(text).alias("tail_repeats"),
        repetition.folded(text).alias("folded"),
    )
    return Measures.validate(measured)


def warm_up() -> None:
    """Load what the first measurement loads: half a second, in which Python does nothing else."""
    text = "<think>\nOne line of a thought that is written in English.\n</think>\n\nAn answer."
    measure(pl.DataFrame({"completion_id": ["0" * 32], "language": ["en"], "text": [text]}))
