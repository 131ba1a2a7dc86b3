"""Agreement: how far two readers of the same samples decide alike, beyond what chance would give.

Cohen's kappa (Cohen 1960, "A coefficient of agreement for nominal scales") over kept or rejected: the second reader
sees the text that the first one edited, so approving it is agreement. Each second reading is held against the first
reading that stood when it was made: what the first reader changes afterwards was no longer said blindly.

The interval is Wilson's 95% interval of the observed agreement, with the agreement by chance as it was counted. The
usual standard error is 0 where few readings agree in everything, which would call five of five a certainty.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from r1data.store.reviews import DECIDED
from schemas import Action

Z = 1.959964
"""Of a two-sided 95% interval."""


@dataclass(frozen=True, slots=True)
class Kappa:
    """`value` and its interval are None where they say nothing: no pairs, or only one answer ever given."""

    pairs: int
    observed: float | None
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of all pairs of readings: kappa over kept or rejected, and how often which action met which."""

    kept: Kappa
    table: dict[str, dict[str, int]]
    """By the first reader's action, then the second's."""


def agreement(reviews: pl.DataFrame) -> Agreement:
    """Of reviews in the order in which they were made (`r1data.store.reviews.read_reviews`)."""
    pairs = paired(reviews)
    counts = Counter(pairs)
    table = {str(first): {str(second): counts[first, second] for second in DECIDED} for first in DECIDED}
    kept = [(first != Action.REJECTED, second != Action.REJECTED) for first, second in pairs]
    return Agreement(kappa(kept), table)


def paired(reviews: pl.DataFrame) -> list[tuple[str, str]]:
    """The actions of first and second reader, of every sample that both have decided on."""
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    seen_by_second: dict[str, str] = {}
    for key, reading, action in reviews.select("completion_id", "reading", "action").iter_rows():
        if reading == 1:
            first[key] = action
            continue
        second[key] = action
        if action in DECIDED and first.get(key) in DECIDED:
            seen_by_second[key] = first[key]
    return [(seen_by_second[key], action) for key, action in second.items()
            if action in DECIDED and key in seen_by_second]  # fmt: skip


def kappa(pairs: Sequence[tuple[object, object]]) -> Kappa:
    """Cohen's kappa of pairs of answers: 1 for full agreement, 0 for what chance gives, below it for less."""
    total = len(pairs)
    if not total:
        return Kappa(0, None, None, None, None)
    observed = sum(one == other for one, other in pairs) / total
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(count * others[answer] for answer, count in ones.items()) / total**2
    if chance >= 1:
        return Kappa(total, observed, None, None, None)
    low, high = ((share - chance) / (1 - chance) for share in _wilson(observed, total))
    return Kappa(total, observed, (observed - chance) / (1 - chance), max(low, -1.0), min(high, 1.0))


def _wilson(share: float, total: int) -> tuple[float, float]:
    spread = Z * Z / total
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)
