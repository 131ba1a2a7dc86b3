"""Prompts of a GRPO: which question comes when. The order follows from the seed alone, so that a training that was
killed goes on with the question that was next.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from r1data.recipe import Grpo


def order(settings: Grpo, ruled: int, general: int) -> list[int]:
    """Places in the table of prompts, one for each question of each step: those below `ruled` have a rule, the
    `general` ones behind them do not, and come up in the last steps only. Each kind is gone through whole, in an order
    of its own, before it begins anew.
    """
    rng = Random(settings.seed)
    reasoning, others = _rounds(range(ruled), rng), _rounds(range(ruled, ruled + general), rng)
    places: list[int] = []
    whole = math.ceil(settings.steps / settings.rollout_steps) * settings.rollout_steps  # a rollout is never cut
    for step in range(whole):
        mixed = settings.general is not None and step >= settings.steps - settings.general.last_steps
        share = settings.general.share if settings.general is not None and mixed and general else 0.0
        rated = round(share * settings.questions)
        these = [next(others) for _ in range(rated)] + [next(reasoning) for _ in range(settings.questions - rated)]
        rng.shuffle(these)
        places += these
    return places


def _rounds(places: range, rng: Random) -> Iterator[int]:
    while True:
        these = list(places)
        rng.shuffle(these)
        yield from these
