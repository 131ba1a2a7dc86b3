"""A clock that stands still while this process does.

A virtual machine is held up for seconds, a laptop sleeps, somebody presses Ctrl-Z. Afterwards every deadline has passed
at once, though nobody had the time that it stood for: replies would be given up that lie ready to be read, engines
killed that work, answers called too slow. Deadlines for others are therefore measured by `awake`, not by the time of
day; a machine that is merely busy is given more time as well.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

BEAT_SECONDS = 0.1
LATE_SECONDS = 0.4
"""A beat that comes later than this after the one before shows that nothing ran in between."""


class AwakeClock:
    """Monotonic seconds, of which a pause between two beats counts for `LATE_SECONDS` at most. Thread-safe, without a
    lock: only one thread beats.
    """

    def __init__(self, real: Callable[[], float] = time.monotonic) -> None:
        self._real = real
        self._state = real(), 0.0
        """The last beat, and the seconds that did not count until then. One tuple, so that both are of one moment."""

    def beat(self) -> None:
        """Say that the process runs."""
        now = self._real()
        last, lost = self._state
        self._state = now, lost + max(0.0, now - last - LATE_SECONDS)

    def now(self) -> float:
        """Seconds, from an arbitrary beginning. Never runs backwards, and never faster than real time."""
        last, lost = self._state
        return min(self._real(), last + LATE_SECONDS) - lost


_clock: AwakeClock | None = None
_starting = threading.Lock()


def awake() -> float:
    """Seconds that this process has been running, from an arbitrary beginning; to be compared with itself only."""
    return (_clock or _started()).now()


def _started() -> AwakeClock:
    global _clock
    with _starting:
        if _clock is None:
            clock = AwakeClock()
            threading.Thread(target=_keep_beating, args=(clock,), name="awake", daemon=True).start()
            _clock = clock
        return _clock


def _keep_beating(clock: AwakeClock) -> None:
    while True:
        time.sleep(BEAT_SECONDS)
        clock.beat()


def _forget() -> None:
    """A forked process has no thread that beats: it begins a clock of its own."""
    global _clock, _starting
    _clock, _starting = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
