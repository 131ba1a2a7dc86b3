"""Limits: how many requests an endpoint bears at once, and how fast they may follow each other. Arithmetic only."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

GROWTH = 1 / 16
"""By which share of where it was refused a limit grows in one round of replies, as many as it is high."""
SLACK_SECONDS = 1.0
"""How much of a pace may be made up for at once: timers wake late, and what they lose would never be sent."""


@dataclass(slots=True)
class Limit:
    """How many requests at once: halved when the server has too many, growing slowly while it answers.

    Many requests are refused together. Only the first of such a wave cuts the limit: a refusal of what was sent before
    the last cut says nothing about the limit as it is now.
    """

    most: int
    value: float = field(init=False)
    ceiling: float = field(init=False)
    """Where it was refused last."""
    cut_at: float = field(init=False, default=-math.inf)

    def __post_init__(self) -> None:
        self.value = self.ceiling = float(self.most)

    def room(self, running: int) -> int:
        """How many more requests may be sent while `running` are under way."""
        return int(self.value) - running

    def refused(self, sent_at: float, now: float, running: int) -> bool:
        """A request sent at `sent_at` was one too many, with so many under way; whether that cut the limit."""
        if sent_at <= self.cut_at:
            return False
        self.ceiling = max(1.0, min(self.value, float(running)))
        self.value = max(1.0, self.ceiling / 2)
        self.cut_at = now
        return True

    def answered(self) -> None:
        """Let it grow a little, because a request was answered."""
        self.value = min(float(self.most), self.value + GROWTH * max(self.value, self.ceiling) / self.value)


@dataclass(slots=True)
class Pace:
    """So many units a minute, spread evenly. `free_at` is when the next may be sent.

    What something costs may turn out afterwards: a reply's tokens are charged when they are known, and what follows
    waits for that.
    """

    per_minute: float
    free_at: float = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until the next may be sent."""
        return max(0.0, self.free_at - now)

    def charge(self, units: float, now: float) -> None:
        """Take so many units; negative ones are given back."""
        self.free_at = max(self.free_at, now - SLACK_SECONDS) + units * 60.0 / self.per_minute
