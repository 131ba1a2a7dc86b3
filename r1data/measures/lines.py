r"""Lines: both parts of each reply cut into lines, and what each line is: prose, list item, formula, table, code.

Markdown decides. A fenced block follows CommonMark: three or more backticks or tildes open it (behind them no further
backtick where they are backticks), and a line of the same sign, at least as long and with nothing behind, closes it. It
may stand in a list or a quotation, and one that is never closed goes on to the end of its part. A display formula ends
where its partner stands or at an empty line: it cannot swallow the rest of a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from r1data.measures.scratch import scratch
from r1data.texts import Bytes, Places, Texts, kernel

BLANK, PROSE, ITEM, HEADING, FORMULA, TABLE, OPENING, CODE, CLOSING = range(9)
"""Kinds of line. `ITEM` begins an entry of a list; `FORMULA` has no running text; fenced lines are the last three."""
THIN, BRACKETED, WORDED = 1, 2, 4
"""Traits: most of the line's signs are notation, not words; it has a `<` or a `[`; it has a word of three letters."""

NOTHING_BUT_SIGNS = 80
"""Columns: a longer line in which hardly a word stands is a sum or an enumeration, whatever its marks."""
LONGEST_FORMULA = 200
"""Columns: a line inside a display formula that has mostly words and is longer is prose after all."""


def _widths() -> Bytes:
    """Columns of the character that a byte begins, with two exceptions that need the byte behind it."""
    table = np.ones(256, np.uint8)
    table[0x80:0xC0] = 0  # inside a character
    table[0xE3:0xEE] = 2  # Kana, Han, Hangul and their punctuation
    return table


def _letters() -> Bytes:
    """1 for the bytes of ASCII letters, 2 for the first byte of other letters (near enough), else 0."""
    table = np.zeros(256, np.uint8)
    for byte in range(ord("a"), ord("z") + 1):
        table[byte] = table[byte - 32] = 1
    table[0xC3:0xE2] = 2
    table[0xE3:0xF0] = 2
    return table


WIDTHS, LETTERS = _widths(), _letters()


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of the reasoning of reply `i` are `offsets[2 * i]` to `offsets[2 * i + 1]`, then come those of its answer.

    `starts` and `ends` are places in the texts' data, without outer white space. `widths` are columns: Chinese,
    Japanese and Korean characters take two, as they do on a screen. On an opening line,
    `marks` says how many bytes behind its start the fence begins.
    """

    starts: Places
    ends: Places
    kinds: Bytes
    traits: Bytes
    widths: npt.NDArray[np.int32]
    marks: npt.NDArray[np.int32]
    offsets: Places


def lines_of(reasoning: Texts, answer: Texts) -> Lines:
    """The lines of two parts of the same texts, in memory that the thread's next call overwrites."""
    offsets = np.zeros(2 * len(reasoning) + 1, np.int64)
    room = max(len(scratch("lines.kinds", 1, np.uint8)), 256 * len(reasoning))
    while True:
        starts, ends = scratch("lines.starts", room, np.int64), scratch("lines.ends", room, np.int64)
        kinds, traits = scratch("lines.kinds", room, np.uint8), scratch("lines.traits", room, np.uint8)
        widths, marks = scratch("lines.widths", room, np.int32), scratch("lines.marks", room, np.int32)
        places = (reasoning.starts, reasoning.ends, answer.starts, answer.ends)
        if _cut_all(reasoning.data, *places, WIDTHS, LETTERS, starts, ends, kinds, traits, widths, marks, offsets):
            return Lines(starts, ends, kinds, traits, widths, marks, offsets)
        room *= 4


@kernel
def _cut_all(
    data: Bytes,
    reasoning_starts: Places,
    reasoning_ends: Places,
    answer_starts: Places,
    answer_ends: Places,
    widths_of: Bytes,
    letters_of: Bytes,
    starts: Places,
    ends: Places,
    kinds: Bytes,
    traits: Bytes,
    widths: npt.NDArray[np.int32],
    marks: npt.NDArray[np.int32],
    offsets: Places,
) -> bool:
    count = 0
    for row in range(len(reasoning_starts)):
        for part in range(2):
            at = reasoning_starts[row] if part == 0 else answer_starts[row]
            end = reasoning_ends[row] if part == 0 else answer_ends[row]
            count = _cut(
                data, at, end, widths_of, letters_of, starts, ends, kinds, traits, widths, marks, count
            )  # fmt: skip
            if count < 0:
                return False
            offsets[2 * row + part + 1] = count
    return True


