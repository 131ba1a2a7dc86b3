"""A thread that lives as long as this process, to start processes from that are to die with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from subprocess import Popen

_starter: ThreadPoolExecutor


def from_lasting_thread(start: Callable[[], Popen[bytes]]) -> Popen[bytes]:
    """Start a process from a thread that lives as long as this process.

    What is to die with its parent dies, by the kernel's reckoning, with the thread that started it (prctl(2),
    PR_SET_PDEATHSIG).
    """
    return _starter.submit(start).result()


def _renew() -> None:
    global _starter
    _starter = ThreadPoolExecutor(1, "starting sandboxes")


_renew()
os.register_at_fork(after_in_child=_renew)  # threads do not come along
