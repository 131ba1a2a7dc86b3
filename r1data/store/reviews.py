"""Reviews: what people have decided, in one SQLite file of the workspace that several processes may write at once.

Rows are only ever added: a trigger refuses every change of one. A sample that a person is looking at is leased to them,
and who may look at what is settled inside one transaction, so that two people never get the same sample. A lease ends
by itself when nobody renews it, as when a browser is closed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from r1data.errors import WorkspaceError
from schemas import Action, Reviews

FILE = "reviews.sqlite"
LEASE_SECONDS = 180.0
"""How long a sample stays somebody's without a word from their page, which speaks up every minute."""
BUSY_SECONDS = 20.0
"""How long one writer waits for another."""

DECIDED = (Action.APPROVED, Action.EDITED, Action.REJECTED)
"""Actions that settle a sample; who skips leaves it to others."""

UNDONE = "undone"
"""Reason of a row that takes the reviewer's earlier one back."""

TICK = 2e-6
"""Seconds that lie between two rows at least, so that times tell their order."""

_TABLES = """
CREATE TABLE IF NOT EXISTS reviews (
  place INTEGER PRIMARY KEY AUTOINCREMENT, review_id TEXT NOT NULL UNIQUE, completion_id TEXT NOT NULL,
  prompt_id TEXT NOT NULL, reviewer TEXT NOT NULL, reading INTEGER NOT NULL, plan TEXT NOT NULL, action TEXT NOT NULL,
  reason TEXT, note TEXT, text TEXT, outcome TEXT, findings TEXT NOT NULL, decided_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS by_completion ON reviews (completion_id);
CREATE TRIGGER IF NOT EXISTS never_changed BEFORE UPDATE ON reviews BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS never_deleted BEFORE DELETE ON reviews BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TABLE IF NOT EXISTS leases (
  completion_id TEXT PRIMARY KEY, reading INTEGER NOT NULL, reviewer TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sign_offs (
  place INTEGER PRIMARY KEY AUTOINCREMENT, reviewer TEXT NOT NULL, recipe TEXT NOT NULL, note TEXT,
  signed INTEGER NOT NULL, at REAL NOT NULL);
"""
_COLUMNS = (
    "review_id", "completion_id", "prompt_id", "reviewer", "reading", "plan", "action", "reason", "note", "text",
    "outcome", "findings", "decided_at",
)  # fmt: skip


class NotYours(WorkspaceError):
    """Somebody else has the sample, or has decided on it meanwhile."""


