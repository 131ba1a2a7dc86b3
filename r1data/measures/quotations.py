"""Quotations: what a text quotes or sets aside, and the symbols among its words.

Quotation marks of many languages, block quotations, and parentheses, within one line each; variables, acronyms, units,
functions, names out of programs, and numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.measures.notation import ASIDE, PROSE, QUOTE, SYMBOL, is_digit
from r1data.texts import Bytes, kernel
from r1data.texts.characters import Script
from r1data.texts.words import decode

FUNCTIONS = (
    *("sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "lg", "exp", "max", "min", "mod", "gcd", "lcm", "lim"),
    *("det", "sqrt", "pi", "mm", "cm", "dm", "km", "mg", "kg", "ml"),
)
"""Functions and units that are symbols though they are lower-case words of several letters."""

_LATIN, _MARK = int(Script.LATIN), int(Script.MARK)
LOWER, UPPER, DIGIT, LOW_LINE, OPENING, BEYOND = 1, 2, 4, 8, 16, 32
WORD = LOWER | UPPER | DIGIT | LOW_LINE
"""Kinds of byte, as bits. `OPENING` may open a quotation or a line, `BEYOND` is no ASCII."""


def _kinds_of_byte() -> Bytes:
    """What a byte is to the second pass: a bit for each kind of a word's, 0 for one that nothing need be done about."""
    table = np.zeros(256, np.uint8)
    table[ord("a") : ord("z") + 1] = LOWER
    table[ord("A") : ord("Z") + 1] = UPPER
    table[ord("0") : ord("9") + 1] = DIGIT
    table[ord("_")] = LOW_LINE
    table[list(b"\"'(\n")] = OPENING
    table[128:] = BEYOND
    return table


def _packed_functions() -> npt.NDArray[np.int64]:
    """A table of the functions' bytes as one number, at that number modulo its length."""
    for size in range(256, 4096):
        packed = [int.from_bytes(name.encode(), "big") for name in FUNCTIONS]
        if len({number % size for number in packed}) == len(packed):
            table = np.zeros(size, np.int64)
            table[[number % size for number in packed]] = packed
            return table
    raise AssertionError("functions have no table without collisions")


KINDS = _kinds_of_byte()
PACKED_FUNCTIONS = _packed_functions()


@kernel
def mask_quotations(
    data: Bytes,
    start: int,
    end: int,
    scripts: Bytes,
    kinds: Bytes,
    functions: npt.NDArray[np.int64],
    into: Bytes,
) -> None:
    """Quotations, asides and symbols among what is no notation."""
    at = start
    latin_before = False  # an accented letter stands before: "t" in "été" is no variable
    line_starts = True
    while at < end:
        if into[at] != PROSE and into[at] != ASIDE:
            latin_before = line_starts = False
            at += 1
            continue
        if line_starts:
            line_starts = False
            stop = _quoted_line(data, at, end, into)
            if stop > 0:
                _cover(into, at, stop, QUOTE)
                at = stop
                continue
        byte = data[at]
        kind = np.int64(kinds[byte])
        if kind == 0:
            latin_before = False
            at += 1
        elif kind & WORD:
            class_, stop, bits = into[at], at, np.int64(0)
            capitals, packed = np.int64(0), np.int64(0)
            while kind & WORD:
                bits |= kind
                capitals += kind >> 1 & 1
                packed = (packed << 8) | np.int64(data[stop])
                stop += 1
                if stop >= end or into[stop] != class_:
                    break
                kind = np.int64(kinds[data[stop]])
            latin_behind = kind == BEYOND and stop < end and _joins(data, stop, scripts)
            if latin_before or latin_behind or bits & ~(LOWER | UPPER):
                _mask_symbol(data, at, stop, latin_before or latin_behind, functions, into)
            elif bits == LOWER:
                if stop == at + 1 or (stop <= at + 4 and functions[packed % len(functions)] == packed):
                    into[at:stop] = SYMBOL
            elif (bits == UPPER and stop <= at + 4) or (capitals > 1 - (kinds[byte] == LOWER) and bits != UPPER):
                _mask_symbol(data, at, stop, False, functions, into)
            latin_before = False
            at = stop
        elif byte == 0x0A:
            line_starts = True
            latin_before = False
            at += 1
        elif kind == OPENING:
            latin_before = False
            if byte == 0x28:
                stop, class_ = _pair(data, at, end, into, 0x28, 0x29), ASIDE
            else:
                stop, class_ = _straight_quotes(data, at, end, into, kinds), QUOTE
            if stop > 0:
                _cover(into, at, stop, class_)
                at = stop if class_ == QUOTE else at + 1
            else:
                at += 1
        else:
            point, width = decode(data, at)
            closing, class_ = _closing(point)
            stop = _pair(data, at, end, into, point, closing) if closing else -1
            if stop > 0:
                _cover(into, at, stop, class_)
            latin_before = point < len(scripts) and (scripts[point] == _LATIN or scripts[point] == _MARK)
            at = stop if stop > 0 and class_ == QUOTE else at + width


