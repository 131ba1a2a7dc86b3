"""Search: where in a text the seeds of an item come thick enough to look closer.

One pass over the words of a text. A bitmap that fits the cache answers for nearly every word that no item has this
seed; what is left is counted per item, and only where seeds cover enough of an item is there a place to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from r1data.contamination.seeds import POWERS, SEED_UNITS, folded, units
from r1data.texts import CHARACTER, Places, Words, kernel
from r1data.texts.words import mixed

BITS_PER_SEED = 16
INSIDE_BITS = 16
MASK_BITS = 64
"""Parts of an item whose coverage is told apart."""
EVENT_FIELDS = 7
SLACK = 10
"""Words that may stand between two seeds of an item, beyond the item's own length."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """The seeds of all items. `slots` is a hash table of the distinct keys: 0 for nothing, else the key's number + 1.

    Of key `k`, `postings[bounds[k]:bounds[k + 1]]` are the places: the entry, and in the last 16 bits the word in it;
    `masks` say which of the parts of the entry, at most 64, the seed touches there.
    """

    bitmap: npt.NDArray[np.uint64]
    slots: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint64]
    bounds: Places
    postings: Places
    masks: npt.NDArray[np.int64]

    @classmethod
    def of(cls, keys: npt.NDArray[np.uint64], lengths: Places, entries: Places, inside: Places, sizes: Places) -> Seeds:
        """A table of seeds and the places where items have them."""
        order = np.argsort(keys, kind="stable")
        distinct, first = np.unique(keys[order], return_index=True)
        bounds = np.append(first, len(keys)).astype(np.int64)
        bitmap = np.zeros(_power_of_two(max(len(distinct), 64) * BITS_PER_SEED) // 64, np.uint64)
        slots = np.zeros(_power_of_two(max(len(distinct), 8) * 2), np.int32)
        _fill(distinct, bitmap, slots)
        return cls(
            bitmap,
            slots,
            distinct,
            bounds,
            ((entries << INSIDE_BITS) | inside)[order],
            _masks(inside, lengths, sizes)[order],
        )


LAST, BEGIN, MASK, SHIFT, RUN, EVENT, SIZE, ENOUGH = range(8)
"""What is noted of an entry: the last place of the text with a seed of it, where the window under way begins, what of
the entry seeds have covered in it, where the run of seeds under way lies and begins, the entry's place among the events
of the text, its words, and how many of its parts must be covered. Side by side: looking at one costs one miss."""


class Scratch:
    """What one thread notes while it searches."""

    def __init__(self, sizes: Places, enough: npt.NDArray[np.int32]) -> None:
        self.state = np.zeros((len(sizes), 8), np.int64)
        parts = np.minimum(sizes, MASK_BITS)
        self.state[:, SIZE] = sizes
        self.state[:, ENOUGH] = np.maximum(-(-enough.astype(np.int64) * parts // np.maximum(sizes, 1)), 1)
        self.events = np.empty((EVENT_FIELDS, 1024), np.int64)


def find_places(words: Words, seeds: Seeds, long: int, scratch: Scratch) -> npt.NDArray[np.int64]:
    """The places worth a closer look, at most one for a text and an entry.

    Seven numbers each: text, entry, first word, behind the last word, parts covered, whether there is a run of `long`
    words, and the first word that the text would have if it began as the item does. Valid until the scratch memory is
    used again.
    """
    while True:
        scratch.state[:, LAST] = -1
        scratch.state[:, EVENT] = -1
        count = _search(
            words.hashes, words.kinds, words.offsets, POWERS, seeds.bitmap, seeds.slots, seeds.keys, seeds.bounds,
            seeds.postings, seeds.masks, long, scratch.state, scratch.events,
        )  # fmt: skip
        if count >= 0:
            return scratch.events[:, :count]
        scratch.events = np.empty((EVENT_FIELDS, 4 * scratch.events.shape[1]), np.int64)


def _masks(inside: Places, lengths: Places, sizes: Places) -> npt.NDArray[np.int64]:
    """The parts of an entry that its words from `inside` on are in, as bits."""
    parts = np.minimum(sizes, MASK_BITS)
    first, last = inside * parts // sizes, (inside + lengths - 1) * parts // sizes
    ones = np.uint64(0xFFFFFFFFFFFFFFFF)
    upto = ones >> (np.uint64(MASK_BITS - 1) - last.astype(np.uint64))
    mask: npt.NDArray[np.int64] = (upto & (ones << first.astype(np.uint64))).view(np.int64)
    return mask


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
    postings: Places, masks: npt.NDArray[np.int64], long: int, state: npt.NDArray[np.int64],
    events: npt.NDArray[np.int64],
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
                entry, inside = postings[posting] >> INSIDE_BITS, postings[posting] & ((1 << INSIDE_BITS) - 1)
                own = state[entry]
                size, last = own[SIZE], own[LAST]
                if last < start or at - last > size + SLACK or at - own[BEGIN] > 3 * size + 60:
                    own[BEGIN], own[MASK] = at, 0
                    own[SHIFT], own[RUN] = at - inside, at
                if at - inside != own[SHIFT] or at - last > length + 2:  # the run has ended
                    own[SHIFT], own[RUN] = at - inside, at
                own[LAST] = at
                own[MASK] |= masks[posting]
                covered = _set_bits(np.uint64(own[MASK]))
                wide = long + long // 2 if kinds[at] == CHARACTER else long
                in_a_row = at + length - own[RUN] >= wide
                if covered < own[ENOUGH] and not in_a_row:
                    continue
                noted = own[EVENT]
                if noted < 0 or events[0, noted] != row:
                    if count >= events.shape[1]:
                        return -1
                    noted = count
                    count += 1
                    own[EVENT] = noted
                    events[5, noted] = 0
                    events[6, noted] = at - inside
                elif events[2, noted] != own[BEGIN]:
                    if covered <= events[4, noted]:
                        continue
                    events[5, noted] = 0
                    events[6, noted] = at - inside
                events[0, noted], events[1, noted] = row, entry
                events[2, noted], events[3, noted], events[4, noted] = own[BEGIN], at + length, covered
                events[5, noted] |= np.int64(in_a_row)
                events[6, noted] = min(events[6, noted], at - inside)
    return count
