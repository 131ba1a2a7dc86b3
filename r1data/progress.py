"""Progress: what a run says while it works. The library speaks through this; who listens decides how it looks."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from r1data.cost import Usage, money, per
from r1data.recipe import Price

TELL_SECONDS = 0.1
"""Listeners are told no more often than this: counts change thousands of times a second."""
WINDOW_SECONDS = 30.0
"""How far back the pace looks: long enough that a burst of replies does not make it jump."""
WINDOW_STEPS = 30
ENOUGH_STOPS = 20
"""So many prompts must have stopped, or all of a few, before what they needed says what the others will need."""


class Listener(Protocol):
    """Hears of a run: single lines of news, and the counts now and then while they change."""

    def say(self, line: str) -> None:
        """A step has begun or ended, or something happened that a person should know."""
        ...

    def counts(self, tally: Tally) -> None:
        """The counts have changed."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """How far the sampling is, at one moment.

    `planned` is the most draws that there can still be, those made included: it shrinks when a prompt stops early.
    `completed` and `failed` are of all runs, `resumed` of them were there when sampling began. What follows is of this
    session: draws (`drawn`), verdicts (`judged`), those correct and acceptable (`accepted`), tokens written, tokens
    sent, and tokens at most `saved` because loops were cut. `running` and `waiting` are requests in the engine and
    before it, `backlog` verdicts under way. Times are in seconds, `seconds` since sampling began, `engine_seconds`
    since the engine did.
    """

    prompts: int = 0
    stopped: Mapping[str, int] = field(default_factory=dict)
    planned: int = 0
    completed: int = 0
    failed: int = 0
    resumed: int = 0
    drawn: int = 0
    judged: int = 0
    accepted: int = 0
    tokens: int = 0
    prompt_tokens: int = 0
    saved_tokens: int = 0
    running: int = 0
    waiting: int = 0
    backlog: int = 0
    seconds: float = 0.0
    engine_seconds: float = 0.0
    tokens_per_second: float = 0.0
    """Completion tokens, over the last half minute."""
    mean_tokens_per_second: float = 0.0
    """Completion tokens, since sampling began."""
    fixed: bool = True
    """Whether every prompt gets the same number of draws, so that what is left is known."""
    opened: int = 0
    """Prompts that were open when sampling began, or when prompts were reopened."""
    room: int = 0
    """Draws that those could get at most, then."""
    before: int = 0
    """Draws that were done then."""
    spared: int = 0
    """Draws that prompts which have stopped since did not need."""
    gpus: int = 0
    price: Price = field(default_factory=Price)

    @property
    def done(self) -> int:
        """Draws that need no more work."""
        return self.completed + self.failed

    @property
    def open_prompts(self) -> int:
        """Prompts that may get further draws."""
        return max(self.prompts - sum(self.stopped.values()), 0)

    @property
    def pass_rate(self) -> float | None:
        """Share of this session's judged draws that are accepted; None before the first."""
        return self.accepted / self.judged if self.judged else None

    @property
    def draws_left(self) -> float | None:
        """Draws that are still to come; None while there is too little to tell it from.

        Under adaptive draws it is what the prompts that have stopped needed on average, for each that was open. Easy
        prompts stop first, so early on it is a little low.
        """
        most = self.planned - self.done
        if self.fixed or most <= 0:
            return max(most, 0)
        stopped = self.opened - self.open_prompts
        if stopped < min(ENOUGH_STOPS, self.opened):
            return None
        used = max(stopped * self.room / self.opened - self.spared, 0)
        fresh = self.done - self.before
        return min(max(used / stopped * self.opened - fresh, self.running, 0), most)

    @property
    def seconds_left(self) -> float | None:
        """Time for the draws to come, at the pace of those that were made; None while either is unknown."""
        fresh, left = self.done - self.resumed, self.draws_left
        if left is None or (fresh <= 0 and left > 0):
            return None
        return self.seconds / fresh * left if left else 0.0

    @property
    def share_done(self) -> float:
        """How much of the draws is done, as far as is known, between 0 and 1."""
        left = self.draws_left
        whole = self.planned if left is None else self.done + left
        return self.done / whole if whole > 0 else 0.0

    @property
    def gpu_seconds(self) -> float:
        """GPU time of this session."""
        return self.engine_seconds * self.gpus

    @property
    def usage(self) -> Usage:
        """What this session has used up."""
        return Usage(self.prompt_tokens, self.tokens, self.gpu_seconds)

    @property
    def money(self) -> float | None:
        """What this session has cost; None without a price."""
        return money(self.price, self.usage)

    @property
    def money_per_accepted(self) -> float | None:
        """What an accepted row of this session has cost; None without a price or before the first."""
        return per(self.money, self.accepted)

    @property
    def gpu_seconds_per_accepted(self) -> float | None:
        """GPU time that an accepted row of this session has taken; None before the first or without GPUs."""
        return per(self.gpu_seconds, self.accepted) if self.gpus else None


@dataclass(slots=True)
class _Counts:
    """What `add` adds to, since the engine started."""

    drawn: int = 0
    judged: int = 0
    accepted: int = 0
    tokens: int = 0
    prompt_tokens: int = 0
    saved_tokens: int = 0


