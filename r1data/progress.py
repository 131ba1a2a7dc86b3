"""Progress: what a run says while it works. The library speaks through this; who listens decides how it looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Listener(Protocol):
    """Hears of a run: single lines of news, and the counts whenever they have changed."""

    def say(self, line: str) -> None:
        """A step has begun or ended, or something happened that a person should know."""
        ...

    def counts(self, tally: Tally) -> None:
        """The counts have changed."""
        ...


@dataclass(slots=True)
class Tally:
    """How far the sampling is. `resumed` of the `completed` and `failed` draws were there before this run began."""

    planned: int = 0
    completed: int = 0
    failed: int = 0
    resumed: int = 0
    judged: int = 0
    accepted: int = 0
    tokens: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Draws that need no more work."""
        return self.completed + self.failed

    @property
    def tokens_per_second(self) -> float:
        """Completion tokens per second since this run began to sample."""
        return self.tokens / max(time.monotonic() - self.started, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """Estimated from this run's own pace; None until there is one."""
        fresh = self.done - self.resumed
        if fresh <= 0:
            return None
        return (time.monotonic() - self.started) / fresh * (self.planned - self.done)


class Progress:
    """The tally of a run, safe to change from any thread, and its listener."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self.tally = Tally()

    def say(self, line: str) -> None:
        """Pass a line on."""
        self._listener.say(line)

    def begin(self, *, prompts: int, planned: int, completed: int, failed: int, stopped: Mapping[str, int]) -> None:
        """Sampling starts, with so many draws there already."""
        self.tally = Tally(planned, completed, failed, resumed=completed + failed)
        self._listener.counts(self.tally)

    def stop(self, reason: str, spared: int) -> None:
        """A prompt has stopped, and does not need so many of the draws that were planned."""

    def reopen(self, reason: str, prompts: int, planned: int) -> None:
        """Prompts that had stopped go on, with so many draws more."""

    def level(self, *, running: int, waiting: int, backlog: int) -> None:
        """How busy engine and verifiers are."""

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
            self.tally.completed += completed
            self.tally.failed += failed
            self.tally.judged += judged
            self.tally.accepted += accepted
            self.tally.tokens += tokens
        self._listener.counts(self.tally)


class Silence:
    """A listener that does nothing."""

    def say(self, line: str) -> None:
        """Ignore it."""

    def counts(self, tally: Tally) -> None:
        """Ignore it."""
