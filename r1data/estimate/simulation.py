"""Simulation: what the policy would draw, prompt by prompt, if the pass rates were these.

The policy is the one that samples, `r1data.sampling.policy`; it is asked once for each state that occurs, and the dice
are thrown for all prompts in that state together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from r1data.estimate.belief import Array
from r1data.recipe import AdaptiveDraws
from r1data.sampling.policy import Candidate, Counts, Wave, next_step, share_out
from schemas import StopReason

Whole = npt.NDArray[np.int64]
BITS = 16


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many draws each prompt had, in worlds x prompts, and how they ended."""

    drawn: Whole
    accepted: Whole
    failed: Whole


def simulate(draws: int | AdaptiveDraws, rates: Array, failing: Array, dice: np.random.Generator) -> Drawn:
    """Draw for prompts with these pass rates and shares of failing draws (worlds x prompts, both)."""
    drawn, accepted, failed = (np.zeros(rates.size, dtype=np.int64) for _ in range(3))
    limits = np.zeros(rates.size, dtype=np.int64)
    state = (drawn, accepted, failed, limits)
    odds = (rates.ravel(), failing.ravel())
    at_limit = _draw(draws, state, odds, np.arange(rates.size), dice)
    while isinstance(draws, AdaptiveDraws) and draws.budget is not None and at_limit.size:
        whole = int(draws.budget * rates.shape[1])
        spent = drawn.reshape(rates.shape).sum(axis=1)
        worlds = [at_limit[at_limit // rates.shape[1] == world] for world in range(rates.shape[0])]
        raised = [_share_out(draws, state, mine, whole - int(s)) for mine, s in zip(worlds, spent, strict=True)]
        at_limit = _draw(draws, state, odds, np.concatenate(raised), dice)
    return Drawn(*(part.reshape(rates.shape) for part in (drawn, accepted, failed)))


def _draw(
    draws: int | AdaptiveDraws, state: tuple[Whole, ...], odds: tuple[Array, Array], going: Whole,
    dice: np.random.Generator,
) -> Whole:  # fmt: skip
    """Make waves for the prompts at these places until all have stopped; returns those that stopped at their limit."""
    drawn, accepted, failed, limits = state
    rates, failing = odds
    at_limit = []
    while going.size:
        codes = ((limits[going] << BITS | failed[going]) << BITS | accepted[going]) << BITS | drawn[going]
        met, which = np.unique(codes, return_inverse=True)
        steps = [next_step(draws, *_state(int(code))) for code in met]
        until = np.array([step.until if isinstance(step, Wave) else 0 for step in steps])[which]
        limit = np.array([step == StopReason.LIMIT for step in steps])[which]
        at_limit.append(going[limit])
        going, until = going[until > 0], until[until > 0]
        wave = until - drawn[going]
        lost = dice.binomial(wave, failing[going])
        failed[going] += lost
        accepted[going] += dice.binomial(wave - lost, rates[going])
        drawn[going] = until
    return np.sort(np.concatenate([going, *at_limit]))


def _state(code: int) -> tuple[Counts, int | None]:
    drawn, accepted, failed, limit = ((code >> (BITS * place)) & ((1 << BITS) - 1) for place in range(4))
    return Counts(drawn, accepted, failed), limit or None


def _share_out(draws: AdaptiveDraws, state: tuple[Whole, ...], places: Whole, left: int) -> Whole:
    """Give the prompts at these places, of one world, the new limits that the budget allows; returns who got some."""
    drawn, accepted, failed, limits = state
    candidates = [Candidate(f"{p:09d}", Counts(int(drawn[p]), int(accepted[p]), int(failed[p]))) for p in places]
    raised = {int(name): limit for name, limit in share_out(draws, candidates, left).items()}
    for place, limit in raised.items():
        limits[place] = limit
    return np.array(sorted(raised), dtype=np.int64)
