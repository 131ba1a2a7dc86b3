"""The pool: verifier processes that are killed at a deadline, so that no answer can hold up another.

A worker that computes for ever, even inside one operation that no signal interrupts, is killed and replaced, and its
row's outcome is `timeout`. A worker that dies by itself costs its row one more try, then a `verifier_error`.

Each worker has a channel of its own and a few checks ahead, of which it judges the first; only that one is charged
with what happens. Workers are forked from a nursery that has the libraries loaded. (A ready-made pool whose workers
share one pipe was tried first: a worker that was killed from outside while it held the pipe's lock took the whole pool
with it.)
"""

from __future__ import annotations

import contextlib
import os
import pickle
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from types import TracebackType

from r1data.awake import awake
from r1data.verifiers.channel import Channel, Closed
from r1data.verifiers.check import Check, Finding, verdict
from r1data.verifiers.nursery import Born, Load, Loaded
from r1data.verifiers.registry import KNOWN, VERIFIERS, version_of
from schemas import Outcome, Verdict

MOST_WORKERS = 8
TRIES = 3
"""So many workers in a row that die of a check are its own doing; fewer may have been killed for another reason."""
AHEAD = 16
"""Checks that a worker may have before it, so that it never waits for the pool."""
AHEAD_BYTES = 1 << 15
HOLD_UP = 0.25
"""Seconds after which checks that wait behind a slow one are given to others."""
LOAD_SECONDS = 120.0
STILLBORN = 4
"""So many nurseries in a row that end by themselves before there is a verdict are a fault of the machine."""
KILLED = 50
"""So many processes in a row that are killed before there is a verdict are one too: something lets none live. One
killing may count several times, since the workers die with their nursery.
"""
ENDING_SECONDS = 1.0
"""For a nursery that has closed its channel to end: then its status is its own."""
WINDOW = 4096
"""Checks that `verify_all` has under way."""


@dataclass(slots=True, eq=False)
class Task:
    """A check that waits for its verdict."""

    check: Check
    result: Future[Verdict] = field(default_factory=Future)
    tries: int = 0


@dataclass(slots=True, eq=False)
class Worker:
    """A process and the checks before it, the one it is judging first."""

    channel: Channel
    can: frozenset[str]
    handle: int | None = None
    """A descriptor of its process (pidfd), since its number may be another's by now; None before it is born."""
    tasks: deque[Task] = field(default_factory=deque)
    since: float = 0.0
    """When it began with the first of them."""
    allowed: float = 0.0
    stale: int = 0
    """Verdicts that it will still send on checks that others have taken over."""
    judged: int = 0

    @property
    def busy(self) -> bool:
        """Whether it is judging something."""
        return bool(self.tasks) or self.stale > 0

    @property
    def deadline(self) -> float:
        """When it is killed."""
        return self.since + self.allowed

    @property
    def has_room(self) -> bool:
        """Whether it can be given a check, to judge or to have ahead. Not before it is born: the clock would run."""
        if self.handle is None:
            return False
        if not self.tasks:
            return self.stale == 0
        ahead = sum(_size(task.check) for task in self.tasks)
        return len(self.tasks) < AHEAD and ahead < AHEAD_BYTES and not self.channel.unsent and not self.stale


@dataclass(slots=True, eq=False)
class Nursery:
    """The process that workers are forked from."""

    process: subprocess.Popen[bytes]
    channel: Channel
    loading: str | None = None
    since: float = 0.0
    """When it was last asked for something, or last answered."""
    loaded: set[str] = field(default_factory=set)
    unborn: deque[Worker] = field(default_factory=deque)

    @property
    def busy(self) -> bool:
        """Whether it owes an answer."""
        return self.loading is not None or bool(self.unborn)

    @property
    def deadline(self) -> float:
        """When it is killed, if it has not answered by then."""
        return self.since + LOAD_SECONDS


