"""Offences: where in a text the thing stands that it was rejected for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from r1data import replies
from r1data.measures.language import foreign_spans
from r1data.measures.masking import BRACES
from r1data.measures.repetition import SHORTEST_LINE, TAIL
from schemas import Reason

FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)
TAGS = re.compile(r"</?think>")
BOX = re.compile(rf"\\boxed\s*{BRACES}")
LONGEST_READ = 40_000
"""Characters of a text in which offences are looked for."""
LAST_WORDS = 120
"""Characters marked at the end of a text that stops where it should not."""


class Span(NamedTuple):
    """Characters `start` to `end` of a text."""

    start: int
    end: int


def offences(reason: str, text: str, language: str, longest_paragraph: int) -> list[Span]:
    """What the first reason complains about, in order and without overlap; empty where it is no place in the text."""
    whole, text = text, text[:LONGEST_READ]
    match reason:
        case Reason.TRUNCATED:
            return _end(whole)
        case Reason.FORMAT:
            return _all(TAGS, text)
        case Reason.NO_ANSWER:
            answer = whole.rfind(replies.CLOSE) + len(replies.CLOSE) if replies.CLOSE in whole else 0
            return _end(whole, answer)
        case Reason.INCORRECT | Reason.UNVERIFIED:
            return _last_box(whole)
        case Reason.MIXED_LANGUAGE:
            return _joined(Span(*place) for place in foreign_spans(text, language))
        case Reason.LONG_PARAGRAPH:
            return [line for line in _prose_lines(text) if line.end - line.start > longest_paragraph]
        case Reason.MESSY_CODE:
            return _all(FENCE, text)
        case Reason.REPETITION:
            return _repeated(text)
        case _:
            return []


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
    loop = _all(re.compile(re.escape(text[-TAIL:])), text) if len(text) >= TAIL else []
    return again or (loop if len(loop) > 1 else [])


def _joined(spans: Iterable[Span], gap: int = 2) -> list[Span]:
    """Neighbours with little between them as one, so that a foreign sentence is one mark."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end <= gap:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined
