"""Suspects: which prompt killed the engine, when hundreds were in flight. Pure: no clock, no server.

Most deaths have nothing to do with a prompt, so what was in flight at one is simply sent again. What was in flight at
two is suspected, and sent with few others, and what dies then, alone. Guilt needs a death with nothing else in flight,
and two others before it, or two deaths alone: whatever dies in company may be a bystander.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

GROUP = 8
"""So many suspects are in flight together."""
MOST_DEATHS = 10
"""A request that was in flight at so many deaths is given up without a verdict about its prompt. It takes bad luck:
somebody who kills the engine by hand, or other users of it, so that nothing is ever alone."""


class Lane(IntEnum):
    """In which company a request is sent."""

    CROWD = 0
    FEW = 1
    ALONE = 2


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a request has been through: at how many deaths it was in flight, and at how many of them alone."""

    deaths: int = 0
    alone: int = 0
    narrowed: bool = False
    """Whether one of the deaths left but few who may have caused it."""
    convicted: bool = False
    """Whether it is certain enough that this is what kills the engine."""

    @property
    def lane(self) -> Lane:
        """In which company it is sent next."""
        if self.deaths < 2:
            return Lane.CROWD
        return Lane.ALONE if self.narrowed else Lane.FEW

    def after_death(self, company: int) -> Suspicion:
        """The suspicion after one more death, with so many other requests in flight during this one's time."""
        return Suspicion(
            deaths=self.deaths + 1,
            alone=self.alone + (company == 0),
            narrowed=self.narrowed or company < GROUP or self.lane is Lane.FEW,
            convicted=company == 0 and (self.alone >= 1 or self.deaths >= 2),
        )
