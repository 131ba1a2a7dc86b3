"""Room: where several people read the samples of one workspace at once. Hands out, takes decisions, counts.

Any thread may call it. It knows nothing of the web.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl

from r1data import replies
from r1data.errors import R1dataError
from r1data.review.agreement import Agreement, agreement
from r1data.review.editing import LONGEST_EDIT, Graded, graded, with_text
from r1data.review.gate import recipe_of, sign_off
from r1data.review.plans import Plan
from r1data.review.reasons import REASONS
from r1data.review.rendering import plain
from r1data.review.sheet import key_of, sheet
from r1data.review.shelf import Sample, Shelf, shelves
from r1data.store.reviews import DECIDED, Review, ReviewStore, Slot, Standing, contested_by, last_sign_off, read_reviews
from r1data.verifiers import VerifierPool
from schemas import Action

SHEETS_KEPT = 400
AHEAD = 24
"""Sheets that are made before anybody asks for them."""
LONGEST_NOTE = 2000
DEADLINE = 10.0
"""Seconds that checking an edited answer may take."""


class BadRequest(R1dataError):
    """What a page has sent makes no sense."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision; `graded` of an edited text only."""

    review_id: str
    graded: Graded | None


@dataclass(frozen=True, slots=True)
class Count:
    """How far the review is. `samples` are those that the plan shows; `second_due` those of the second reader's share
    that have had their first reading.
    """

    samples: int
    actions: dict[str, int]
    pending: int
    second_due: int
    second_done: int
    contested: int
    readers: dict[str, int]


class Desk:
    """A shelf and the reviews of the same workspace."""

    def __init__(self, shelf: Shelf, second_share: float) -> None:
        self.shelf = shelf
        self.store = ReviewStore(shelf.workspace.root)
        self.for_second = [key for key in shelf.all_ids if _chance(key) < second_share]

    def share_done(self, now: float) -> float:
        """Share of the samples that are decided or out with somebody, so that parts come forward together."""
        settled = sum(standing.settled for standing in self.store.standing().values())
        return (settled + len(self.store.leased(now))) / max(len(self.shelf.ids), 1)

    def count(self) -> Count:
        """How far the review of this shelf is."""
        standing = self.store.standing()
        mine = self.shelf.prompt_of
        firsts = {slot.completion_id: s for slot, s in standing.items() if slot.reading == 1}
        seconds = {slot.completion_id: s for slot, s in standing.items() if slot.reading == 2}
        told = [firsts[key] for key in self.shelf.ids if key in firsts]
        actions = Counter(first.action for first in told if first.settled or first.passed_by)
        due = [key for key in self.for_second if key in firsts and firsts[key].settled]
        readers = Counter(s.reviewer for slot, s in standing.items() if s.settled and slot.completion_id in mine)
        return Count(
            samples=len(self.shelf.ids),
            actions=dict(actions),
            pending=len(self.shelf.ids) - sum(actions[action] for action in DECIDED),
            second_due=len(due),
            second_done=sum(key in seconds and seconds[key].settled for key in due),
            contested=sum(contested_by(first, seconds.get(key)) for key, first in firsts.items()),
            readers=dict(readers),
        )


