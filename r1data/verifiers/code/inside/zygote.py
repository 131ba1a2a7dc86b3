"""The warm runner: forks a warden for each session, and the warden runs the session's trials one by one.

The runner itself never reads a program. A session's warden is process 1 of its own namespace of processes, has its own
mounts, and speaks with the outside on a socket that no program inherits.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import socket
import traceback
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import kernel, programs
from .framing import receive, send
from .trial import NOBODY, Bounds, run_trial

BUILD, PRIVATE = "/build", "/tmp"
BUILD_MB = 256
COMPILER = Bounds(seconds=30.0, memory_mb=2048, output_bytes=128 << 20, tasks=32, forks=True)
COMPILER_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": ".", "LC_ALL": "C.UTF-8"}
PYTHON_COMPILE_BYTES = 2 << 30
CHATTER = 10_000


def main(descriptor: int, folder: str | None) -> None:
    """Serve sessions until the other end of the control socket closes.

    Without namespaces `folder` is where programs may write; with them each has its own.
    """
    kernel.hide_memory()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the wardens
    warnings.simplefilter("ignore")
    os.environ.clear()
    prelude = programs.warm_up()
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=descriptor)
    control.sendall(b"!")
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return
        if (kernel.fork_into_namespaces() if folder is None else os.fork()) == 0:
            warden = None
            try:
                control.close()
                warden = Warden(socket.socket(fileno=descriptors[0]), folder, prelude)
                warden.serve()
            except EOFError:
                pass
            except BaseException:
                traceback.print_exc()
            finally:
                if warden is not None:
                    warden.leave()
                os._exit(0)
        os.close(descriptors[0])


class Warden:
    """Runs one session: builds the program, then tries it on every input that comes."""

    def __init__(self, channel: socket.socket, folder: str | None, prelude: dict[str, Any]) -> None:
        self._channel = channel
        self._namespaces = folder is None
        own = "" if folder is None else f"{folder}/{os.getpid()}"
        self._folder, self._building = own + PRIVATE, own + BUILD
        self._own = own
        self._prelude = prelude
        self._disk_mb = 1

    def serve(self) -> None:
        """Build, say how that went, and answer inputs until the other side closes."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # process 1 gets no signal from inside that it does not handle
        kernel.die_with_parent()
        kernel.adopt_orphans()
        header, (source,) = receive(self._channel)
        bounds = Bounds(**header["bounds"])
        self._disk_mb = header["disk_mb"]
        self._make(self._folder, self._disk_mb)
        send(self._channel, {"state": "building"})
        try:
            program = self._build(header, source)
        except BuildError as error:
            send(self._channel, {"state": "refused", "reason": str(error)[:CHATTER]})
            return
        send(self._channel, {"state": "ready"})
        while True:
            _, (content,) = receive(self._channel)
            action, stdin = program(content)
            ending = run_trial(action, stdin, self._folder, bounds, self._namespaces)
            self._tidy()
            send(self._channel, ending.facts(), ending.stdout, ending.stderr, ending.result)

    def _build(self, header: dict[str, Any], source: bytes) -> Callable[[bytes], tuple[Callable[[], int], bytes]]:
        if header["run"] is not None:
            return self._build_executable(header, source)
        code = _compiled(source)
        function = header["function"]
        if function is None:
            return lambda content: (lambda: programs.run_script(code), content)
        return lambda content: (lambda: programs.call_function(code, function, content, self._prelude), b"")

    def _build_executable(
        self, header: dict[str, Any], source: bytes
    ) -> Callable[[bytes], tuple[Callable[[], int], bytes]]:
        build = self._building
        self._make(build, BUILD_MB)
        Path(build, header["file"]).write_bytes(source)
        if command := header["compile"]:
            compiler: list[str] = command
            ending = run_trial(lambda: _execute(compiler, COMPILER_ENVIRONMENT), b"", build, COMPILER, self._namespaces)
            if ending.timed_out:
                raise BuildError(f"the compiler took more than {COMPILER.seconds:g} s")
            if ending.exit_code != 0:
                raise BuildError((ending.stderr or ending.stdout).decode("utf-8", "replace"))
        if self._namespaces:
            kernel.make_read_only(BUILD)
        run: list[str] = [part.format(build=build) for part in header["run"]]
        return lambda content: (lambda: _execute(run, {}), content)

    def _make(self, folder: str, megabytes: int) -> None:
        """A writable folder for programs. Without namespaces it is on the disk, and its size has no bound."""
        if self._namespaces:
            kernel.mount_private(folder, megabytes)
            return
        Path(folder).mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)

    def _tidy(self) -> None:
        """What a program wrote is gone before the next trial."""
        if not self._namespaces:
            shutil.rmtree(self._folder, ignore_errors=True)
            if not Path(self._folder).exists():
                self._make(self._folder, self._disk_mb)
            return
        room = os.statvfs(self._folder)
        if room.f_files - room.f_ffree > 1 or room.f_blocks != room.f_bfree:
            kernel.unmount(self._folder)
            kernel.mount_private(self._folder, self._disk_mb)

    def leave(self) -> None:
        """Without namespaces folders do not end by themselves."""
        if not self._namespaces:
            shutil.rmtree(self._own, ignore_errors=True)


class BuildError(Exception):
    """The program does not compile; the message is the compiler's."""


def _compiled(source: bytes) -> types.CodeType:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = PYTHON_COMPILE_BYTES if hard == resource.RLIM_INFINITY else min(PYTHON_COMPILE_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        return compile(source, "solution.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise BuildError("".join(traceback.format_exception_only(error))) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise BuildError(f"{type(error).__name__}: {error}") from None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _execute(command: list[str], environment: dict[str, str]) -> int:
    os.execve(command[0], command, environment)
