"""Patience: trying again what may go well the next time, and for how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import httpx2
from huggingface_hub.errors import HfHubHTTPError

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often something is tried, and how long is waited in between: twice as long each time, from `first` up to
    `longest` seconds, or as long as the Hub asks.
    """

    tries: int = 6
    first: float = 2.0
    longest: float = 120.0
    longest_asked: float = 1800.0
    sleep: Callable[[float], None] = time.sleep

    def __call__(
        self, what: str, action: Callable[[], Result], say: Callable[[str], None], again: Callable[[Exception], bool]
    ) -> Result:
        """Do it, again and again while `again` says of what went wrong that it may pass."""
        wait = self.first
        for left in reversed(range(self.tries)):
            try:
                return action()
            except Exception as error:
                if left == 0 or not again(error):
                    raise
                pause = min(asked, self.longest_asked) if (asked := asked_wait(error)) is not None else wait
                say(f"{what}: {reason(error)}; trying again in {pause:.0f} s")
                # Several publishers that failed together should not come back together.
                self.sleep(pause + random.uniform(0, pause / 10))
                wait = min(2 * wait, self.longest)
        raise AssertionError("the last try returns or raises")


def passes(error: Exception) -> bool:
    """Whether this may go well the next time: the connection broke, or the Hub is busy."""
    return any(isinstance(cause, httpx2.TransportError) for cause in causes(error)) or status(error) in BUSY


def status(error: Exception) -> int | None:
    """The HTTP status that an error stems from."""
    answers = (cause.response for cause in causes(error) if isinstance(cause, HfHubHTTPError | httpx2.HTTPStatusError))
    return next((answer.status_code for answer in answers), None)


def asked_wait(error: Exception) -> float | None:
    """Seconds that the Hub asks to wait, where it says so in seconds."""
    for cause in causes(error):
        if isinstance(cause, HfHubHTTPError | httpx2.HTTPStatusError):
            told = cause.response.headers.get("Retry-After", "")
            return float(told) if told.isdecimal() else None
    return None


def reason(error: Exception) -> str:
    """What went wrong, in a few words without addresses."""
    code = status(error)
    return f"the Hub answers {code}" if code else f"the connection broke ({type(list(causes(error))[-1]).__name__})"


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it stems from."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