class Room:
    """See the module. A context manager: it holds verifier processes and the files of reviews open."""

    def __init__(
        self, root: Path, plan: Plan, second_share: float = 0.1, clock: Callable[[], float] = time.time
    ) -> None:
        self.root = root
        self.plan = plan
        self._clock = clock
        self._desks = {shelf.part: Desk(shelf, second_share) for shelf in shelves(root, plan)}
        self._sheets: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._making = ThreadPoolExecutor(1, "sheets")
        self._pool: VerifierPool | None = None
        self._pool_lock = threading.Lock()

    def __enter__(self) -> Room:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop what runs beside, and close the files."""
        self._making.shutdown(cancel_futures=True)
        if self._pool is not None:
            self._pool.close()
        for desk in self._desks.values():
            desk.store.close()

    def get_ready(self) -> None:
        """Load the rules for edited samples and make the first sheets, so that nobody waits for them."""
        verifiers = {name for desk in self._desks.values() for name in desk.shelf.verifiers}
        if verifiers:
            self._verifiers().expect(verifiers)
        for desk in self._desks.values():
            self._making.submit(self._make_ahead, desk)

    def hand_out(self, reviewer: str, holding: Sequence[str], count: int) -> list[dict[str, Any]]:
        """Sheets of up to `count` samples that are now this person's, besides those that their page holds."""
        now, taken = self._clock(), list(holding)
        slots: list[tuple[Desk, Slot]] = []
        for _ in range(count):
            for desk in sorted(self._desks.values(), key=lambda desk: desk.share_done(now)):
                part = f"{desk.shelf.part}/"
                shown = [key.removeprefix(part) for key in taken if key.startswith(part)]
                found = desk.store.claim(
                    reviewer, self._wanted(desk, reviewer), 1, now, shown, contested=self.plan == "disagreement"
                )
                if found:
                    slots.append((desk, found[0]))
                    taken.append(key_of(desk.shelf.part, found[0].completion_id))
                    break
            else:
                break
        return self._handed(slots)

    def keep(self, reviewer: str, holding: Sequence[str]) -> None:
        """A page says that it still shows these."""
        now = self._clock()
        for part, desk in self._desks.items():
            mine = [key.removeprefix(f"{part}/") for key in holding if key.startswith(f"{part}/")]
            desk.store.renew(reviewer, mine, now)

    def decide(
        self, reviewer: str, key: str, reading: int, action: str,
        *, reason: str | None = None, note: str | None = None, text: str | None = None,
    ) -> Decided:  # fmt: skip
        """Take somebody's decision on a sample; an edited text is measured and verified first.

        Raises:
            NotYours: somebody else has the sample, or has decided on it.
            BadRequest: the page has sent something that makes no sense.
        """
        desk, completion_id = self._find(key)
        if action not in set(Action) or reading not in (1, 2):
            raise BadRequest(f"{action!r} in reading {reading} is no decision")
        if action == Action.REJECTED and reason not in REASONS:
            raise BadRequest(f"{reason!r} is no reason to reject a sample")
        if (action == Action.EDITED) != (text is not None):
            raise BadRequest("an edited sample, and no other, comes with its text")
        text = None if text is None else _storable(text)
        found = None if text is None else self.check(key, text)
        review = Review(
            completion_id, desk.shelf.prompt_of[completion_id], reviewer, reading, self.plan, action,
            reason if action == Action.REJECTED else None, (note or "").strip()[:LONGEST_NOTE] or None, text,
            found.outcome if found else None, found.findings if found else (),
        )  # fmt: skip
        return Decided(desk.store.decide(review, self._clock()), found)

    def check(self, key: str, text: str) -> Graded:
        """Measure and verify a new text of a sample, and write nothing."""
        if len(text) > LONGEST_EDIT or not text.strip():
            raise BadRequest(f"a reply has between 1 and {LONGEST_EDIT:,} characters")
        desk, completion_id = self._find(key)
        return graded(self._sample(desk, completion_id), _storable(text), desk.shelf.selection, self._verifiers())

    def take_back(self, reviewer: str) -> dict[str, Any] | None:
        """Undo the person's newest decision; its sheet, which is theirs again, or None where there is none."""
        newest: list[tuple[Any, Desk]] = []
        for desk in self._desks.values():
            own = read_reviews(desk.shelf.workspace.root).filter(pl.col("reviewer") == reviewer)
            if own.height:
                newest.append((own["decided_at"].max(), desk))
        for _, desk in sorted(newest, key=lambda one: one[0], reverse=True):
            slot = desk.store.take_back(reviewer, self.plan, self._clock())
            if slot is not None and slot.completion_id in desk.shelf.prompt_of:
                handed = self._handed([(desk, slot)])
                return handed[0] if handed else None
        return None

    def text(self, key: str) -> str:
        """The whole reply, for editing."""
        return self._sample(*self._find(key)).text

    def whole(self, key: str, place: str) -> str:
        """All of a part of a sample as HTML without any rendering: `reasoning`, `answer`, `before`, `after` or the
        number of a turn of the prompt.
        """
        sample = self._sample(*self._find(key))
        reply = replies.split(sample.text)
        known = {"reasoning": reply.reasoning, "answer": reply.answer, "before": sample.before, "after": sample.text}
        known |= {str(at): turn.content for at, turn in enumerate(sample.messages)}
        if known.get(place) is None:
            raise BadRequest(f"{place!r} is no part of {key}")
        return str(plain(known[place] or ""))

    def counts(self) -> dict[str, Any]:
        """How far the review is, over all parts."""
        counts = [desk.count() for desk in self._desks.values()]
        total = {name: sum(getattr(one, name) for one in counts)
                 for name in ("samples", "pending", "second_due", "second_done", "contested")}  # fmt: skip
        actions: Counter[str] = sum((Counter(one.actions) for one in counts), Counter())
        readers: Counter[str] = sum((Counter(one.readers) for one in counts), Counter())
        return total | {"actions": dict(actions), "readers": dict(readers), "plan": self.plan}

    def agreement(self) -> Agreement:
        """Of first and second readers, over all parts."""
        return agreement(pl.concat([read_reviews(desk.shelf.workspace.root) for desk in self._desks.values()]))

    def sign_off(self, reviewer: str, note: str | None, *, signed: bool = True) -> str:
        """Write down that the review is finished, and let a run that waits for that go on; says what came of it."""
        return sign_off(self.root, reviewer, self._clock(), note, signed=signed)

    def signed(self) -> dict[str, Any] | None:
        """The newest word on whether the review is finished."""
        last = last_sign_off(self.root)
        if last is None:
            return None
        told = asdict(last) | {"at": last.at.isoformat(timespec="seconds")}
        return told | {"current": last.recipe == recipe_of(self.root)}

    def _wanted(self, desk: Desk, reviewer: str) -> Iterator[Slot]:
        """What a person should read next: what was contested, what waits for a second reader, then the plan."""
        standing = desk.store.standing()
        if self.plan == "disagreement":
            for slot, first in standing.items():
                known = slot.reading == 1 and slot.completion_id in desk.shelf.prompt_of
                if known and contested_by(first, standing.get(Slot(slot.completion_id, 2))):
                    yield slot
        for key in desk.for_second:
            if (first_reading := standing.get(Slot(key, 1))) is not None and first_reading.reviewer != reviewer:
                yield Slot(key, 2)
        for key in desk.shelf.ids:
            yield Slot(key, 1)

    def _handed(self, slots: list[tuple[Desk, Slot]]) -> list[dict[str, Any]]:
        found = []
        for desk in {id(desk): desk for desk, _ in slots}.values():
            self._make(desk, [slot.completion_id for other, slot in slots if other is desk])
        for desk, slot in slots:
            with self._lock:
                made = self._sheets.get(key_of(desk.shelf.part, slot.completion_id))
            if made is not None and desk.store.edit_of(slot.completion_id) is not None:
                made = sheet(self._sample(desk, slot.completion_id), desk.shelf.selection)
            if made is not None:
                found.append(made | {"reading": slot.reading, "earlier": self._earlier(desk, slot)})
        for desk in {id(desk): desk for desk, _ in slots}.values():
            self._making.submit(self._make_ahead, desk)
        return found

    def _earlier(self, desk: Desk, slot: Slot) -> list[dict[str, str | None]]:
        """What was decided before, for the first reader of what a second one saw otherwise. Others read blindly."""
        standing = desk.store.standing()
        first, second = standing.get(Slot(slot.completion_id, 1)), standing.get(Slot(slot.completion_id, 2))
        if slot.reading != 1 or not contested_by(first, second):
            return []
        rows = read_reviews(desk.shelf.workspace.root).filter(pl.col("completion_id") == slot.completion_id)
        return rows.select("reviewer", "action", "reason", "note").to_dicts()

    def _make_ahead(self, desk: Desk) -> None:
        standing, coming = desk.store.standing(), []
        for key in desk.shelf.ids:
            there: Standing | None = standing.get(Slot(key, 1))
            if there is None or not there.settled:
                coming.append(key)
            if len(coming) >= AHEAD:
                break
        self._make(desk, coming)

    def _make(self, desk: Desk, ids: list[str]) -> None:
        """Have the sheets of these samples."""
        keys = {key_of(desk.shelf.part, one): one for one in ids}
        with self._lock:
            missing = [one for key, one in keys.items() if key not in self._sheets]
        for sample in desk.shelf.samples(missing).values() if missing else ():
            made = sheet(sample, desk.shelf.selection)
            with self._lock:
                self._sheets[made["key"]] = made
                while len(self._sheets) > SHEETS_KEPT:
                    self._sheets.popitem(last=False)

    def _find(self, key: str) -> tuple[Desk, str]:
        part, _, completion_id = key.rpartition("/")
        desk = self._desks.get(part)
        if desk is None or completion_id not in desk.shelf.prompt_of:
            raise BadRequest(f"{key!r} is no sample of {self.root}")
        return desk, completion_id

    def _sample(self, desk: Desk, completion_id: str) -> Sample:
        """The sample as it is now: with the first reader's text where that one has edited it."""
        found = desk.shelf.samples([completion_id])
        if completion_id not in found:
            raise BadRequest(f"{completion_id}: its text or its prompt is no longer in the workspace")
        edit = desk.store.edit_of(completion_id)
        return found[completion_id] if edit is None else with_text(found[completion_id], *edit)

    def _verifiers(self) -> VerifierPool:
        with self._pool_lock:
            if self._pool is None:
                self._pool = VerifierPool(1, DEADLINE)
            return self._pool


def _chance(completion_id: str) -> float:
    """A number from 0 to 1 that belongs to the sample and has nothing to do with its place in any order."""
    return int(completion_id[-8:], 16) / 2**32


def _storable(text: str) -> str:
    """Half of a surrogate pair, which no file takes, becomes a question mark; lines end as they do everywhere."""
    return text.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