class Progress:
    """The tally of a run, safe to change from any thread, and its listener."""

    def __init__(self, listener: Listener, clock: Callable[[], float] = time.monotonic) -> None:
        self._listener = listener
        self._clock = clock
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._told = -TELL_SECONDS
        self._news = ""
        self.meter(0, Price())

    @property
    def news(self) -> str:
        """The last line that was said."""
        return self._news

    @property
    def tally(self) -> Tally:
        """How far the sampling is now."""
        with self._lock:
            return self._snapshot(self._clock())

    def say(self, line: str) -> None:
        """Pass a line on."""
        self._news = line
        self._listener.say(line)

    def meter(self, gpus: int, price: Price) -> None:
        """A session begins: the engine starts, and its time counts from now on at this price."""
        with self._lock:
            self._gpus, self._price = gpus, price
            self._engine_started = self._clock()
            self._counts = _Counts()
            self._running = self._waiting = self._backlog = 0
            self._prompts = self._planned = self._completed = self._failed = 0
            self._stopped: dict[str, int] = {}
            self._start(fixed=True)
            self._open()

    def begin(
        self,
        *,
        planned: int,
        completed: int,
        failed: int,
        prompts: int = 0,
        stopped: Mapping[str, int] | None = None,
        fixed: bool = False,
    ) -> None:
        """Sampling starts, with so many draws and stopped prompts there already.

        `planned` is the most draws that there can be: what stopped prompts have, and the limit of the others. `fixed`:
        every prompt gets the same number of draws. Without `prompts` that is taken for granted.
        """
        with self._lock:
            self._prompts, self._planned = prompts, planned
            self._completed, self._failed = completed, failed
            self._stopped = dict(stopped or {})
            self._start(fixed=fixed or not prompts)
            self._open()
        self._tell(always=True)

    def add(
        self,
        *,
        completed: int = 0,
        failed: int = 0,
        judged: int = 0,
        accepted: int = 0,
        tokens: int = 0,
        prompt_tokens: int = 0,
        saved_tokens: int = 0,
    ) -> None:
        """Count what has happened since the last call."""
        with self._lock:
            self._completed += completed
            self._failed += failed
            counts = self._counts
            counts.drawn += completed + failed
            counts.judged += judged
            counts.accepted += accepted
            counts.tokens += tokens
            counts.prompt_tokens += prompt_tokens
            counts.saved_tokens += saved_tokens
        self._tell()

    def stop(self, reason: str, spared: int = 0) -> None:
        """One prompt gets no further draw, and does not need `spared` of those that were planned for it."""
        with self._lock:
            self._stopped[reason] = self._stopped.get(reason, 0) + 1
            self._planned -= spared
            self._spared += spared
        self._tell()

    def reopen(self, reason: str, prompts: int, planned: int) -> None:
        """Prompts that had stopped for this reason go on, with at most `planned` draws more, now that all others have
        stopped.
        """
        with self._lock:
            self._stopped[reason] = self._stopped.get(reason, 0) - prompts
            self._planned += planned
            self._open()
        self._tell(always=True)

    def level(self, *, running: int | None = None, waiting: int | None = None, backlog: int | None = None) -> None:
        """How full the queues are now; what is not named stays as it was."""
        with self._lock:
            self._running = self._running if running is None else running
            self._waiting = self._waiting if waiting is None else waiting
            self._backlog = self._backlog if backlog is None else backlog
        self._tell()

    def refresh(self) -> Tally:
        """Tell the listener how things are, whether or not it is time; returns what it was told."""
        return self._tell(always=True) or self.tally

    def _start(self, *, fixed: bool) -> None:
        now = self._clock()
        self._started = now
        self._tokens_before = self._counts.tokens
        self._window = deque([(now, self._counts.tokens)], maxlen=WINDOW_STEPS + 1)
        self._fixed = fixed
        self._resumed = self._completed + self._failed

    def _open(self) -> None:
        self._opened = self._prompts - sum(self._stopped.values())
        self._before = self._completed + self._failed
        self._room = self._planned - self._before
        self._spared = 0

    def _tell(self, *, always: bool = False) -> Tally | None:
        """Tell the listener, unless it has just heard or is hearing now."""
        now = self._clock()
        if not always and now - self._told < TELL_SECONDS:
            return None
        if not self._telling.acquire(blocking=always):
            return None
        try:
            with self._lock:
                self._told = now
                tally = self._snapshot(now)
            self._listener.counts(tally)
        finally:
            self._telling.release()
        return tally

    def _snapshot(self, now: float) -> Tally:
        counts, window = self._counts, self._window
        if now - window[-1][0] >= WINDOW_SECONDS / WINDOW_STEPS:
            window.append((now, counts.tokens))
        while len(window) > 2 and now - window[0][0] > WINDOW_SECONDS:
            window.popleft()
        since, tokens_since = window[0]
        return Tally(
            prompts=self._prompts, stopped=dict(self._stopped), planned=self._planned, completed=self._completed,
            failed=self._failed, resumed=self._resumed, drawn=counts.drawn, judged=counts.judged,
            accepted=counts.accepted, tokens=counts.tokens, prompt_tokens=counts.prompt_tokens,
            saved_tokens=counts.saved_tokens, running=self._running, waiting=self._waiting, backlog=self._backlog,
            seconds=now - self._started, engine_seconds=now - self._engine_started,
            tokens_per_second=_pace(counts.tokens - tokens_since, now - since),
            mean_tokens_per_second=_pace(counts.tokens - self._tokens_before, now - self._started),
            fixed=self._fixed, opened=self._opened, room=self._room, before=self._before, spared=self._spared,
            gpus=self._gpus, price=self._price,
        )  # fmt: skip


def _pace(amount: int, seconds: float) -> float:
    return amount / seconds if seconds > 0 else 0.0


class Silence:
    """A listener that does nothing."""

    def say(self, line: str) -> None:
        """Ignore it."""

    def counts(self, tally: Tally) -> None:
        """Ignore it."""
