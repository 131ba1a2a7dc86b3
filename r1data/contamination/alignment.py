"""Alignment: an item laid beside the place of a text where its seeds are, word by word.

Local alignment as for sequences (Smith and Waterman 1981): equal words gain what they say, words that only one of the
two has cost a little. Where the item's parts have changed places, what the best alignment leaves over is aligned again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from r1data.contamination.seeds import units
from r1data.texts import NUMBER, Places, Words, kernel

LONGEST_ENTRY = 256
"""Words of the longest entry; longer texts are cut into several."""
LONGEST_WINDOW = 4 * LONGEST_ENTRY + 80
MARGIN = 8
BAG = 2048
"""Places of the table of a window's words: a power of two, twice as many as it has words."""
GAP = 1
ROUNDS = 3
LEAST_BLOCK = 25
"""What a further block must gain to count, in tenths of a word that says something."""

FIELDS = (
    "words", "mass", "content", "numbers", "run", "run_first", "run_last", "text_first", "text_last", "item_first",
    "item_last", "strange", "run_text",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alignments:
    """What the item of each event shares with the text there; one array of numbers for each of `FIELDS`."""

    values: npt.NDArray[np.int64]

    def __getitem__(self, field: str) -> npt.NDArray[np.int64]:
        """`words`, `mass`, `content`: the item's words found, what they say, what the rare ones of them say.

        `numbers`: numbers of the item that are found unchanged. `run`: units of the longest run of equal words, which
        is the item's words `run_first` to `run_last` (behind it). `text_first`, `text_last`: words of the text.
        `strange`: words between these, numbers aside, that the item does not have there. `run_text`: the word of the
        text behind the run.
        """
        value: npt.NDArray[np.int64] = self.values[FIELDS.index(field)]
        return value


class Aligner:
    """Aligns events, in memory that is used again. Not for two threads at once."""

    def __init__(self) -> None:
        self._steps = np.empty((LONGEST_ENTRY + 1, LONGEST_WINDOW + 1), np.uint8)
        self._rows = np.empty((4, LONGEST_WINDOW + 1), np.int32)
        self._used = np.empty((2, LONGEST_WINDOW + 1), np.uint8)
        self._bag = np.zeros(BAG, np.uint64)

    def align(
        self, events: npt.NDArray[np.int64], words: Words, item_words: Words, weights: npt.NDArray[np.int32],
        tiers: npt.NDArray[np.uint8], least: npt.NDArray[np.int64],
    ) -> Alignments:  # fmt: skip
        """Lay each event's entry beside the text, unless even all words that both have say less than `least` of it."""
        values = np.zeros((len(FIELDS), events.shape[1]), np.int64)
        _align_all(
            events, words.hashes, words.kinds, words.offsets, item_words.hashes, item_words.kinds, item_words.offsets,
            weights, tiers, least, self._steps, self._rows, self._used, self._bag, values,
        )  # fmt: skip
        return Alignments(values)


@kernel
def _align_all(
    events: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64], kinds: npt.NDArray[np.uint8], rows_of: Places,
    item_hashes: npt.NDArray[np.uint64], item_kinds: npt.NDArray[np.uint8], offsets: Places,
    weights: npt.NDArray[np.int32], tiers: npt.NDArray[np.uint8], least: npt.NDArray[np.int64],
    steps: npt.NDArray[np.uint8], rows: npt.NDArray[np.int32], used: npt.NDArray[np.uint8],
    bag: npt.NDArray[np.uint64], values: npt.NDArray[np.int64],
) -> None:  # fmt: skip
    for number in range(events.shape[1]):
        row, entry = events[0, number], events[1, number]
        first, size = offsets[entry], offsets[entry + 1] - offsets[entry]
        size = min(size, LONGEST_ENTRY)
        start = max(rows_of[row], min(events[2, number], events[6, number]) - MARGIN)
        end = min(rows_of[row + 1], max(events[3, number], events[6, number] + size + size // 2) + MARGIN)
        end = min(end, start + LONGEST_WINDOW)
        if events[5, number] == 0:
            both = _in_common(
                hashes[start:end], item_hashes[first : first + size], item_kinds[first : first + size],
                weights[first : first + size], bag,
            )  # fmt: skip
            if both < least[entry]:
                continue
        used[:, :] = 0
        for turn in range(ROUNDS):
            gained = _align(
                hashes[start:end], kinds[start:end], item_hashes[first : first + size],
                item_kinds[first : first + size], weights[first : first + size], steps, rows, used,
                values[:, number], turn == 0,
            )  # fmt: skip
            if (turn > 0 and gained < LEAST_BLOCK) or gained <= 0:
                break
            place, at = values[10, number], values[8, number]  # the cell where the best alignment ends
            begins_text, begins_item = at, place
            while place > 0 and at > 0 and steps[place, at] != 0:
                step = steps[place, at]
                if step == 1:
                    _count(values[:, number], item_kinds[first + place - 1], weights[first + place - 1],
                           tiers[first + place - 1])  # fmt: skip
                    used[0, place - 1], used[1, at - 1] = 1, 1
                begins_text, begins_item = at - 1, place - 1
                if step != 3:
                    place -= 1
                if step != 2:
                    at -= 1
            if turn == 0:
                text_first, text_last = begins_text, values[8, number]
                item_first, item_last = begins_item, values[10, number]
            else:
                text_first, text_last = min(text_first, begins_text), max(text_last, values[8, number])
                item_first, item_last = min(item_first, begins_item), max(item_last, values[10, number])
            values[8, number], values[10, number] = 0, 0
            if values[0, number] >= size:
                break
        values[12, number] += start
        if values[0, number] == 0:
            continue
        for at in range(text_first, text_last):
            if used[1, at] == 0 and kinds[start + at] != NUMBER:
                values[11, number] += 1
        values[7, number], values[8, number] = start + text_first, start + text_last
        values[9, number], values[10, number] = item_first, item_last


@kernel
def _in_common(
    hashes: npt.NDArray[np.uint64], item_hashes: npt.NDArray[np.uint64], item_kinds: npt.NDArray[np.uint8],
    weights: npt.NDArray[np.int32], bag: npt.NDArray[np.uint64],
) -> int:  # fmt: skip
    """What the item's words that the window has, in any order, say; numbers may be others."""
    size = np.uint64(len(bag) - 1)
    bag[:] = np.uint64(0)
    for value in hashes:
        slot = value & size
        while bag[np.int64(slot)] != np.uint64(0) and bag[np.int64(slot)] != value:
            slot = (slot + np.uint64(1)) & size
        bag[np.int64(slot)] = value
    total = 0
    for at in range(len(item_hashes)):
        value = item_hashes[at]
        slot = value & size
        while bag[np.int64(slot)] != np.uint64(0) and bag[np.int64(slot)] != value:
            slot = (slot + np.uint64(1)) & size
        if bag[np.int64(slot)] == value or item_kinds[at] == NUMBER:
            total += weights[at]
    return total


@kernel
def _count(values: npt.NDArray[np.int64], kind: int, weight: int, tier: int) -> None:
    values[0] += 1
    values[1] += weight
    if kind == NUMBER:
        values[3] += 1
    elif tier == 2:
        values[2] += weight


@kernel
def _align(
    hashes: npt.NDArray[np.uint64], kinds: npt.NDArray[np.uint8], item_hashes: npt.NDArray[np.uint64],
    item_kinds: npt.NDArray[np.uint8], weights: npt.NDArray[np.int32], steps: npt.NDArray[np.uint8],
    rows: npt.NDArray[np.int32], used: npt.NDArray[np.uint8], values: npt.NDArray[np.int64], runs: bool,
) -> int:  # fmt: skip
    """Fill `steps` and note where the best alignment ends, in fields 8 and 10; returns what it gains.

    A step is 1 for equal words, 2 where the text lacks the item's word, 3 where the item lacks the text's, 4 where both
    have another; 0 is where an alignment begins. With `runs`, the longest run of equal words goes into fields 4 to 6.
    """
    width = len(hashes)
    before, now, run_before, run_now = rows[0], rows[1], rows[2], rows[3]
    before[: width + 1] = 0
    run_before[: width + 1] = 0
    best = 0
    for place in range(1, len(item_hashes) + 1):
        word, kind, weight = item_hashes[place - 1], item_kinds[place - 1], weights[place - 1]
        unit = units(kind)
        free = used[0, place - 1] == 0
        now[0], run_now[0] = 0, 0
        for at in range(1, width + 1):
            score, step = 0, 0
            equal = hashes[at - 1] == word
            if equal and free and used[1, at - 1] == 0:
                score, step = before[at - 1] + weight, 1
            else:
                cost = 0 if kind == NUMBER and kinds[at - 1] == NUMBER else GAP
                if before[at - 1] - cost > score:
                    score, step = before[at - 1] - cost, 4
                if before[at] - GAP > score:
                    score, step = before[at] - GAP, 2
                if now[at - 1] - GAP > score:
                    score, step = now[at - 1] - GAP, 3
            now[at], steps[place, at] = score, step
            if score > best:
                best = score
                values[8], values[10] = at, place
            if runs:
                run_now[at] = run_before[at - 1] + unit if equal else 0
                if run_now[at] > values[4]:
                    values[4], values[6], values[12] = run_now[at], place, at
        before, now = now, before
        run_before, run_now = run_now, run_before
    if runs:
        left, place = values[4], values[6]
        while left > 0:
            place -= 1
            left -= units(item_kinds[place])
        values[5] = place
    return best
