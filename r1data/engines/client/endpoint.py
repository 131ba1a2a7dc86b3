"""An endpoint: one base address, how it is doing, and what it has been given to do. No input or output happens here."""

from __future__ import annotations

import asyncio
import math
import random
import threading
from dataclasses import dataclass, field
from enum import Enum, auto

from r1data.engines.client.doubles import Doubles
from r1data.engines.client.limit import Limit, Pace
from r1data.engines.client.suspects import Lane
from r1data.engines.client.trouble import Trouble
from r1data.engines.protocol import Request

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
CHARACTERS_PER_TOKEN = 4
"""For the prompts of chat models, which nobody has counted: only paces are reckoned with it."""


class State(Enum):
    """Whether an endpoint may be given requests."""

    UP = auto()
    DOWN = auto()
    """Nothing listens there, or its engine is dead; somebody looks after it."""
    CLOSED = auto()
    """It lives and serves no request of ours."""


@dataclass(slots=True)
class Company:
    """Who is in flight together on one server.

    All connections to it share it, from whatever thread, so that alone means alone.
    """

    running: int = 0
    entered: int = 0
    busy_since: float = -math.inf
    """Since when there has always been somebody."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, now: float) -> int:
        """Begin; returns a mark for `met`."""
        with self._lock:
            if not self.running:
                self.busy_since = now
            self.running += 1
            self.entered += 1
            return self.entered - self.running + 1

    def leave(self) -> None:
        """End."""
        with self._lock:
            self.running -= 1

    def met(self, mark: int) -> int:
        """How many others were in flight at any time since the mark was given; never too few."""
        return self.entered - mark


@dataclass(slots=True, eq=False)
class Attempt:
    """One request on its way to one reply: waiting for a place, then in flight at `endpoint`."""

    request: Request
    lane: Lane = Lane.CROWD
    place: asyncio.Future[Endpoint | None] | None = None
    endpoint: Endpoint | None = None
    life: int = 0
    mark: int = 0
    sent_at: float = 0.0
    heard_at: float = 0.0
    clock: asyncio.Timeout | None = None
    trouble: Trouble | None = None
    cost: float = 0.0
    """Tokens that its endpoint's pace was charged with when it was sent."""

    @property
    def prompt_tokens(self) -> int:
        """Tokens sent, estimated where they are sent as text."""
        if self.request.tokens:
            return len(self.request.tokens)
        return sum(len(message.content) for message in self.request.messages) // CHARACTERS_PER_TOKEN

    def end(self, trouble: Trouble) -> None:
        """End it from outside, while it is in flight."""
        if self.trouble is None and self.clock is not None:
            self.trouble = trouble
            self.clock.reschedule(asyncio.get_running_loop().time())


@dataclass(slots=True, eq=False)
class Endpoint:
    """One base address. `life` counts its server's lives: what was sent in an earlier one is lost."""

    url: str
    limit: Limit
    company: Company = field(default_factory=Company)
    requests: Pace | None = None
    tokens: Pace | None = None
    state: State = State.UP
    vllm: bool = False
    life: int = 0
    fallen: int = -1
    """The latest life that is known to have ended."""
    running: set[Attempt] = field(default_factory=set)
    doubts: int = 0
    """How many have lost a request and are finding out whether it is dead."""
    resting_until: float = -math.inf
    stated_until: float = -math.inf
    """Until when the server itself wanted to be left alone, the first time that it said so since it last answered."""
    pause: float = FIRST_PAUSE
    failing_since: float | None = None
    """Since when it has done nothing but fail."""
    answered_at: float = -math.inf
    reason: str = ""
    """The last that it said when it failed."""
    doubles: Doubles = field(default_factory=Doubles)
    expected: float = 0.0
    """Tokens of a reply, as they have been of late."""

    def wait(self, now: float) -> float:
        """Seconds until it may be given one more request, as far as time decides; infinite where it does not."""
        if self.state is not State.UP or self.doubts or self.limit.room(len(self.running)) < 1:
            return math.inf
        paces = [pace.wait(now) for pace in (self.requests, self.tokens) if pace is not None]
        return max(0.0, self.resting_until - now, *paces)

    def take(self, attempt: Attempt, now: float) -> None:
        """Give it a request."""
        attempt.endpoint, attempt.life, attempt.sent_at, attempt.heard_at = self, self.life, now, now
        attempt.mark = self.company.enter(now)
        self.running.add(attempt)
        if self.requests is not None:
            self.requests.charge(1.0, now)
        if self.tokens is not None:
            attempt.cost = attempt.prompt_tokens + min(self.expected, attempt.request.max_tokens)
            self.tokens.charge(attempt.cost, now)

    def release(self, attempt: Attempt) -> None:
        """The request is no longer in flight, however it ended."""
        if attempt in self.running:
            self.running.remove(attempt)
            self.company.leave()

    def answered(self, attempt: Attempt, prompt_tokens: int, completion_tokens: int, now: float) -> None:
        """It has given a reply of so many tokens."""
        self.limit.answered()
        self.answered_at = now
        self.stated_until = -math.inf
        self.pause = FIRST_PAUSE
        self.failing_since = None
        self.expected += (completion_tokens - self.expected) / 16
        if self.tokens is not None:
            self.tokens.charge(prompt_tokens + completion_tokens - attempt.cost, now)

    def failed(self, reason: str, now: float) -> None:
        """It has failed in a way that is its own fault."""
        self.reason = reason
        if self.failing_since is None:
            self.failing_since = now

    def rest(self, now: float, stated: float | None = None) -> None:
        """Give it nothing for a while: as long as it says itself, otherwise longer each time until it answers."""
        if stated is not None:
            self.resting_until = max(self.resting_until, now + stated)
            if (
                self.stated_until == -math.inf
            ):  # one such pause is waited for; a server that always has one more is down
                self.stated_until = now + stated
        elif self.resting_until <= now:  # of many requests that failed together, the first sets the pause
            self.resting_until = now + self.pause * random.uniform(0.8, 1.2)
            self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def came_back(self, life: int | None = None) -> None:
        """Its server answers again: in this life, where somebody counts them, else in a new one if the last ended."""
        self.life = max(self.life, self.fallen + 1) if life is None else life
        self.fallen = min(self.fallen, self.life - 1)
        self.state = State.UP
        self.resting_until = -math.inf
        self.pause = FIRST_PAUSE
        self.failing_since = None
