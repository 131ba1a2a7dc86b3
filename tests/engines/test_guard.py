"""Nothing that an engine started outlives the run, however the run ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from r1data.engines import guard

# An engine of three generations; the youngest has left the family (own session, parent gone).
FAMILY = """
import subprocess, sys, time
child = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], " \\
        "start_new_session=True); print('up', flush=True); time.sleep({})"
subprocess.Popen([sys.executable, "-c", child.format(0 if "orphan" in sys.argv else 300)])
time.sleep(300)
"""
SOON = 100.0
"""Seconds: long before they would end by themselves."""


def start(*arguments: str) -> tuple[subprocess.Popen[bytes], list[psutil.Process]]:
    process = subprocess.Popen(
        [sys.executable, "-S", str(Path(guard.__file__)), sys.executable, "-c", FAMILY, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == b"up\n"
    time.sleep(0.3)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2
    return process, family


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=SOON)
    return not alive


@pytest.mark.parametrize("kind", ["", "orphan"])
def test_closing_the_pipe_ends_the_whole_family(kind: str) -> None:
    process, family = start(*([kind] if kind else []))
    assert process.stdin is not None
    process.stdin.close()
    process.wait(SOON)
    assert gone(family)


def test_signals_alone_do_not_end_the_guard() -> None:
    process, family = start()
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(process.pid, number)
    time.sleep(0.5)
    assert process.poll() is None
    assert process.stdin is not None
    process.stdin.close()
    process.wait(SOON)
    assert gone(family)


def test_kill_9_of_the_run_ends_the_family(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-S', {str(Path(guard.__file__))!r}, sys.executable, '-c', "
        "'import time; time.sleep(300)'], stdin=subprocess.PIPE, start_new_session=True)\n"
        "print(p.pid, flush=True); time.sleep(300)"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    guard_process = psutil.Process(int(run.stdout.readline()))
    until = time.monotonic() + SOON
    while not (engine := guard_process.children(recursive=True)) and time.monotonic() < until:
        time.sleep(0.05)
    family = [guard_process, *engine]
    assert len(family) == 2
    run.kill()
    run.wait()
    assert gone(family)


def test_the_engines_own_end_is_passed_on() -> None:
    code = [sys.executable, "-S", str(Path(guard.__file__)), sys.executable, "-c", "import sys; sys.exit(7)"]
    assert subprocess.Popen(code, stdin=subprocess.PIPE).wait(SOON) == 7
