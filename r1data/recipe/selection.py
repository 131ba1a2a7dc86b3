"""Selection: what is kept of replies: thresholds, and what they are compared with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from r1data.recipe.strict import Strict


class Quota(Strict):
    """At most `rows` rows whose prompt has this `value` in this `column`."""

    column: Literal["domain", "source", "language"] = "domain"
    value: str
    rows: Annotated[int, Field(ge=0)]


class Selection(Strict):
    """What is kept: thresholds over verdicts and measures. None of them needs a new draw or a new check."""

    correctness: Literal["correct", "any"] = "correct"
    """Keep what the verifier called correct (as R1 did), or keep whatever it said."""
    reasoning: Literal["required", "optional"] = "required"
    """Whether a reply must have one `<think>` part in its place, and an answer behind it."""
    truncated: Literal["drop", "keep"] = "drop"
    language_share: Annotated[float, Field(ge=0, le=1)] = 0.95
    """Least share of words in the prompt's language, in the reasoning and in the answer."""
    foreign_words: Annotated[int, Field(ge=0)] = 0
    """Most words in other languages, names and quotations aside, in the whole reply."""
    foreign_passage: Annotated[int, Field(ge=0)] = 4
    """Most of them in a row."""
    longest_paragraph: Annotated[int, Field(ge=1)] = 2000
    """Most columns without a line break in the reasoning; a Chinese, Japanese or Korean character takes two."""
    code_in_reasoning: Literal["drop", "keep"] = "keep"
    """`drop` rejects every thought with a code block in it; `keep` only what is messy."""
    code_unparsed: Annotated[int, Field(ge=0)] = 0
    """Most code blocks that are no program of their language."""
    prose_in_code: Annotated[int, Field(ge=0)] = 1
    """Most lines of running text inside code blocks."""
    bare_code: Annotated[int, Field(ge=0)] = 2
    """Most lines of code outside any block in the reasoning."""
    repeated_lines: Annotated[float, Field(ge=0, le=1)] = 0.35
    repeated_paragraphs: Annotated[float, Field(ge=0, le=1)] = 0.25
    repeated_ngrams: Annotated[float, Field(ge=0, le=1)] = 0.2
    tail_repeats: Annotated[int, Field(ge=1)] = 4
    looping_tail: Annotated[int, Field(ge=1)] = 200
    """Fewest columns of a loop at the end that count as one."""
    answers_agree: Literal["required", "optional"] = "required"
    """Whether the answer named in the reasoning must be that of the solution, where both name one."""
    template_tokens: Literal["drop", "keep"] = "drop"
    self_reference: Literal["drop", "keep"] = "keep"
    """Whether a reply may talk of itself as a model."""
    cut_off: Literal["drop", "keep"] = "drop"
    """Whether a reply may stop in the middle of something, though the engine says that it had ended."""
    style: Literal["required", "optional"] = "required"
    """Whether a rewritten reply must keep to every principle of style (`schemas.STYLE_CHECKS`)."""
    review: Literal["required", "optional", "ignore"] = "optional"
    """`optional` drops what a person rejected and takes what one edited; `required` drops what nobody has read, too."""
    similarity: Annotated[float, Field(gt=0, le=1)] = 0.7
    """From which similarity on a text is a duplicate of an earlier one."""
    pass_rate: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]] = (0.0, 1.0)
    """Prompts are kept whose share of correct draws lies between the two, both included."""
    keep_per_prompt: Annotated[int, Field(ge=1)] | None = None
    keep_rule: Literal["first", "shortest", "random", "different"] = "first"
    """Which ones to keep where a prompt has more than `keep_per_prompt` good completions: the first drawn, the
    shortest, any by the recipe's seed, or those that have least in common."""
    quotas: tuple[Quota, ...] = ()
    """Most rows of a domain, source or language; what is above goes by the recipe's seed."""


class Duplicates(Strict):
    """How texts are compared for saying the same. `selection.similarity` says from when on one of two goes."""

    ngram: Annotated[int, Field(ge=1)] = 3
    """Words of the pieces that two texts are compared by."""
    scope: Literal["everywhere", "prompt"] = "everywhere"
    """Whether a reply may repeat that of another prompt."""
    prompts: Literal["drop", "keep"] = "drop"
    """Whether of two nearly equal prompts, of one source or two, only the first is asked."""


class BenchmarkSource(Strict):
    """A benchmark that nothing may be taken from: one that r1data knows by `name`, or a file or dataset of your own."""

    name: str
    path: str | None = None
    """JSONL, JSON, Parquet or CSV with `id`, `text` and, where there is one, `solution`."""
    dataset: str | None = None
    """A name on the Hub or a folder saved by `datasets`, in place of `path`."""
    config: str | None = None
    split: str | None = None
    revision: str | None = None
    question: str | None = None
    """Columns, joined by commas, that hold the question; by default the registry's, or `text`."""
    answer: str | None = None
    """Columns that hold the solution."""


class Contamination(Strict):
    """Which benchmarks prompts and replies are held against, and what counts as a hit."""

    benchmarks: tuple[BenchmarkSource, ...] = ()
    """By default none. `[math-500, {name: ours, path: ours.jsonl}]`; `r1data benchmarks` lists what is known."""
    ngrams: tuple[Annotated[int, Field(ge=3)], ...] = (10,)
    """Words in a row that are a hit: 10 as R1 did. Several may be named; characters in Chinese, 1.5 for a word."""
    overlap: Annotated[float, Field(gt=0, le=1)] | None = 0.6
    """Share of an item's words, in their order, from which on a text is a reworded copy; null looks for none."""
    unloadable: Literal["stop", "go_on"] = "stop"
    """What to do where a benchmark cannot be loaded. With `go_on` the card says which ones were not checked."""

    @field_validator("benchmarks", mode="before")
    @classmethod
    def _by_name(cls, given: object) -> object:
        return [{"name": one} if isinstance(one, str) else one for one in given] if isinstance(given, list) else given
