"""One program behind the wall, and its runs: what it may use, what it gave, and how it ended."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any

from r1data.verifiers.code.inside.protocol import (
    COMPILER,
    ENDING,
    GO,
    NOBODY,
    Bounds,
    Ending,
    receive,
    send,
    wall_limit,
)
from r1data.verifiers.code.languages import Language

START_SECONDS, GRACE_SECONDS = 30.0, 20.0
MOST_MESSAGES = 1 << 16


class Status(StrEnum):
    """How one run of a program ended."""

    OK = "ok"
    RUNTIME_ERROR = "runtime_error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output_limit"
    COMPILE_ERROR = "compile_error"
    SANDBOX_ERROR = "sandbox_error"
    """Ours: it says nothing of the program."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use for one input.

    `seconds` is processor time, of all threads together. By the clock on the wall a program may take four times that
    and five seconds more, for it may have to wait for its turn; where it only sleeps, twice that and one second.
    `memory_mb` is address space beyond the interpreter's own. `output_bytes` bounds standard output and every file,
    `disk_mb` all files together. `tasks` bounds threads; processes of its own a program has only with `forks`.
    """

    seconds: float = 6.0
    memory_mb: int = 512
    output_bytes: int = 1 << 20
    disk_mb: int = 16
    tasks: int = 32
    forks: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program on one input. `seconds` is processor time; a negative `exit_code` is a signal's number."""

    status: Status
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    exit_code: int | None = None
    result: bytes = b""
    """What a function that was called returned, as JSON; empty where it did not return."""


class SandboxError(RuntimeError):
    """The sandbox broke; another try may work."""


class SandboxUnavailable(SandboxError):
    """There is no sandbox on this machine, or not what this program needs; another try will not work."""


class BuildFailed(Exception):
    """The program does not compile; the message is the compiler's."""


class Session:
    """One program, built once, and its runs. A context manager; when it ends nothing of the program is left.

    The program's standard input, output and error, and what a function returns, are files in memory that belong to this
    side: nobody has to empty a pipe, and no output is ever longer than its bound.
    """

    def __init__(
        self, limits: Limits, parent: str | None, *, broken: Callable[[], None], closed: Callable[[], None]
    ) -> None:
        """`broken` is told of the sandbox's faults, before they are raised, and `closed` of the end, once."""
        self._limits, self._broken, self._closed = limits, broken, closed
        self._channel, self._other = socket.socketpair()
        self._files = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr", "result")]
        self._folder = None if parent is None else tempfile.mkdtemp(dir=parent)
        if self._folder is not None and os.geteuid() == 0:
            os.chown(self._folder, NOBODY, NOBODY)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program; the second time there is nothing to do."""
        if not self._files:
            return
        self._channel.close()
        self._other.close()
        for descriptor in self._files:
            os.close(descriptor)
        self._files = []
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._closed()

    @contextmanager
    def theirs(self) -> Iterator[list[int]]:
        """The descriptors for the other side: its end of the channel, and the files."""
        with self._other:
            yield [self._other.fileno(), *self._files]

    def build(self, source: str, language: Language, function: str | None) -> None:
        """Send the program and wait until it is built. Raises as `Sandbox.open` does."""
        with self._telling():
            self._build(source, language, function)

    def _build(self, source: str, language: Language, function: str | None) -> None:
        limits = self._limits
        bounds = Bounds(limits.seconds, limits.memory_mb, limits.output_bytes, limits.tasks, limits.forks)
        header = {
            "bounds": bounds._asdict(),
            "disk_mb": limits.disk_mb,
            "folder": self._folder or "",
            "function": function,
            "file": language.file,
            "compile": language.compile,
            "run": language.run or None,
        }
        self._channel.settimeout(START_SECONDS)
        try:
            send(self._channel, header, source.encode("utf-8", "replace"))
        except OSError as error:
            raise SandboxError(f"no session: {error}") from error
        answer = self._hear()
        if answer["state"] == "building":
            self._channel.settimeout(wall_limit(COMPILER.seconds) + GRACE_SECONDS)
            try:
                answer = self._hear()
            except SandboxError as error:  # it died of the program: what breaks on our side says so
                raise BuildFailed("the compiler gave up") from error
        if answer["state"] == "broken":
            raise SandboxError(f"the session broke: {answer['reason']}")
        if answer["state"] != "ready":
            raise BuildFailed(str(answer["reason"]))
        self._channel.settimeout(wall_limit(limits.seconds) + GRACE_SECONDS)

    def run(self, content: bytes) -> Run:
        """Run the program on one input: its standard input, or the argument lists of a function.

        Raises:
            SandboxError: the sandbox broke.
        """
        with self._telling():
            return self._run(content)

    def _run(self, content: bytes) -> Run:
        for descriptor in self._files:
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
        stdin, stdout, stderr, result = self._files
        rest = memoryview(content)
        while rest:
            rest = rest[os.pwrite(stdin, rest, len(content) - len(rest)) :]
        ending = self._try()
        if not ending.started:
            raise SandboxError("the program could not be confined")
        most = self._limits.output_bytes + 1
        messages = os.pread(stderr, MOST_MESSAGES, max(0, os.fstat(stderr).st_size - MOST_MESSAGES))  # the last matter
        return run_of(ending, os.pread(stdout, most, 0), messages, os.pread(result, most, 0), limits=self._limits)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except SandboxError:
            self._broken()
            raise

    def _try(self) -> Ending:
        try:
            self._channel.sendall(GO)
            content = self._channel.recv(ENDING.size, socket.MSG_WAITALL)
        except OSError as error:
            raise SandboxError(f"the session broke: {error}") from error
        if len(content) != ENDING.size:
            raise SandboxError("the session broke: its warden is gone")
        return Ending(*ENDING.unpack(content))

    def _hear(self) -> dict[str, Any]:
        try:
            return receive(self._channel)[0]
        except (OSError, EOFError, ValueError) as error:
            raise SandboxError(f"the session broke: {error}") from error


def run_of(ending: Ending, stdout: bytes, stderr: bytes, result: bytes, *, limits: Limits) -> Run:
    """What the kernel told of a run, as a status."""
    errors = stderr.decode("utf-8", "replace")
    last_line = errors.rstrip().rsplit("\n", 1)[-1]
    out_of_memory = last_line.startswith("MemoryError") or "std::bad_alloc" in errors
    if ending.timed_out:
        status = Status.TIMEOUT
    elif max(len(stdout), len(result)) > limits.output_bytes:
        status = Status.OUTPUT_LIMIT
    elif ending.exit_code == 0:
        status = Status.OK
    elif out_of_memory or ending.memory_bytes > 0.9 * limits.memory_mb * (1 << 20):
        status = Status.MEMORY
    else:
        status = Status.RUNTIME_ERROR
    text = stdout[: limits.output_bytes].decode("utf-8", "replace")
    return Run(status, text, errors, ending.cpu_seconds, ending.exit_code, result)
