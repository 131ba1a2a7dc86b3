"""Patience: how long to wait when no endpoint works, what to say meanwhile, when to give up. Time is an argument."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from r1data.engines.client.endpoint import Endpoint, State
from r1data.errors import EngineError

FIRST_WORD_SECONDS = 1.0
FIRST_GAP_SECONDS = 15.0
Notify = Callable[[str], None]


class Patience:
    """Waits for endpoints that all fail. A server's own word for how long to leave it alone is waited for as well."""

    def __init__(self, endpoints: Sequence[Endpoint], seconds: float, notify: Notify) -> None:
        self._endpoints = endpoints
        self._seconds = seconds
        self._notify = notify
        self._next_word: float | None = None
        self._gap = FIRST_GAP_SECONDS

    def look(self, now: float) -> None:
        """Look at the endpoints while requests wait; speak where it is time to.

        Raises:
            EngineError: nothing has worked for too long.
        """
        if not all(_fails(endpoint) for endpoint in self._endpoints):
            if self._next_word is not None:
                self._next_word, self._gap = None, FIRST_GAP_SECONDS
                self._notify("the engine answers again")
            return
        if any(endpoint.running for endpoint in self._endpoints):
            return  # somebody is being tried, or is still at work on something long
        since = max(endpoint.failing_since or now for endpoint in self._endpoints)
        until = max(since, *(endpoint.stated_until for endpoint in self._endpoints)) + self._seconds
        said = "; ".join(f"{endpoint.url}: {endpoint.reason}" for endpoint in self._endpoints)
        if now > until:
            raise EngineError(
                f"no endpoint has answered for {now - since:.0f} s; the last said: {said}",
                "what was finished is safe; mend the server and run the same command again",
            )
        if now >= (since + FIRST_WORD_SECONDS if self._next_word is None else self._next_word):
            self._next_word = now + self._gap
            self._gap *= 2
            clock = time.strftime("%H:%M:%S", time.localtime(time.time() + until - now))
            self._notify(f"no endpoint answers, waiting for {until - now:.0f} s more, until {clock}; {said}")


def _fails(endpoint: Endpoint) -> bool:
    return endpoint.state is not State.UP or endpoint.failing_since is not None
