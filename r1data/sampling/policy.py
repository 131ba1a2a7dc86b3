"""The policy: how many draws a prompt gets. Pure: what is drawn next follows from what was drawn before, nothing else.

A prompt's draws are made in waves. Whether there is a next wave, and how large it is, depends on how the draws so far
have ended, and only once all of them have. So neither the order of replies nor a restart can change what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from r1data.recipe import ASKS_A_MODEL, AdaptiveDraws, Recipe
from r1data.selection.majority import COMPARE_ANSWERS
from schemas import StopReason


@dataclass(frozen=True, slots=True)
class Counts:
    """How the first `drawn` draws of a prompt ended. `hopeless` is set when no further one can succeed."""

    drawn: int = 0
    accepted: int = 0
    failed: int = 0
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Wave:
    """Go on: make the draws up to (without) this index."""

    until: int


Step = Wave | StopReason


def draws_for(recipe: Recipe, verifier: str, reference: str | None) -> int | AdaptiveDraws:
    """The policy for one prompt: a fixed number where no rule can tell, while sampling goes on, what is acceptable.

    That is so where the judge has the only word, and where the reference is yet to be named by a majority of the draws.
    """
    draws = recipe.sampling.draws
    if isinstance(draws, int):
        return draws
    if recipe.selection.correctness == "any":
        return draws
    if verifier in ASKS_A_MODEL or recipe.verification.policy == "judge":
        return draws.unjudged
    fill = recipe.audit.fill_references
    if fill is not None and reference is None and verifier in COMPARE_ANSWERS:
        return max(draws.unjudged, fill.min_answers)
    return draws


def next_step(draws: int | AdaptiveDraws, counts: Counts, limit: int | None = None) -> Step:
    """What to do after draws that ended like this. `limit` is a prompt's own limit, where the budget raised it."""
    if isinstance(draws, int):
        return StopReason.LIMIT if counts.drawn >= draws else Wave(draws)
    limit = draws.limit if limit is None else limit
    missing = draws.target - counts.accepted
    if missing <= 0:
        return StopReason.ENOUGH
    if counts.drawn and (counts.hopeless or counts.failed == counts.drawn):
        return StopReason.FAILED
    if draws.give_up_below is not None and pass_rate_bound(counts, draws.confidence) < draws.give_up_below:
        return StopReason.HOPELESS
    if counts.drawn >= limit:
        return StopReason.LIMIT
    wave = max(missing, math.ceil(draws.growth * counts.drawn))
    return Wave(min(counts.drawn + wave, limit))


def pass_rate_bound(counts: Counts, confidence: float) -> float:
    """The highest pass rate that the draws leave possible: the exact one-sided upper limit for a binomial share.

    Clopper and Pearson, 1934. Failed draws say nothing about the model and do not count. It is looked at after every
    wave; as waves grow, there are few looks, and the chance to give up a prompt at the bound stays near 1 -
    `confidence`.
    """
    tried = counts.drawn - counts.failed
    if counts.accepted >= tried:
        return 1.0
    low, high = counts.accepted / tried, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if _binomial_tail(counts.accepted, tried, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _binomial_tail(successes: int, tries: int, rate: float) -> float:
    """Chance of at most so many successes."""
    log_rate, log_miss = math.log(rate) if rate else -math.inf, math.log1p(-rate) if rate < 1 else -math.inf
    total = 0.0
    for k in range(successes + 1):
        choices = math.lgamma(tries + 1) - math.lgamma(k + 1) - math.lgamma(tries - k + 1)
        hits = k * log_rate if k else 0.0
        misses = (tries - k) * log_miss if tries > k else 0.0
        total += math.exp(choices + hits + misses)
    return total


@dataclass(frozen=True, slots=True)
class Candidate:
    """A prompt that has reached its limit without its target."""

    prompt_id: str
    counts: Counts


def share_out(draws: AdaptiveDraws, candidates: Iterable[Candidate], left: int) -> dict[str, int]:
    """Share `left` draws out among prompts that could use more: new limits, by prompt, for those that get some.

    The most promising come first: those that need the fewest further draws. Each gets what would bring it to its target
    nine times in ten, as far as its draws so far can tell, within the ceiling.
    """
    needs = []
    for candidate in candidates:
        drawn, accepted = candidate.counts.drawn, candidate.counts.accepted
        room = draws.most - drawn
        if room > 0:
            need = draws_needed(draws.target - accepted, (accepted + 0.5) / (drawn + 1))
            needs.append((min(need, room), candidate.prompt_id, drawn))
    limits = {}
    for need, prompt_id, drawn in sorted(needs):
        granted = min(need, left)
        if granted <= 0:
            break
        limits[prompt_id] = drawn + granted
        left -= granted
    return limits


def draws_needed(wanted: int, rate: float, chance: float = 0.9) -> int:
    """The fewest draws that give `wanted` successes with this chance, at this rate."""
    low, high = wanted, wanted
    while _binomial_tail(wanted - 1, high, rate) > 1 - chance:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        if _binomial_tail(wanted - 1, middle, rate) > 1 - chance:
            low = middle + 1
        else:
            high = middle
    return low
