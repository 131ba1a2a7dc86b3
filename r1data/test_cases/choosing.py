"""Which valid tests are kept. Pure: from what each test catches to the numbers of the tests that stay."""

from __future__ import annotations

from collections.abc import Sequence

Catch = frozenset[int]
"""The known-wrong submissions that a test catches, by number."""


def choose(catches: Sequence[Catch], fewest: int, most: int) -> list[int]:
    """The tests to keep, at most `most`, in their order.

    First a greedy cover, so that every submission that can be caught is caught by something; then another cover of the
    tests that are left, and so on while any of them catches something and there is room. Tests that catch nothing are
    taken only to reach `fewest`. Of equals the earlier goes first.
    """
    left = [number for number, caught in enumerate(catches) if caught]
    kept: list[int] = []
    while left and len(kept) < most:
        layer = _cover(catches, left)[: most - len(kept)]
        kept += layer
        left = [number for number in left if number not in layer]
    fillers = [number for number, caught in enumerate(catches) if not caught]
    kept += fillers[: max(0, min(fewest, most) - len(kept))]
    return sorted(kept)


def _cover(catches: Sequence[Catch], among: Sequence[int]) -> list[int]:
    """Tests that together catch all that these tests can; each is the one that catches most of what was missing."""
    missing = set[int]().union(*(catches[number] for number in among))
    chosen = []
    while missing:
        best = max(among, key=lambda number: (len(catches[number] & missing), -number))
        chosen.append(best)
        missing -= catches[best]
    return chosen