@kernel
def _cover(into: Bytes, start: int, stop: int, class_: int) -> None:
    """Give prose another class; notation inside it stays notation."""
    for at in range(start, stop):
        if into[at] == PROSE or into[at] == ASIDE:
            into[at] = class_


@kernel
def _quoted_line(data: Bytes, at: int, end: int, into: Bytes) -> int:
    """The end of a line of a block quotation (`> so`), -1 where it is none."""
    while at < end and (data[at] == 0x20 or data[at] == 0x09):
        at += 1
    if at + 1 >= end or data[at] != 0x3E or data[at + 1] != 0x20 or into[at] != PROSE:
        return -1
    while at < end and (data[at] != 0x0A or into[at] != PROSE):
        at += 1
    return at


@kernel
def _straight_quotes(data: Bytes, at: int, end: int, into: Bytes, kinds: Bytes) -> int:
    """The end of a quotation in straight quotes: in one line, no space inside them, words only outside them."""
    mark = data[at]
    if not _may_open(data, at, end, kinds):
        return -1
    place = at + 1
    while place < end and data[place] != 0x0A:
        if data[place] == mark and into[place] == into[at]:
            before, behind = data[place - 1], data[place + 1] if place + 1 < end else np.uint8(0x20)
            if not kinds[behind] & WORD and before != 0x20 and place > at + 1:
                return place + 1
            if mark == 0x22 or not kinds[before] & WORD:  # an apostrophe inside a word closes nothing
                return -1
        place += 1
    return -1


@kernel
def _may_open(data: Bytes, at: int, end: int, kinds: Bytes) -> bool:
    """Whether a straight quote has something behind it, and no word before it (as in 5" or in dogs')."""
    if at + 1 >= end or data[at + 1] == 0x20 or data[at + 1] == 0x0A:
        return False
    return at == 0 or not kinds[data[at - 1]] & WORD


@kernel
def _closing(point: int) -> tuple[int, int]:
    """What closes a quotation or an aside that a character opens, and which of them it is; 0 where it opens none."""
    if point == 0x201C or point == 0x201E:  # “ „
        return 0x201D, QUOTE
    if point == 0x2018:
        return 0x2019, QUOTE
    if point == 0xAB:  # «
        return 0xBB, QUOTE
    if point == 0x300C or point == 0x300E or point == 0x300A:  # 「『《
        return point + 1, QUOTE
    if point == 0xFF08:  # （
        return 0xFF09, ASIDE
    return 0, PROSE


@kernel
def _pair(data: Bytes, at: int, end: int, into: Bytes, opening: int, closing: int) -> int:
    """The end of what one character opens and another closes: in one line, and not across another opening."""
    _, width = decode(data, at)
    place = at + width
    while place < end and data[place] != 0x0A:
        byte = data[place]
        if byte < 0x80 and byte != 0x28 and byte != 0x29:
            place += 1
            continue
        point, width = decode(data, place)
        if into[place] == PROSE or into[place] == ASIDE:
            if point == closing or (opening == 0x201E and point == 0x201C):  # German closes with what opens in English
                return place + width
            if point == opening:
                return -1
        place += width
    return -1


@kernel
def _mask_symbol(
    data: Bytes, start: int, stop: int, inside_word: bool, functions: npt.NDArray[np.int64], into: Bytes
) -> None:
    """Mark a run of ASCII letters, digits and low lines as a symbol, or else only its digits."""
    first, last = start, stop
    while first < stop and is_digit(data[first]):
        first += 1
    while last > first and is_digit(data[last - 1]):
        last -= 1
    if not inside_word and (last == first or _is_symbol(data, first, last, functions)):
        into[start:stop] = SYMBOL
        return
    for at in range(start, stop):
        if is_digit(data[at]):
            into[at] = SYMBOL


@kernel
def _is_symbol(data: Bytes, first: int, last: int, functions: npt.NDArray[np.int64]) -> bool:
    """Whether letters are a variable, an acronym, a function, or a name out of a program (`max_len`, `numRows`)."""
    length = last - first
    if length == 1:
        return bool(data[first] != 0x5F)
    upper, lower, packed = 0, 0, np.int64(0)
    for at in range(first, last):
        byte = data[at]
        if 0x61 <= byte <= 0x7A:
            lower += 1
        elif 0x41 <= byte <= 0x5A:
            upper += 1
            if at > first and 0x61 <= data[at - 1] <= 0x7A:
                return True
        elif at > first and at + 1 < last and data[at - 1] != 0x5F and data[at + 1] != 0x5F:
            return True
        packed = (packed << 8) | np.int64(byte)
    if upper == length:
        return length <= 4
    return bool(length <= 4 and lower == length and functions[packed % len(functions)] == packed)


@kernel
def _joins(data: Bytes, at: int, scripts: Bytes) -> bool:
    """Whether the character at a place is a letter or an accent that goes on with a Latin word."""
    point, _ = decode(data, at)
    return bool(point < len(scripts) and (scripts[point] == _LATIN or scripts[point] == _MARK))
