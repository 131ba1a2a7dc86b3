"""Repetition: what is said again, line by line, word by word, and an end that goes round in a loop.

Code and tables repeat by nature and are left out where lines are counted. Numbers count as words: the steps of a long
derivation have the same shape and other numbers, and are no repetition.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures.block import Block
from r1data.measures.lines import BLANK, CLOSING, CODE, OPENING, TABLE, WIDTHS, WORDED
from r1data.measures.scratch import scratch
from r1data.texts import CHARACTER, NUMBER, Bytes, Places, Texts, kernel

SHORTEST_LINE = 4
"""Columns: shorter lines ("So", "= 4", "}") come again in honest work and do not count, nor do those without a word."""
SHORTEST_PARAGRAPH = 40
"""Columns: what is shorter is a line, but no paragraph said again."""
TAIL = 24
"""Characters: long enough that a boxed answer, said in the reasoning and again behind it, counts twice at most. A loop
counts once a turn, or once in about `TAIL` characters where its turns are shorter."""
WORD, HAN, RUN = 8, 5, 80
"""A run is as many words as weigh `RUN` together: 10 words, or 16 characters of a script without spaces, where a word
takes 1.6 characters on average."""
FREE = 40
"""Words: a refrain, or a condition that is quoted again, makes a short text no loop."""
LONGEST_TURN = 1500
"""Bytes of a loop's turn: 500 to 1,500 characters."""
FEWEST_TURNS = 3
_PRIME, _MULTIPLIER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_INVERSE = np.uint64(0xCFEE444D8B59A89B)
"""What the multiplier times it is 1, modulo 2 to the 64th."""

Numbers = npt.NDArray[np.float64]


def columns(block: Block) -> dict[str, pl.Series]:
    """The table's columns about repetition."""
    repeated_lines, repeated_paragraphs = _lines_again(block)
    repeated_ngrams, loops = _runs_again(block)
    for part in (block.reasoning, block.answer):
        loops = np.maximum(loops, looping_tails(part))
    return {
        "repeated_lines": pl.Series(repeated_lines),
        "repeated_paragraphs": pl.Series(repeated_paragraphs),
        "repeated_ngrams": pl.Series(repeated_ngrams),
        "tail_repeats": pl.Series(tail_repeats(block.texts)),
        "looping_tail": pl.Series(loops),
    }


def tail_repeats(texts: Texts) -> npt.NDArray[np.int32]:
    """How often, without overlap, each text's last `TAIL` characters occur in it; 1 where it is shorter."""
    found = np.ones(len(texts), np.int32)
    _count_tails(texts.data, texts.starts, texts.ends, TAIL, scratch("repetition.skips", 256, np.int64), found)
    return found


def looping_tails(texts: Texts) -> npt.NDArray[np.int32]:
    """Columns at each text's end that are one passage at least three times over, the last turn maybe cut.

    As with paragraphs, a Chinese, Japanese or Korean character is two.
    """
    found = np.zeros(len(texts), np.int32)
    _measure_loops(
        texts.data, texts.starts, texts.ends, WIDTHS, scratch("repetition.turns", LONGEST_TURN + 1, np.int64), found
    )
    return found


def _table(entries: int) -> tuple[npt.NDArray[np.uint64], Places, Places]:
    """Memory of a hash table for so many entries: keys, the round in which each was written, and the last round.

    A new round makes all that was written before stale: nothing has to be cleared.
    """
    size = 1 << max(2 * entries, 1024).bit_length()
    keys = scratch("repetition.keys", size, np.uint64)
    return keys, scratch("repetition.rounds", len(keys), np.int64), scratch("repetition.round", 1, np.int64)


def _lines_again(block: Block) -> tuple[Numbers, Numbers]:
    lines = block.lines
    most = int((lines.offsets[1::2] - lines.offsets[:-1:2]).max(initial=0))
    shares, weights = np.zeros(len(block)), np.zeros(len(block))
    fields = (lines.starts, lines.ends, lines.kinds, lines.traits, lines.widths, lines.offsets)
    _count_lines(block.texts.data, *fields, *_table(most), shares, weights)
    return shares, weights


