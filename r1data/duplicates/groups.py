"""Groups: texts that may be near-duplicates of each other, by locality-sensitive hashing of their signatures.

A signature is cut into 18 bands of 7 numbers; texts that agree in a whole band meet, and join when their signatures are
alike enough. A pair of similarity 0.8 meets with probability 0.985, one of 0.85 with 0.999, unrelated ones hardly ever.
Bands are looked at one after the other, so that memory holds a number for each text and not the signatures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.duplicates.signatures import BINS, Signatures, alike
from r1data.texts import kernel
from r1data.texts.words import mixed

BAND = 7
BANDS = BINS // BAND
FLOOR = 0.65
"""Pairs that are less alike stay apart, whatever threshold is chosen later."""
COMPANY = 4
"""Texts of a bucket that each of its members is compared with. All pairs would take the square of what is there where a
hundred thousand texts share a band; members of a true group meet in other bands too."""
SLICE = 1 << 16


def groups(
    signed: Signatures, spoken: npt.NDArray[np.bool_], scopes: npt.NDArray[np.uint64] | None = None
) -> npt.NDArray[np.int64]:
    """For each text the first text of its group, its own number where it is alone, int64[texts].

    `signed` may lie in a file (numpy.memmap); `scopes` are hashes of what texts must share to be compared at all.
    """
    parents = np.arange(len(signed), dtype=np.int64)
    keys = np.empty(len(signed), np.uint64)
    for band in range(BANDS):
        for first in range(0, len(signed), SLICE):
            part = np.ascontiguousarray(signed[first : first + SLICE, band * BAND : (band + 1) * BAND])
            scope = np.zeros(len(part), np.uint64) if scopes is None else scopes[first : first + SLICE]
            _keys(part, scope, keys[first : first + SLICE])
        order = np.argsort(keys, kind="stable")
        _join(keys, order, signed, spoken, int(np.ceil(FLOOR * BINS)), parents)
    _flatten(parents)
    return parents


@kernel
def _keys(band: npt.NDArray[np.uint16], scopes: npt.NDArray[np.uint64], keys: npt.NDArray[np.uint64]) -> None:
    for row in range(len(band)):
        value = scopes[row]
        for place in range(band.shape[1]):
            value = mixed(value ^ np.uint64(band[row, place]))
        keys[row] = value


@kernel
def _join(
    keys: npt.NDArray[np.uint64],
    order: npt.NDArray[np.int64],
    signed: npt.NDArray[np.uint16],
    spoken: npt.NDArray[np.bool_],
    enough: int,
    parents: npt.NDArray[np.int64],
) -> None:
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and keys[order[end]] == keys[order[start]]:
            end += 1
        if end - start > 1 and spoken[order[start]]:
            for place in range(start + 1, end):
                row = order[place]
                if not spoken[row]:
                    continue
                met = 0
                for near in range(COMPANY):  # half of them from the bucket's start, half just before
                    other = start + near if near < COMPANY // 2 else place - 1 - (near - COMPANY // 2)
                    if other < start or other >= place or (near >= COMPANY // 2 and other < start + COMPANY // 2):
                        continue
                    met += 1
                    one, two = _root(parents, order[other]), _root(parents, row)
                    if one != two and alike(signed[order[other]], signed[row]) >= enough:
                        parents[max(one, two)] = min(one, two)
        start = end


@kernel
def _root(parents: npt.NDArray[np.int64], row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


@kernel
def _flatten(parents: npt.NDArray[np.int64]) -> None:
    for row in range(len(parents)):
        parents[row] = _root(parents, row)
