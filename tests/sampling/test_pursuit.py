"""A prompt's pursuit goes the same way however often it is interrupted and made anew from what is stored."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.prompts import Rendered
from r1data.recipe import AdaptiveDraws
from r1data.sampling import Cut, End, Pursuit

STAGES = 3
RENDERED = Rendered("p", (1,), "p")
Fate = tuple[int, bool]
"""After how many requests a draw would end by itself (never, where that is more than `STAGES`), and how well."""


def stored(cuts: dict[int, int]) -> dict[int, Cut]:
    return {draw: Cut(stages, "", None, 1, stages, 0.0) for draw, stages in cuts.items()}


def finished(
    draws: int | AdaptiveDraws, fates: list[Fate], dice: random.Random, kills: float
) -> tuple[dict[int, End], str, set[tuple[int, int]]]:
    """Play a pursuit to its end; replies come in any order, and now and then everything but what is stored is lost.

    Gives how the draws ended, why the prompt stopped, and the requests: draw and stage of each.
    """
    ends: dict[int, End] = {}
    cuts: dict[int, int] = {}
    sent: set[tuple[int, int]] = set()
    while True:
        pursuit = Pursuit("p", RENDERED, draws, ends=dict(ends), cuts=stored(cuts))
        waiting = pursuit.advance()
        while waiting and dice.random() >= kills:
            ask = waiting.pop(dice.randrange(len(waiting)))
            after, good = fates[ask.draw]
            if not ask.finish:
                sent.add((ask.draw, ask.stages))
            ended = after <= ask.stages
            if ended or ask.finish or ask.stages == STAGES:
                ends[ask.draw] = End(str(ask.draw) if ended and good else None, stages=ask.stages)
                cuts.pop(ask.draw, None)
                pursuit.end(ask.draw, ends[ask.draw])
            else:
                cuts[ask.draw] = ask.stages
                pursuit.interrupt(ask.draw, stored(cuts)[ask.draw])
            waiting += pursuit.advance()
        if pursuit.stop is not None:
            return ends, pursuit.stop, sent


@given(
    fates=st.lists(st.tuples(st.integers(1, STAGES + 1), st.booleans()), min_size=12, max_size=12),
    draws=st.one_of(
        st.integers(1, 12),
        st.builds(AdaptiveDraws, target=st.integers(1, 4), max=st.integers(4, 12), growth=st.floats(0, 1)),
    ),
    seed=st.integers(0, 1 << 30),
)
@settings(max_examples=300, deadline=None)
def test_kills_change_neither_what_is_asked_nor_what_comes_of_it(
    fates: list[Fate], draws: int | AdaptiveDraws, seed: int
) -> None:
    undisturbed = finished(draws, fates, random.Random(seed), kills=0.0)
    assert finished(draws, fates, random.Random(seed + 1), kills=0.0) == undisturbed
    assert finished(draws, fates, random.Random(seed + 2), kills=0.3) == undisturbed