def _runs_again(block: Block) -> tuple[Numbers, npt.NDArray[np.int32]]:
    """The share of words in runs that stood there before, and the columns of the longest loop of words anywhere."""
    words = block.words
    most = int(np.diff(words.offsets).max(initial=0))
    shares, loops = np.zeros(len(block)), np.zeros(len(block), np.int32)
    fields = (words.hashes, words.kinds, words.starts, words.ends, words.offsets)
    parts = (block.reasoning.starts, block.reasoning.ends, block.answer.starts, block.answer.ends)
    table = _table(most)
    places = scratch("repetition.places", len(table[0]), np.int64)
    _count_runs(block.texts.data, *fields, *parts, WIDTHS, *table, places, shares, loops)
    return shares, loops


@kernel
def _seen(key: np.uint64, keys: npt.NDArray[np.uint64], rounds: Places, this: int, mask: np.uint64) -> bool:
    """Whether the key was met in this round; from now on it was."""
    slot = (key * _PRIME >> np.uint64(20)) & mask
    while rounds[slot] == this:
        if keys[slot] == key:
            return True
        slot = (slot + np.uint64(1)) & mask
    keys[slot], rounds[slot] = key, this
    return False


@kernel
def _count_lines(
    data: Bytes,
    starts: Places,
    ends: Places,
    kinds: Bytes,
    traits: Bytes,
    widths: npt.NDArray[np.int32],
    offsets: Places,
    keys: npt.NDArray[np.uint64],
    rounds: Places,
    last_round: Places,
    shares: Numbers,
    weights: Numbers,
) -> None:
    """Of each reasoning, the share of lines that came before, and the share of columns in long lines that did."""
    mask = np.uint64(len(keys) - 1)
    for row in range(len(shares)):
        last_round[0] += 1
        lines, again = 0, 0
        weight: Any = 0
        weight_again: Any = 0
        for line in range(offsets[2 * row], offsets[2 * row + 1]):
            kind = kinds[line]
            if kind in (BLANK, TABLE, OPENING, CODE, CLOSING):
                continue
            weight += np.int64(widths[line])
            if widths[line] < SHORTEST_LINE or not traits[line] & WORDED:
                continue
            lines += 1
            if _seen(_hash(data, starts[line], ends[line]), keys, rounds, last_round[0], mask):
                again += 1
                if widths[line] >= SHORTEST_PARAGRAPH:
                    weight_again += np.int64(widths[line])
        shares[row] = again / lines if lines else 0.0
        weights[row] = weight_again / weight if weight else 0.0


@kernel
def _hash(data: Bytes, at: int, end: int) -> np.uint64:
    """A number for the bytes between two places; four of them for each multiplication that waits for the last one."""
    value = np.uint64(end - at)
    square = _MULTIPLIER * _MULTIPLIER
    while at + 4 <= end:
        high = np.uint64(data[at]) * _MULTIPLIER + np.uint64(data[at + 1])
        low = np.uint64(data[at + 2]) * _MULTIPLIER + np.uint64(data[at + 3])
        value = value * (square * square) + (high * square + low)
        at += 4
    while at < end:
        value = value * _MULTIPLIER + np.uint64(data[at])
        at += 1
    return value ^ (value >> np.uint64(31))


@kernel
def _count_runs(
    data: Bytes,
    hashes: npt.NDArray[np.uint64],
    kinds: Bytes,
    starts: Places,
    ends: Places,
    offsets: Places,
    reasoning_starts: Places,
    reasoning_ends: Places,
    answer_starts: Places,
    answer_ends: Places,
    widths: Bytes,
    keys: npt.NDArray[np.uint64],
    rounds: Places,
    last_round: Places,
    places: Places,
    shares: Numbers,
    loops: npt.NDArray[np.int32],
) -> None:
    for row in range(len(shares)):
        total, again = 0, 0
        for part in range(2):
            begin = reasoning_starts[row] if part == 0 else answer_starts[row]
            end = reasoning_ends[row] if part == 0 else answer_ends[row]
            first, last = offsets[row], offsets[row + 1]
            while first < last and starts[first] < begin:
                first += 1
            while last > first and starts[last - 1] >= end:
                last -= 1
            total += last - first
            last_round[0] += 1
            found, looped_from, looped_to = _runs_of(
                hashes, kinds, first, last, keys, rounds, last_round[0], places
            )  # fmt: skip
            again += found
            if looped_to > looped_from:
                columns: Any = 0
                for place in range(starts[looped_from], ends[looped_to - 1]):
                    columns += np.int64(widths[data[place]])
                loops[row] = max(loops[row], columns)
        shares[row] = max(again - FREE, 0) / total if total else 0.0


