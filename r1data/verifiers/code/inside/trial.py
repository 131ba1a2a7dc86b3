"""One trial: a program on one input, confined, watched, and cleared away to the last process."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import kernel

MEGABYTE = 1 << 20
INTERPRETER_MB = 64
"""Address space that is not the program's: the interpreter and its libraries."""
OTHER_TASKS = 16
"""Tasks of the sandbox itself, which count with the program's."""
MOST_STACK_MB = 256
NOBODY = 65534
WALL_FACTOR, WALL_EXTRA = 2.0, 1.0


def wall_limit(seconds: float) -> float:
    """How long a program may take by the clock on the wall: it may have waited for others, or be asleep."""
    return WALL_FACTOR * seconds + WALL_EXTRA


@dataclass(frozen=True)
class Bounds:
    """What a trial may use. `seconds` is processor time; without `forks` it is one process with its threads."""

    seconds: float
    memory_mb: int
    output_bytes: int
    tasks: int
    forks: bool = False


@dataclass(frozen=True)
class Ending:
    """How a trial ended, as the kernel tells it, and what the program left in its three files."""

    started: bool
    timed_out: bool
    exit_code: int
    """Negative: the signal that ended it."""
    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    result: bytes = field(repr=False)

    def facts(self) -> dict[str, Any]:
        """All but the files."""
        return {name: value for name, value in vars(self).items() if name not in ("stdout", "stderr", "result")}


def run_trial(action: Callable[[], int], stdin: bytes, folder: str, bounds: Bounds, namespaces: bool) -> Ending:
    """Run `action` in a confined child, whose exit status is what it returns.

    Its standard input, output and error and descriptor 3 are files in memory, so that nobody has to empty a pipe and
    no output is ever longer than the bound. The child has no other descriptor.
    """
    files = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr", "result")]
    started = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    _write_all(files[0], stdin)
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            _confine(files, started, folder, bounds, namespaces)
            status = action()
        except BaseException:
            status = 255
        finally:
            os._exit(status)
    try:
        timed_out = _wait(child, bounds.seconds)
        usage, status = _clear(child, namespaces)
        cpu = usage.ru_utime + usage.ru_stime
        return Ending(
            started=_rang(started),
            timed_out=timed_out or cpu > bounds.seconds,
            exit_code=os.waitstatus_to_exitcode(status),
            cpu_seconds=cpu,
            wall_seconds=time.monotonic() - begin,
            memory_bytes=usage.ru_maxrss * 1024,
            stdout=_content(files[1], bounds.output_bytes + 1),
            stderr=_content(files[2], min(bounds.output_bytes, 1 << 16)),
            result=_content(files[3], bounds.output_bytes + 1),
        )
    finally:
        for descriptor in (*files, started):
            os.close(descriptor)


def _confine(files: list[int], started: int, folder: str, bounds: Bounds, namespaces: bool) -> None:
    """From here to the end of the process: nothing but its four files, its folder and its limits."""
    kernel.die_with_parent()
    os.setsid()
    os.chdir(folder)
    # Out of the way of the numbers that the files are to have.
    bell = os.dup2(started, 100, inheritable=False)
    spare = [os.dup2(descriptor, 101 + n) for n, descriptor in enumerate(files)]
    for number, descriptor in enumerate(spare):
        os.dup2(descriptor, number)
    os.closerange(len(files), bell)
    os.closerange(bell + 1, 1 << 16)
    if not namespaces and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    for limit, most in _resource_limits(bounds, namespaces).items():
        _lower(limit, most)
    kernel.drop_capabilities()
    kernel.install(kernel.filter_program(forks=bounds.forks, signals=namespaces or bounds.forks))
    os.eventfd_write(bell, 1)
    os.close(bell)


def _resource_limits(bounds: Bounds, namespaces: bool) -> dict[int, int]:
    limits = {
        resource.RLIMIT_AS: (bounds.memory_mb + INTERPRETER_MB) * MEGABYTE,
        resource.RLIMIT_STACK: min(bounds.memory_mb // 2, MOST_STACK_MB) * MEGABYTE,
        resource.RLIMIT_CPU: math.ceil(bounds.seconds) + 1,
        resource.RLIMIT_FSIZE: bounds.output_bytes + 1,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if namespaces:  # elsewhere everything else that this user runs would count too
        limits[resource.RLIMIT_NPROC] = bounds.tasks + OTHER_TASKS
    return limits


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(limit, (most, most))


def _wait(child: int, seconds: float) -> bool:
    """Wait until the child has ended, or has used up its processor time or its time on the wall; whether it has."""
    begin, patience, wall = time.monotonic(), seconds, wall_limit(seconds)
    clock = (~child << 3) | 2  # the kernel's name for the processor time of another process
    descriptor = os.pidfd_open(child)
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        while not poller.poll(max(1.0, patience * 1000)):
            elapsed = time.monotonic() - begin
            try:
                left = seconds - time.clock_gettime(clock)
            except OSError:  # it has ended just now
                continue
            if left <= 0 or elapsed >= wall:
                return True
            patience = min(max(left, 0.005), wall - elapsed)
        return False
    finally:
        os.close(descriptor)


def _clear(child: int, namespaces: bool) -> tuple[resource.struct_rusage, int]:
    """Kill and reap the child and everything that came from it."""
    with contextlib.suppress(ProcessLookupError):
        if namespaces and os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    return usage, status


def _rang(bell: int) -> bool:
    try:
        return os.eventfd_read(bell) > 0
    except BlockingIOError:
        return False


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.lseek(descriptor, 0, os.SEEK_SET)


def _content(descriptor: int, most: int) -> bytes:
    return os.pread(descriptor, most, 0)
