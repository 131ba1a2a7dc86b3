"""Reviews are added and never changed, and nobody gets what somebody else has."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.store.reviews import (
    FILE,
    LEASE_SECONDS,
    NotYours,
    Review,
    ReviewStore,
    Slot,
    last_sign_off,
    read_reviews,
)
from schemas import Action, Reviews
from tests.conftest import PATIENT

PROMPT = "f" * 32
IDS = [f"{n:032x}" for n in range(40)]
READER = """
import sys, time
from pathlib import Path
from r1data.store.reviews import Review, ReviewStore, Slot

root, who = Path(sys.argv[1]), sys.argv[2]
store = ReviewStore(root)
wanted = [Slot(f"{n:032x}", 1) for n in range(40)]
while found := store.claim(who, wanted, 2, time.time()):
    for slot in found:
        print(slot.completion_id, flush=True)
        store.decide(Review(slot.completion_id, "f" * 32, who, 1, "random", "approved"), time.time())
"""


def decide(store: ReviewStore, key: str, who: str, action: str, now: float, reading: int = 1) -> str:
    return store.decide(Review(key, PROMPT, who, reading, "random", action), now)


def test_people_at_once_never_get_the_same_sample(tmp_path: Path) -> None:
    """Four readers in threads and two processes beside them, on one file."""
    ReviewStore(tmp_path).close()
    others = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(tmp_path), f"process {n}"], stdout=subprocess.PIPE, text=True
        )
        for n in range(2)
    ]
    got: Counter[str] = Counter()
    lock = threading.Lock()

    def read(who: str) -> None:
        store = ReviewStore(tmp_path)
        while found := store.claim(who, [Slot(key, 1) for key in IDS], random.randint(1, 3), 1.0):
            with lock:
                got.update(slot.completion_id for slot in found)
            for slot in found:
                decide(store, slot.completion_id, who, "approved", 1.0)
        store.close()

    threads = [threading.Thread(target=read, args=(f"thread {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in others:
        told, _ = process.communicate(timeout=PATIENT)
        assert process.returncode == 0
        got.update(told.split())
    assert set(got) == set(IDS) and set(got.values()) == {1}
    rows = read_reviews(tmp_path)
    assert sorted(rows["completion_id"]) == IDS and rows["decided_at"].is_sorted()
    assert rows["decided_at"].n_unique() == rows.height


def test_rows_cannot_be_changed_or_removed(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path)
    decide(store, IDS[0], "ann", "approved", 1.0)
    store.close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        for statement in ("UPDATE reviews SET action = 'rejected'", "DELETE FROM reviews"):
            with pytest.raises(sqlite3.IntegrityError, match="append only"):
                connection.execute(statement)
    assert read_reviews(tmp_path)["action"].to_list() == ["approved"]


def test_a_lease_ends_unless_it_is_renewed(tmp_path: Path) -> None:
    store, wanted = ReviewStore(tmp_path), [Slot(IDS[0], 1)]
    assert store.claim("ann", wanted, 1, 0.0) == wanted
    assert store.claim("bob", wanted, 1, LEASE_SECONDS - 1) == []
    assert store.claim("ann", wanted, 1, 1.0) == wanted, "a page that is opened again gets what it had"
    assert store.claim("ann", wanted, 1, 1.0, holding=[IDS[0]]) == []
    store.renew("ann", [IDS[0]], LEASE_SECONDS - 1)
    assert store.claim("bob", wanted, 1, LEASE_SECONDS + 5) == []
    assert store.claim("bob", wanted, 1, 2 * LEASE_SECONDS) == wanted
    with pytest.raises(NotYours, match="bob is looking at it"):
        decide(store, IDS[0], "ann", "approved", 2 * LEASE_SECONDS + 1)
    decide(store, IDS[0], "bob", "rejected", 2 * LEASE_SECONDS + 1)
    with pytest.raises(NotYours, match="bob has decided"):
        decide(store, IDS[0], "ann", "approved", 9 * LEASE_SECONDS)
    assert read_reviews(tmp_path)["reviewer"].to_list() == ["bob"]


def test_nobody_is_their_own_second_reader(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path)
    wanted = [Slot(IDS[0], 2), Slot(IDS[0], 1)]
    assert store.claim("ann", wanted, 2, 0.0) == [Slot(IDS[0], 1)]
    decide(store, IDS[0], "ann", "approved", 1.0)
    assert store.claim("ann", wanted, 2, 2.0) == []
    with pytest.raises(NotYours, match="own second reader"):
        decide(store, IDS[0], "ann", "approved", 2.0, reading=2)
    assert store.claim("bob", wanted, 2, 2.0) == [Slot(IDS[0], 2)]
    decide(store, IDS[0], "bob", "rejected", 3.0, reading=2)
    assert store.claim("eve", wanted, 2, 4.0) == []
    assert store.claim("ann", wanted, 2, 4.0) == []
    assert store.claim("ann", wanted, 2, 4.0, contested=True) == [Slot(IDS[0], 1)], "the first reader decides"
    decide(store, IDS[0], "ann", "rejected", 5.0)
    assert store.claim("ann", wanted, 2, 6.0, contested=True) == []


def test_skipped_is_for_others_and_undone_comes_back(tmp_path: Path) -> None:
    store, wanted = ReviewStore(tmp_path), [Slot(key, 1) for key in IDS[:2]]
    decide(store, IDS[0], "ann", "skipped", 0.0)
    decide(store, IDS[1], "ann", "rejected", 1.0)
    assert store.claim("ann", wanted, 2, 2.0) == []
    assert store.take_back("ann", "random", 3.0) == Slot(IDS[1], 1)
    assert store.claim("bob", wanted, 2, 4.0) == [Slot(IDS[0], 1)], "what was taken back is ann's again"
    assert store.take_back("ann", "random", 5.0) is None, "bob has what ann skipped"
    decide(store, IDS[1], "ann", "approved", 6.0)
    decide(store, IDS[0], "bob", "approved", 7.0)
    assert read_reviews(tmp_path)["action"].to_list() == ["skipped", "rejected", "skipped", "approved", "approved"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.sampled_from(["take", "undo", *Action])), max_size=40
    )
)
def test_whatever_people_do_a_reading_has_one_reader(steps: list[tuple[str, int, str]]) -> None:
    """Nobody overrules anybody by accident: of each reading the last words are one person's."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = ReviewStore(Path(folder))
        wanted = [Slot(IDS[n], reading) for n in range(4) for reading in (2, 1)]
        mine: dict[str, list[Slot]] = {who: [] for who in "abc"}
        for now, (who, _, what) in enumerate(steps):
            if what == "take":
                mine[who] += store.claim(who, wanted, 1, float(now), [slot.completion_id for slot in mine[who]])
            elif what == "undo":
                if (slot := store.take_back(who, "random", float(now))) is not None:
                    mine[who].append(slot)
            elif mine[who]:
                slot = mine[who].pop()
                decide(store, slot.completion_id, who, what, float(now), slot.reading)
            held = [slot.completion_id for slots in mine.values() for slot in slots]
            assert len(held) == len(set(held))
        rows = read_reviews(Path(folder))
        assert Reviews.is_valid(rows)
        last = rows.unique(["completion_id", "reading", "reviewer"], keep="last", maintain_order=True)
        settled = Counter(last.filter(last["action"] != "skipped").select("completion_id", "reading").iter_rows())
        assert set(settled.values()) <= {1}
        both = Counter(
            (key, who) for key, reading, who, action in
            last.select("completion_id", "reading", "reviewer", "action").iter_rows() if action != "skipped"
        )  # fmt: skip
        assert set(both.values()) <= {1}
        store.close()


def test_a_sign_off_is_a_row_too(tmp_path: Path) -> None:
    assert last_sign_off(tmp_path) is None and read_reviews(tmp_path).height == 0
    store = ReviewStore(tmp_path)
    store.sign_off("ann", "recipe", 1.0, "all read")
    store.sign_off("bob", "recipe", 2.0, signed=False)
    last = last_sign_off(tmp_path)
    assert last is not None and (last.reviewer, last.signed, last.recipe) == ("bob", False, "recipe")