@kernel
def _runs_of(
    hashes: npt.NDArray[np.uint64],
    kinds: Bytes,
    first: int,
    last: int,
    keys: npt.NDArray[np.uint64],
    rounds: Places,
    this: int,
    places: Places,
) -> tuple[int, int, int]:
    """How many words stand in a run that stood there before, even where the two overlap; and the longest loop's words.

    Runs one after the other that stood at the same distance before are one passage that goes on: a loop, where it is
    at least twice as long as that distance.
    """
    mask = np.uint64(len(keys) - 1)
    value, power = np.uint64(0), np.uint64(1)
    begin, weight, length, covered, again = first, 0, 0, first, 0
    distance, passage = 0, first
    looped_from, looped_to = first, first
    for word in range(first, last):
        value = value * _MULTIPLIER + hashes[word]
        weight += HAN if kinds[word] == CHARACTER else WORD
        power *= _MULTIPLIER
        length += 1
        while True:  # drop words in front that the run can do without
            front = HAN if kinds[begin] == CHARACTER else WORD
            if weight - front < RUN:
                break
            power *= _INVERSE
            value -= hashes[begin] * power
            weight -= front
            length -= 1
            begin += 1
        if weight < RUN:
            continue
        key = value ^ np.uint64(length)
        slot = (key * _PRIME >> np.uint64(20)) & mask
        while rounds[slot] == this and keys[slot] != key:
            slot = (slot + np.uint64(1)) & mask
        if rounds[slot] != this:
            keys[slot], rounds[slot], places[slot] = key, this, begin
            distance = 0
            continue
        again += word + 1 - max(begin, covered)
        covered = word + 1
        if begin - places[slot] != distance:
            distance, passage = begin - places[slot], begin
        places[slot] = begin
        looped = word + 1 - passage
        longer = looped >= (FEWEST_TURNS - 1) * distance and looped + distance > looped_to - looped_from
        if longer and _has_letters(kinds, passage - distance, passage):
            looped_from, looped_to = passage - distance, word + 1
    return again, looped_from, looped_to


@kernel
def _has_letters(kinds: Bytes, first: int, last: int) -> bool:
    """Whether not all words are numbers: a grid of zeros is no loop."""
    for word in range(first, last):  # noqa: SIM110 - numba compiles no generator expressions
        if kinds[word] != NUMBER:
            return True
    return False


@kernel
def _count_tails(
    data: Bytes, starts: Places, ends: Places, characters: int, skips: Places, found: npt.NDArray[np.int32]
) -> None:
    """Horspool's search: most places are skipped without being looked at."""
    for row in range(len(found)):
        start, end = starts[row], ends[row]
        tail, left = end, characters
        while tail > start and left > 0:
            tail -= 1
            if data[tail] & 0xC0 != 0x80:
                left -= 1
        if left > 0:
            continue
        length = end - tail
        skips[:] = length
        for place in range(length - 1):
            skips[data[tail + place]] = length - 1 - place
        count, at = 0, start
        while at + length <= end:
            byte = data[at + length - 1]
            if byte == data[end - 1] and _same(data, at, tail, length - 1):
                count += 1
                at += length
            else:
                at += skips[byte]
        found[row] = count


@kernel
def _same(data: Bytes, one: int, other: int, length: int) -> bool:
    for place in range(length):  # noqa: SIM110 - numba compiles no generator expressions
        if data[one + place] != data[other + place]:
            return False
    return True


@kernel
def _measure_loops(
    data: Bytes, starts: Places, ends: Places, widths: Bytes, common: Places, found: npt.NDArray[np.int32]
) -> None:
    """The Z-algorithm over the text read backwards: `common[turn]` is how far it agrees with itself moved by a turn."""
    for row in range(len(found)):
        start, end = starts[row], ends[row]
        length, longest = end - start, 0
        left, right = 0, 0
        for turn in range(1, min(LONGEST_TURN, length // FEWEST_TURNS) + 1):
            agree = min(right - turn, common[turn - left]) if turn < right else 0
            if turn + agree >= right:
                while turn + agree < length and data[end - 1 - agree] == data[end - 1 - turn - agree]:
                    agree += 1
                left, right = turn, turn + agree
            common[turn] = agree
            if agree >= (FEWEST_TURNS - 1) * turn:
                longest = max(longest, turn + agree)
        for place in range(end - longest, end):
            found[row] += widths[data[place]]
