"""Forecast: what a recipe will draw, write and cost, per domain, as a mean and a range that holds nine times in ten.

Pure and seeded: the same knowledge gives the same forecast.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from r1data.cost import HOUR, Usage, money
from r1data.estimate.belief import Amount, Array, PassRates
from r1data.estimate.simulation import Drawn, simulate
from r1data.recipe import AdaptiveDraws, Price
from r1data.recipe.strict import Strict

WORLDS = 200
"""Possible truths that are played through: the range comes from how they differ."""
PROMPTS = 2000
"""Prompts per world at most; larger recipes are scaled up from them."""
FEWEST = 20
"""Prompts of a domain per world at least, as far as it has them."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is known about prompts of one domain that are drawn under one policy: a fixed number where no rule can tell,
    while sampling goes on, what is acceptable (`told` is False then).

    `failing` is the share of draws that fail, `hopeless` that of prompts whose draws all do. Lengths are in tokens per
    draw. `basis` says where the figures come from.
    """

    domain: str
    prompts: int
    draws: int | AdaptiveDraws
    told: bool
    rates: PassRates
    accepted_tokens: Amount
    other_tokens: Amount
    prompt_tokens: Amount
    basis: str
    failing: float = 0.0
    hopeless: float = 0.0


@dataclass(frozen=True, slots=True)
class Machine:
    """How fast and how dear. `tokens_per_second` is the whole engine's; `startup_seconds` pass without writing,
    over all its starts.
    """

    tokens_per_second: Amount
    startup_seconds: float
    gpus: int
    price: Price
    token_bytes: float
    """Stored bytes of a token of text, compressed."""
    draw_bytes: float
    """Stored bytes of a draw besides its text: its verdicts and measures."""
    basis: dict[str, str]


class Span(Strict):
    """A mean, and the range in which the figure lies nine times in ten."""

    mean: float
    low: float
    high: float

    @classmethod
    def over(cls, worlds: Array) -> Span:
        """Of what came out in each of the worlds."""
        low, high = np.quantile(worlds, [0.05, 0.95])
        return cls(mean=float(worlds.mean()), low=float(low), high=float(high))


class Figures(Strict):
    """What one domain, or all of them together, will take. `solved` prompts have at least one acceptable completion.

    `gpu_hours` is None without GPUs, `money` without a price, `accepted` and `solved` where only the judge can tell.
    """

    domain: str
    prompts: int
    draws: Span
    accepted: Span | None
    solved: Span | None
    completion_tokens: Span
    prompt_tokens: Span
    hours: Span
    gpu_hours: Span | None
    money: Span | None
    disk: Span
    basis: str


class Forecast(Strict):
    """The whole. `draws_there` of the draws had been made when it was; `basis` is that of the machine's figures, `asks`
    a fingerprint of what was asked for.
    """

    recipe: str
    asks: str
    when: str
    draws_there: int
    currency: str
    domains: tuple[Figures, ...]
    whole: Figures
    basis: dict[str, str]


@dataclass(frozen=True, slots=True)
class Worlds:
    """Totals of a group in each of the worlds."""

    draws: Array
    accepted: Array
    solved: Array
    completion_tokens: Array
    accepted_tokens: Array
    prompt_tokens: Array

    def __add__(self, other: Worlds) -> Worlds:
        return Worlds(*(getattr(self, name) + getattr(other, name) for name in Worlds.__slots__))


def forecast(
    groups: Sequence[Group],
    machine: Machine,
    *,
    recipe: str,
    asks: str,
    when: str,
    draws_there: int,
    seed: int = 0,
) -> Forecast:
    """Play the policy through in many worlds; groups of one domain make one line. There must be at least one group."""
    dice = np.random.default_rng(seed)
    pace = machine.tokens_per_second.draw(dice, WORLDS)
    by_domain: dict[str, Worlds] = {}
    for group, totals in _play(groups, dice):
        by_domain[group.domain] = by_domain[group.domain] + totals if group.domain in by_domain else totals
    whole = sum(list(by_domain.values())[1:], next(iter(by_domain.values())))

    def figures(name: str, totals: Worlds, mine: Sequence[Group]) -> Figures:
        basis = "; ".join(dict.fromkeys(group.basis for group in mine))
        # The engine starts for all of them: each domain bears as much of that as it has of the tokens.
        share = totals.completion_tokens.mean() / max(whole.completion_tokens.mean(), 1e-9)
        seconds = totals.completion_tokens / pace + machine.startup_seconds * share
        return _figures(name, totals, seconds, mine, machine, basis)

    return Forecast(
        recipe=recipe, asks=asks, when=when, draws_there=draws_there, currency=machine.price.currency,
        basis=machine.basis,
        domains=tuple(
            figures(domain, totals, [group for group in groups if group.domain == domain])
            for domain, totals in by_domain.items()
        ),
        whole=figures("all", whole, groups),
    )  # fmt: skip


def _play(groups: Sequence[Group], dice: np.random.Generator) -> Iterator[tuple[Group, Worlds]]:
    """Each group's totals. Groups of one policy are played together, since they share its budget."""
    share = min(1.0, PROMPTS / max(sum(group.prompts for group in groups), 1))
    for draws in dict.fromkeys(group.draws for group in groups):
        together = [group for group in groups if group.draws == draws]
        sizes = [min(group.prompts, max(FEWEST, round(group.prompts * share))) for group in together]
        rates, failing = [], []
        for group, size in zip(together, sizes, strict=True):
            rates.append(group.rates.draw(dice, WORLDS, size))
            failing.append(np.where(dice.random((WORLDS, size)) < group.hopeless, 1.0, group.failing))
        drawn = simulate(draws, np.hstack(rates), np.hstack(failing), dice)
        for group, size, end in zip(together, sizes, np.cumsum(sizes), strict=True):
            yield group, _totals(group, drawn, slice(int(end) - size, int(end)), group.prompts / size, dice)


