"""Groups: texts that may be near-duplicates of each other, found without comparing each with each.

Signatures are cut into 25 bands of 5 places. Texts that agree in a whole band are held against each other, which two of
similarity J are with a probability of 1 - (1 - J^5)^25: 0.99 at 0.7, 0.9999 at 0.8, 0.87 at 0.6, 0.06 at 0.3 and
0.0003 at 0.1. Those whose estimated similarity is `FLOOR` or more are joined; whoever is joined through others is in
the same group. A group says who is worth comparing; who is a duplicate of whom is said by `leaders`.

Where very many texts agree in a band, each is held against the first few unlike ones of them only, so that the time
taken grows with the number of texts and not with its square.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.duplicates.signatures import Signatures, alike, wordless
from r1data.texts import kernel
from r1data.texts.words import mixed

BANDS, ROWS = 25, 5
FLOOR = 0.5
"""Estimated similarity from which two texts are joined. A threshold below it finds no more than it does."""
FEW = 16
"""Texts that are unlike each other, of those that agree in a band, with which the others are compared."""
CHUNK = 65536

_PRIME = np.uint64(0x9E3779B97F4A7C15)
Rows = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]


def groups(
    signatures: Signatures,
    order: Rows,
    within: Keys | None = None,
    *,
    bands: int = BANDS,
    rows: int = ROWS,
    floor: float = FLOOR,
) -> Rows:
    """The group of each text, from 0; -1 for those that resemble no other.

    `order` are the numbers of all texts in an order that hangs on nothing but the texts (of their ids, say): with it
    the groups do not depend on the order of `signatures`, which may lie in a file. Texts that differ in `within` are
    never joined.
    """
    order = order[~_wordless(signatures)[order]]
    within = np.zeros(len(signatures), np.uint64) if within is None else within
    parents = np.arange(len(order))
    keys = np.empty(len(order), np.uint64)
    few = np.empty(FEW, np.int64)
    for band in range(bands):
        _fill_keys(signatures, order, within, band * rows, rows, keys)
        _join(signatures, order, within, keys, np.argsort(keys, kind="stable"), floor, parents, few)
    found = np.full(len(signatures), -1, np.int64)
    found[order] = _numbered(parents)
    return found


def _wordless(signatures: Signatures) -> npt.NDArray[np.bool_]:
    chunks = [wordless(signatures[first : first + CHUNK]) for first in range(0, len(signatures), CHUNK)]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.bool_)


@kernel
def _fill_keys(signatures: Signatures, order: Rows, within: Keys, first: int, width: int, keys: Keys) -> None:
    for place in range(len(order)):
        row = order[place]
        value = within[row]
        for at in range(first, first + width):
            value = mixed(value * _PRIME + np.uint64(signatures[row, at]))
        keys[place] = value


@kernel
def _join(
    signatures: Signatures,
    order: Rows,
    within: Keys,
    keys: Keys,
    by_key: Rows,
    floor: float,
    parents: Rows,
    few: Rows,
) -> None:
    """Join what has equal keys and is alike. `by_key` are the places in order, sorted by their keys."""
    first = 0
    while first < len(by_key):
        last = first + 1
        while last < len(by_key) and keys[by_key[last]] == keys[by_key[first]]:
            last += 1
        unlike = 0
        if last - first > 1:
            for at in range(first, last):
                place = by_key[at]
                row = order[place]
                joined = False
                for number in range(unlike):
                    other = few[number]
                    if within[row] != within[order[other]]:
                        continue
                    one_root, other_root = _root(parents, place), _root(parents, other)
                    if one_root == other_root:
                        joined = True
                        break
                    if alike(signatures[row], signatures[order[other]]) >= floor:
                        parents[max(one_root, other_root)] = min(one_root, other_root)
                        joined = True
                        break
                if not joined and unlike < len(few):
                    few[unlike] = place
                    unlike += 1
        first = last


@kernel
def _root(parents: Rows, place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


@kernel
def _numbered(parents: Rows) -> Rows:
    """The number of each place's group, in the order of their first places; -1 where it is alone."""
    size = np.zeros(len(parents), np.int64)
    for place in range(len(parents)):
        size[_root(parents, place)] += 1
    numbers = np.full(len(parents), -1, np.int64)
    count = 0
    for place in range(len(parents)):
        root = _root(parents, place)
        if size[root] > 1:
            if root == place:
                numbers[place] = count
                count += 1
            else:
                numbers[place] = numbers[root]
    return numbers
