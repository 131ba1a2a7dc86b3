"""Trouble: the ways in which a server does not answer, told apart by what is to be done about them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from r1data.engines.protocol import Failure

QUOTED = 300
LONGEST_STATED = 3600.0
"""In seconds. A server that wants to be left alone for longer is one that does not answer."""
BUSY = frozenset({429, 502, 503, 504, 529})
CLOSED = {401: "refuses access", 402: "wants to be paid", 403: "refuses access", 404: "does not serve model"}
AGAIN = frozenset({408, 409, 425})
TOO_LONG = re.compile(
    r"context.?(length|window|size)|maximum.{0,20}(length|tokens)|(prompt|input).{0,40}too long|too many tokens"
    r"|reduce the length|max_model_len",
    re.IGNORECASE,
)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Kind(Enum):
    """What went wrong with one attempt."""

    UNREACHABLE = auto()
    """No connection came about: the request was never seen by anyone."""
    DROPPED = auto()
    """The connection was lost while the server had the request."""
    SILENT = auto()
    """Nothing, or no end, came for too long."""
    BUSY = auto()
    """The server has too much to do, or its service too many requests: less, and later."""
    FAULTY = auto()
    """The server says that it failed."""
    GARBLED = auto()
    """What came cannot be read, or is not the reply to this request."""
    CLOSED = auto()
    """This endpoint serves no request of ours: no access, no such model."""


class Trouble(Exception):
    """One attempt that gave no reply; its text says what the server said. `pause`: for how long it wants to rest."""

    def __init__(self, kind: Kind, what: str, pause: float | None = None) -> None:
        super().__init__(what)
        self.kind = kind
        self.pause = pause


def refusal(status: int, headers: Mapping[str, str], text: str) -> Trouble | Failure:
    """What a reply with a status other than 200 means. A failure is the request's own fault and final."""
    said = f"HTTP {status}: {quoted(text)}" if text.strip() else f"HTTP {status}"
    if status in CLOSED:
        return Trouble(Kind.CLOSED, f"{CLOSED[status]} ({said})")
    if status in BUSY:
        return Trouble(Kind.BUSY, said, stated_pause(headers, datetime.now(UTC)))
    if status >= 500 or status in AGAIN or status < 400:
        return Trouble(Kind.FAULTY, said)
    too_long = status == 413 or (status in (400, 422) and is_too_long(text))
    return Failure(f"prompt too long for the server: {said}" if too_long else said, prompt_at_fault=too_long)


def is_too_long(text: str) -> bool:
    """Whether a server's refusal is about the length of the prompt."""
    return TOO_LONG.search(text[:4000]) is not None


def quoted(text: str) -> str:
    """A server's words, short and on one line: they are somebody else's and go to a log or a table."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * QUOTED])
    words = " ".join(plain.split())
    return words if len(words) <= QUOTED else words[:QUOTED] + "..."


def stated_pause(headers: Mapping[str, str], now: datetime) -> float | None:
    """For how many seconds a service asks to be left alone, from the headers that services use; None if it does not.

    `Retry-After` is in seconds or a date (RFC 9110, 10.2.3), `retry-after-ms` more exact where there is one.
    `x-ratelimit-reset-*` tells when a limit is lifted; only those that have nothing remaining matter.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return _bounded(milliseconds / 1000)
    if (pause := _until(headers.get("retry-after"), now)) is not None:
        return pause
    return exhausted(headers, now) or _latest(headers, now, spent_only=False)


def exhausted(headers: Mapping[str, str], now: datetime) -> float | None:
    """For how many seconds nothing remains of one of a service's rate limits; None while something remains of all."""
    return _latest(headers, now, spent_only=True)


def _latest(headers: Mapping[str, str], now: datetime, *, spent_only: bool) -> float | None:
    pauses = []
    for name in ("", "-requests", "-tokens"):
        spent = _number(headers.get(f"x-ratelimit-remaining{name}")) == 0
        pause = _until(headers.get(f"x-ratelimit-reset{name}"), now)
        if pause is not None and (spent or not spent_only):
            pauses.append(pause)
    return max(pauses, default=None)


def _until(value: str | None, now: datetime) -> float | None:
    """Seconds until a moment, which is given as seconds, a duration (`6m0s`), a date or seconds since 1970."""
    if value is None:
        return None
    value = value.strip()
    if (seconds := _number(value)) is not None:
        if seconds > 1e11:
            seconds /= 1000  # milliseconds since 1970
        return _bounded(seconds - now.timestamp() if seconds > 1e9 else seconds)
    if _DURATION.sub("", value) == "" and value:
        return _bounded(sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(value)))
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value)
        except (ValueError, OverflowError):
            continue
        return _bounded((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp())
    return None


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_STATED)
