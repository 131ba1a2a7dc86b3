"""Limits and paces are arithmetic: what a server refuses, and what a minute may hold."""

from hypothesis import given
from hypothesis import strategies as st

from r1data.engines.client.limit import Limit, Pace


def test_one_wave_of_refusals_halves_the_limit_once() -> None:
    limit = Limit(64)
    assert limit.refused(sent_at=1.0, now=2.0, running=64)
    assert not any(limit.refused(sent_at=1.0 + n / 100, now=2.0 + n / 100, running=63 - n) for n in range(40))
    assert limit.value == 32
    assert limit.refused(sent_at=3.0, now=4.0, running=32)
    assert limit.value == 16


def test_what_is_refused_below_the_limit_says_where_the_limit_is() -> None:
    limit = Limit(1000)
    limit.refused(sent_at=1.0, now=2.0, running=20)
    assert limit.room(0) == 10


def test_it_grows_back_slowly_and_not_beyond_what_is_allowed() -> None:
    limit = Limit(64)
    limit.refused(1.0, 2.0, 64)
    for _ in range(32):
        limit.answered()
    assert 35 < limit.value < 37  # one round of replies: a sixteenth of all
    for _ in range(2000):
        limit.answered()
    assert limit.room(0) == 64


@given(st.integers(1, 500), st.lists(st.one_of(st.none(), st.floats(0, 1000)), max_size=200))
def test_there_is_always_room_for_one(most: int, story: list[float | None]) -> None:
    limit = Limit(most)
    for now, sent_at in enumerate(story):
        if sent_at is None:
            limit.answered()
        else:
            limit.refused(sent_at, float(now), most)
        assert 1 <= limit.room(0) <= most


@given(st.floats(1, 10_000), st.lists(st.tuples(st.floats(0, 1), st.floats(0, 50)), min_size=1, max_size=200))
def test_no_minute_holds_more_than_its_pace(per_minute: float, story: list[tuple[float, float]]) -> None:
    """Whoever waits as long as told sends at most a minute's worth in a minute, one second's and one request more."""
    pace, now, sent = Pace(per_minute), 0.0, []
    for idle, units in story:
        now += idle + pace.wait(now + idle)
        pace.charge(units, now)
        sent.append((now, units))
    for start, _ in sent:
        minute = [units for at, units in sent if start <= at < start + 60]
        assert sum(minute) <= per_minute * 61 / 60 + max(minute) + 1e-6


def test_what_costs_less_than_feared_is_given_back() -> None:
    pace = Pace(60)
    pace.charge(100, 0.0)
    assert pace.wait(0.0) == 99
    pace.charge(-90, 0.0)
    assert pace.wait(0.0) == 9
