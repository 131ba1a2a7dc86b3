"""Keeps an engine from outliving the run: starts it, and kills its whole process tree when the run is gone.

Run as a script, with the command to guard as its arguments, in a session of its own and with a pipe from the run as its
standard input. The pipe closes when the run ends in whatever way, kill -9 included; the guard then ends the engine and
every process that came from it, and only then itself. It uses nothing but the standard library, so that it starts in
a few milliseconds and cannot fail on an import. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 5.0
_libc = ctypes.CDLL(None)


def main(command: list[str]) -> int:
    """Guard `command`; return its exit status."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans of the engine become ours, so that we find them
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the pipe decides
    engine = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_child_setup)
    run_is_there = True
    while run_is_there and engine.poll() is None:
        ready, _, _ = select.select([0], [], [], 0.2)
        run_is_there = not (ready and os.read(0, 1) == b"")
    if engine.poll() is None:
        engine.send_signal(signal.SIGTERM)
        _wait(engine, GRACE_SECONDS)
    _kill_descendants()
    return engine.wait()


def _child_setup() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # should the guard itself be killed


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)


def _kill_descendants() -> None:
    """Kill until nothing is left: a killed process hands its children to us, as their subreaper."""
    while children := _children():
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for pid in children:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue
        time.sleep(0.02)


def _children() -> list[int]:
    me = os.getpid()
    text = Path(f"/proc/{me}/task/{me}/children").read_text()
    return [int(pid) for pid in text.split()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
