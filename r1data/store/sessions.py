"""Sessions: a workspace's account of itself. One line for every time that it sampled, in `sessions.jsonl`.

While a session goes on, `live.json` says how far it is, written whole about once a second. When its writer is gone
without having closed it, by kill -9 too, the next one turns the last of it into a line. A session is known by its id,
so a kill between the two files counts nothing twice.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import TypeAdapter, ValidationError

from r1data.cost import Usage
from r1data.errors import WorkspaceError
from r1data.progress import Tally
from r1data.store.files import write_text

LIVE, SESSIONS = "live.json", "sessions.jsonl"
STALE_SECONDS = 15.0
"""A writer on another machine, whose process cannot be seen, is taken for gone after such a silence."""


@dataclass(frozen=True, slots=True)
class Session:
    """One time of sampling. `started` is in seconds since 1970, `engine_seconds` of the whole session, `seconds` of its
    sampling; `killed`: it ended without saying so, and its last second may be missing.
    """

    id: str
    started: float
    engine_seconds: float
    seconds: float
    draws: int
    judged: int
    accepted: int
    tokens: int
    prompt_tokens: int
    saved_tokens: int
    gpu_seconds: float
    money: float | None
    currency: str
    killed: bool = False

    @classmethod
    def of(cls, session_id: str, started: float, tally: Tally, *, killed: bool = False) -> Session:
        """The session whose tally this is."""
        return cls(
            id=session_id, started=started, engine_seconds=tally.engine_seconds, seconds=tally.seconds,
            draws=tally.drawn, judged=tally.judged, accepted=tally.accepted, tokens=tally.tokens,
            prompt_tokens=tally.prompt_tokens, saved_tokens=tally.saved_tokens, gpu_seconds=tally.gpu_seconds,
            money=tally.money, currency=tally.price.currency, killed=killed,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Live:
    """How a session is at the moment `when` (seconds since 1970), and what it said last (`news`)."""

    id: str
    started: float
    when: float
    host: str
    process: int
    process_started: float
    news: str
    tally: Tally

    @property
    def session(self) -> Session:
        """The session as far as it is known."""
        return Session.of(self.id, self.started, self.tally, killed=True)

    def alive(self) -> bool:
        """Whether who wrote this is still there."""
        if self.host != socket.gethostname():
            return abs(time.time() - self.when) < STALE_SECONDS
        try:
            process = psutil.Process(self.process)
            # The number of a dead process is given out again; its start is not.
            return bool(process.create_time() == self.process_started) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


@dataclass(frozen=True, slots=True)
class Spent:
    """All sessions of a workspace together. `money` is by currency, and empty where no price was given."""

    sessions: int
    killed: int
    engine_seconds: float
    seconds: float
    draws: int
    accepted: int
    usage: Usage
    saved_tokens: int
    money: dict[str, float]

    @classmethod
    def over(cls, sessions: Iterable[Session]) -> Spent:
        """Add them up."""
        all_of_them = list(sessions)
        sums: dict[str, float] = {}
        for one in all_of_them:
            if one.money is not None:
                sums[one.currency] = sums.get(one.currency, 0.0) + one.money
        usage = sum((Usage(s.prompt_tokens, s.tokens, s.gpu_seconds) for s in all_of_them), Usage())
        return cls(
            sessions=len(all_of_them), killed=sum(s.killed for s in all_of_them),
            engine_seconds=sum(s.engine_seconds for s in all_of_them), seconds=sum(s.seconds for s in all_of_them),
            draws=sum(s.draws for s in all_of_them), accepted=sum(s.accepted for s in all_of_them), usage=usage,
            saved_tokens=sum(s.saved_tokens for s in all_of_them), money=sums,
        )  # fmt: skip


_SESSION, _LIVE = TypeAdapter(Session), TypeAdapter(Live)


def this_process() -> tuple[str, int, float]:
    """Host, number and start of this process: what tells its life from that of another."""
    return socket.gethostname(), os.getpid(), psutil.Process().create_time()


def write_live(root: Path, live: Live) -> None:
    """Say how the session is now."""
    write_text(root / LIVE, _LIVE.dump_json(live).decode())


def read_live(root: Path) -> Live | None:
    """What the last session wrote, unless it has been closed; who wrote it may be gone."""
    try:
        return _LIVE.validate_json((root / LIVE).read_bytes())
    except (FileNotFoundError, ValidationError):  # another version's file is no account that we could read
        return None


def read_sessions(root: Path) -> list[Session]:
    """Every session so far, in order, the one at hand or a killed one included."""
    closed = _closed(root)
    live = read_live(root)
    unclosed = [live.session] if live is not None and live.id not in {s.id for s in closed} else []
    return [*closed, *unclosed]


def close_session(root: Path, session: Session) -> None:
    """Write the session down for good, once, and clear the live file."""
    closed = _closed(root)
    if session.id not in {s.id for s in closed}:
        lines = [_SESSION.dump_json(s).decode() for s in [*closed, session]]
        write_text(root / SESSIONS, "\n".join(lines) + "\n")
    (root / LIVE).unlink(missing_ok=True)


def close_killed(root: Path) -> Session | None:
    """Write down what a killed session left; returns it. Call only while holding the workspace's lock."""
    live = read_live(root)
    if live is None:
        return None
    close_session(root, live.session)
    return live.session


def _closed(root: Path) -> list[Session]:
    path = root / SESSIONS
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        return [_SESSION.validate_json(line) for line in lines if line.strip()]
    except ValidationError as problem:
        wrong = "; ".join(f"{error['loc']}: {error['msg']}" for error in problem.errors(include_url=False)[:3])
        raise WorkspaceError(
            f"{path}: a line is no session ({wrong})", "mend or move the file away: the account begins anew without it"
        ) from None
