"""The warm runner: forks a warden for each session, and the warden runs the session's trials one by one.

The runner itself never reads a program. A session's warden is process 1 of its own namespace of processes, has its own
mounts, and speaks with the outside on a socket that no program inherits.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import kernel, programs
from .protocol import BUILD, COMPILER, DESCRIPTORS, ENDING, GO, NOBODY, PRIVATE, Bounds, receive, send
from .trial import CHILD_ENDED, confine, run_trial

if TYPE_CHECKING:
    import types

# What is imported here a fork copies: a third of a run's time. So modules for rare cases are imported there.
BUILD_MB = 256
COMPILER_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": ".", "LC_ALL": "C.UTF-8"}
CHATTER = 10_000


def main(descriptor: int, folder: str | None) -> None:
    """Serve sessions until the other end of the control socket closes.

    Without namespaces `folder` is where sessions have their folders; it goes with the runner.
    """
    kernel.hide_memory()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the wardens
    warnings.simplefilter("ignore")
    os.environ.clear()
    prelude = programs.warm_up()
    programs.open_files()
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=descriptor)
    control.sendall(GO)
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, DESCRIPTORS)
        if not descriptors:
            break
        if (kernel.fork_into_namespaces() if folder is None else os.fork()) == 0:
            _serve(control, descriptors, folder is None, prelude)
        for number in descriptors:
            os.close(number)
    if folder is not None:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def _serve(control: socket.socket, descriptors: list[int], namespaces: bool, prelude: dict[str, Any]) -> None:
    """A warden's whole life."""
    try:
        control.close()
        channel, *files = descriptors
        # Out of the way first: what came may have any number, those that the files are to have included.
        channel = os.dup2(channel, 99, inheritable=False)
        for number, descriptor in enumerate(files):
            os.dup2(descriptor, 100 + number)
        for number in range(len(files)):
            os.dup2(100 + number, number)
        os.closerange(len(files), channel)
        os.closerange(channel + 1, 1 << 16)
        Warden(socket.socket(fileno=channel), namespaces, prelude).serve()
    except EOFError:
        pass
    finally:
        os._exit(0)


Program = Callable[[], int]


class Warden:
    """Runs one session: builds the program, then tries it on every input that comes."""

    def __init__(self, channel: socket.socket, namespaces: bool, prelude: dict[str, Any]) -> None:
        self._channel = channel
        self._namespaces = namespaces
        self._prelude = prelude
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def serve(self) -> None:
        """Build, say how that went, and run a trial for every byte that comes, until the other side closes."""
        os.setsid()  # a process group is not bounded by a namespace: one signal to it would reach the runner
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, CHILD_ENDED)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # process 1 gets no signal from inside that it does not handle
        kernel.die_with_parent()
        kernel.adopt_orphans()
        header, (source,) = receive(self._channel)
        bounds = Bounds(**header["bounds"])
        try:
            self._enter(header)
            send(self._channel, {"state": "building"})
            program = self._build(header, source, bounds)
        except BuildError as error:
            send(self._channel, {"state": "refused", "reason": str(error)[:CHATTER]})
            return
        except Exception as error:
            send(self._channel, {"state": "broken", "reason": f"{type(error).__name__}: {error}"})
            return
        send(self._channel, {"state": "ready"})
        receive_go, answer, channel = self._channel.recv, self._channel.sendall, self._channel.fileno()
        while receive_go(1):
            answer(ENDING.pack(*run_trial(program, channel, self._bell, bounds, self._namespaces)))

    def _enter(self, header: dict[str, Any]) -> None:
        """Make the session's folders, and stand in the one that programs write to."""
        self._private, self._building = header["folder"] + PRIVATE, header["folder"] + BUILD
        if self._namespaces:
            kernel.mount_private(self._private, header["disk_mb"])
        else:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
                kernel.hide_memory()
                kernel.die_with_parent()
            for folder in (self._private, self._building):
                os.mkdir(folder)  # noqa: PTH102
        os.chdir(self._private)

    def _build(self, header: dict[str, Any], source: bytes, bounds: Bounds) -> Program:
        """The program, ready to run; from here on this process has the program's limits.

        Raises:
            BuildError: it does not compile.
        """
        if header["run"] is not None:
            self._compile(header, source)
            confine(bounds, self._namespaces)
            run = [part.format(build=self._building) for part in header["run"]]
            return lambda: _execute(run, {})
        confine(bounds, self._namespaces)
        code = _code(source)
        if (function := header["function"]) is None:
            return lambda: programs.run_script(code)
        return lambda: programs.call_function(code, function, self._prelude)

    def _compile(self, header: dict[str, Any], source: bytes) -> None:
        if self._namespaces:
            kernel.mount_private(self._building, BUILD_MB)
        with open(f"{self._building}/{header['file']}", "wb") as file:  # noqa: PTH123
            file.write(source)
        if command := header["compile"]:
            ending = run_trial(
                lambda: self._run_compiler(command), self._channel.fileno(), self._bell, COMPILER, self._namespaces
            )
            if ending.timed_out:
                raise BuildError(f"the compiler took more than {COMPILER.seconds:g} s")
            if ending.exit_code != 0:
                raise BuildError(os.pread(2, CHATTER, 0).decode("utf-8", "replace") or f"status {ending.exit_code}")
        if self._namespaces:
            kernel.make_read_only(self._building)

    def _run_compiler(self, command: list[str]) -> int:
        os.chdir(self._building)
        confine(COMPILER, self._namespaces)
        return _execute(command, COMPILER_ENVIRONMENT)


class BuildError(Exception):
    """The program does not compile; the message is the compiler's."""


def _code(source: bytes) -> types.CodeType:
    try:
        return compile(source, "solution.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        import traceback

        raise BuildError("".join(traceback.format_exception_only(error))) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise BuildError(f"{type(error).__name__}: {error}") from None


def _execute(command: list[str], environment: dict[str, str]) -> int:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
        signal.signal(number, signal.SIG_DFL)
    sys.stdout.flush()
    os.execve(command[0], command, environment)
