"""The whole run with the real vLLM on the tiny model; nothing stands in for anything here."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from r1data.status import status
from r1data.store import Workspace
from tests.end_to_end.rehearsal import contents, write_recipe

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


def start(recipe: Path, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "r1data", "run", str(recipe), "-w", str(root), "--set", "runtime.shard_prompts=30"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def processes_of(root: Path) -> list[psutil.Process]:
    """Everything whose output goes to this workspace's engine log, or that is named after it."""
    log = root / "logs" / "engine.log"
    found = []
    for output in Path("/proc").glob("[0-9]*/fd/1"):
        try:
            if output.readlink() == log:
                found.append(psutil.Process(int(output.parts[2])))
        except (OSError, psutil.Error):
            continue
    return found


def wait_for(condition: object, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "w"
    for process in processes_of(tmp_path / "w"):
        process.kill()


def test_killed_with_its_engine_running_it_leaves_nothing_and_goes_on(tmp_path: Path, tiny: Path, root: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=60)
    rows = [f'{{"question": "What is {n} + {n + 5}?", "answer": "{2 * n + 5}"}}' for n in range(100, 160)]
    (tmp_path / "prompts.jsonl").write_text("\n".join(rows))

    run = start(recipe, root)
    assert wait_for(lambda: any((root / "journal").glob("*.sqlite")), 240), run.communicate()
    assert processes_of(root)
    time.sleep(0.5)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    assert wait_for(lambda: not processes_of(root), 20), "the engine outlived a killed run"
    state = status(Workspace(root))
    assert state.planned == 240 == state.completed + state.failed + state.pending

    run = start(recipe, root)
    assert wait_for(lambda: bool(processes_of(root)), 60)
    time.sleep(3)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode in (130, 0) and "Traceback" not in errors
    assert not processes_of(root), "the engine outlived Ctrl-C"

    run = start(recipe, root)
    output, errors = run.communicate(timeout=280)
    assert run.returncode == 0, errors
    state = status(Workspace(root))
    assert (state.planned, state.pending, state.unjudged, state.undecided) == (240, 0, 0, 0)
    assert state.kept + state.rejected == state.completed and state.kept == state.examples > 0
    assert str(root / "report.html") in output
    assert not processes_of(root)

    tables = contents(root)
    assert set(tables["completions"]["engine"].str.slice(0, 5)) == {"vllm "}
    assert tables["completions"]["seed"].n_unique() > 200
    correct = (tables["verdicts"]["outcome"] == "correct").mean()
    assert 0.05 < correct < 0.95, f"the tiny model was right in {correct:.0%}: neither useless nor perfect"


def test_a_dead_engine_is_started_again(tmp_path: Path, tiny: Path, root: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=60)
    run = start(recipe, root)
    assert wait_for(lambda: any((root / "journal").glob("*.sqlite")), 240), run.communicate()
    for process in processes_of(root):
        process.kill()
    _, errors = run.communicate(timeout=280)
    assert run.returncode == 0, errors
    assert "starting it again" in errors
    state = status(Workspace(root))
    assert state.planned == state.completed == 240


def test_an_engine_that_cannot_start_says_why(tmp_path: Path, tiny: Path, root: Path) -> None:
    recipe = write_recipe(tmp_path, tiny)
    settings = yaml.safe_dump(["--no-such-option"], default_flow_style=True).strip()
    change = f"runtime.engine.args={settings}"
    run = subprocess.run(
        [sys.executable, "-m", "r1data", "run", str(recipe), "-w", str(root), "--set", change],
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert run.returncode == 1 and "Traceback (most recent call last)" not in run.stderr.split("error:")[0]
    assert "the engine stopped while starting" in run.stderr and "no-such-option" in run.stderr
    assert not processes_of(root)
