"""Code: fenced blocks and what is wrong with them, and code that stands in the reasoning without a fence.

`lines` says what a block is, `programs` whether it is a program of its language, `bare` what code outside of one is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures import bare, programs
from r1data.measures.block import Block
from r1data.measures.lines import CLOSING, CODE, OPENING
from r1data.texts import Bytes, Places, kernel

MOST_BLOCKS = 200
"""Blocks of one reply that are judged."""


class Fenced(NamedTuple):
    """A block: the words behind its fence, what stands in it, and where it stands in the texts' data."""

    info: str
    text: str
    start: int
    end: int


def columns(block: Block) -> dict[str, pl.Series]:
    """The table's columns about code."""
    lines, rows = block.lines, len(block)
    fences, in_reasoning = np.zeros(rows, np.int32), np.zeros(rows, np.bool_)
    unclosed = np.zeros(rows, np.bool_)
    _count_fences(lines.kinds, lines.offsets, fences, unclosed, in_reasoning)
    unparsed, misindented, prose = (np.zeros(rows, np.int32) for _ in range(3))
    for row in np.flatnonzero(fences).tolist():
        for number, fenced in enumerate(blocks(block, row)):
            if number == MOST_BLOCKS:
                break
            judgement = programs.judge(fenced.text, fenced.info)
            unparsed[row] += not judgement.parses
            misindented[row] += judgement.misindented
            prose[row] += judgement.prose
    return {
        "code_fences": pl.Series(fences),
        "fence_unclosed": pl.Series(unclosed),
        "code_in_reasoning": pl.Series(in_reasoning),
        "code_unparsed": pl.Series(unparsed),
        "code_misindented": pl.Series(misindented),
        "prose_in_code": pl.Series(prose),
        "bare_code": pl.Series(np.array([len(found) for found in bare.code_lines(block)], np.int32)),
    }


def blocks(block: Block, row: int) -> Iterator[Fenced]:
    """The fenced blocks of one reply, in order; one that is never closed goes on to the end of its part."""
    lines = block.lines
    for part in range(2):
        line, last = int(lines.offsets[2 * row + part]), int(lines.offsets[2 * row + part + 1])
        texts = block.answer if part else block.reasoning
        while line < last:
            if lines.kinds[line] != OPENING:
                line += 1
                continue
            opening = line
            line += 1
            while line < last and lines.kinds[line] == CODE:
                line += 1
            closed = line < last and lines.kinds[line] == CLOSING
            start, behind = int(lines.starts[opening]), int(lines.ends[opening])
            info = texts.between(start + int(lines.marks[opening]), behind).strip("`~ \t")
            end = int(lines.starts[line]) if closed else int(texts.ends[row])
            inside = texts.between(behind, end).lstrip(" \t\r").removeprefix("\n")
            yield Fenced(info, inside, start, int(lines.ends[line]) if closed else end)
            line += closed


@kernel
def _count_fences(
    kinds: Bytes,
    offsets: Places,
    fences: npt.NDArray[np.int32],
    unclosed: npt.NDArray[np.bool_],
    in_reasoning: npt.NDArray[np.bool_],
) -> None:
    for row in range(len(fences)):
        for part in range(2):
            inside = False
            for line in range(offsets[2 * row + part], offsets[2 * row + part + 1]):
                if kinds[line] == OPENING or kinds[line] == CLOSING:
                    inside = kinds[line] == OPENING
                    fences[row] += 1
                    in_reasoning[row] |= part == 0
            unclosed[row] |= inside
