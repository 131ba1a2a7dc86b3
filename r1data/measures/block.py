"""Block: some hundred replies as their measures see them, read once for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from r1data.measures.lines import Lines, lines_of
from r1data.replies import CLOSE, OPEN, WHITE_SPACE
from r1data.texts import Bytes, Cutter, Places, Texts, Words, kernel
from r1data.texts.words import decode

_OPEN, _CLOSE = (np.frombuffer(tag.encode(), np.uint8) for tag in (OPEN, CLOSE))
_WHITE_SPACE = np.array(sorted(ord(character) for character in WHITE_SPACE), np.int64)


@dataclass(frozen=True, slots=True)
class Block:
    """Replies, their parts as places in the same bytes, and their words.

    A part that is missing has no bytes (`replies` says what the parts are; a test holds both to the same).
    """

    texts: Texts
    reasoning: Texts
    answer: Texts
    opens: Places
    """How many `<think>` each reply has."""
    closes: Places
    words: Words
    """Of the whole replies, tags included."""
    languages: pl.Series
    """The target of each, ISO 639-1."""
    lines: Lines
    """Of the two parts."""

    @classmethod
    def of(cls, whole: Texts, languages: pl.Series, cutter: Cutter) -> Block:
        """Read replies; words and lines stay valid until the cutter's, and the thread's, next call."""
        places = np.zeros((6, len(whole)), np.int64)
        _split(whole.data, whole.starts, whole.ends, _OPEN, _CLOSE, _WHITE_SPACE, places)
        reasoning = Texts(whole.data, places[0], places[1])
        answer = Texts(whole.data, places[2], places[3])
        lines = lines_of(reasoning, answer)
        return cls(whole, reasoning, answer, places[4], places[5], cutter.cut(whole), languages, lines)

    def __len__(self) -> int:
        return len(self.texts)


@kernel
def _split(
    data: Bytes, starts: Places, ends: Places, opening: Bytes, closing: Bytes, spaces: Places, places: Places
) -> None:
    """Fill `places`: reasoning from and to, answer from and to, opening and closing tags counted, for each text."""
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        first_open, first_close, last_close = -1, -1, -1
        opens, closes = 0, 0
        for at in range(start, end):
            if data[at] != 0x3C:  # <
                continue
            if _stands(data, at, end, opening):
                opens += 1
                if first_open < 0:
                    first_open = at
            elif _stands(data, at, end, closing):
                closes += 1
                last_close = at
                if first_close < 0:
                    first_close = at
        if closes:
            begin, stop = _stripped(data, start, first_close, spaces)
            if _stands(data, begin, stop, opening):
                begin, stop = _stripped(data, begin + len(opening), stop, spaces)
            places[0, row], places[1, row] = begin, stop
            places[2, row], places[3, row] = _stripped(data, last_close + len(closing), end, spaces)
        elif opens:
            places[0, row], places[1, row] = _stripped(data, first_open + len(opening), end, spaces)
            places[2, row], places[3, row] = end, end
        else:
            places[0, row], places[1, row] = start, start
            places[2, row], places[3, row] = _stripped(data, start, end, spaces)
        places[4, row], places[5, row] = opens, closes


@kernel
def _stands(data: Bytes, at: int, end: int, what: Bytes) -> bool:
    if at + len(what) > end:
        return False
    for place in range(len(what)):  # noqa: SIM110 - numba compiles no generator expressions
        if data[at + place] != what[place]:
            return False
    return True


@kernel
def _stripped(data: Bytes, start: int, end: int, spaces: Places) -> tuple[int, int]:
    """The places without white space at either end."""
    while start < end:
        point, width = decode(data, start)
        if not _among(point, spaces):
            break
        start += width
    while end > start:
        last = end - 1
        while last > start and data[last] & 0xC0 == 0x80:  # inside a character of several bytes
            last -= 1
        point, _ = decode(data, last)
        if not _among(point, spaces):
            break
        end = last
    return start, end


@kernel
def _among(point: int, points: Places) -> bool:
    for known in points:  # noqa: SIM110
        if known == point:
            return True
    return False
