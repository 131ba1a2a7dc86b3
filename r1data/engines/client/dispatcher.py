"""The dispatcher: which waiting request goes to which endpoint, and when. Pure: time is an argument, nothing is sent.

Requests go where the most room is, in the order in which they came. Suspects come first, and to one endpoint that is
kept for them while there are any: a few at a time, or one alone; everybody else waits or goes elsewhere.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import compress
from operator import not_

from r1data.engines.client.endpoint import Attempt, Endpoint, State
from r1data.engines.client.suspects import GROUP, Lane


class Dispatcher:
    """The queues before some endpoints."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = endpoints
        self._queues: dict[Lane, deque[Attempt]] = {lane: deque() for lane in Lane}
        self._ward: Endpoint | None = None

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(len(queue) for queue in self._queues.values())

    def enqueue(self, attempt: Attempt, *, first: bool) -> None:
        """Let a request wait in its lane; `first`: before all others, because it has waited before."""
        queue = self._queues[attempt.lane]
        if first:
            queue.appendleft(attempt)
        else:
            queue.append(attempt)

    def withdraw(self, attempt: Attempt) -> None:
        """Forget a request that waits; one that has its place gives it up."""
        if attempt.endpoint is not None:
            attempt.endpoint.release(attempt)
        elif attempt in self._queues[attempt.lane]:
            self._queues[attempt.lane].remove(attempt)

    def drain(self, prompt_id: str | None = None) -> list[Attempt]:
        """Take requests that wait out of their queues: all, or those of one prompt."""
        drained: list[Attempt] = []
        for lane, queue in self._queues.items():
            leaving = [prompt_id in (None, attempt.request.prompt_id) for attempt in queue]
            drained += compress(queue, leaving)
            self._queues[lane] = deque(compress(queue, map(not_, leaving)))
        return drained

    def place(self, now: float) -> list[Attempt]:
        """Give endpoints what they may be given now; the requests that got a place, which know it."""
        return [*self._place_suspects(now), *self._place_crowd(now)]

    def wait(self, now: float) -> float:
        """Seconds until time alone lets another request go; infinite where something else must happen first."""
        if not self.waiting:
            return math.inf
        return min(endpoint.wait(now) for endpoint in self._endpoints)

    def _place_crowd(self, now: float) -> Iterator[Attempt]:
        queue = self._queues[Lane.CROWD]
        while queue:
            ready = [e for e in self._endpoints if e is not self._ward and e.wait(now) <= 0]
            if not ready:
                return
            best = max(ready, key=lambda e: e.limit.room(len(e.running)))
            attempt = queue.popleft()
            best.take(attempt, now)
            yield attempt

    def _place_suspects(self, now: float) -> Iterator[Attempt]:
        few, alone = self._queues[Lane.FEW], self._queues[Lane.ALONE]
        self._ward = self._choose_ward() if few or alone else self._occupied_ward()
        ward = self._ward
        if ward is None:
            return
        while (few or alone) and ward.wait(now) <= 0:
            inside = {attempt.lane for attempt in ward.running}
            if alone and not inside:
                attempt = alone.popleft()
            elif few and not alone and inside <= {Lane.FEW} and len(ward.running) < GROUP:
                attempt = few.popleft()
            else:
                return
            ward.take(attempt, now)
            yield attempt

    def _choose_ward(self) -> Endpoint | None:
        """The endpoint for suspects: the one that has it, or the one that is soonest empty."""
        if self._ward is not None and self._ward.state is State.UP:
            return self._ward
        up = [endpoint for endpoint in self._endpoints if endpoint.state is State.UP]
        return min(up, key=lambda e: len(e.running), default=None)

    def _occupied_ward(self) -> Endpoint | None:
        """The endpoint for suspects, while the last of them are still there."""
        if self._ward is None or all(attempt.lane is Lane.CROWD for attempt in self._ward.running):
            return None
        return self._ward
