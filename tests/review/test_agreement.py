"""Kappa is Cohen's, its interval holds what it should, and only blind readings count."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.review.agreement import agreement, kappa
from r1data.store.reviews import Review, ReviewStore, read_reviews


def test_a_worked_example() -> None:
    """Two readers of 50: both yes 20, both no 15, first alone 5, second alone 10; by hand kappa is 0.4."""
    pairs = [(1, 1)] * 20 + [(0, 0)] * 15 + [(1, 0)] * 5 + [(0, 1)] * 10
    found = kappa(pairs)
    assert found.value == pytest.approx(0.4) and found.observed == pytest.approx(0.7)
    assert found.low is not None and found.high is not None and found.low < 0.4 < found.high


answers = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=60)


@given(answers)
def test_bounds_and_symmetry(pairs: list[tuple[str, str]]) -> None:
    found, turned = kappa(pairs), kappa([(other, one) for one, other in pairs])
    if found.value is None:
        assert len({answer for pair in pairs for answer in pair}) == 1
        return
    assert found.low is not None and found.high is not None
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert turned.value == pytest.approx(found.value)
    assert (found.value == pytest.approx(1)) == all(one == other for one, other in pairs)


def test_nothing_is_claimed_without_evidence() -> None:
    assert kappa([]).value is None
    assert kappa([("kept", "kept")] * 9).value is None, "only one answer was ever given"
    few = kappa([(0, 0), (1, 1)] * 2)
    assert few.value == 1 and few.low is not None and few.low < 0.5, "four of four is no certainty"


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Readers who agree by a known kappa: 0.8 of yes and no in equal parts, each reader right in 90% of cases."""
    dice, held, trials = random.Random(1), 0, 400
    truth = 2 * (0.9**2 + 0.1**2) - 1
    for _ in range(trials):
        pairs = []
        for _ in range(60):
            real = dice.random() < 0.5
            pairs.append((real ^ (dice.random() < 0.1), real ^ (dice.random() < 0.1)))
        found = kappa(pairs)
        held += found.low is not None and found.high is not None and found.low <= truth <= found.high
    assert held / trials > 0.91


def test_only_what_was_said_blindly_counts(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path)
    one, two, three = (f"{n:032x}" for n in range(3))

    def say(key: str, who: str, reading: int, action: str) -> None:
        store.decide(Review(key, "f" * 32, who, reading, "random", action), 0.0)

    say(one, "ann", 1, "rejected")
    say(one, "ann", 1, "edited")
    say(one, "bob", 2, "approved")
    say(two, "ann", 1, "approved")
    say(two, "bob", 2, "rejected")
    say(two, "ann", 1, "rejected")  # knowing what bob said
    say(three, "ann", 1, "approved")
    say(three, "bob", 2, "skipped")
    found = agreement(read_reviews(tmp_path))
    assert found.kept.pairs == 2 and found.kept.observed == 0.5
    assert found.table["edited"]["approved"] == 1 and found.table["approved"]["rejected"] == 1
