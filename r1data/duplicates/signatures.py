"""Signatures: a text's word n-grams as 128 numbers of 16 bits, such that the share of equal numbers of two texts
estimates what their n-grams have in common (Jaccard similarity).

One permutation hashing (Li, Owen and Zhang, 2012): every n-gram is hashed once and falls into one of 128 bins, of which
the least hash stays. Bins that stay empty, which short texts have, borrow from others in an order that is the same for
all texts (Shrivastava, 2017, "optimal densification"). The standard error of an estimate s is about
sqrt(s (1 - s) / 128): 0.035 at 0.8.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.texts import Words, kernel
from r1data.texts.words import mixed

BINS = 128
Signatures = npt.NDArray[np.uint16]
"""uint16[texts, BINS]."""
_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)


def signatures(words: Words, ngram: int) -> tuple[Signatures, npt.NDArray[np.bool_]]:
    """The signature of each text, and whether it has any word at all.

    A text of fewer words than the n-gram is one n-gram: only the same words resemble it.
    """
    found = np.zeros((len(words), BINS), np.uint16)
    spoken = np.zeros(len(words), np.bool_)
    _sign(words.hashes, words.offsets, ngram, found, spoken)
    return found, spoken


def similarities(one: Signatures, other: Signatures) -> npt.NDArray[np.float64]:
    """The estimated similarity of each pair of rows, float64[rows]."""
    shares: npt.NDArray[np.float64] = (one == other).mean(axis=1)
    return shares


@kernel
def alike(one: npt.NDArray[np.uint16], other: npt.NDArray[np.uint16]) -> int:
    """How many of their numbers two signatures have in common."""
    same = 0
    for place in range(len(one)):
        same += one[place] == other[place]
    return same


@kernel
def _sign(
    hashes: npt.NDArray[np.uint64],
    offsets: npt.NDArray[np.int64],
    ngram: int,
    found: npt.NDArray[np.uint16],
    spoken: npt.NDArray[np.bool_],
) -> None:
    least = np.empty(BINS, np.uint64)
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        if first == last:
            continue
        spoken[row] = True
        least[:] = _NONE
        length = min(ngram, last - first)
        for at in range(first, last - length + 1):
            value = np.uint64(0)
            for word in range(at, at + length):
                value = (value ^ hashes[word]) * np.uint64(0x9E3779B97F4A7C15)
                value ^= value >> np.uint64(32)
            value = mixed(value)
            place = np.int64(value >> np.uint64(57))
            rest = value & np.uint64(0x01FFFFFFFFFFFFFF)
            if rest < least[place]:
                least[place] = rest
        for place in range(BINS):
            donor, attempt = np.int64(place), np.uint64(0)
            while least[donor] == _NONE:
                attempt += np.uint64(1)
                choice = mixed(np.uint64(place) * np.uint64(0x9E3779B97F4A7C15) + attempt)
                donor = np.int64(choice >> np.uint64(57))
            # What is least among many is small: the low bits are as good as any once they are mixed.
            found[row, place] = np.uint16(mixed(least[donor] + np.uint64(donor)) & np.uint64(0xFFFF))
