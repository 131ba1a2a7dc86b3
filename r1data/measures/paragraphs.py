"""Paragraphs: runs of the reasoning's text without a line break. Code, tables and displayed formulas are no prose.

A text that is wrapped at some column is no sequence of short paragraphs: lines that break off in the middle of their
sentences are one paragraph. What is written in lines for a reason (lists, verses, derivations) is not joined.

Lengths are in columns: a character of Chinese, Japanese or Korean counts two. It takes the room of two, and carries as
much as two to three Latin letters do, so one threshold serves all languages: 2,000 are about 330 English words or
1,000 Chinese characters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures.block import Block
from r1data.measures.lines import HEADING, ITEM, PROSE, THIN
from r1data.texts import Bytes, Places, kernel

SHORTEST_WRAPPED, LONGEST_WRAPPED = 40, 200
"""Columns: shorter lines are verses or entries and never joined to the next one; longer ones were not broken to fit."""
RAGGED = 6
"""Columns by which full lines of a wrapped text differ."""
LOOKED_AHEAD = 8
"""Lines that are read in search of more breaks within sentences; without a bound, hostile text costs its square."""


def columns(block: Block) -> dict[str, pl.Series]:
    """The table's columns about paragraphs."""
    lines, rows = block.lines, len(block)
    longest, number = np.zeros(rows, np.int32), np.zeros(rows, np.int32)
    total = np.zeros(rows, np.int64)
    for_lines = (lines.starts, lines.ends, lines.kinds, lines.traits, lines.widths, lines.offsets)
    _measure(block.texts.data, *for_lines, longest, number, total)
    return {
        "longest_paragraph": pl.Series(longest),
        "mean_paragraph": pl.Series(total / np.maximum(number, 1)),
        "paragraphs": pl.Series(number),
    }


def places(block: Block, row: int, longer_than: int) -> list[tuple[int, int]]:
    """Where paragraphs of one reply stand that have more columns than that, as places in the texts' data."""
    lines = block.lines
    first, last = int(lines.offsets[2 * row]), int(lines.offsets[2 * row + 1])
    found = []
    while first < last:
        if lines.kinds[first] not in (PROSE, ITEM, HEADING):
            first += 1
            continue
        behind, width = _paragraph(
            block.texts.data, lines.starts, lines.ends, lines.kinds, lines.traits, lines.widths, first, last
        )
        if width > longer_than:
            found.append((int(lines.starts[first]), int(lines.ends[behind - 1])))
        first = behind
    return found


@kernel
def _measure(
    data: Bytes,
    starts: Places,
    ends: Places,
    kinds: Bytes,
    traits: Bytes,
    widths: npt.NDArray[np.int32],
    offsets: Places,
    longest: npt.NDArray[np.int32],
    number: npt.NDArray[np.int32],
    total: Places,
) -> None:
    for row in range(len(longest)):
        line, last = offsets[2 * row], offsets[2 * row + 1]
        while line < last:
            if kinds[line] != PROSE and kinds[line] != ITEM and kinds[line] != HEADING:
                line += 1
                continue
            line, width = _paragraph(data, starts, ends, kinds, traits, widths, line, last)
            number[row] += 1
            total[row] += width
            longest[row] = max(longest[row], width)


@kernel
def _paragraph(
    data: Bytes,
    starts: Places,
    ends: Places,
    kinds: Bytes,
    traits: Bytes,
    widths: npt.NDArray[np.int32],
    first: int,
    last: int,
) -> tuple[int, int]:
    """The line behind the paragraph that begins with line `first`, and the paragraph's columns.

    Lines that follow one another are one paragraph where at least half of their breaks are in the middle of a sentence.
    """
    width: Any = np.int64(widths[first])
    line, breaks, inside = first, 0, 0
    joined, joined_width = first + 1, width
    while line + 1 < last and line < joined + LOOKED_AHEAD and _may_go_on(kinds, traits, widths, first, line):
        breaks += 1
        if _breaks_off(data, starts[line], ends[line], starts[line + 1], ends[line + 1]):
            inside += 1
        line += 1
        width += 1 + np.int64(widths[line])
        if 2 * inside >= breaks:
            joined, joined_width = line + 1, width
    return joined, joined_width


@kernel
def _may_go_on(kinds: Bytes, traits: Bytes, widths: npt.NDArray[np.int32], first: int, line: int) -> bool:
    """Whether the line may have been broken to fit a width, and the next one may be its continuation."""
    if kinds[line] == HEADING or kinds[line + 1] != PROSE:
        return False
    if widths[line] < SHORTEST_WRAPPED or widths[line] > LONGEST_WRAPPED:
        return False
    if not traits[line] & THIN and not traits[line + 1] & THIN:
        return True
    # Formulas are wrapped with the text that they stand in; lines of a derivation have no width in common with prose.
    return line > first and not traits[first] & THIN and abs(widths[line] - widths[first]) <= RAGGED


@kernel
def _breaks_off(data: Bytes, start: int, end: int, next_start: int, next_end: int) -> bool:
    """Whether a line ends within a sentence that the next one goes on with."""
    if end - 1 < start or next_start >= next_end:
        return False
    last, following = np.int64(data[end - 1]), np.int64(data[next_start])
    closing = end - 1
    while closing > start and (last == 0x22 or last == 0x29 or last == 0x2A or last == 0x27):  # behind a full stop
        closing -= 1
        last = np.int64(data[closing])
    if last == 0x2E or last == 0x21 or last == 0x3F or last == 0x3A or last == 0x3B:  # . ! ? : ;
        return False
    if last >= 0x80 and closing - 2 >= start:
        one, two = data[closing - 2], data[closing - 1]
        if one == 0xE3 and two == 0x80 and last == 0x82:  # the Chinese full stop
            return False
        if one == 0xEF and two == 0xBC and (last == 0x81 or last == 0x9F or last == 0x9A or last == 0x9B):  # ！？：；
            return False
    return not 0x41 <= following <= 0x5A  # an English line that goes on seldom does so with a capital
