"""Keeping: which of a prompt's good replies stay where there are too many, and which rows a quota lets go.

Rows are in drawn order; a prompt's rows need not stand together. "Random" is a fixed order that the seed and a row's
own key make, so that neither the order of rows nor other rows change it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.errors import R1dataError
from r1data.recipe import Quota, Selection

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Prompts = npt.NDArray[np.uint32]
Signatures = npt.NDArray[np.uint16]


class NotCompared(R1dataError):
    """The recipe asks for something that can only be told from texts, and nobody has looked yet."""


def ranks(
    rows: pl.DataFrame, good: Flags, selection: Selection, seed: int, signatures: Signatures | None
) -> npt.NDArray[np.int32]:
    """The place of each good row among its prompt's by the rule for keeping, from 1; 0 for the others.

    `signatures` holds the rows that the column `kin` counts; only the rule `different` reads it.
    """
    which = np.flatnonzero(good)
    prompt = rows["prompt"].to_numpy()[which]
    match selection.keep_rule:
        case "first":
            order = np.argsort(prompt, kind="stable")
        case "shortest":
            tokens = rows["completion_tokens"].fill_null(np.iinfo(np.int32).max).to_numpy()[which]
            order = np.lexsort((tokens, prompt))
        case "random":
            order = np.lexsort((shuffled(rows["key"].to_numpy()[which], seed), prompt))
        case "different":
            order = _by_difference(rows, which, prompt, selection.keep_per_prompt or 1, signatures)
    places = np.zeros(len(good), np.int32)
    places[which[order]] = _counted(prompt[order])
    return places


def over_quota(rows: pl.DataFrame, kept: Flags, quotas: tuple[Quota, ...], seed: int) -> Flags:
    """Rows that go although they are good, because their domain, source or language has enough. One quota after the
    other is looked at, each over the rows that those before it have left.
    """
    left, order = kept.copy(), None
    for quota in quotas:
        mine = (rows[quota.column] == quota.value).fill_null(False).to_numpy()
        which = np.flatnonzero(left & mine)
        if len(which) > quota.rows:
            order = shuffled(rows["key"].to_numpy(), seed) if order is None else order
            left[which[np.argsort(order[which], kind="stable")[quota.rows :]]] = False
    return kept & ~left


def shuffled(keys: Bits, seed: int) -> Bits:
    """Numbers that sort keys into an order of their own for each seed (the finaliser of SplitMix64)."""
    mixed = keys ^ np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % (1 << 64))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _counted(prompt: Prompts) -> Numbers:
    """1, 2, 3 ... for the rows of each prompt, which stand together here."""
    place = np.arange(len(prompt))
    starts = np.flatnonzero(np.diff(prompt, prepend=-1)) if len(prompt) else place
    counted: Numbers = place - np.repeat(starts, np.diff(starts, append=len(prompt))) + 1
    return counted


def _by_difference(
    rows: pl.DataFrame, which: Numbers, prompt: Prompts, most: int, signatures: Signatures | None
) -> Numbers:
    """Prompts together, the most different replies of each first and the others behind them as they were drawn."""
    from r1data.duplicates import most_different  # its kernels take a while to load

    first = np.argsort(prompt, kind="stable")
    crowded = np.zeros(len(which), np.bool_)
    crowded[first] = _sizes(prompt[first]) > most
    kin = rows["kin"].cast(pl.Int64).fill_null(-1).to_numpy()[which]
    if (signatures is None and crowded.any()) or (kin[crowded] < 0).any():
        raise NotCompared(
            "selection.keep_rule: different needs the replies to be compared with each other",
            "run the recipe with this key; `r1data whatif` reads no texts",
        )
    place = np.full(len(which), np.iinfo(np.int32).max, np.int64)
    if signatures is None:
        return first
    found = most_different(prompt[crowded].astype(np.int64), signatures[kin[crowded]], most)
    place[crowded] = np.where(found > 0, found, np.iinfo(np.int32).max)
    order: Numbers = np.lexsort((place, prompt))
    return order


def _sizes(prompt: Prompts) -> Numbers:
    """For each row how many its prompt has, which stand together here."""
    starts = np.flatnonzero(np.diff(prompt, prepend=-1)) if len(prompt) else np.zeros(0, np.int64)
    sizes = np.diff(starts, append=len(prompt))
    each: Numbers = np.repeat(sizes, sizes)
    return each
