"""Speed and size are measured where enough was done, and said to be assumed where it was not."""

from pathlib import Path

import pytest

from r1data.estimate import machine_of
from r1data.estimate.machine import TOKENS_PER_SECOND
from r1data.recipe import read_runtime
from r1data.store import Workspace
from r1data.store.sessions import Session, close_session

RUNTIME = read_runtime(None, ["gpus=2"])


def session(number: int, **changes: float) -> Session:
    whole = {
        "engine_seconds": 160.0, "seconds": 100.0, "draws": 50, "judged": 50, "accepted": 5, "tokens": 20_000,
        "prompt_tokens": 10, "saved_tokens": 0, "gpu_seconds": 320.0, "money": None, **changes,
    }  # fmt: skip
    return Session(id=str(number), started=float(number), currency="USD", **whole)  # type: ignore[arg-type]


def test_nothing_measured_is_assumed_unless_given(tmp_path: Path) -> None:
    machine = machine_of(Workspace(tmp_path), RUNTIME)
    assert machine.tokens_per_second.value == 2 * TOKENS_PER_SECOND and machine.startup_seconds == 0
    assert all(basis.startswith("assumed") for basis in machine.basis.values())
    given = machine_of(Workspace(tmp_path), RUNTIME, 77.0)
    assert given.tokens_per_second.value == 77 and given.basis["tokens per second"].startswith("given")
    assert given.tokens_per_second.doubt < machine.tokens_per_second.doubt


def test_sessions_tell_the_pace_and_what_starting_takes(tmp_path: Path) -> None:
    close_session(tmp_path, session(1))
    close_session(tmp_path, session(2))
    close_session(tmp_path, session(3, draws=0, tokens=10**9))  # the judge's
    machine = machine_of(Workspace(tmp_path), RUNTIME, 77.0)
    assert machine.tokens_per_second.value == pytest.approx(200)
    assert machine.startup_seconds == pytest.approx(3 * 60)  # twice already, and once more


def test_a_short_session_is_doubted(tmp_path: Path) -> None:
    close_session(tmp_path, session(1, seconds=4.0))
    machine = machine_of(Workspace(tmp_path), RUNTIME)
    assert "too short" in machine.basis["tokens per second"] and machine.tokens_per_second.doubt > 0.2
