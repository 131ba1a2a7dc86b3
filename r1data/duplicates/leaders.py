"""Leaders: of the texts of a group, which stay and which are somebody's twin, under the threshold of the day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.duplicates.signatures import BINS, Signatures, alike
from r1data.texts import kernel

MOST_LEADERS = 256
"""So many leaders of one group each row is compared with; a group that has more is boilerplate, not copies."""


def twins(
    group: npt.NDArray[np.int64], signed: Signatures, good: npt.NDArray[np.bool_], threshold: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """For each row the place of the row that it repeats, and how alike the two are; -1 and 0 where it repeats none.

    Rows of a group must stand together, in the order in which they take precedence. Only good rows lead or follow: the
    first of a group leads, each later one follows the most similar leader if that is alike enough, else it leads too.
    """
    twin, similarity = np.full(len(group), -1, np.int64), np.zeros(len(group), np.float64)
    _follow(group, signed, good, threshold, twin, similarity)
    return twin, similarity


def most_different(group: npt.NDArray[np.int64], signed: Signatures) -> npt.NDArray[np.int64]:
    """The place of each row in an order in which each next row of its group has least in common with those before.

    Rows of a group must stand together; its first row is its first (Gonzalez, 1985, farthest-first traversal).
    """
    place = np.zeros(len(group), np.int64)
    _spread(group, signed, place)
    return place


@kernel
def _follow(
    group: npt.NDArray[np.int64],
    signed: npt.NDArray[np.uint16],
    good: npt.NDArray[np.bool_],
    threshold: float,
    twin: npt.NDArray[np.int64],
    similarity: npt.NDArray[np.float64],
) -> None:
    leaders = np.empty(MOST_LEADERS, np.int64)
    count, current = 0, np.int64(-1)
    for row in range(len(group)):
        if row == 0 or group[row] != current:
            count, current = 0, group[row]
        if not good[row]:
            continue
        best, most = -1, -1
        for number in range(count):
            same = alike(signed[leaders[number]], signed[row])
            if same > most:
                best, most = leaders[number], same
        if best >= 0 and most >= threshold * BINS:
            twin[row], similarity[row] = best, most / BINS
        elif count < MOST_LEADERS:
            leaders[count] = row
            count += 1


@kernel
def _spread(group: npt.NDArray[np.int64], signed: npt.NDArray[np.uint16], place: npt.NDArray[np.int64]) -> None:
    nearest = np.zeros(len(group), np.int64)
    start = 0
    while start < len(group):
        end = start + 1
        while end < len(group) and group[end] == group[start]:
            end += 1
        nearest[start:end] = -1
        chosen = start
        for turn in range(end - start):
            place[chosen] = turn
            nearest[chosen] = BINS + 1
            following = -1
            for row in range(start, end):
                if nearest[row] > BINS:
                    continue
                same = alike(signed[chosen], signed[row])
                if same > nearest[row]:
                    nearest[row] = same
                if following < 0 or nearest[row] < nearest[following]:
                    following = row
            chosen = following
        start = end