class VerifierPool:
    """Verdicts from worker processes. A context manager; `submit` may be called from any thread."""

    def __init__(self, workers: int | None, deadline: float) -> None:
        self._deadline = deadline
        self._size = workers or min(os.cpu_count() or 1, MOST_WORKERS)
        self._workers: list[Worker] = []
        self._nursery: Nursery | None = None
        self._broken: dict[str, str] = {}
        self._expected: set[str] = set()
        self._lost = False
        self._stillborn = self._killed = 0
        self._queues: dict[str, deque[Task]] = {}
        self._lock = threading.Lock()
        self._bell, self._ringer = socket.socketpair()
        self._rung = False
        self._closing = False
        self._selector = selectors.DefaultSelector()
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
        if check.verifier not in KNOWN:
            why = f"there is no verifier of that name; known: {', '.join(VERIFIERS)}"
            self._settle(task, Finding(Outcome.VERIFIER_ERROR, detail=why), 0.0)
            return task.result
        with self._lock:
            if self._closing:
                task.result.cancel()
                return task.result
            self._queues.setdefault(check.verifier, deque()).append(task)
            self._ring()
        return task.result

    def expect(self, verifiers: Iterable[str]) -> None:
        """Checks for these verifiers are going to come: load them now, which takes seconds, and have workers ready."""
        with self._lock:
            self._expected.update(name for name in verifiers if name in KNOWN)
            self._ring()

    def verify_all(self, checks: Iterable[Check | Verdict | Future[Verdict]]) -> Iterator[Verdict]:
        """A verdict for every check, in their order; only a few thousand are held at a time.

        What has its verdict already, or gets it elsewhere, is passed on in its place.
        """
        under_way: deque[Future[Verdict] | Verdict] = deque()
        for check in checks:
            under_way.append(self.submit(check) if isinstance(check, Check) else check)
            if len(under_way) >= WINDOW:
                yield _reached(under_way.popleft())
        while under_way:
            yield _reached(under_way.popleft())

    def close(self) -> None:
        """Stop the workers; what has not been judged by then is cancelled."""
        with self._lock:
            self._closing = True
            self._ring()
        self._manager.join()

    def _ring(self) -> None:
        if not self._rung:
            self._rung = True
            with contextlib.suppress(OSError):  # the manager is through
                self._ringer.send(b"!")

    # --- the manager's thread: nothing below is called from anywhere else ------------------------------------------

    def _manage(self) -> None:
        try:
            self._selector.register(self._bell, selectors.EVENT_READ, None)
            while not self._closing:
                self._staff()
                self._hand_out()
                for key, events in self._selector.select(self._patience()):
                    if self._closing:
                        break
                    self._attend(key.data, events)
                self._end_overdue()
        finally:
            self._shut_down()

    def _attend(self, source: Worker | Nursery | None, events: int) -> None:
        if source is None:
            with self._lock:
                self._bell.recv(1)
                self._rung = False
        elif isinstance(source, Nursery):
            if source is self._nursery:
                self._hear_nursery(source)
        elif source in self._workers:
            self._hear(source, events)

    # --- nursery and workers ---------------------------------------------------------------------------------------

    def _staff(self) -> None:
        """Have a nursery that knows what is asked for, and workers from it."""
        self._lost = False
        with self._lock:
            waiting = {name for name, queue in self._queues.items() if queue}
            wanted = (waiting | self._expected).difference(self._broken)
        if not wanted:
            return
        if self._nursery is None:
            self._nursery = self._found_nursery()
        nursery = self._nursery
        missing = sorted(wanted - nursery.loaded)
        if nursery.loading is None and missing:
            nursery.loading = missing[0]
            self._ask(nursery, pickle.dumps(Load(missing[0])))
        if nursery.loaded & wanted:
            for worker in [w for w in self._workers if not w.busy and w.can < nursery.loaded and wanted - w.can]:
                self._dismiss(worker)
            while len(self._workers) < self._size and self._nursery is nursery:
                self._fork(nursery)

    def _found_nursery(self) -> Nursery:
        # Packets, not a stream: two requests must not arrive as one.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = f"from r1data.verifiers.nursery import main; main({theirs.fileno()}, {os.getpid()})"
        command = [sys.executable, "-P", "-c", program]
        single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with theirs:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, pass_fds=(theirs.fileno(),),
                                       env={**os.environ, **single})  # fmt: skip
        nursery = Nursery(process, Channel(ours, blocking=False))
        self._selector.register(nursery.channel, selectors.EVENT_READ, nursery)
        return nursery

    def _ask(self, nursery: Nursery, request: bytes, descriptors: tuple[int, ...] = ()) -> bool:
        nursery.since = awake()
        try:
            socket.send_fds(nursery.channel.socket, [request], descriptors)
        except OSError:
            self._bury_nursery(nursery)
            return False
        return True

    def _fork(self, nursery: Nursery) -> None:
        ours, theirs = socket.socketpair()
        worker = Worker(Channel(ours, blocking=False), frozenset(nursery.loaded))
        with theirs:
            if not self._ask(nursery, b"f", (theirs.fileno(),)):
                ours.close()
                return
        nursery.unborn.append(worker)
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)

    def _hear_nursery(self, nursery: Nursery) -> None:
        try:
            for message in nursery.channel.receive():
                nursery.since = awake()
                if isinstance(message, Born):
                    worker = nursery.unborn.popleft()
                    if worker in self._workers:  # else it was given up, hears that its channel is closed, and ends
                        with contextlib.suppress(ProcessLookupError):  # dead already: its channel will say so
                            worker.handle = os.pidfd_open(message.pid)
                elif isinstance(message, Loaded):
                    nursery.loading = None
                    if message.trouble is None:
                        nursery.loaded.add(message.verifier)
                    else:
                        self._give_up(message.verifier, f"the verifier cannot be loaded: {message.trouble}")
        except Closed:
            self._bury_nursery(nursery)

    def _bury_nursery(self, nursery: Nursery, *, overdue: bool = False) -> None:
        """A nursery that is dead or has to be: its workers die with it, their checks go back."""
        if not overdue:
            with contextlib.suppress(subprocess.TimeoutExpired):
                nursery.process.wait(ENDING_SECONDS)
        status = _end(nursery.process)
        self._selector.unregister(nursery.channel)
        nursery.channel.close()
        self._nursery, self._lost = None, True
        if status == -signal.SIGKILL and not overdue:
            self._count_killed()
        else:
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                self._give_up(nursery.loading or "any", f"its process ends at once (status {status})")
        for worker in list(self._workers):
            self._bury(worker, "with the process it came from", blame=False)

    def _count_killed(self) -> None:
        self._killed += 1
        if self._killed >= KILLED:
            self._give_up("any", "its processes are killed again and again: is there enough memory?")

    def _give_up(self, verifier: str, why: str) -> None:
        """Nothing can be judged by this verifier (or by `any`): say so on every row that asks for it."""
        names = KNOWN if verifier == "any" else (verifier,)
        self._broken.update(dict.fromkeys(names, why))

    def _dismiss(self, worker: Worker) -> None:
        self._selector.unregister(worker.channel)
        worker.channel.close()
        if worker.handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(worker.handle, signal.SIGKILL)
            os.close(worker.handle)
        self._workers.remove(worker)

    # --- checks ----------------------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        """Give every worker something to do, one check each in turn, and then some ahead."""
        for name in self._broken:
            with self._lock:
                hopeless = self._queues.pop(name, deque())
            for task in hopeless:
                self._settle(task, Finding(Outcome.VERIFIER_ERROR, detail=self._broken[name]), 0.0)
        given = True
        while given:
            given = False
            for worker in sorted(self._workers, key=lambda w: len(w.tasks)):
                following = self._next_for(worker) if worker in self._workers else None
                if following is not None:
                    self._give(worker, following)
                    given = True

    def _next_for(self, worker: Worker) -> Task | None:
        if not worker.has_room:
            return None
        with self._lock:
            for name in worker.can:
                queue = self._queues.get(name)
                if queue and not (worker.tasks and KNOWN[name].slow):
                    return queue.popleft()
        return None

    def _give(self, worker: Worker, task: Task) -> None:
        if not task.result.running() and not task.result.set_running_or_notify_cancel():
            return
        worker.tasks.append(task)
        if len(worker.tasks) == 1:
            self._start_clock(worker)
        try:
            worker.channel.send(task.check)
        except Closed:
            self._bury(worker, "before it took a check", blame=False)
            return
        self._watch(worker)

    def _watch(self, worker: Worker) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.channel.unsent else 0)
        self._selector.modify(worker.channel, events, worker)

    def _start_clock(self, worker: Worker) -> None:
        """The first of a worker's checks begins now, or it has nothing left but what others have taken over."""
        worker.allowed = self._deadline
        if worker.tasks:
            check = worker.tasks[0].check
            with contextlib.suppress(Exception):  # a task that cannot be read: the verifier will say so
                worker.allowed += KNOWN[check.verifier].patience(check)
        worker.since = awake()

    def _patience(self) -> float | None:
        """How long to wait for news. Not at all where somebody was lost since the staff was looked at: what they had
        been given waits again, and no news need ever come that would say so.
        """
        if self._lost:
            return 0.0
        moments = [w.deadline for w in self._workers if w.busy]
        moments += [w.since + HOLD_UP for w in self._workers if len(w.tasks) > 1]
        if self._nursery is not None and self._nursery.busy:
            moments.append(self._nursery.deadline)
        return max(0.0, min(moments) - awake()) if moments else None

    def _hear(self, worker: Worker, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                worker.channel.flush()
                self._watch(worker)
            if events & selectors.EVENT_READ:
                for message in worker.channel.receive():
                    self._stillborn = self._killed = 0
                    worker.judged += 1
                    if worker.tasks:
                        worker.tasks.popleft().result.set_result(message)
                    else:
                        worker.stale -= 1
                    self._start_clock(worker)
        except Closed:
            self._bury(worker, "by itself")

    def _end_overdue(self) -> None:
        now = awake()
        for worker in list(self._workers):
            if len(worker.tasks) > 1 and worker.since + HOLD_UP <= now:
                self._relieve(worker)
            if worker.busy and worker.deadline <= now:
                if worker.tasks:
                    late = Finding(Outcome.TIMEOUT, detail=f"no verdict within {worker.allowed:g} s")
                    self._settle(worker.tasks.popleft(), late, worker.allowed)
                self._bury(worker, "at its deadline", blame=False)
        nursery = self._nursery
        if nursery is not None and nursery.busy and nursery.deadline <= now:
            if nursery.loading is not None:
                self._give_up(nursery.loading, f"the verifier was not loaded within {LOAD_SECONDS:g} s")
            self._bury_nursery(nursery, overdue=True)

    def _relieve(self, worker: Worker) -> None:
        """Let others judge what waits behind a slow check; what this worker says of it later is not listened to."""
        first, *others = worker.tasks
        worker.tasks = deque([first])
        worker.stale = len(others)
        self._put_back(others)

    def _put_back(self, tasks: Iterable[Task]) -> None:
        with self._lock:
            for task in reversed(list(tasks)):
                self._queues.setdefault(task.check.verifier, deque()).appendleft(task)

    def _bury(self, worker: Worker, how: str, *, blame: bool = True) -> None:
        """Remove a worker that is dead or has to be; its checks go back, the first with one more try behind it."""
        if worker not in self._workers:
            return
        self._dismiss(worker)
        self._lost = True
        tasks, worker.tasks = worker.tasks, deque()
        if tasks and blame:
            tasks[0].tries += 1
            if tasks[0].tries >= TRIES:
                detail = f"the worker died {how} {TRIES} times while it judged this"
                self._settle(tasks.popleft(), Finding(Outcome.VERIFIER_ERROR, detail=detail), 0.0)
        if not tasks and not worker.judged and blame:
            self._count_killed()
        self._put_back(tasks)

    def _settle(self, task: Task, finding: Finding, seconds: float) -> None:
        if task.result.cancelled():
            return
        if not task.result.running() and not task.result.set_running_or_notify_cancel():
            return
        task.result.set_result(verdict(task.check, version_of(task.check.verifier), finding, seconds))

    def _shut_down(self) -> None:
        unfinished = [task for worker in self._workers for task in worker.tasks]
        for worker in list(self._workers):
            self._dismiss(worker)
        if self._nursery is not None:
            _end(self._nursery.process)
            self._nursery.channel.close()
        with self._lock:
            self._closing = True
            unfinished += [task for queue in self._queues.values() for task in queue]
        for task in unfinished:
            if not task.result.done() and not task.result.cancel():  # running: it can only be ended
                task.result.set_exception(CancelledError())
        self._selector.close()
        self._bell.close()
        self._ringer.close()


def _reached(verdict: Future[Verdict] | Verdict) -> Verdict:
    return verdict if isinstance(verdict, Verdict) else verdict.result()


def _size(check: Check) -> int:
    return len(check.answer or "") + len(check.task or "") + len(check.reference or "") + len(check.question or "")


def _end(process: subprocess.Popen[bytes]) -> int:
    process.kill()
    return process.wait()
