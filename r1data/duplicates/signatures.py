"""Signatures: MinHash of texts. Of two texts as many places agree as the two have of their word n-grams in common.

A signature has 128 places. Place k is the least value that permutation k gives to any n-gram of the text, so two texts
agree there with a probability that is their Jaccard similarity (n-grams in both over n-grams in either). Only 16 bits
of each least value are kept; that unequal ones agree by chance, once in 65,536 places, is taken off the estimate. The
standard error is sqrt(J(1 - J) / 128): 0.035 at 0.8, 0.027 at 0.9, none for equal texts.

Every n-gram is put through every permutation. One permutation whose range is cut into 128 bins, with empty bins
borrowing from full ones, reads each n-gram once, but a prompt of twenty words fills few bins and its estimates are
poor. Since the loop over n-grams is one that a processor does eight values at a time, the whole of it costs about as
little as cutting the words does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.texts import Words, kernel

PLACES = 128
VERSION = 1
"""Signatures of different versions cannot be compared."""
NGRAM = 3

Signatures = npt.NDArray[np.uint16]
_SEED, _PRIME = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_MOST = np.uint32(0xFFFFFFFF)
_CHANCE = 1 / 65536


def _permutations() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    drawn = np.random.default_rng(0x5EED).integers(0, 1 << 32, (2, PLACES), dtype=np.uint32)
    return drawn[0] | np.uint32(1), drawn[1]  # an odd factor loses no value


_FACTORS, _SHIFTS = _permutations()


def signatures(words: Words, ngram: int = NGRAM) -> Signatures:
    """The signatures of texts, uint16[texts, 128].

    A text that is shorter than an n-gram is one piece, alike only where all its words are. A text without words has a
    signature of zeros and is like no other: whether two such texts are equal is to be seen from the texts.
    """
    found = np.zeros((len(words), PLACES), np.uint16)
    if len(words):
        longest = int(np.diff(words.offsets).max())
        _sign(words.hashes, words.offsets, ngram, _FACTORS, _SHIFTS, np.empty(max(longest, 1), np.uint32), found)
    return found


def wordless(rows: Signatures) -> npt.NDArray[np.bool_]:
    """Which signatures are of texts without words."""
    return np.asarray(~rows.any(axis=1), np.bool_)


def similarity(one: npt.NDArray[np.uint16], other: npt.NDArray[np.uint16]) -> float:
    """The estimated Jaccard similarity of two texts, from 0 to 1."""
    return float(alike(one, other))


@kernel
def alike(one: npt.NDArray[np.uint16], other: npt.NDArray[np.uint16]) -> float:
    """The same for kernels."""
    agreed = np.int64(0)
    for place in range(PLACES):
        agreed += np.int64(one[place] == other[place])
    return max(0.0, (agreed / PLACES - _CHANCE) / (1.0 - _CHANCE))


@kernel
def _sign(
    hashes: npt.NDArray[np.uint64],
    offsets: npt.NDArray[np.int64],
    ngram: int,
    factors: npt.NDArray[np.uint32],
    shifts: npt.NDArray[np.uint32],
    pieces: npt.NDArray[np.uint32],
    found: Signatures,
) -> None:
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        width = min(ngram, last - first)
        if width == 0:
            continue
        count = last - first - width + 1
        for at in range(count):
            value = _SEED
            for word in range(first + at, first + at + width):
                value = value * _PRIME + hashes[word]
            pieces[at] = np.uint32(value >> _HALF)
        for place in range(0, PLACES, 2):  # two at a time: each piece is fetched half as often
            factor, next_factor = factors[place], factors[place + 1]
            shift, next_shift = shifts[place], shifts[place + 1]
            least, next_least = _MOST, _MOST
            for at in range(count):
                piece = pieces[at]
                least = min(least, np.uint32(np.uint32(factor * piece) + shift))
                next_least = min(next_least, np.uint32(np.uint32(next_factor * piece) + next_shift))
            found[row, place], found[row, place + 1] = _bits(least), _bits(next_least)


@kernel
def _bits(least: np.uint32) -> np.uint16:
    """16 bits of a least value: its own upper ones are nearly always zero."""
    mixed = np.uint32(np.uint32(least ^ (least >> np.uint32(15))) * np.uint32(0x2C1B3C6D))
    return np.uint16(mixed >> np.uint32(16))
