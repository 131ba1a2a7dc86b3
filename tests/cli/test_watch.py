"""`r1data status --watch` shows a run from another terminal, and leaves when told to."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from r1data.store.sessions import read_live
from tests.conftest import PATIENT
from tests.test_account import WRITER

pytestmark = pytest.mark.slow
WATCH = [sys.executable, "-m", "r1data", "status", "--watch", "-w"]


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run that has made 8 draws and works on."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)])
    (tmp_path / "manifest.json").write_text("{}")
    give_up = time.monotonic() + PATIENT
    while (live := read_live(tmp_path)) is None or live.tally.drawn < 8 or live.news != "working":
        assert time.monotonic() < give_up and process.poll() is None
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def read_until(descriptor: int, *wanted: str) -> str:
    """Read from a terminal until all of this has been shown."""
    shown, give_up = "", time.monotonic() + PATIENT
    while not all(word in shown for word in wanted):
        assert time.monotonic() < give_up, shown
        if select.select([descriptor], [], [], 0.5)[0]:
            shown += os.read(descriptor, 65536).decode(errors="replace")
    return shown


def test_a_terminal_shows_the_live_board_then_the_tables_and_ctrl_c_leaves(
    tmp_path: Path, alive: subprocess.Popen[bytes]
) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    watcher = subprocess.Popen([*WATCH, str(tmp_path)], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    try:
        shown = read_until(ours, "draws", "of at most 100", "pass rate 60.0%", "cost", "EUR", "working", str(alive.pid))
        assert "Traceback" not in shown
        alive.send_signal(signal.SIGKILL)
        alive.wait()
        read_until(ours, "made up of", "1 sessions, 1 of them killed")
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(PATIENT) == 0
    finally:
        watcher.kill()
        os.close(ours)
        os.close(theirs)


def test_json_is_a_line_at_every_change(tmp_path: Path, alive: subprocess.Popen[bytes]) -> None:
    watcher = subprocess.Popen([*WATCH, str(tmp_path), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert watcher.stdout is not None and watcher.stderr is not None
        first, second = (json.loads(watcher.stdout.readline()) for _ in range(2))
        assert first["alive"] and first["accepted"] == 3 and first["currency"] == "EUR"
        assert second["when"] > first["when"]
        alive.send_signal(signal.SIGKILL)
        alive.wait()
        while (last := json.loads(watcher.stdout.readline()))["alive"]:
            pass
        assert last["completion_tokens"] == 700 and last["money"]["EUR"] > 0
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(PATIENT) == 0 and not watcher.stderr.read()
    finally:
        watcher.kill()
