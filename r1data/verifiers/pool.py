"""The pool: verifier processes that are killed at a deadline, so that no answer can hold up another.

A worker that computes for ever, even inside one operation that no signal interrupts, is killed and replaced, and its
row's outcome is `timeout`. A worker that dies by itself costs its row one more try, then a `verifier_error`.

Each worker has a pipe of its own and one check at a time. (A ready-made pool whose workers share one pipe was tried
first: a worker that was killed from outside while it held the pipe's lock took the whole pool with it.)
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from types import TracebackType

from r1data.verifiers.check import Check, Finding, verdict
from r1data.verifiers.registry import version_of
from schemas import Outcome, Verdict

MOST_WORKERS = 8
TRIES = 2
LOAD_SECONDS = 120.0


@dataclass(slots=True)
class Task:
    """A check that waits for its verdict."""

    check: Check
    result: Future[Verdict] = field(default_factory=Future)
    tries: int = 0


@dataclass(slots=True)
class Worker:
    """A process and what it is doing: judging a task, loading a verifier, or nothing."""

    process: subprocess.Popen[bytes]
    pipe: Connection
    deadline: float = 0.0
    loaded: set[str] = field(default_factory=set)
    loading: str | None = None
    task: Task | None = None

    @property
    def idle(self) -> bool:
        """Whether it can be given a check."""
        return self.task is None and self.loading is None


class VerifierPool:
    """Verdicts from worker processes. A context manager; `submit` may be called from any thread."""

    def __init__(self, workers: int | None, deadline: float) -> None:
        self._deadline = deadline
        self._size = workers or min(os.cpu_count() or 1, MOST_WORKERS)
        self._workers: list[Worker] = []
        self._waiting: deque[Task] = deque()
        self._lock = threading.Lock()
        self._bell, self._ringer = Pipe(duplex=False)
        self._rung = False
        self._closing = False
        self._manager = threading.Thread(target=self._manage, name="verifier pool", daemon=True)
        self._manager.start()

    def __enter__(self) -> VerifierPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def submit(self, check: Check) -> Future[Verdict]:
        """Have one check judged. The future ends with a verdict, or cancelled where the pool is closed before."""
        task = Task(check)
        with self._lock:
            if self._closing:
                raise RuntimeError("the pool is closed")
            self._waiting.append(task)
            self._ring()
        return task.result

    def close(self) -> None:
        """Stop the workers; what has not been judged by then is cancelled."""
        with self._lock:
            self._closing = True
            self._ring()
        self._manager.join()

    def _ring(self) -> None:
        if not self._rung:
            self._rung = True
            self._ringer.send_bytes(b"!")

    # --- the manager's thread: nothing below is called from anywhere else ------------------------------------------

    def _manage(self) -> None:
        try:
            self._workers = [self._spawn() for _ in range(self._size)]
            while not self._closing:
                self._hand_out()
                for ready in wait([self._bell, *(w.pipe for w in self._workers)], self._patience()):
                    if ready is self._bell:
                        with self._lock:
                            self._bell.recv_bytes()
                            self._rung = False
                    else:
                        self._hear(next(w for w in self._workers if w.pipe is ready))
                self._end_overdue()
        finally:
            self._shut_down()

    def _spawn(self) -> Worker:
        ours, theirs = Pipe()
        command = [sys.executable, "-P", "-m", "r1data.verifiers.worker", str(theirs.fileno()), str(os.getpid())]
        with theirs:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, pass_fds=(theirs.fileno(),))  # fmt: skip
        return Worker(process, ours)

    def _hand_out(self) -> None:
        for worker in self._workers:
            while worker.idle and self._waiting:
                task = self._waiting.popleft()
                if task.check.verifier not in worker.loaded:
                    self._waiting.appendleft(task)
                    self._load(worker, task.check.verifier)
                    break
                if not task.tries and not task.result.set_running_or_notify_cancel():
                    continue
                worker.task, worker.deadline = task, time.monotonic() + self._deadline
                if not self._send(worker, task.check):
                    break

    def _load(self, worker: Worker, verifier: str) -> None:
        worker.loading, worker.deadline = verifier, time.monotonic() + LOAD_SECONDS
        self._send(worker, verifier)

    def _send(self, worker: Worker, message: Check | str) -> bool:
        try:
            worker.pipe.send(message)
        except OSError:  # it is dead
            self._bury(worker)
            return False
        return True

    def _patience(self) -> float | None:
        deadlines = [w.deadline for w in self._workers if not w.idle]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _hear(self, worker: Worker) -> None:
        try:
            message = worker.pipe.recv()
        except Exception:  # closed by its death, or torn in the middle of a message
            self._bury(worker)
            return
        task, worker.task = worker.task, None
        if task is not None:
            task.result.set_result(message)
        elif worker.loading is not None:
            worker.loaded.add(worker.loading)
            worker.loading = None

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for worker in [w for w in self._workers if not w.idle and w.deadline <= now]:
            if worker.task is not None:
                finding = Finding(Outcome.TIMEOUT, detail=f"no verdict within {self._deadline:g} s")
                task, worker.task = worker.task, None
                task.result.set_result(self._fault(task.check, finding, self._deadline))
            self._bury(worker)

    def _bury(self, worker: Worker) -> None:
        """Replace a worker that is dead or has to be; its check gets another try or a verdict of its own."""
        worker.process.kill()
        status = worker.process.wait()
        worker.pipe.close()
        self._workers[self._workers.index(worker)] = self._spawn()
        task = worker.task
        if task is None:
            return
        task.tries += 1
        if task.tries < TRIES:
            self._waiting.appendleft(task)
            return
        finding = Finding(Outcome.VERIFIER_ERROR, detail=f"the worker died {task.tries} times (status {status})")
        task.result.set_result(self._fault(task.check, finding, 0.0))

    def _fault(self, check: Check, finding: Finding, seconds: float) -> Verdict:
        return verdict(check, version_of(check.verifier), finding, seconds)

    def _shut_down(self) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.wait()
            worker.pipe.close()
        with self._lock:
            self._closing = True
            unfinished = [*self._waiting, *(w.task for w in self._workers if w.task is not None)]
        for task in unfinished:
            if not task.result.cancel():  # already running: it cannot be cancelled any more, only ended
                task.result.set_exception(CancelledError())
        self._bell.close()
        self._ringer.close()
