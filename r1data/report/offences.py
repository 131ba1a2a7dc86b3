"""Offences: where in a text the thing stands that it was rejected for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import polars as pl

from r1data import replies
from r1data.measures import bare, code, paragraphs, programs
from r1data.measures.block import Block
from r1data.measures.language import foreign_spans
from r1data.measures.leftovers import PHRASES, TOKENS
from r1data.measures.masking import BRACES
from r1data.measures.repetition import SHORTEST_LINE, TAIL, looping_tails
from r1data.texts import Cutter, Texts
from schemas import Reason

FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)
TAGS = re.compile(r"</?think>")
BOX = re.compile(rf"\\boxed\s*{BRACES}")
TEMPLATE_TOKENS = re.compile("|".join([r"<\|[^|>\s]{1,60}\|>", "<｜[^｜>\\s]{1,60}｜>", *map(re.escape, TOKENS)]))
SELF_REFERENCES = re.compile("|".join(map(re.escape, PHRASES)), re.IGNORECASE)
WORD = re.compile(r"[^\W_]+")
RUN = 10
LONGEST_READ = 40_000
"""Characters of a text in which offences are looked for."""
LAST_WORDS = 120
"""Characters marked at the end of a text that stops where it should not."""


class Span(NamedTuple):
    """Characters `start` to `end` of a text."""

    start: int
    end: int


def offences(reason: str, text: str, language: str, longest_paragraph: int, findings: Sequence[str] = ()) -> list[Span]:
    """What the first reason complains about, in order and without overlap; empty where it is no place in the text.

    `findings` say which part of a reason it was; without them all that the reason may be about is marked.
    """
    finer = [finding for finding in findings if finding.partition("/")[0] == reason]
    spans = [span for finding in finer or [reason] for span in _marks(finding, text, language, longest_paragraph)]
    return _joined(sorted(spans), 0)


def _marks(finding: str, whole: str, language: str, longest_paragraph: int) -> list[Span]:
    text = whole[:LONGEST_READ]
    reason, _, finer = finding.partition("/")
    match reason, finer:
        case Reason.TRUNCATED, _:
            return _end(whole)
        case Reason.FORMAT, "template_tokens":
            return _all(TEMPLATE_TOKENS, text)
        case Reason.FORMAT, "self_reference":
            return _all(SELF_REFERENCES, text)
        case Reason.FORMAT, "disagree":
            thought = whole.rpartition(replies.CLOSE)[0]
            return _last_box(thought) + _last_box(whole)
        case Reason.FORMAT, _:
            return _all(TAGS, text)
        case Reason.NO_ANSWER, _:
            answer = whole.rfind(replies.CLOSE) + len(replies.CLOSE) if replies.CLOSE in whole else 0
            return _end(whole, answer)
        case ((Reason.INCORRECT | Reason.UNVERIFIED), _):
            return _last_box(whole)
        case Reason.MIXED_LANGUAGE, _:
            return _joined(Span(*span) for span in foreign_spans(text, language))
        case Reason.LONG_PARAGRAPH, _:
            block = _block(text, language)
            return _in_characters(text, paragraphs.places(block, 0, longest_paragraph))
        case Reason.MESSY_CODE, "bare":
            block = _block(text, language)
            lines = bare.code_lines(block)[0]
            return _in_characters(text, [(int(block.lines.starts[n]), int(block.lines.ends[n])) for n in lines])
        case Reason.MESSY_CODE, ("unparsed" | "indentation" | "prose"):
            return _in_characters(text, _bad_blocks(_block(text, language), finer))
        case Reason.MESSY_CODE, "unclosed":
            return _all(FENCE, text)[-1:]
        case Reason.MESSY_CODE, _:
            return _all(FENCE, text)
        case Reason.REPETITION, ("loop" | "looping_tail" | "looped"):
            length = int(looping_tails(Texts.of(pl.Series([whole])))[0])
            return [Span(len(whole) - length, len(whole))] if length else _repeated(text)
        case Reason.REPETITION, "ngrams":
            return _runs_again(text) or _repeated(text)
        case Reason.REPETITION, "tail":
            return _tails(text)
        case Reason.REPETITION, _:
            return _repeated(text)
        case _:
            return []


def _block(text: str, language: str) -> Block:
    return Block.of(Texts.of(pl.Series([text])), pl.Series([language]), Cutter())


def _in_characters(text: str, places: Sequence[tuple[int, int]]) -> list[Span]:
    """Places in the text's bytes as places in its characters."""
    data = text.encode()
    return [Span(*(len(data[:place].decode(errors="ignore")) for place in pair)) for pair in places]


def _bad_blocks(block: Block, what: str) -> list[tuple[int, int]]:
    """The code blocks that are no program, are wrongly indented, or have running text in them."""
    found = []
    for fenced in islice(code.blocks(block, 0), code.MOST_BLOCKS):
        judged = programs.judge(fenced.text, fenced.info)
        bad = {"unparsed": not judged.parses, "indentation": judged.misindented, "prose": judged.prose > 0}
        if bad[what]:
            found.append((fenced.start, fenced.end))
    return found


def _runs_again(text: str) -> list[Span]:
    """Words that stand in a run of ten which stood there before."""
    words = list(WORD.finditer(text))
    seen: set[tuple[str, ...]] = set()
    again = []
    for first in range(len(words) - RUN + 1):
        run = tuple(word.group().casefold() for word in words[first : first + RUN])
        if run in seen:
            again.append(Span(words[first].start(), words[first + RUN - 1].end()))
        seen.add(run)
    return again


def _tails(text: str) -> list[Span]:
    """Every turn of the last characters."""
    found = _all(re.compile(re.escape(text[-TAIL:])), text) if len(text) >= TAIL else []
    return found if len(found) > 1 else []


def _all(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [Span(*match.span()) for match in pattern.finditer(text)]


def _end(text: str, earliest: int = 0) -> list[Span]:
    end = len(text.rstrip())
    start = max(end - LAST_WORDS, earliest)
    start += len(text[start:]) - len(text[start:].lstrip())
    return [Span(start, end)] if start < end else []


def _last_box(text: str) -> list[Span]:
    """The last box, which stands near the end where there is one."""
    start = max(len(text) - LONGEST_READ, 0)
    return [Span(start + box.start, start + box.end) for box in _all(BOX, text[start:])[-1:]]


def _prose_lines(text: str) -> Iterator[Span]:
    """The lines of the reasoning outside fenced code and tables."""
    start, fenced = 0, False
    for line in text.partition(replies.CLOSE)[0].splitlines(keepends=True):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced and not line.lstrip().startswith("|"):
            yield Span(start, start + len(line.rstrip()))
        start += len(line)


def _repeated(text: str) -> list[Span]:
    """Lines that came before, or else every turn of the loop at the end."""
    seen: set[str] = set()
    again: list[Span] = []
    for line in _prose_lines(text):
        words = text[line.start : line.end].strip()
        if words in seen:
            again.append(line)
        elif len(words) >= SHORTEST_LINE:
            seen.add(words)
    return again or _tails(text)


def _joined(spans: Iterable[Span], gap: int = 2) -> list[Span]:
    """Neighbours with little between them as one, so that a foreign sentence is one mark."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end <= gap:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
