"""Whoever kills the engine is found, and nobody else is convicted: a world in which engines die, without any clock."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.engines.client.dispatcher import Dispatcher
from r1data.engines.client.endpoint import Attempt, Endpoint, State
from r1data.engines.client.limit import Limit
from r1data.engines.client.suspects import GROUP, Lane, Suspicion
from r1data.engines.protocol import Request


@dataclass
class World:
    """Requests, of which some kill the endpoint that works on them, and somebody who kills endpoints for no reason."""

    requests: int
    killers: set[int]
    endpoints: int = 1
    concurrency: int = 32
    kills: int = 0
    seed: int = 0
    answered: set[int] = field(default_factory=set)
    convicted: set[int] = field(default_factory=set)
    most_deaths_in_a_row: int = 0
    deaths: int = 0

    def run(self) -> None:
        dice = random.Random(self.seed)
        self.sites = [Endpoint(f"http://{n}/v1", Limit(self.concurrency)) for n in range(self.endpoints)]
        dispatcher = Dispatcher(self.sites)
        suspicions = {n: Suspicion() for n in range(self.requests)}
        waiting = [Attempt(request(n)) for n in range(self.requests)]
        for attempt in waiting:
            dispatcher.enqueue(attempt, first=False)
        in_a_row = 0
        while len(self.answered) + len(self.convicted) < self.requests:
            dispatcher.place(0.0)
            self.check_company()
            busy = [site for site in self.sites if site.running]
            assert busy, "nothing is in flight, and there is work"
            site = dice.choice(busy)
            by_hand = self.kills > 0 and dice.random() < 0.05
            attempt = dice.choice(sorted(site.running, key=number))
            if not by_hand and number(attempt) not in self.killers:
                site.release(attempt)
                self.answered.add(number(attempt))
                in_a_row = 0
                continue
            self.kills -= by_hand
            in_a_row += 1
            self.deaths += 1
            for lost in sorted(site.running, key=number):
                site.release(lost)
                n = number(lost)
                suspicions[n] = suspicions[n].after_death(site.company.met(lost.mark))
                if suspicions[n].convicted:
                    self.convicted.add(n)
                    in_a_row = 0
                else:
                    dispatcher.enqueue(Attempt(lost.request, suspicions[n].lane), first=True)
            self.most_deaths_in_a_row = max(self.most_deaths_in_a_row, in_a_row)

    def check_company(self) -> None:
        for site in self.sites:
            lanes = [attempt.lane for attempt in site.running]
            assert len(lanes) <= self.concurrency
            if Lane.ALONE in lanes:
                assert len(lanes) == 1
            if Lane.FEW in lanes:
                assert set(lanes) == {Lane.FEW} and len(lanes) <= GROUP


def request(n: int) -> Request:
    return Request(str(n), (1,), seed=n, temperature=1.0, top_p=1.0, max_tokens=8)


def number(attempt: Attempt) -> int:
    return attempt.request.seed


@settings(deadline=None)
@given(
    st.integers(1, 300), st.sets(st.integers(0, 299), max_size=12), st.integers(1, 3), st.integers(1, 64),
    st.integers(0, 2**32),
)  # fmt: skip
def test_exactly_the_killers_are_convicted(
    requests: int, killers: set[int], endpoints: int, concurrency: int, seed: int
) -> None:
    killers = {n for n in killers if n < requests}
    world = World(requests, killers, endpoints, concurrency, seed=seed)
    world.run()
    assert world.convicted == killers
    assert world.answered == set(range(requests)) - killers


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 64), st.integers(0, 2**32))
def test_one_who_kills_engines_for_no_reason_convicts_nobody_in_a_crowd(
    requests: int, concurrency: int, seed: int
) -> None:
    """One kill never convicts anybody, whatever was in flight and how little."""
    world = World(requests, set(), 1, concurrency, kills=1, seed=seed)
    world.run()
    assert not world.convicted and len(world.answered) == requests


@pytest.mark.parametrize("seed", range(20))
def test_finding_a_killer_takes_few_deaths(seed: int) -> None:
    """For each two in the crowd, one in a group, one alone; never more in a row than an engine may be restarted."""
    world = World(400, {3, 200, 399}, concurrency=64, seed=seed)
    world.run()
    assert world.most_deaths_in_a_row <= 3
    assert world.deaths <= 12


def test_guilt_needs_a_death_alone_and_more() -> None:
    def story(*companies: int) -> list[bool]:
        suspicion, said = Suspicion(), []
        for company in companies:
            suspicion = suspicion.after_death(company)
            said.append(suspicion.convicted)
        return said

    assert story(0, 0) == [False, True]
    assert story(30, 0) == [False, False]
    assert story(30, 30, 7, 0) == [False, False, False, True]
    assert story(0, 30, 30) == [False, False, False]
    assert story(*[1] * 9) == [False] * 9


def test_suspects_get_an_endpoint_of_their_own_and_the_others_work_on() -> None:
    sites: Sequence[Endpoint] = [Endpoint(f"http://{n}/v1", Limit(4)) for n in range(2)]
    dispatcher = Dispatcher(sites)
    for n in range(12):
        dispatcher.enqueue(Attempt(request(n)), first=False)
    dispatcher.place(0.0)
    dispatcher.enqueue(suspect := Attempt(request(99), Lane.ALONE), first=True)
    ward = next(site for site in sites if not dispatcher.place(0.0) and site is dispatcher._ward)
    other = next(site for site in sites if site is not ward)
    for attempt in list(ward.running):
        assert suspect.endpoint is None
        ward.release(attempt)
        assert all(placed.endpoint is other or placed is suspect for placed in dispatcher.place(0.0))
    assert ward.running == {suspect}
    other.release(next(iter(other.running)))
    assert [placed.endpoint for placed in dispatcher.place(0.0)] == [other]
    ward.release(suspect)
    dispatcher.place(0.0)
    assert len(ward.running) == 3, "the ward is an endpoint like any other again"


def test_a_dead_ward_is_left_for_another() -> None:
    sites = [Endpoint(f"http://{n}/v1", Limit(4)) for n in range(2)]
    dispatcher = Dispatcher(sites)
    dispatcher.enqueue(first := Attempt(request(1), Lane.ALONE), first=False)
    dispatcher.place(0.0)
    assert first.endpoint is not None
    first.endpoint.state = State.DOWN
    first.endpoint.release(first)
    dispatcher.enqueue(again := Attempt(request(1), Lane.ALONE), first=True)
    dispatcher.place(0.0)
    assert again.endpoint is not None and again.endpoint is not first.endpoint
