"""The tally adds up, is cheap to keep, and says nothing about the time left before it knows."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.progress import ENOUGH_STOPS, Progress, Silence, Tally
from r1data.recipe import Price


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Ear(Silence):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[Tally] = []

    def counts(self, tally: Tally) -> None:
        self.heard.append(tally)


COUNTS = ("completed", "failed", "judged", "accepted", "tokens", "prompt_tokens", "saved_tokens")


@given(st.lists(st.dictionaries(st.sampled_from(COUNTS), st.integers(0, 1000)), max_size=30), st.integers(0, 50))
def test_what_was_added_is_there(steps: list[dict[str, int]], there: int) -> None:
    progress = Progress(Silence())
    progress.begin(planned=10**6, completed=there, failed=1, prompts=10, stopped={"enough": 2})
    for step in steps:
        progress.add(**step)
    tally = progress.tally
    sums = {name: sum(step.get(name, 0) for step in steps) for name in COUNTS}
    assert (tally.completed, tally.failed) == (there + sums["completed"], 1 + sums["failed"])
    assert tally.drawn == sums["completed"] + sums["failed"] == tally.done - tally.resumed
    assert all(getattr(tally, name) == sums[name] for name in COUNTS[2:])
    assert tally.pass_rate == (sums["accepted"] / sums["judged"] if sums["judged"] else None)
    assert tally.open_prompts == 8


def test_adding_from_many_threads_loses_nothing_and_tells_seldom() -> None:
    ear, clock = Ear(), Clock()
    progress = Progress(ear, clock)
    progress.begin(planned=40_000, completed=0, failed=0, prompts=10)

    def work() -> None:
        for _ in range(5000):
            progress.add(completed=1, tokens=3)
            progress.stop("enough", 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ear.heard) == 1  # the clock stood still
    clock.now += 1
    told = progress.refresh()
    assert ear.heard[-1] == told
    assert (told.completed, told.tokens, told.stopped, told.planned) == (20_000, 60_000, {"enough": 20_000}, 20_000)


def test_the_pace_is_that_of_the_last_half_minute() -> None:
    clock = Clock()
    progress = Progress(Silence(), clock)
    progress.begin(planned=1000, completed=0, failed=0)
    for second in range(100):
        clock.now += 1
        progress.add(completed=1, tokens=1000 if second < 50 else 10)
    assert progress.tally.tokens_per_second == pytest.approx(10)
    assert progress.tally.mean_tokens_per_second == pytest.approx((50 * 1000 + 50 * 10) / 100)


def test_a_fixed_number_of_draws_leaves_what_was_planned() -> None:
    clock = Clock()
    progress = Progress(Silence(), clock)
    progress.begin(planned=100, completed=20, failed=0, prompts=25, fixed=True)
    assert progress.tally.seconds_left is None
    clock.now += 10
    progress.add(completed=19, failed=1)
    assert progress.tally.draws_left == 60 and progress.tally.seconds_left == pytest.approx(30)
    assert progress.tally.share_done == pytest.approx(0.4)


@given(st.integers(1, 16), st.integers(1, 300), st.integers(0, 300))
def test_adaptive_draws_left_follow_from_what_prompts_needed(need: int, prompts: int, stopping: int) -> None:
    clock = Clock()
    progress = Progress(Silence(), clock)
    progress.begin(planned=16 * prompts, completed=0, failed=0, prompts=prompts)
    stopping = min(stopping, prompts)
    for _ in range(stopping):
        clock.now += need
        progress.add(completed=need)
        progress.stop("enough", 16 - need)
    tally = progress.tally
    if stopping < min(ENOUGH_STOPS, prompts):
        assert tally.draws_left is None and tally.seconds_left is None
    else:
        assert tally.draws_left == pytest.approx((prompts - stopping) * need)
        assert tally.seconds_left == pytest.approx((prompts - stopping) * need)


@given(st.integers(0, 20), st.lists(st.tuples(st.integers(0, 16), st.integers(0, 16)), max_size=40))
def test_what_is_left_is_never_negative_nor_more_than_planned(there: int, steps: list[tuple[int, int]]) -> None:
    clock = Clock()
    progress = Progress(Silence(), clock)
    progress.begin(planned=16 * 40, completed=there, failed=0, prompts=40)
    for drawn, spared in steps:
        clock.now += 1
        progress.add(completed=drawn)
        progress.stop("limit", spared)
        tally = progress.tally
        assert 0 <= tally.share_done <= 1
        assert tally.draws_left is None or 0 <= tally.draws_left <= max(tally.planned - tally.done, 0)


def test_the_cost_is_that_of_the_engines_time_and_the_tokens() -> None:
    clock = Clock()
    progress = Progress(Silence(), clock)
    progress.meter(4, Price(gpu_hour=3.0, completion_tokens=10.0))
    clock.now += 600  # the engine loads
    progress.begin(planned=10, completed=0, failed=0)
    clock.now += 1200
    progress.add(completed=5, judged=5, accepted=2, tokens=50_000)
    tally = progress.tally
    assert tally.gpu_seconds == 4 * 1800 and tally.seconds == 1200
    assert tally.money == pytest.approx(4 * 0.5 * 3 + 0.5)
    assert tally.money_per_accepted == pytest.approx(3.25) and tally.gpu_seconds_per_accepted == 3600
    progress.begin(planned=20, completed=5, failed=0)  # another phase of the same session
    assert progress.tally.tokens == 50_000 and progress.tally.resumed == 5 and progress.tally.seconds == 0
    progress.meter(1, Price())
    assert progress.tally.tokens == 0 and progress.tally.money is None
