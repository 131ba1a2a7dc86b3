"""Search: where in a text the seeds of an item come thick enough to look closer.

One pass over the words of a text. A bitmap that fits the cache answers for nearly every word that no item has this
seed; what is left is counted per item, and only where seeds cover enough of an item is there a place to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from r1data.contamination.seeds import POWERS, SEED_UNITS, folded, units
from r1data.texts import Places, Words, kernel
from r1data.texts.words import mixed

BITS_PER_SEED = 16
MASK_BITS = 64
"""Parts of an item whose coverage is told apart."""
SLACK = 10
"""Words that may stand between two seeds of an item, beyond the item's own length."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """The seeds of all items. `slots` is a hash table of the distinct keys: 0 for nothing, else the key's number + 1.

    Of key `k`, `postings[bounds[k]:bounds[k + 1]]` are the places (numbers of words among those of all entries).
    """

    bitmap: npt.NDArray[np.uint64]
    slots: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint64]
    bounds: Places
    postings: npt.NDArray[np.int32]

    @classmethod
    def of(cls, keys: npt.NDArray[np.uint64], places: npt.NDArray[np.int32]) -> Seeds:
        """A table of seeds and the places where items have them."""
        order = np.argsort(keys, kind="stable")
        distinct, first = np.unique(keys[order], return_index=True)
        bounds = np.append(first, len(keys)).astype(np.int64)
        bitmap = np.zeros(_power_of_two(max(len(distinct), 64) * BITS_PER_SEED) // 64, np.uint64)
        slots = np.zeros(_power_of_two(max(len(distinct), 8) * 2), np.int32)
        _fill(distinct, bitmap, slots)
        return cls(bitmap, slots, distinct, bounds, places[order].astype(np.int32))


class Scratch:
    """What one thread notes while it searches: per entry the window of the text that is under way."""

    def __init__(self, entries: int) -> None:
        self.begin, self.last = np.full(entries, -1, np.int64), np.full(entries, -1, np.int64)
        self.mask, self.event = np.zeros(entries, np.uint64), np.full(entries, -1, np.int64)
        self.events = np.empty((5, 1024), np.int64)


def find_places(
    words: Words, seeds: Seeds, entry_of: npt.NDArray[np.int32], offsets: Places, enough: npt.NDArray[np.int32],
    scratch: Scratch,
) -> npt.NDArray[np.int64]:  # fmt: skip
    """The places worth a closer look, at most one for a text and an entry: text, entry, first and last word, coverage.

    `entry_of` names the entry of each word of the items, `offsets` are the entries' bounds among them, and `enough` is
    how many of an entry's words seeds must cover. Valid until the scratch memory is used again.
    """
    while True:
        scratch.last.fill(-1)
        scratch.event.fill(-1)
        count = _search(
            words.hashes, words.kinds, words.offsets, POWERS, seeds.bitmap, seeds.slots, seeds.keys, seeds.bounds,
            seeds.postings, entry_of, offsets, enough, scratch.begin, scratch.last, scratch.mask, scratch.event,
            scratch.events,
        )  # fmt: skip
        if count >= 0:
            return scratch.events[:, :count]
        scratch.events = np.empty((5, 4 * scratch.events.shape[1]), np.int64)


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()


@kernel
def _fill(keys: npt.NDArray[np.uint64], bitmap: npt.NDArray[np.uint64], slots: npt.NDArray[np.int32]) -> None:
    bits, size = np.uint64(len(bitmap) * 64 - 1), np.uint64(len(slots) - 1)
    for number in range(len(keys)):
        bit = keys[number] & bits
        bitmap[np.int64(bit >> np.uint64(6))] |= np.uint64(1) << (bit & np.uint64(63))
        slot = (keys[number] >> np.uint64(20)) & size
        while slots[np.int64(slot)] != 0:
            slot = (slot + np.uint64(1)) & size
        slots[np.int64(slot)] = number + 1


@kernel
def _number_of(key: np.uint64, slots: npt.NDArray[np.int32], keys: npt.NDArray[np.uint64]) -> np.int64:
    size = np.uint64(len(slots) - 1)
    slot = (key >> np.uint64(20)) & size
    while True:
        number = np.int64(slots[np.int64(slot)]) - 1
        if number < 0 or keys[number] == key:
            return number
        slot = (slot + np.uint64(1)) & size


@kernel
def _set_bits(value: np.uint64) -> np.int64:
    value = value - ((value >> np.uint64(1)) & np.uint64(0x5555555555555555))
    value = (value & np.uint64(0x3333333333333333)) + ((value >> np.uint64(2)) & np.uint64(0x3333333333333333))
    value = (value + (value >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((value * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def _search(
    hashes: npt.NDArray[np.uint64], kinds: npt.NDArray[np.uint8], rows: Places, powers: npt.NDArray[np.uint64],
    bitmap: npt.NDArray[np.uint64], slots: npt.NDArray[np.int32], keys: npt.NDArray[np.uint64], bounds: Places,
    postings: npt.NDArray[np.int32], entry_of: npt.NDArray[np.int32], offsets: Places, enough: npt.NDArray[np.int32],
    begin: Places, last: Places, mask: npt.NDArray[np.uint64], event: Places, events: npt.NDArray[np.int64],
) -> int:  # fmt: skip
    """How many places were found, or -1 where there is no room for them."""
    bits = np.uint64(len(bitmap) * 64 - 1)
    count = 0
    for row in range(len(rows) - 1):
        start, end, to = rows[row], rows[row + 1], rows[row]
        weight, value = 0, np.uint64(0)
        for at in range(start, end):
            while weight < SEED_UNITS and to < end:
                value = value * np.uint64(0x9E3779B97F4A7C15) + folded(hashes[to], kinds[to])
                weight += units(kinds[to])
                to += 1
            if weight < SEED_UNITS:
                break
            length, key = to - at, mixed(value)
            value -= folded(hashes[at], kinds[at]) * powers[length - 1]
            weight -= units(kinds[at])
            bit = key & bits
            if bitmap[np.int64(bit >> np.uint64(6))] & (np.uint64(1) << (bit & np.uint64(63))) == np.uint64(0):
                continue
            number = _number_of(key, slots, keys)
            if number < 0:
                continue
            for posting in range(bounds[number], bounds[number + 1]):
                place = np.int64(postings[posting])
                entry = np.int64(entry_of[place])
                size = offsets[entry + 1] - offsets[entry]
                inside = place - offsets[entry]
                if last[entry] < start or at - last[entry] > size + SLACK or at - begin[entry] > 3 * size + 60:
                    begin[entry], mask[entry] = at, np.uint64(0)
                last[entry] = at
                parts = min(size, MASK_BITS)
                for one in range(inside * parts // size, (inside + length - 1) * parts // size + 1):
                    mask[entry] |= np.uint64(1) << np.uint64(one)
                covered = _set_bits(mask[entry]) * size // parts
                if covered < enough[entry]:
                    continue
                noted = event[entry]
                if noted < 0 or events[0, noted] != row:
                    if count >= events.shape[1]:
                        return -1
                    noted = count
                    count += 1
                    event[entry] = noted
                elif events[2, noted] != begin[entry] and covered <= events[4, noted]:
                    continue
                events[0, noted], events[1, noted] = row, entry
                events[2, noted], events[3, noted], events[4, noted] = begin[entry], at + length - 1, covered
    return count
