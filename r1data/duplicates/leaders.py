"""Leaders: which good text of a group is kept, and which others are duplicates of it.

Texts are taken in the order in which they were drawn. A good one whose similarity to an earlier leader of its group is
the threshold or more is a duplicate of the most similar of them; else it is a leader itself. So every duplicate names
a text that is kept, and a chain of small changes does not make the last one a duplicate of the first. What is not good
neither leads nor follows. Texts are not read: the threshold can be moved as often as one likes.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.duplicates.signatures import PLACES, Signatures, alike
from r1data.texts import kernel

MOST_LEADERS = 200
"""Leaders of one group that a text is compared with, the earliest ones: a group of very many texts that are somewhat
alike and not enough takes time in proportion to its size. What is only like a later one of them is kept."""

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def twins(
    rows: pl.DataFrame,
    kinship: pl.DataFrame,
    threshold: float,
    scope: Literal["everywhere", "prompt"] = "everywhere",
) -> pl.DataFrame:
    """The duplicates among rows: `completion_id`, `twin` (the completion it repeats), `similarity`, `exact`.

    `rows` has completion_id, good and folded in drawn order, and prompt_id where the scope is the prompt; equal values
    of `folded` are equal texts, whatever their signatures, and null equals nothing. `kinship` is `schemas.Kinship`,
    made with the same scope.
    """
    same = pl.col("folded") if scope == "everywhere" else pl.struct("prompt_id", "folded")
    placed = (
        rows.lazy()
        .select("completion_id", "good", same.alias("same"), known=pl.col("folded").is_not_null())
        .with_row_index("row")
        .filter("good")
        .with_columns(place=pl.int_range(pl.len()))
        .with_columns(first=pl.when("known").then(pl.col("place").first().over("same")).otherwise("place"))
    )
    members = kinship.lazy().select("completion_id", "group").with_row_index("member")
    joined = placed.join(members, on="completion_id", how="left", maintain_order="left").collect()
    found, how = find_twins(
        joined["first"].to_numpy(),
        joined["group"].fill_null(-1).to_numpy(),
        joined["member"].cast(pl.Int64).fill_null(-1).to_numpy(),
        signatures_of(kinship),
        threshold,
    )
    which = np.flatnonzero(found >= 0)
    ids = joined["completion_id"]
    return pl.DataFrame(
        {
            "completion_id": ids.gather(which),
            "twin": ids.gather(found[which]),
            "similarity": how[which],
            "exact": joined["first"].to_numpy()[which] != which,
        }
    )


def signatures_of(kinship: pl.DataFrame) -> Signatures:
    """The signatures of a table that has them."""
    if not kinship.height:
        return np.zeros((0, PLACES), np.uint16)
    return kinship["signature"].cast(pl.Array(pl.UInt16, PLACES)).to_numpy()


def find_twins(
    first: Rows, group: Rows, member: Rows, signatures: Signatures, threshold: float
) -> tuple[Rows, npt.NDArray[np.float64]]:
    """For each good text in drawn order: the number of the text that it repeats, -1 for none; and their similarity.

    `first` is the number of the first text that is equal to it (its own, often); `group` and `member` its group and the
    row of its signature, -1 where it has none.
    """
    found = np.full(len(first), -1, np.int64)
    how = np.zeros(len(first), np.float64)
    heads = np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    tails, sizes = heads.copy(), np.zeros(len(heads), np.int64)
    _lead(first, group, member, signatures, threshold, heads, tails, sizes, np.full(len(first), -1), found, how)
    return found, how


@kernel
def _lead(
    first: Rows,
    group: Rows,
    member: Rows,
    signatures: Signatures,
    threshold: float,
    heads: Rows,
    tails: Rows,
    sizes: Rows,
    following: Rows,
    found: Rows,
    how: npt.NDArray[np.float64],
) -> None:
    """Fill `found` and `how`; the leaders of a group are a chain from its head, each naming the one that follows."""
    for row in range(len(first)):
        equal = first[row]
        if equal != row:
            led = found[equal] < 0
            found[row], how[row] = (equal, 1.0) if led else (found[equal], how[equal])
            continue
        own = group[row]
        if own < 0:
            continue
        best, leader = -1.0, heads[own]
        while leader >= 0:
            likeness = alike(signatures[member[row]], signatures[member[leader]])
            if likeness >= threshold and likeness > best:
                best, found[row] = likeness, leader
            leader = following[leader]
        if found[row] >= 0:
            how[row] = best
        elif sizes[own] < MOST_LEADERS:
            if heads[own] < 0:
                heads[own] = row
            else:
                following[tails[own]] = row
            tails[own] = row
            sizes[own] += 1
