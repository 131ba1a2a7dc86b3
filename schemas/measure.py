"""Measure: numbers about one completion's text. Thresholds over them are decided later, and can be changed."""

from __future__ import annotations

import dataframely as dy

VERSION = 2


class Measures(dy.Schema):
    """The table of measures. Lengths are in Unicode characters; shares lie between 0 and 1.

    A share is null where the text has no word to count, which is not the same as zero. Words in notation (code,
    mathematics, addresses) and in quotations are no words of the writer's and count for no language.
    """

    completion_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    version = dy.Int32(min=1)

    # structure
    tokens = dy.Int32(nullable=True, min=0)
    """Length of the reply as the engine counted it; null where nobody did."""
    reasoning_chars = dy.Int32(min=0)
    answer_chars = dy.Int32(min=0)
    think_opens = dy.Int32(min=0)
    """How many `<think>` tags the reply has; 1 is regular."""
    think_closes = dy.Int32(min=0)
    think_in_order = dy.Bool()
    """Exactly one opening tag at the start, one closing tag after it, words between and words behind."""
    has_box = dy.Bool()
    """The answer carries a `\\boxed{`."""
    answers_agree = dy.Bool(nullable=True)
    """Whether the last answer named in the reasoning is that of the solution; null where either names none, or the two
    cannot be compared for certain."""
    template_tokens = dy.Int32(min=0)
    """Special tokens of chat templates left in the text, such as `<|im_end|>` or `[/INST]`."""
    self_reference = dy.Int32(min=0)
    """Places where the reply talks of itself as a model, its instructions or its training."""
    cut_off = dy.Bool()
    """The reply stops in the middle: of a thought, a formula, a box, a code block or a sentence."""

    # language
    language_share = dy.Float64(nullable=True, min=0, max=1)
    """Words of the reasoning in the prompt's language, of all its words (R1 paper, Eq. 7)."""
    answer_language_share = dy.Float64(nullable=True, min=0, max=1)
    detected_language = dy.String(nullable=True)
    """The reasoning's language: by its script, or by its words and fastText's opinion where that cannot tell."""
    detected_probability = dy.Float64(nullable=True, min=0)
    foreign_words = dy.Int32(min=0)
    """Words in other languages than the target, in reasoning and answer, names and quotations aside."""
    foreign_passage = dy.Int32(min=0)
    """Words of the longest such run."""
    other_languages = dy.List(
        dy.Struct(
            {"language": dy.String(), "part": dy.String(), "words": dy.Int32(), "start": dy.Int32(), "end": dy.Int32()}
        )
    )
    """Every other language found, by `part` (reasoning or answer): its words, and where its longest passage stands, in
    characters of the whole reply."""

    # paragraphs
    longest_paragraph = dy.Int32(min=0)
    """Columns of the reasoning's longest run without a line break, code, tables and displayed formulas aside. A
    character of Chinese, Japanese or Korean takes two columns; lines that are wrapped at some width are one run."""
    mean_paragraph = dy.Float64(min=0)
    paragraphs = dy.Int32(min=0)
    """How many such runs there are."""

    # code
    code_fences = dy.Int32(min=0)
    """Lines that open or close a Markdown code block, in reasoning and answer."""
    fence_unclosed = dy.Bool()
    """A Markdown code fence is opened and never closed, in the reasoning or in the answer."""
    code_in_reasoning = dy.Bool()
    code_unparsed = dy.Int32(min=0)
    """Code blocks, in either part, that are no program of the language that they are marked as."""
    code_misindented = dy.Int32(min=0)
    """Those of them whose indentation is what is wrong."""
    prose_in_code = dy.Int32(min=0)
    """Lines of running text inside code blocks, comments and strings aside."""
    bare_code = dy.Int32(min=0)
    """Lines of code that stand in the reasoning outside any block."""

    # repetition
    repeated_lines = dy.Float64(min=0, max=1)
    """Share of the reasoning's lines that repeat an earlier one, those without a word, tables and code aside."""
    repeated_paragraphs = dy.Float64(min=0, max=1)
    """Share of the reasoning's columns that are lines of at least 40 columns which stood there before."""
    repeated_ngrams = dy.Float64(min=0, max=1)
    """Share of the reply's words that stand in a run of ten (of 16 Chinese or Japanese characters) which stood in the
    same part before. The first 40 such words are free."""
    tail_repeats = dy.Int32(min=0)
    """How often the reply's last 24 characters occur in it; 1 is regular, more is a loop at the end."""
    looping_tail = dy.Int32(min=0)
    """Columns at the end of the reasoning or of the answer that are one passage over and over; 0 for no loop."""
    folded = dy.String(regex=r"^[0-9a-f]{32}$")
    """Fingerprint of the whole reply with all white space alike: equal for replies that say the same."""
