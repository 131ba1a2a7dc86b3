r"""Masking: what in a text is notation or quotation rather than the writer's own words, told of every byte.

Code, LaTeX, tags, addresses and numbers look the same in a Chinese and in an English proof. Counting them as words
would call honest mathematics a mixture of languages, so the language measures never see them. Nor is a quoted sentence
in another language the writer's lapse.

Whatever is opened and not closed costs no second look: a formula ends where the next one of its kind begins, a
quotation ends with its line, and a search that failed is remembered. So the time is linear in the text, also for a
model that loops over an unclosed `\(`.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures.block import Block
from r1data.texts import Bytes, Places, Texts, kernel
from r1data.texts.characters import SCRIPT, Script
from r1data.texts.words import decode

PROSE, CODE, MATH, TAG, ADDRESS, QUOTE, ASIDE, SYMBOL = range(8)
"""Classes of a byte. `ASIDE` is prose between parentheses, where a term may be given in another language; `SYMBOL` is
a variable, an acronym, a unit, the name of a function or of something in a program, a number."""

FUNCTIONS = (
    *("sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "lg", "exp", "max", "min", "mod", "gcd", "lcm", "lim"),
    *("det", "sqrt", "pi", "mm", "cm", "dm", "km", "mg", "kg", "ml"),
)
"""Functions and units that are symbols though they are lower-case words of several letters."""

_LATIN, _MARK, _SPACE, _DIGIT, _HAN = (
    int(script) for script in (Script.LATIN, Script.MARK, Script.SPACE, Script.DIGIT, Script.HAN)
)
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


_KIND = _kinds_of_byte()
_FUNCTIONS = _packed_functions()
_OPENS = np.zeros(256, np.bool_)
_OPENS[list(b"\n`$\\<h")] = True
_own = threading.local()


class Masker:
    """Masks texts, always into the same memory: one call overwrites what the last one returned. Not for two threads."""

    def __init__(self) -> None:
        self._classes = np.empty(0, np.uint8)

    def mask(self, *parts: Texts) -> Bytes:
        """The class of each byte of the texts (PROSE, CODE and so on), at the byte's place in their common `data`.

        Nothing is said of bytes that belong to no text. Each text is read by itself: what is open at its end is over.
        """
        size = len(parts[0].data)
        if len(self._classes) < size:
            self._classes = np.empty(size, np.uint8)
        for texts in parts:
            _mask_all(texts.data, texts.starts, texts.ends, SCRIPT, _OPENS, _KIND, _FUNCTIONS, self._classes)
        return self._classes[:size]


def mask(texts: Texts) -> Bytes:
    """The class of each byte of the texts, in memory of its own; see `Masker.mask`."""
    return Masker().mask(texts)


def classes(block: Block) -> Bytes:
    """The class of each byte of the block's reasonings and answers; valid in this thread until the next block's."""
    if getattr(_own, "block", None) is not block:
        if not hasattr(_own, "masker"):
            _own.masker = Masker()
        _own.classes, _own.block = _own.masker.mask(block.reasoning, block.answer), block
    return _own.classes  # type: ignore[no-any-return]


@kernel
def _mask_all(
    data: Bytes,
    starts: Places,
    ends: Places,
    scripts: Bytes,
    opens: npt.NDArray[np.bool_],
    kinds: Bytes,
    functions: npt.NDArray[np.int64],
    into: Bytes,
) -> None:
    for row in range(len(starts)):
        into[starts[row] : ends[row]] = PROSE
        mask_notation(data, starts[row], ends[row], scripts, opens, into)
        mask_quotations(data, starts[row], ends[row], scripts, kinds, functions, into)


@kernel
def mask_notation(data: Bytes, start: int, end: int, scripts: Bytes, opens: npt.NDArray[np.bool_], into: Bytes) -> None:
    """Code, formulas, tags and addresses."""
    failed_round, failed_square, failed_environment, display_left = start, start, start, True
    at = start
    line_starts = True
    while at < end:
        byte = data[at]
        if line_starts:
            line_starts = False
            stop = fence_end(data, at, end)
            if stop > 0:
                into[at:stop] = CODE
                at = stop
                continue
        if not opens[byte]:
            at += 1
            continue
        if byte == 0x0A:
            line_starts = True
            at += 1
            continue
        stop, kind = -1, MATH
        if byte == 0x60:  # `
            stop, kind = _inline_code(data, at, end), CODE
        elif byte == 0x24:  # $
            if display_left and at + 1 < end and data[at + 1] == 0x24:
                stop = _display(data, at, end)
                display_left = stop > 0
            if stop < 0:
                stop = _dollars(data, at, end, scripts)
        elif byte == 0x5C and at + 1 < end:  # backslash
            following = data[at + 1]
            if following == 0x28:
                if at + 2 > failed_round:
                    stop, failed_round = _bracketed(data, at, end, 0x28)
            elif following == 0x5B:
                if at + 2 > failed_square:
                    stop, failed_square = _bracketed(data, at, end, 0x5B)
            elif _is_letter(following):
                body = _begin(data, at, end)
                if body > failed_environment:
                    stop, failed_environment = _environment(data, body, end)
                if stop < 0:
                    stop = _command(data, at, end, scripts)
        elif byte == 0x3C:  # <
            stop, kind = _tag(data, at, end, scripts), TAG
        elif byte == 0x68:  # h
            stop, kind = _address(data, at, end, scripts), ADDRESS
        if stop > 0:
            into[at:stop] = kind
            at = stop
        else:
            at += 1


@kernel
def fence_end(data: Bytes, at: int, end: int) -> int:
    """Where the fenced code ends whose opening line begins at a place: behind the closing line, before its line break.

    As CommonMark has it: closed by a line of nothing but as many of the same characters or more, or by the text's end.
    Indented fences count at any depth, as they are met inside lists. -1 where no fence opens.
    """
    mark, place, width = _fence(data, at, end)
    if width < 3:
        return -1
    while place < end and data[place] != 0x0A:
        if mark == 0x60 and data[place] == 0x60:  # "```code```" within a line
            return -1
        place += 1
    while place < end:
        place += 1  # the line break
        closing, behind, length = _fence(data, place, end)
        if closing == mark and length >= width:
            while behind < end and (data[behind] == 0x20 or data[behind] == 0x09 or data[behind] == 0x0D):
                behind += 1
            if behind >= end or data[behind] == 0x0A:
                return behind
        place = behind
        while place < end and data[place] != 0x0A:
            place += 1
    return end


@kernel
def _fence(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """The character of a fence at the line's start, the place behind it and its length, 0 where there is none."""
    while at < end and (data[at] == 0x20 or data[at] == 0x09):
        at += 1
    if at >= end or (data[at] != 0x60 and data[at] != 0x7E):
        return 0, at, 0
    mark, first = data[at], at
    while at < end and data[at] == mark:
        at += 1
    return np.int64(mark), at, at - first