@kernel
def _cut(
    data: Bytes,
    at: int,
    end: int,
    widths_of: Bytes,
    letters_of: Bytes,
    starts: Places,
    ends: Places,
    kinds: Bytes,
    traits: Bytes,
    widths: npt.NDArray[np.int32],
    marks: npt.NDArray[np.int32],
    count: int,
) -> int:
    """Write the lines between two places behind the first `count`; returns how many there are then, -1 without room."""
    fence, fence_length = 0, 0
    display = 0
    while at < end:
        width: Any = 0
        letters: Any = 0
        blanks, pipes = 0, 0
        previous: Any = 0
        run, brackets = 0, 0
        begin = at
        while at < end:
            byte = np.int64(data[at])
            if byte == 0x0A or byte == 0x0D:
                break
            width += np.int64(widths_of[byte])
            if letters_of[byte] == 1:
                run += 1
            else:
                if run:
                    if run > 2 and previous != 0x5C:  # a word, but no command of LaTeX
                        letters += run
                    run = 0
                previous = byte
                if byte <= 0x20:
                    blanks += 1
                elif byte >= 0xC3:
                    letters += np.int64(letters_of[byte])
                    if (byte == 0xEF and at + 1 < end and data[at + 1] == 0xBC) or (
                        byte == 0xF0 and at + 1 < end and data[at + 1] >= 0x9F
                    ):  # full-width signs; emoji and rare Han
                        width += 1
                elif byte == 0x7C:
                    pipes += 1
                elif byte == 0x3C or byte == 0x5B:
                    brackets = BRACKETED
            at += 1
        if run > 2 and previous != 0x5C:
            letters += run
        first, last, trimmed = _trimmed(data, begin, at)
        at += 1
        if count >= len(starts):
            return -1
        signs = width - blanks
        starts[count], ends[count], widths[count], marks[count] = first, last, width - trimmed, 0
        traits[count] = brackets | (THIN if 2 * letters < signs else 0) | (WORDED if letters else 0)
        if fence:
            sign, length, _ = _fence(data, first, last, False)
            if sign == fence and length >= fence_length:
                kinds[count], fence = CLOSING, 0
            else:
                kinds[count] = CODE
            count += 1
            continue
        if first == last:
            kinds[count], display = BLANK, 0
            count += 1
            continue
        sign, length, mark = _fence(data, first, last, True)
        if sign:
            fence, fence_length, display = sign, length, 0
            kinds[count], marks[count] = OPENING, mark - first
            count += 1
            continue
        was = display
        display = _display(data, first, last, display)
        wordy = 2 * letters >= signs and width > LONGEST_FORMULA
        wordless = 10 * letters < signs and width > NOTHING_BUT_SIGNS
        if (was or display or wordless or _whole_formula(data, first, last)) and not wordy:
            kinds[count] = FORMULA
        else:
            kinds[count] = _kind(data, first, last, pipes)
        if wordless and data[first] == 0x7C:
            kinds[count] = TABLE  # of numbers
        count += 1
    return count


@kernel
def _trimmed(data: Bytes, first: int, last: int) -> tuple[int, int, int]:
    """The places without outer blanks, and how many columns those have."""
    columns = 0
    while first < last:
        if data[first] <= 0x20:
            first += 1
            columns += 1
        elif first + 2 < last and data[first] == 0xE3 and data[first + 1] == 0x80 and data[first + 2] == 0x80:
            first += 3
            columns += 2
        elif first + 1 < last and data[first] == 0xC2 and data[first + 1] == 0xA0:
            first += 2
            columns += 1
        else:
            break
    while last > first:
        if data[last - 1] <= 0x20:
            last -= 1
            columns += 1
        elif last - 3 >= first and data[last - 3] == 0xE3 and data[last - 2] == 0x80 and data[last - 1] == 0x80:
            last -= 3
            columns += 2
        elif last - 2 >= first and data[last - 2] == 0xC2 and data[last - 1] == 0xA0:
            last -= 2
            columns += 1
        else:
            break
    return first, last, columns


@kernel
def _fence(data: Bytes, at: int, end: int, opens: bool) -> tuple[Any, int, int]:
    """Sign, length and place of a fence on a line that begins at `at`; zeros where there is none.

    One that opens may stand behind marks of lists and quotations, and have words behind it.
    """
    at = _behind_marks(data, at, end) if opens else _behind_quotation(data, at, end)
    if at >= end or (data[at] != 0x60 and data[at] != 0x7E):
        return 0, 0, 0
    sign, begin = np.int64(data[at]), at
    while at < end and data[at] == sign:
        at += 1
    length = at - begin
    if length < 3:
        return 0, 0, 0
    if not opens:
        return (sign, length, begin) if at == end else (0, 0, 0)
    if sign == 0x60:
        for place in range(at, end):
            if data[place] == 0x60:
                return 0, 0, 0
    return sign, length, begin


@kernel
def _behind_quotation(data: Bytes, at: int, end: int) -> int:
    while at < end and (data[at] == 0x3E or data[at] == 0x20):
        at += 1
    return at


@kernel
def _behind_marks(data: Bytes, at: int, end: int) -> int:
    """Where a line goes on behind marks of quotations and lists (`> `, `- `, `1. `)."""
    at = _behind_quotation(data, at, end)
    if at + 1 < end and (data[at] == 0x2D or data[at] == 0x2A or data[at] == 0x2B) and data[at + 1] == 0x20:
        at += 2
    else:
        digits = at
        while digits < end and digits < at + 9 and 0x30 <= data[digits] <= 0x39:
            digits += 1
        marked = digits > at and digits + 1 < end and (data[digits] == 0x2E or data[digits] == 0x29)
        if marked and data[digits + 1] == 0x20:
            at = digits + 2
    while at < end and data[at] == 0x20:
        at += 1
    return at


