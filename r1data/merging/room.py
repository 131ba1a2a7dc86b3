"""Room: which good examples there is room for, under quotas that overlap.

Examples are taken in one order, and each is kept if all of its quotas have room: that of its domain, those of its part
and its category within the domain, and the domain's budget of tokens. So no quota is ever exceeded, and none is left
short because another one was counted first.

The order takes one example of every question before it takes a second one of any, and goes by the seed otherwise, so
that parts give in proportion to what they have. A budget of tokens is closed by the first example that does not fit:
to go on with shorter ones would make the last examples of a domain its shortest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.recipe.merging import DomainQuota

FINDINGS = ("quota/domain", "quota/part", "quota/category", "token_budget/domain")
"""What may be full; bit `i` of the numbers below stands for the finding at place `i`."""
_DOMAIN, _PART, _CATEGORY, _TOKENS = (1 << place for place in range(4))

Numbers = npt.NDArray[np.int64]


def without_room(
    rows: pl.DataFrame, order: Numbers, quotas: Mapping[str, DomainQuota], parts: list[str]
) -> npt.NDArray[np.uint8]:
    """For each row what had no room for it, as bits; 0 for those that are kept and for those not in `order`.

    `rows` has `domain`, `category`, `part` (a number, a place in `parts`) and `completion_tokens`; `order` are the
    numbers of the good rows, the first to be taken first.
    """
    full = np.zeros(rows.height, np.uint8)
    limited = {domain: quota for domain, quota in quotas.items() if _binds(quota)}
    if not limited:
        return full
    kinds = rows.select("domain", "category", "part")
    kind = (
        kinds.select(pl.struct("domain", "category", "part").hash(seed=0).rank("dense").cast(pl.Int64) - 1)
        .to_series()
        .to_numpy()
    )
    firsts = np.unique(kind, return_index=True)[1].tolist()
    limits = _Limits()
    counted = [limits.of(kinds.row(first, named=True), limited, parts) for first in firsts]
    tokens = rows["completion_tokens"].to_numpy()
    mine = np.array([bool(counters) for counters in counted], np.bool_)
    chosen = order[mine[kind[order]]]
    for row, of_kind, length in zip(chosen.tolist(), kind[chosen].tolist(), tokens[chosen].tolist(), strict=True):
        if bits := limits.take(counted[of_kind], length):
            full[row] = bits
    return full


def _binds(quota: DomainQuota) -> bool:
    return quota.rows is not None or quota.tokens is not None or bool(quota.parts) or bool(quota.categories)


class _Limits:
    """What is left of each limit while rows are taken."""

    def __init__(self) -> None:
        self._left: list[int] = []
        self._bits: list[int] = []
        self._numbers: dict[tuple[str, ...], int] = {}

    def of(self, kind: dict[str, Any], quotas: Mapping[str, DomainQuota], parts: list[str]) -> list[int]:
        """The limits that hold for rows of one kind (domain, category, part), as numbers."""
        domain, category, part = kind["domain"], kind["category"], parts[kind["part"]]
        quota = quotas.get(domain)
        if quota is None:
            return []
        named: list[tuple[int, tuple[str, ...], int | None]] = [
            (_DOMAIN, (domain, "rows"), quota.rows),
            (_PART, (domain, "part", part), quota.parts.get(part)),
            (_CATEGORY, (domain, "category", category or ""), quota.categories.get(category or "")),
            (_TOKENS, (domain, "tokens"), quota.tokens),
        ]
        return [self._number(name, bit, most) for bit, name, most in named if most is not None]

    def _number(self, name: tuple[str, ...], bit: int, most: int) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self._left)
            self._left.append(most)
            self._bits.append(bit)
        return self._numbers[name]

    def take(self, counters: list[int], tokens: int) -> int:
        """Take a row of so many tokens, or say, as bits, what has no room for it."""
        full = 0
        for number in counters:
            if self._bits[number] == _TOKENS:
                if tokens > self._left[number]:
                    full |= _TOKENS
            elif self._left[number] < 1:
                full |= self._bits[number]
        if full == _TOKENS:  # nothing but the budget is in its way: it is spent
            for number in counters:
                if self._bits[number] == _TOKENS:
                    self._left[number] = -1
        if not full:
            for number in counters:
                self._left[number] -= tokens if self._bits[number] == _TOKENS else 1
        return full