@kernel
def _inline_code(data: Bytes, at: int, end: int) -> int:
    place = at + 1
    while place < end and data[place] != 0x60 and data[place] != 0x0A:
        place += 1
    return place + 1 if place < end and data[place] == 0x60 and place > at + 1 else -1


@kernel
def _display(data: Bytes, at: int, end: int) -> int:
    place = at + 2
    while place + 1 < end:
        if data[place] == 0x24 and data[place + 1] == 0x24:
            return place + 2
        place += 1
    return -1


@kernel
def _dollars(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    """A formula in single dollars: in one line, and no space inside them, since "$5 and $6" is money."""
    place = at + 1
    while place < end and data[place] != 0x24 and data[place] != 0x0A:
        place += 1
    if place >= end or data[place] == 0x0A or place == at + 1:
        return -1
    if _is_space_at(data, at + 1, scripts) or _is_space_at(data, _character_before(data, place), scripts):
        return -1
    return place + 1


@kernel
def _bracketed(data: Bytes, at: int, end: int, opening: int) -> tuple[int, int]:
    r"""The end of `\( \)` or `\[ \]`, or -1 and how far was looked: no later opening before that place can succeed.

    (What an opening would read from there on, this search has read already: a bracket always ends a pair.)
    """
    closing = opening + (1 if opening == 0x28 else 2)
    place = at + 2
    while place < end:
        if data[place] != 0x5C:
            place += 1
            continue
        if place + 1 >= end:
            return -1, end
        if data[place + 1] == closing:
            return place + 2, at
        if data[place + 1] == opening:
            return -1, place
        place += 2
    return -1, end


@kernel
def _begin(data: Bytes, at: int, end: int) -> int:
    r"""The place behind `\begin{name}`, -1 where that is not what stands there."""
    if at + 8 > end or not (
        data[at + 1] == 0x62
        and data[at + 2] == 0x65
        and data[at + 3] == 0x67
        and data[at + 4] == 0x69
        and data[at + 5] == 0x6E
    ):
        return -1
    return _name(data, at + 6, end)


@kernel
def _name(data: Bytes, at: int, end: int) -> int:
    """The place behind `{name}` or `{name*}`."""
    if at >= end or data[at] != 0x7B:
        return -1
    place = at + 1
    while place < end and _is_letter(data[place]):
        place += 1
    if place == at + 1:
        return -1
    if place < end and data[place] == 0x2A:
        place += 1
    return place + 1 if place < end and data[place] == 0x7D else -1


@kernel
def _environment(data: Bytes, body: int, end: int) -> tuple[int, int]:
    r"""The end of an environment whose body begins at a place: the first `\end{name}`, not across a `\begi`."""
    begin = (0x62, 0x65, 0x67, 0x69)  # begi
    place = body
    while place < end:
        if data[place] != 0x5C:
            place += 1
            continue
        if place + 1 >= end:
            return -1, end
        following = data[place + 1]
        if following == 0x65 and place + 4 < end and data[place + 2] == 0x6E and data[place + 3] == 0x64:  # \end
            behind = _name(data, place + 4, end)
            if behind > 0:
                return behind, body
        same = 0
        while same < len(begin) and place + 1 + same < end and data[place + 1 + same] == begin[same]:
            same += 1
        if same == len(begin):
            return -1, place
        if place + 1 + same >= end:
            return -1, end
        place += 2 + same
    return -1, end


@kernel
def _command(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    """The end of a command with the braced groups that follow it, three deep as formulas need."""
    place = at + 1
    while place < end and _is_letter(data[place]):
        place += 1
    if place < end and data[place] == 0x2A:
        place += 1
    while True:
        group = place
        while group < end and _is_space_at(data, group, scripts):
            group += _width(data[group])
        if group >= end or data[group] != 0x7B:
            return place
        depth = 0
        while group < end:
            if data[group] == 0x7B:
                depth += 1
                if depth > 3:
                    return place
            elif data[group] == 0x7D:
                depth -= 1
                if depth == 0:
                    break
            group += 1
        if group >= end:
            return place
        place = group + 1


@kernel
def _tag(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    place = at + 1
    if place < end and data[place] == 0x2F:
        place += 1
    if place >= end or not _is_letter(data[place]):
        return -1
    place = _behind_name(data, place, end, scripts)
    while True:
        bare = place
        while place < end and _is_space_at(data, place, scripts):
            place += _width(data[place])
        behind = place
        if behind < end and data[behind] == 0x2F:
            behind += 1
        if behind < end and data[behind] == 0x3E:
            return behind + 1
        name = place
        place = _behind_name(data, place, end, scripts)
        if bare == name or place == name or place + 1 >= end or data[place] != 0x3D or data[place + 1] != 0x22:
            return -1
        place += 2
        while place < end and data[place] != 0x22:
            place += 1
        if place >= end:
            return -1
        place += 1


@kernel
def _behind_name(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    while at < end:
        byte = data[at]
        if byte < 0x80:
            if not (_is_letter(byte) or _is_digit(byte) or byte == 0x5F or byte == 0x2D):
                break
            at += 1
        else:
            point, width = decode(data, at)
            if point >= len(scripts) or scripts[point] < _DIGIT:
                break
            at += width
    return at


@kernel
def _address(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    if at + 8 > end or not (data[at + 1] == 0x74 and data[at + 2] == 0x74 and data[at + 3] == 0x70):
        return -1
    place = at + 4
    if data[place] == 0x73:
        place += 1
    if place + 3 >= end or not (data[place] == 0x3A and data[place + 1] == 0x2F and data[place + 2] == 0x2F):
        return -1
    place += 3
    first = place
    while place < end:
        if data[place] < 0x80:
            if _is_space_at(data, place, scripts):
                break
            place += 1
            continue
        point, width = decode(data, place)
        if point < len(scripts) and (scripts[point] == _HAN or scripts[point] == _SPACE):
            break
        place += width
    return place if place > first else -1


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
            class_, stop, bits, capitals, packed = into[at], at, 0, 0, np.int64(0)
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
    while first < stop and _is_digit(data[first]):
        first += 1
    while last > first and _is_digit(data[last - 1]):
        last -= 1
    if not inside_word and (last == first or _is_symbol(data, first, last, functions)):
        into[start:stop] = SYMBOL
        return
    for at in range(start, stop):
        if _is_digit(data[at]):
            into[at] = SYMBOL


@kernel
def _is_symbol(data: Bytes, first: int, last: int, functions: npt.NDArray[np.int64]) -> bool:
    """Whether letters are a variable, an acronym, a function, or a name out of a program (`max_len`, `numRows`)."""
    length = last - first
    if length == 1:
        return data[first] != 0x5F
    upper, lower, packed = 0, 0, 0
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
    return length <= 4 and lower == length and functions[packed % len(functions)] == packed


@kernel
def _joins(data: Bytes, at: int, scripts: Bytes) -> bool:
    """Whether the character at a place is a letter or an accent that goes on with a Latin word."""
    point, _ = decode(data, at)
    return point < len(scripts) and (scripts[point] == _LATIN or scripts[point] == _MARK)


@kernel
def _character_before(data: Bytes, at: int) -> int:
    """Where the character begins that ends at a place. There must be one."""
    at -= 1
    while data[at] & 0xC0 == 0x80:
        at -= 1
    return at


@kernel
def _is_space_at(data: Bytes, at: int, scripts: Bytes) -> bool:
    byte = data[at]
    if byte < 0x80:
        return byte == 0x20 or 0x09 <= byte <= 0x0D
    point, _ = decode(data, at)
    return point < len(scripts) and scripts[point] == _SPACE


@kernel
def _width(byte: int) -> int:
    """Bytes of the character that begins with a byte."""
    if byte < 0x80:
        return 1
    if byte < 0xE0:
        return 2
    return 3 if byte < 0xF0 else 4


@kernel
def _is_letter(byte: int) -> bool:
    return 0x61 <= (byte | 0x20) <= 0x7A


@kernel
def _is_digit(byte: int) -> bool:
    return 0x30 <= byte <= 0x39


# --- what the report still reads: the same as patterns, until it takes its places from the kernel

BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
"""A braced group, three deep: as far as a regular expression without recursion goes, and as formulas need."""
NOTATION = "|".join(
    (
        r"(?ms:^[ \t]*`{3,}[^`\n]*$.*?(?:^[ \t]*`{3,}[^`\n]*$|\z))",  # fenced code, to the end where unclosed
        r"(?ms:^[ \t]*~{3,}.*?(?:^[ \t]*~{3,}|\z))",
        r"`[^`\n]+`",
        r"(?s:\$\$.*?\$\$)",
        r"\$[^\s$](?:[^$\n]*[^\s$])?\$",  # no space inside the dollars: "$5 and $6" is money
        r"\\\((?:[^\\]|\\[^()])*\\\)",  # without a second opening, as said below
        r"\\\[(?:[^\\]|\\[^\[\]])*\\\]",
        r"\\begin\{[A-Za-z]+\*?\}(?:[^\\]|\\(?:[^b]|b[^e]|be[^g]|beg[^i]))*?\\end\{[A-Za-z]+\*?\}",
        rf"\\[A-Za-z]+\*?(?:\s*{BRACES})*",
        r"</?[A-Za-z][\w-]*(?:\s+[\w-]+=\"[^\"]*\")*\s*/?>",
        r"https?://[^\s\p{Han}]+",
    )
)
"""A formula ends where the next one of its kind begins. If it could run to the end of the text in search of a partner,
a model looping over an unclosed `\\(` would cost time by the square of the text's length."""

SYMBOLS = (
    r"(?-u:\b)[0-9]*(?:[A-Z]{1,4}|[a-z]"
    r"|sin|cos|tan|cot|sec|csc|log|ln|lg|exp|max|min|mod|gcd|lcm|lim|det|sqrt|pi"
    r"|mm|cm|dm|km|mg|kg|ml)[0-9]*(?-u:\b)|[0-9]+"
)
"""Points and acronyms (ABC, DNA), variables, functions, units and numbers. The boundaries are ASCII ones, so that a
symbol is also found between Chinese characters, which Unicode counts as parts of one word."""


def words_only(text: pl.Expr) -> pl.Expr:
    """The text with code, LaTeX, tags, addresses, symbols and numbers replaced by single spaces."""
    return text.str.replace_all(NOTATION, " ").str.replace_all(SYMBOLS, " ")
