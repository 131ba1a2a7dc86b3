"""Literals: lists and objects as JSON, Python or a hasty writer has them: any quotation marks or none, wide signs.

A value is a folded text, a tuple of values, or a tuple that begins with `OBJECT` (then pairs, sorted, a key that
occurs twice twice) or `SET`. Reading takes linear time and never raises.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from r1data.verifiers.folding import fold

Value = Any
"""Nested tuples of folded texts: compared, never looked into but by their first entry."""
OBJECT, SET = "\0object", "\0set"
LONGEST = 100_000
DEEPEST = 50
CLOSERS = {"[": "]", "{": "}", "(": ")"}
TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[\[\](){},:，、：;；])
    |(?P<double>"(?:[^"\\]|\\.)*")
    |'(?P<single>(?:[^'\\]|\\.)*)'
    |“(?P<curly>[^”]*)”|‘(?P<curled>[^’]*)’|「(?P<corner>[^」]*)」
    |(?P<bare>[^\[\](){},:，、：;；"“”\s][^\[\](){},:，、：;；"“”]*))""",
    re.VERBOSE | re.DOTALL,
)
COMMAS = frozenset(",，、;；")
COLONS = frozenset(":：")
MARK = re.compile(r"[\[\](){}]|(?<=[\[{(,:\s])\"(?:[^\"\\\n]|\\.){0,500}\"")
"""A bracket, or a quotation within brackets, in which they mean nothing."""
CUT_OFF = re.compile(r"[\[{]\s*[\"'“\[{]")


class _NoLiteralError(Exception):
    """What is read is no literal."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a bracketed stretch stands."""

    start: int
    end: int


def read_literal(text: str) -> Value | None:
    """The value of a text that is one bracketed literal and nothing else; None otherwise."""
    text = text.strip()
    if len(text) > LONGEST or text[:1] not in CLOSERS:
        return None
    reader = _Reader(text)
    try:
        value = reader.value(0)
    except (_NoLiteralError, RecursionError):
        return None
    return value if reader.at_end() else None


def bracketed(text: str) -> tuple[list[Span], int]:
    """The outermost stretches in brackets that close, and where a literal begins that never does (else the end)."""
    opened: list[int] = []
    waiting = dict.fromkeys(CLOSERS.values(), 0)
    closed: list[Span] = []
    position = 0
    while match := MARK.search(text, position):
        bracket = match[0]
        quoted = bracket[0] == '"'
        position = match.start() + 1 if quoted and not opened else match.end()
        if quoted:
            continue
        if bracket in CLOSERS:
            opened.append(match.start())
            waiting[CLOSERS[bracket]] += 1
        elif waiting[bracket]:
            while True:
                start = opened.pop()
                waiting[CLOSERS[text[start]]] -= 1
                if CLOSERS[text[start]] == bracket:
                    break
            closed.append(Span(start, match.end()))
    outer: list[Span] = []
    for span in sorted(closed, key=lambda s: s.start):
        if not outer or span.start >= outer[-1].end:
            outer.append(span)
    cut = next((start for start in opened if CUT_OFF.match(text, start)), len(text))
    return outer, cut


class _Reader:
    """A position in a text, from which values are read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def at_end(self) -> bool:
        return not self.text[self.position :].strip()

    def value(self, depth: int) -> Value:
        token = self._next()
        if token["mark"] in CLOSERS and depth < DEEPEST:
            return self._inside(token["mark"], depth)
        if token["mark"]:
            raise _NoLiteralError
        return _word(token)

    def _inside(self, opener: str, depth: int) -> Value:
        closer = CLOSERS[opener]
        entries: list[Value] = []
        pairs: list[tuple[str, Value]] = []
        while self._peek() != closer:
            entry = self.value(depth + 1)
            if opener == "{" and self._peek() in COLONS:
                self._next()
                pairs.append((entry if isinstance(entry, str) else repr(entry), self.value(depth + 1)))
            else:
                entries.append(entry)
            if self._peek() in COMMAS:
                self._next()
            elif self._peek() != closer and self._peek() not in CLOSERS:
                raise _NoLiteralError
        self._next()
        if entries and pairs:
            raise _NoLiteralError
        if opener == "{":
            return (SET, *sorted(entries, key=repr)) if entries else _object(pairs)
        return tuple(entries)

    def _next(self) -> re.Match[str]:
        token = TOKEN.match(self.text, self.position)
        if token is None:
            raise _NoLiteralError
        self.position = token.end()
        return token

    def _peek(self) -> str:
        token = TOKEN.match(self.text, self.position)
        return (token["mark"] or "") if token else ""


def _object(pairs: list[tuple[str, Value]]) -> Value:
    return (OBJECT, *sorted(dict.fromkeys(pairs), key=repr))


def _word(token: re.Match[str]) -> str:
    if token["double"] is not None:
        try:
            return fold(str(json.loads(token["double"], strict=False)))
        except ValueError:
            return fold(token["double"])
    text = next(token[name] for name in ("single", "curly", "curled", "corner", "bare") if token[name] is not None)
    return "null" if token["bare"] and text.strip() in ("None", "null") else fold(text)