@kernel
def _display(data: Bytes, first: int, last: int, inside: int) -> int:
    r"""Which display formula is open behind the line: 1 for `$$`, 2 for `\[`, 3 for an environment, 0 for none."""
    at = first
    while at + 1 < last:
        byte, following = data[at], data[at + 1]
        if byte == 0x24 and following == 0x24:
            if inside == 0 and at == first:
                inside = 1
            elif inside == 1:
                inside = 0
            at += 2
        elif byte == 0x5C:
            if following == 0x5B and inside == 0 and at == first:
                inside = 2
            elif following == 0x5D and inside == 2:
                inside = 0
            elif following == 0x62 and inside == 0 and at == first and _says(data, at, last, 0x62, 0x65, 0x67):
                inside = 3
            elif following == 0x65 and inside == 3 and _says(data, at, last, 0x65, 0x6E, 0x64):
                inside = 0
            at += 2
        elif inside == 0:
            return 0  # a formula that begins inside a line is none that is displayed
        else:
            at += 1
    return inside


@kernel
def _says(data: Bytes, at: int, end: int, one: int, two: int, three: int) -> bool:
    return at + 3 < end and bool(data[at + 1] == one and data[at + 2] == two and data[at + 3] == three)


@kernel
def _whole_formula(data: Bytes, first: int, last: int) -> bool:
    r"""Whether the line is one formula in marks of its own: `$$...$$`, `\[...\]`, `\(...\)`, `$...$`."""
    while last > first and (data[last - 1] == 0x2E or data[last - 1] == 0x2C):
        last -= 1
    if last - first < 3:
        return False
    if data[first] == 0x5C and data[last - 2] == 0x5C:
        square = data[first + 1] == 0x5B and data[last - 1] == 0x5D
        return bool(square or (data[first + 1] == 0x28 and data[last - 1] == 0x29))
    if data[first] != 0x24 or data[last - 1] != 0x24:
        return False
    begin = first + 2 if data[first + 1] == 0x24 else first + 1
    for place in range(begin, last - 2):  # noqa: SIM110
        if data[place] == 0x24:
            return False
    return True


@kernel
def _kind(data: Bytes, first: int, last: int, pipes: int) -> int:
    """What a line with words is."""
    byte = np.int64(data[first])
    if byte == 0x7C:
        return TABLE
    if pipes > 1 and _piped(data, first, last):
        return TABLE
    if byte == 0x2B and first + 1 < last and (data[first + 1] == 0x2D or data[first + 1] == 0x3D):
        return TABLE  # +---+ or +===+
    if byte == 0x23:  # #
        at = first
        while at < last and at < first + 6 and data[at] == 0x23:
            at += 1
        return HEADING if at < last and data[at] == 0x20 else PROSE
    if byte == 0x2A and last - first > 4 and data[first + 1] == 0x2A:  # **all bold**
        if data[last - 1] == 0x2A and data[last - 2] == 0x2A:
            return HEADING
        return PROSE
    if byte == 0xE2 and first + 2 < last:
        if data[first + 1] == 0x80 and data[first + 2] == 0xA2:  # a bullet
            return ITEM
        return ITEM if data[first + 1] == 0x91 and data[first + 2] >= 0xA0 else PROSE  # a number in a circle
    return ITEM if _numbered(data, first, last) else PROSE


@kernel
def _piped(data: Bytes, first: int, last: int) -> bool:
    """Whether two bars with blanks around them divide the line."""
    found = 0
    for place in range(first + 1, last - 1):
        if data[place] == 0x7C and data[place - 1] == 0x20 and data[place + 1] == 0x20:
            found += 1
    return found > 1


@kernel
def _numbered(data: Bytes, first: int, last: int) -> bool:
    """Whether the line begins with `- `, `1.`, `(2)`, `a)`, `3、` or the like."""
    at = first
    byte = np.int64(data[at])
    if byte == 0x2D or byte == 0x2A or byte == 0x2B:
        return at + 1 < last and data[at + 1] == 0x20
    bracket = byte == 0x28
    if bracket:
        at += 1
    begin = at
    while at < last and at < begin + 3 and 0x30 <= data[at] <= 0x39:
        at += 1
    if at == begin and at < last and 0x61 <= (data[at] | 0x20) <= 0x7A:
        at += 1
    if at == begin or at >= last:
        return False
    byte = np.int64(data[at])
    if byte == 0x29:  # )
        return True
    if bracket:
        return False
    if byte == 0x2E or byte == 0x3A:  # . or :
        return at + 1 < last and data[at + 1] == 0x20
    return at + 2 < last and byte == 0xE3 and data[at + 1] == 0x80 and data[at + 2] == 0x81  # 、
