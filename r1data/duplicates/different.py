"""Different: of one prompt's good replies those that have least in common."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.duplicates.signatures import Signatures, alike
from r1data.texts import kernel

Rows = npt.NDArray[np.int64]


def most_different(prompts: Rows, signatures: Signatures, most: int) -> npt.NDArray[np.int32]:
    """The rank of each text among those of its prompt, from 1; 0 for those that are not among the first `most`.

    The first drawn has rank 1. Each next is the one whose greatest similarity to any of those before is least; of
    equal ones the earlier drawn. `prompts` is the number of each text's prompt; rows are in drawn order, those of
    several prompts may be mixed.
    """
    ranks = np.zeros(len(prompts), np.int32)
    order = np.argsort(prompts, kind="stable")
    _rank(prompts, order, signatures, most, np.empty(len(prompts), np.float64), ranks)
    return ranks


@kernel
def _rank(
    prompts: Rows,
    order: Rows,
    signatures: Signatures,
    most: int,
    nearest: npt.NDArray[np.float64],
    ranks: npt.NDArray[np.int32],
) -> None:
    """`nearest` is how like each text is to the most similar of those that are chosen."""
    first = 0
    while first < len(order):
        last = first
        while last < len(order) and prompts[order[last]] == prompts[order[first]]:
            nearest[last] = -1.0
            last += 1
        for rank in range(1, min(most, last - first) + 1):
            chosen = -1
            for at in range(first, last):
                if ranks[order[at]] == 0 and (chosen < 0 or nearest[at] < nearest[chosen]):
                    chosen = at
            ranks[order[chosen]] = rank
            for at in range(first, last):
                if ranks[order[at]] == 0:
                    nearest[at] = max(nearest[at], alike(signatures[order[at]], signatures[order[chosen]]))
        first = last
