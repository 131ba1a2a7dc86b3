"""Measure: numbers about one completion's text. Thresholds over them are decided later, and can be changed."""

from __future__ import annotations

import dataframely as dy

VERSION = 1


class Measures(dy.Schema):
    """The table of measures. Lengths are in Unicode characters; shares lie between 0 and 1.

    A share is null where the text has no word to count, which is not the same as zero.
    """

    completion_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    version = dy.Int32(min=1)
    reasoning_chars = dy.Int32(min=0)
    answer_chars = dy.Int32(min=0)
    think_opens = dy.Int32(min=0)
    """How many `<think>` tags the reply has; 1 is regular."""
    think_closes = dy.Int32(min=0)
    think_in_order = dy.Bool()
    """Exactly one opening tag at the start, one closing tag after it, words between and words behind."""
    has_box = dy.Bool()
    """The answer carries a `\\boxed{`."""
    language_share = dy.Float64(nullable=True, min=0, max=1)
    """Words of the reasoning in the prompt's language, of all its words (R1 paper, Eq. 7)."""
    answer_language_share = dy.Float64(nullable=True, min=0, max=1)
    detected_language = dy.String(nullable=True)
    """The reasoning's language: by its script, or fastText's opinion where that is Latin and there are words enough."""
    detected_probability = dy.Float64(nullable=True, min=0)
    longest_paragraph = dy.Int32(min=0)
    """Characters of the reasoning's longest run without a line break, code and tables aside."""
    paragraphs = dy.Int32(min=0)
    """How many such runs there are."""
    code_fences = dy.Int32(min=0)
    """Lines that open or close a Markdown code block, in reasoning and answer."""
    fence_unclosed = dy.Bool()
    """A Markdown code fence is opened and never closed, in the reasoning or in the answer."""
    code_in_reasoning = dy.Bool()
    repeated_lines = dy.Float64(min=0, max=1)
    """Share of the reasoning's non-empty lines that repeat an earlier one."""
    tail_repeats = dy.Int32(min=0)
    """How often the reply's last 24 characters occur in it; 1 is regular, more is a loop at the end."""
    folded = dy.String(regex=r"^[0-9a-f]{32}$")
    """Fingerprint of the whole reply with all white space alike: equal for replies that say the same."""