class Slot(NamedTuple):
    """A sample for one reading of it: 1 is the first reader's, 2 the second's."""

    completion_id: str
    reading: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of a reading of a sample: the newest row (`place` counts all rows), and who has passed it on."""

    reviewer: str
    action: str
    place: int
    passed_by: frozenset[str] = frozenset()

    @property
    def settled(self) -> bool:
        """Whether it is decided, and not left to others."""
        return self.action in DECIDED


@dataclass(frozen=True, slots=True)
class Review:
    """A decision to be written down. `reviewer` says who, `plan` in which queue; the rest as in `schemas.Reviews`."""

    completion_id: str
    prompt_id: str
    reviewer: str
    reading: int
    plan: str
    action: str
    reason: str | None = None
    note: str | None = None
    text: str | None = None
    outcome: str | None = None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignOff:
    """Somebody's word that the review of what this recipe made is finished; `signed` is False where it was taken back.

    `recipe` is the fingerprint in the manifest: what another recipe makes, or the same one of other prompts, has not
    been looked at.
    """

    reviewer: str
    recipe: str
    note: str | None
    signed: bool
    at: datetime


class ReviewStore:
    """The reviews of one workspace, open for writing. Any thread may use it, and other processes the same file.

    `now` is in seconds since 1970.
    """

    def __init__(self, root: Path, lease_seconds: float = LEASE_SECONDS) -> None:
        self._lease_seconds = lease_seconds
        self._lock = threading.RLock()
        self._standing: dict[Slot, Standing] = {}
        self._seen = 0
        self._connection = sqlite3.connect(
            root / FILE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        with self._writing():
            for statement in _statements(_TABLES):
                self._connection.execute(statement)

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self._connection.close()

    def standing(self) -> dict[Slot, Standing]:
        """What stands of every sample that somebody has looked at."""
        with self._lock:
            self._catch_up()
            return dict(self._standing)

    def claim(
        self,
        reviewer: str,
        wanted: Iterable[Slot],
        count: int,
        now: float,
        holding: Iterable[str] = (),
        contested: bool = False,
    ) -> list[Slot]:
        """Lease up to `count` samples: those that the reviewer holds already, save the ones that their page shows
        (`holding`), then the first of `wanted` that are free and that they have neither decided on nor passed on.

        The second reading of a sample goes to nobody who gave it the first, and the other way round. With `contested`,
        what the second reader saw otherwise goes back to the first reader once, who has the last word.
        """
        shown = set(holding)
        with self._writing():
            self._catch_up()
            self._connection.execute("DELETE FROM leases WHERE until < ?", (now,))
            leases = {key: (reading, who) for key, reading, who in self._connection.execute(
                "SELECT completion_id, reading, reviewer FROM leases")}  # fmt: skip
            mine = [
                Slot(key, reading) for key, (reading, who) in leases.items() if who == reviewer and key not in shown
            ]
            found = [s for s in mine if self._is_open(s, reviewer) or self._is_contested(s, reviewer)][:count]
            for slot in wanted:
                if len(found) >= count:
                    break
                free = slot.completion_id not in leases and slot.completion_id not in shown
                if free and (self._is_open(slot, reviewer) or (contested and self._is_contested(slot, reviewer))):
                    found.append(slot)
            self._connection.executemany(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)",
                [(*slot, reviewer, now + self._lease_seconds) for slot in found],
            )
        return found

    def renew(self, reviewer: str, holding: Sequence[str], now: float) -> None:
        """Keep samples leased that a page still shows, unless somebody else has them by now."""
        with self._writing():
            self._connection.executemany(
                "UPDATE leases SET until = ? WHERE completion_id = ? AND reviewer = ?",
                [(now + self._lease_seconds, key, reviewer) for key in holding],
            )

    def decide(self, review: Review, now: float) -> str:
        """Write a decision down and end the lease; returns the row's id.

        Raises:
            NotYours: somebody else has the sample now, or has settled this reading of it.
        """
        slot = Slot(review.completion_id, review.reading)
        with self._writing():
            self._catch_up()
            self._refuse_what_is_taken(slot, review.reviewer, now)
            review_id = uuid.uuid4().hex
            (latest,) = self._connection.execute("SELECT max(decided_at) FROM reviews").fetchone()
            now = max(now, (latest or 0.0) + TICK)  # two clocks, or one that is set back, must not change the order
            row = (
                review_id, *slot[:1], review.prompt_id, review.reviewer, review.reading, review.plan, review.action,
                review.reason, review.note, review.text, review.outcome, json.dumps(review.findings), now,
            )  # fmt: skip
            marks = ", ".join("?" * len(_COLUMNS))
            self._connection.execute(f"INSERT INTO reviews ({', '.join(_COLUMNS)}) VALUES ({marks})", row)
            self._connection.execute("DELETE FROM leases WHERE completion_id = ?", (review.completion_id,))
        return review_id

    def take_back(self, reviewer: str, plan: str, now: float) -> Slot | None:
        """Undo the reviewer's newest decision that still stands, by a newer row, and lease the sample to them again;
        None where there is none.
        """
        with self._writing():
            self._catch_up()
            mine = self._connection.execute(
                "SELECT completion_id, prompt_id, reading, reason FROM reviews WHERE reviewer = ? ORDER BY place DESC",
                (reviewer,),
            ).fetchall()
            undone: set[Slot] = set()
            for key, prompt_id, reading, reason in mine:
                slot = Slot(key, reading)
                if reason == UNDONE:
                    undone.add(slot)
                elif slot not in undone and self._may_return(slot, reviewer, now):
                    self.decide(Review(key, prompt_id, reviewer, reading, plan, Action.SKIPPED, UNDONE), now)
                    self._connection.execute(
                        "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)",
                        (key, reading, reviewer, now + self._lease_seconds),
                    )
                    return slot
        return None

    def sign_off(self, reviewer: str, recipe: str, now: float, note: str | None = None, *, signed: bool = True) -> None:
        """Write down that the review is finished, or with `signed=False` that it is not after all."""
        with self._writing():
            self._connection.execute(
                "INSERT INTO sign_offs (reviewer, recipe, note, signed, at) VALUES (?, ?, ?, ?, ?)",
                (reviewer, recipe, note, signed, now),
            )

    def edit_of(self, completion_id: str) -> tuple[str, str | None] | None:
        """The text that the first reader has given a sample, and what the verifier said of it; None where the first
        reader's word is another one.
        """
        with self._lock:
            row = self._connection.execute(
                "SELECT action, text, outcome FROM reviews WHERE completion_id = ? AND reading = 1 "
                "ORDER BY place DESC LIMIT 1",
                (completion_id,),
            ).fetchone()
        return None if row is None or row[0] != Action.EDITED else (row[1], row[2])

    def leased(self, now: float) -> dict[str, str]:
        """Who is looking at what."""
        with self._lock:
            rows = self._connection.execute("SELECT completion_id, reviewer FROM leases WHERE until >= ?", (now,))
            return dict(rows.fetchall())

    def _is_open(self, slot: Slot, reviewer: str) -> bool:
        """Whether this reading of a sample is still to be done, and by this person."""
        there = self._standing.get(slot)
        if there is not None and (there.settled or reviewer in there.passed_by):
            return False
        other = self._standing.get(Slot(slot.completion_id, 3 - slot.reading))
        if slot.reading == 2:
            return other is not None and other.settled and other.reviewer != reviewer
        return other is None or other.reviewer != reviewer

    def _is_contested(self, slot: Slot, reviewer: str) -> bool:
        there = self._standing.get(slot)
        return (
            slot.reading == 1
            and there is not None
            and there.reviewer == reviewer
            and contested_by(there, self._standing.get(Slot(slot.completion_id, 2)))
        )

    def _may_return(self, slot: Slot, reviewer: str, now: float) -> bool:
        """Whether a decision that is taken back brings its sample back to the reviewer."""
        there = self._standing.get(slot)
        if there is None or there.reviewer != reviewer:
            return False
        lease = self._lease(slot.completion_id, now)
        return lease is None or lease[1] == reviewer

    def _refuse_what_is_taken(self, slot: Slot, reviewer: str, now: float) -> None:
        lease = self._lease(slot.completion_id, now)
        if lease is not None and lease[1] != reviewer:
            raise NotYours(f"{slot.completion_id}: {lease[1]} is looking at it", "go on with the next one")
        there = self._standing.get(slot)
        if there is not None and there.settled and there.reviewer != reviewer:
            raise NotYours(f"{slot.completion_id}: {there.reviewer} has decided on it", "go on with the next one")
        other = self._standing.get(Slot(slot.completion_id, 3 - slot.reading))
        if other is not None and other.settled and other.reviewer == reviewer:
            raise NotYours(f"{slot.completion_id}: nobody is their own second reader", "go on with the next one")

    def _lease(self, completion_id: str, now: float) -> tuple[int, str] | None:
        found: tuple[int, str] | None = self._connection.execute(
            "SELECT reading, reviewer FROM leases WHERE completion_id = ? AND until >= ?", (completion_id, now)
        ).fetchone()
        return found

    def _catch_up(self) -> None:
        """Take in what any process has written since the last look."""
        rows = self._connection.execute(
            "SELECT place, completion_id, reading, reviewer, action, reason FROM reviews "
            "WHERE place > ? ORDER BY place",
            (self._seen,),
        )
        for place, key, reading, reviewer, action, reason in rows:
            self._seen = place
            slot = Slot(key, reading)
            before = self._standing.get(slot)
            passed = frozenset() if before is None else before.passed_by
            passed = passed | {reviewer} if action == Action.SKIPPED and reason != UNDONE else passed - {reviewer}
            self._standing[slot] = Standing(reviewer, action, place, passed)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction that no other process can come between; nested ones are a part of the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                self._forget()
                raise
            self._connection.execute("COMMIT")

    def _forget(self) -> None:
        """What was seen inside a transaction that came to nothing was never there."""
        self._standing, self._seen = {}, 0


def contested_by(first: Standing | None, second: Standing | None) -> bool:
    """Whether a second reader has seen it otherwise, one keeping and one rejecting, and the first has not spoken
    since.
    """
    if first is None or second is None or not (first.settled and second.settled):
        return False
    return (first.action == Action.REJECTED) != (second.action == Action.REJECTED) and first.place < second.place


def read_reviews(root: Path) -> pl.DataFrame:
    """All decisions of a workspace, the oldest first, valid against `schemas.Reviews`; none where nobody has reviewed.

    Their times are in the order in which they were written. `r1data.selection.standings` says what they come to.
    """
    rows = _read(root, f"SELECT {', '.join(_COLUMNS)} FROM reviews ORDER BY place")
    told = [
        {**dict(zip(_COLUMNS, row, strict=True)), "findings": json.loads(row[-2]),
         "decided_at": datetime.fromtimestamp(row[-1], UTC)}
        for row in rows
    ]  # fmt: skip
    schema = {name: column.dtype for name, column in Reviews.columns().items()}
    return Reviews.validate(pl.DataFrame(told, schema=schema, orient="row"))


def last_sign_off(root: Path) -> SignOff | None:
    """The newest word on whether a workspace's review is finished."""
    rows = _read(root, "SELECT reviewer, recipe, note, signed, at FROM sign_offs ORDER BY place DESC LIMIT 1")
    for reviewer, recipe, note, signed, at in rows:
        return SignOff(reviewer, recipe, note, bool(signed), datetime.fromtimestamp(at, UTC))
    return None


def _read(root: Path, query: str) -> list[tuple[Any, ...]]:
    if not (root / FILE).is_file():
        return []
    with closing(sqlite3.connect(f"file:{root / FILE}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # created a moment ago
                return []
            raise WorkspaceError(
                f"{root / FILE}: {error}", "make the folder writable: SQLite keeps files beside"
            ) from None


def _statements(script: str) -> list[str]:
    """Its statements one by one, as those of a trigger hold a semicolon themselves."""
    found, begun = [], ""
    for line in script.splitlines():
        begun += line + "\n"
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found
