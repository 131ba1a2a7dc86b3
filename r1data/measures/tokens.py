"""Tokens: the words of one part of a reply that are the writer's own, with what stands between them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from r1data.measures.notation import ASIDE, PROSE
from r1data.measures.vocabulary import Values, known
from r1data.texts import CHARACTER, NUMBER, Bytes, Places, kernel
from r1data.texts.characters import Script
from r1data.texts.words import decode

COMMA, STOP, LINE, BETWEEN, IN_ASIDE, OPERATOR = 1, 2, 4, 8, 16, 32
"""What stands before a token: the end of a clause, of a sentence, of a line, notation,
what only formulas and programs have; or it is within parentheses."""

_LATIN, _HAN, _HANGUL, _OTHER, _KANA = (
    int(script) for script in (Script.LATIN, Script.HAN, Script.HANGUL, Script.OTHER, Script.KANA)
)


def _gaps() -> Bytes:
    table = np.zeros(256, np.uint8)
    table[list(b",;:")] = COMMA
    table[list(b".!?")] = STOP
    table[list(b"\n\r")] = LINE
    table[list(b"=+*/[]{}<>^\\|&%@#_")] = OPERATOR
    return table


GAPS = _gaps()


class Tokens(NamedTuple):
    """Room for tokens, one to each place of the arrays."""

    words: Places
    """Which of the block's words each is."""
    scripts: npt.NDArray[np.uint8]
    gaps: npt.NDArray[np.uint8]
    values: Values
    """What the vocabulary knows of it; of single characters nothing is asked."""
    foreign: npt.NDArray[np.int16]
    """0, or what language the token is found to be in; see `passages`."""

    @classmethod
    def room(cls, size: int) -> Tokens:
        """Memory for so many."""
        return cls(
            np.empty(size, np.int64),
            np.empty(size, np.uint8),
            np.empty(size, np.uint8),
            np.empty(size, np.int64),
            np.empty(size, np.int16),
        )


@kernel
def tokenize(
    data: Bytes,
    classes: Bytes,
    hashes: npt.NDArray[np.uint64],
    kinds: npt.NDArray[np.uint8],
    starts: Places,
    ends: Places,
    limits: tuple[int, int, int, int],
    tables: tuple[Any, ...],
    into: Tokens,
) -> tuple[int, int]:
    """Write the tokens of a part; returns how many, and the next word.

    `limits` are the first word, the one behind the last, and the same of bytes; `tables` scripts by code point, gaps
    by byte, and the vocabulary's keys and values. Single letters of scripts with words are symbols, and the end of a
    contraction belongs to what is before it.
    """
    word, last, begin, end = limits
    scripts_of, gaps_of, keys, values = tables
    count, gap, at = 0, np.int64(LINE), begin
    while word < last and starts[word] < end:
        start, stop = starts[word], ends[word]
        if start < begin:
            word += 1
            continue
        if start != at and not (start == at + 1 and data[at] == 0x20):
            gap |= np.int64(_gap(data, classes, at, start, gaps_of))
        at = stop
        class_ = classes[start]
        if class_ != PROSE and class_ != ASIDE:
            gap |= BETWEEN
            word += 1
            continue
        if kinds[word] == NUMBER:
            word += 1
            continue
        script, single = np.int64(_LATIN), stop == start + 1
        if data[start] >= 0x80:
            point, width = decode(data, start)
            script = np.int64(scripts_of[point]) if point < len(scripts_of) else np.int64(_OTHER)
            single = width == stop - start and kinds[word] != CHARACTER and script != _HANGUL and script != _OTHER
        if single or (script == _LATIN and stop - start == 2 and start > begin and _apostrophe(data, start)):
            word += 1
            continue
        into.words[count], into.scripts[count], into.foreign[count] = word, script, 0
        into.gaps[count] = gap | (IN_ASIDE if class_ == ASIDE else 0)
        into.values[count] = known(hashes[word], keys, values) if kinds[word] != CHARACTER else 0
        count += 1
        gap = np.int64(0)
        word += 1
    return count, word


@kernel
def _apostrophe(data: Bytes, at: int) -> bool:
    if data[at - 1] == 0x27:
        return True
    return bool(at >= 3 and data[at - 1] == 0x99 and data[at - 2] == 0x80 and data[at - 3] == 0xE2)  # ’


@kernel
def _gap(data: Bytes, classes: Bytes, start: int, stop: int, gaps_of: Bytes) -> int:
    found, at = 0, start
    while at < stop:
        byte = data[at]
        if classes[at] != PROSE and classes[at] != ASIDE:
            found |= BETWEEN
            if byte == 0x0A:
                found |= LINE
            at += 1
        elif byte < 0x80:
            mark: Any = np.int64(gaps_of[byte])
            if (byte == 0x2D and at > start and data[at - 1] == 0x20) or (byte == 0x28 and at == start):  # a - b, f(x)
                mark = OPERATOR
            elif byte == 0x2E and at + 1 >= stop:  # inside a number or an abbreviation
                mark = 0
            found |= mark
            at += 1
        else:
            point, width = decode(data, at)
            if point == 0x3002 or point == 0xFF01 or point == 0xFF1F or point == 0x061F or point == 0x0964:
                found |= STOP
            elif point == 0xFF0C or point == 0x3001 or point == 0xFF1B or point == 0xFF1A or point == 0x060C:
                found |= COMMA
            at += width
    return found
