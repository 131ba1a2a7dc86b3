"""Seeds: the short pieces that an item and a text must share before anybody looks closer.

A seed is four words, or six characters of a script without spaces, or what lies between: the fewest words that weigh
`SEED_UNITS`. All numbers are the same word in it, so that a renumbered copy has the seeds of the original.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.texts import CHARACTER, NUMBER, Places, kernel
from r1data.texts.words import mixed

WORD_UNITS, CHARACTER_UNITS = 3, 2
"""So that n words weigh what 1.5 n characters do."""
SEED_UNITS = 15
BASE = np.uint64(0x9E3779B97F4A7C15)
ANY_NUMBER = np.uint64(0x5851F42D4C957F2D)


def _powers() -> npt.NDArray[np.uint64]:
    powers, base = [1], int(BASE)
    for _ in range(SEED_UNITS):
        powers.append(powers[-1] * base % (1 << 64))
    return np.array(powers, np.uint64)


POWERS = _powers()


@kernel
def units(kind: int) -> int:
    """What a word weighs in a run."""
    return CHARACTER_UNITS if kind == CHARACTER else WORD_UNITS


@kernel
def folded(value: np.uint64, kind: int) -> np.uint64:
    """A word's number, the same for all numbers."""
    return ANY_NUMBER if kind == NUMBER else value


@kernel
def seeds_of(
    hashes: npt.NDArray[np.uint64],
    kinds: npt.NDArray[np.uint8],
    offsets: Places,
    powers: npt.NDArray[np.uint64],
    keys: npt.NDArray[np.uint64],
    lengths: npt.NDArray[np.uint8],
) -> None:
    """For each word the seed that begins there, and how many words it has; 0 where too few follow."""
    for row in range(len(offsets) - 1):
        end, to = offsets[row + 1], offsets[row]
        weight, value = 0, np.uint64(0)
        for at in range(offsets[row], end):
            while weight < SEED_UNITS and to < end:
                value = value * BASE + folded(hashes[to], kinds[to])
                weight += units(kinds[to])
                to += 1
            lengths[at] = 0
            if weight < SEED_UNITS:
                continue
            keys[at], lengths[at] = mixed(value), to - at
            value -= folded(hashes[at], kinds[at]) * powers[to - at - 1]
            weight -= units(kinds[at])


@kernel
def runs_of(
    hashes: npt.NDArray[np.uint64], kinds: npt.NDArray[np.uint8], offsets: Places, needed: int,
    keys: npt.NDArray[np.uint64], lengths: Places,
) -> None:  # fmt: skip
    """For each word the n-gram of `needed` units that begins there, numbers kept; 0 long where too few follow."""
    for row in range(len(offsets) - 1):
        for at in range(offsets[row], offsets[row + 1]):
            weight, to, value = 0, at, np.uint64(0)
            while weight < needed and to < offsets[row + 1]:
                value = value * BASE + hashes[to]
                weight += units(kinds[to])
                to += 1
            keys[at] = mixed(value)
            lengths[at] = to - at if weight >= needed else 0