def _totals(group: Group, drawn: Drawn, mine: slice, scale: float, dice: np.random.Generator) -> Worlds:
    parts = (drawn.drawn, drawn.accepted, drawn.failed)
    draws, accepted, failed = (part[:, mine].sum(axis=1) * scale for part in parts)
    of_accepted = accepted * group.accepted_tokens.draw(dice, WORLDS)
    of_others = (draws - accepted - failed) * group.other_tokens.draw(dice, WORLDS)
    return Worlds(
        draws=draws,
        accepted=accepted,
        solved=(drawn.accepted[:, mine] > 0).sum(axis=1) * scale,
        completion_tokens=of_accepted + of_others,
        accepted_tokens=of_accepted,
        prompt_tokens=(draws - failed) * group.prompt_tokens.draw(dice, WORLDS),
    )


def _figures(
    name: str, totals: Worlds, seconds: Array, groups: Sequence[Group], machine: Machine, basis: str
) -> Figures:
    used = [
        Usage(sent, written, lasting * machine.gpus)
        for sent, written, lasting in zip(totals.prompt_tokens, totals.completion_tokens, seconds, strict=True)
    ]
    costs = [cost for usage in used if (cost := money(machine.price, usage)) is not None]
    told = all(group.told for group in groups)
    # What is accepted is stored twice: as drawn, and in the dataset.
    disk = (totals.completion_tokens + totals.accepted_tokens) * machine.token_bytes + totals.draws * machine.draw_bytes
    return Figures(
        domain=name,
        prompts=sum(group.prompts for group in groups),
        draws=Span.over(totals.draws),
        accepted=Span.over(totals.accepted) if told else None,
        solved=Span.over(totals.solved) if told else None,
        completion_tokens=Span.over(totals.completion_tokens),
        prompt_tokens=Span.over(totals.prompt_tokens),
        hours=Span.over(seconds / HOUR),
        gpu_hours=Span.over(seconds * machine.gpus / HOUR) if machine.gpus else None,
        money=Span.over(np.array(costs)) if costs else None,
        disk=Span.over(disk),
        basis=basis,
    )
