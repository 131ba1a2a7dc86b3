"""One trial: a program on one input, confined, watched, and cleared away to the last process."""

from __future__ import annotations

import math
import os
import resource
import signal
import time
from collections.abc import Callable

from . import kernel
from .protocol import Bounds, Ending, sleep_limit, wall_limit

MEGABYTE = 1 << 20
INTERPRETER_MB = 64
"""Address space that is not the program's: the interpreter and its libraries."""
OTHER_TASKS = 16
"""Tasks of the sandbox itself, which count with the program's."""
OTHER_SECONDS = 30
"""Processor time of the warden, which has the limit of the program that it watches."""
MOST_STACK_MB = 256
IDLE = 0.02
"""The share of a core below which a program is asleep."""
GLANCE = 0.5
"""Seconds between looks at a program that may be asleep."""


def confine(bounds: Bounds, namespaces: bool) -> None:
    """Limit this process and all that come from it, for good: resources, capabilities and system calls."""
    for limit, most in _resource_limits(bounds, namespaces).items():
        _, hard = resource.getrlimit(limit)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(limit, (most, most))
    kernel.drop_capabilities()
    GENERAL_FILTER.install()


def run_trial(action: Callable[[], int], channel: int, bell: int, bounds: Bounds, namespaces: bool) -> Ending:
    """Run `action` in a child, whose exit status is what it returns; nothing of the child is left afterwards.

    The child has the descriptors 0 to 3 and no other. It rings the `bell` just before `action`: where it has not, the
    fault is not the program's. SIGCHLD must be blocked.
    """
    child = os.fork()
    if child == 0:
        status = 255
        try:
            os.close(channel)
            if not namespaces:
                kernel.die_with_parent()
            if not bounds.forks:
                TASK_FILTERS[namespaces].install()
            os.eventfd_write(bell, 1)
            os.close(bell)
            status = action()
        finally:
            os._exit(status)
    if bounds.forks and not namespaces:
        os.setpgid(child, child)
    timed_out = _wait(child, bounds.seconds)
    status, usage = _clear(child, bounds.forks, namespaces)
    cpu = usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(status)
    return Ending(_rang(bell), timed_out or cpu > bounds.seconds, code, cpu, usage.ru_maxrss * 1024)


GENERAL_FILTER = kernel.Filter(kernel.general_filter())
TASK_FILTERS = {signals: kernel.Filter(kernel.task_filter(signals=signals)) for signals in (False, True)}
CHILD_ENDED = {signal.SIGCHLD}


def _resource_limits(bounds: Bounds, namespaces: bool) -> dict[int, int]:
    limits = {
        resource.RLIMIT_AS: (bounds.memory_mb + INTERPRETER_MB) * MEGABYTE,
        resource.RLIMIT_STACK: min(bounds.memory_mb // 2, MOST_STACK_MB) * MEGABYTE,
        resource.RLIMIT_CPU: math.ceil(bounds.seconds) + OTHER_SECONDS,
        resource.RLIMIT_FSIZE: bounds.output_bytes + 1,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if namespaces:  # elsewhere everything else that this user runs would count too
        limits[resource.RLIMIT_NPROC] = bounds.tasks + OTHER_TASKS
    return limits


def _wait(child: int, seconds: float) -> bool:
    """Wait until the child has ended, or has used up its processor time or its time on the wall; whether it has.

    On a busy machine a program waits for its turn, which is not its fault: only one that does next to nothing is ended
    early by the clock on the wall. That clock stands still while this process is not woken when it should be, as on a
    machine that stalls or is suspended: then the program has no chance to run either, and would be taken for asleep.
    """
    asleep, wall = sleep_limit(seconds), wall_limit(seconds)
    clock = (~child << 3) | 2  # the kernel's name for the processor time of another process
    elapsed = looked = used_before = 0.0
    patience = seconds
    while True:
        begin = time.monotonic()
        patience = max(patience, 0.001)
        told = signal.sigtimedwait(CHILD_ENDED, patience)  # of an orphan too, or that the child was stopped
        if told is not None and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return False
        elapsed += min(time.monotonic() - begin, patience)
        try:
            used = time.clock_gettime(clock)
        except OSError:  # it has ended just now
            return False
        idle = False
        if elapsed - looked > GLANCE / 2:  # a shorter look would take a nap for sleep
            idle = used - used_before < IDLE * (elapsed - looked)
            looked, used_before = elapsed, used
        if used >= seconds or elapsed >= wall or (idle and elapsed >= asleep):
            return True
        left = min(max(seconds - used, 0.005), wall - elapsed)
        patience = min(left, asleep - elapsed if elapsed < asleep else GLANCE)


def _clear(child: int, forks: bool, namespaces: bool) -> tuple[int, resource.struct_rusage]:
    """Kill and reap the child and everything that came from it."""
    try:
        if namespaces and os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)
        elif forks:
            os.killpg(child, signal.SIGKILL)
        else:
            os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    _, status, usage = os.wait4(child, 0)
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return status, usage


def _rang(bell: int) -> bool:
    try:
        return os.eventfd_read(bell) > 0
    except BlockingIOError:
        return False
