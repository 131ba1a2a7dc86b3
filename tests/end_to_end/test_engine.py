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
from tests.conftest import PATIENT
from tests.end_to_end.rehearsal import contents, write_recipe
from tests.end_to_end.test_kill_anywhere import assert_no_draw_twice

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]


def command(recipe: Path, root: Path) -> list[str]:
    settings = ["runtime.shard_prompts=30", "runtime.concurrency=32"]
    changes = [part for setting in settings for part in ("--set", setting)]
    return [sys.executable, "-m", "r1data", "run", str(recipe), "-w", str(root), *changes]


def start(recipe: Path, root: Path) -> subprocess.Popen[bytes]:
    """A run whose output goes to `root.log`."""
    with root.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(command(recipe, root), stdout=log, stderr=log)


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


def drawn(root: Path) -> int:
    """How many draws are safe."""
    return Workspace(root).scan_all_completions().collect().height if root.is_dir() else 0


def draw(run: subprocess.Popen[bytes], root: Path, count: int) -> None:
    """Wait until so many draws more are safe."""
    goal = drawn(root) + count
    said = root.with_suffix(".log")
    assert wait_for(lambda: drawn(root) >= goal or run.poll() is not None, 400), said.read_text()[-4000:]
    assert run.poll() is None, said.read_text()[-4000:]


def assert_counted(root: Path) -> None:
    state = status(Workspace(root))
    assert state.planned == 800 == state.completed + state.failed + state.pending


def test_killed_in_every_way_it_leaves_nothing_and_makes_every_draw_once(
    tmp_path: Path, tiny: Path, root: Path
) -> None:
    """The engine's texts depend on what is computed together, so rows are held by their ids."""
    recipe = write_recipe(tmp_path, tiny, sampling={"draws": 8, "max_tokens": 400, "caps": [100]})
    rows = [f'{{"question": "What is {n} + {n + 5}?", "answer": "{2 * n + 5}"}}' for n in range(100, 200)]
    (tmp_path / "prompts.jsonl").write_text("\n".join(rows))

    run = start(recipe, root)
    draw(run, root, 50)
    for process in processes_of(root):  # the engine with its guard: the run starts it again
        process.kill()
    draw(run, root, 100)
    assert "starting it again" in root.with_suffix(".log").read_text()
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert wait_for(lambda: not processes_of(root), 20), "the engine outlived a killed run"
    assert_counted(root)

    root.with_suffix(".log").unlink()
    run = start(recipe, root)
    assert wait_for(lambda: bool(processes_of(root)), 240)
    time.sleep(3)
    run.send_signal(signal.SIGINT)
    assert run.wait(PATIENT) in (130, 0) and "Traceback" not in root.with_suffix(".log").read_text()
    assert not processes_of(root), "the engine outlived Ctrl-C"
    assert_counted(root)

    run = start(recipe, root)
    draw(run, root, 100)
    for process in processes_of(root):
        process.kill()
    run.kill()
    run.wait()
    assert_counted(root)

    ended = subprocess.run(command(recipe, root), capture_output=True, text=True, timeout=400)
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert str(root / "report.html") in ended.stdout
    assert not processes_of(root)
    state = status(Workspace(root))
    assert (state.planned, state.completed, state.failed) == (800, 800, 0)
    assert (state.pending, state.unjudged, state.undecided) == (0, 0, 0)
    assert state.kept + state.rejected == state.completed and state.kept == state.examples > 0
    assert_no_draw_twice(root)

    tables = contents(root)
    assert set(tables["completions"]["engine"].str.slice(0, 5)) == {"vllm "}
    assert tables["completions"]["seed"].n_unique() > 750
    correct = (tables["verdicts"]["outcome"] == "correct").mean()
    assert 0.05 < correct < 0.95, f"the tiny model was right in {correct:.0%}: neither useless nor perfect"


def test_an_engine_that_cannot_start_says_why(tmp_path: Path, tiny: Path, root: Path) -> None:
    recipe = write_recipe(tmp_path, tiny)
    settings = yaml.safe_dump(["--no-such-option"], default_flow_style=True).strip()
    change = f"runtime.engine.args={settings}"
    run = subprocess.run(
        [sys.executable, "-m", "r1data", "run", str(recipe), "-w", str(root), "--set", change],
        capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    assert run.returncode == 1 and "Traceback (most recent call last)" not in run.stderr.split("error:")[0]
    assert "the engine stopped while starting" in run.stderr and "no-such-option" in run.stderr
    assert not processes_of(root)
