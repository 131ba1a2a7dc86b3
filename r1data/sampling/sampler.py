"""The sampler: keeps the engine busy, makes every finished draw durable before it counts, and decides what comes next.

Shards are opened as the engine needs work, and sealed when all their prompts have stopped; so the engine does not wait
at a shard's end, nor for verdicts. A draw holds its slot until it is on disk: a kill can lose what was in flight, and
no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from r1data.engines import Engine
from r1data.errors import VerifierError
from r1data.model import LoadedModel
from r1data.progress import Progress
from r1data.recipe import AdaptiveDraws, Recipe
from r1data.sampling.completer import SET_ASIDE, Completer, sent_tokens, written_tokens
from r1data.sampling.pursuit import Ask, Cut, End, Pursuit
from r1data.store import CutRow, Journal
from schemas import Completion, FinishReason

COMMIT_SECONDS = 0.04
"""Pause between commits: rows that come in meanwhile share the next flush of the disk."""
GRADE_ROWS, GRADE_SECONDS, GLANCE_SECONDS = 256, 2.0, 0.1
"""Grading begins with so many rows, after so long, or when work runs short: measuring a few rows costs as much as
measuring a hundred.
"""
OPEN_SHARDS = 64
"""More would not keep the engine busier: each open one has a prompt that is still under way."""
UNSEALED_SHARDS = 4
"""So many may wait to be sealed before the next one is opened: sealing must keep up, or memory fills."""
GONE = "what was finished is safe; run the same command again"
Heard = Callable[[str | None, str | None], None]
"""Told of a graded completion: its id, and the fingerprint of its text where it is acceptable. Without an id: its
verdict will never come, because nobody verifies any more.
"""


class Shard(Protocol):
    """Prompts that are sampled and sealed together. Its methods block; the sampler calls them in threads."""

    @property
    def journal(self) -> Journal:
        """Where finished draws are safe until the shard is sealed."""
        ...

    @property
    def pursuits(self) -> Sequence[Pursuit]:
        """Its prompts."""
        ...

    def grade(self, completions: list[Completion], heard: Heard) -> None:
        """Measure and verify; tells `heard` of each completion, from any thread: its id, and the fingerprint of its
        text where it is correct and acceptable.
        """
        ...

    def seal(self) -> None:
        """All its prompts have stopped: turn the journal into a sealed part."""
        ...


@dataclass(eq=False, slots=True)
class _Opened:
    """A shard under way, and how much keeps it open: prompts that have not stopped, and its being opened."""

    shard: Shard
    open: int


class Sampler:
    """Samples the shards of one recipe from one engine, `slots` draws at a time. One object for one run."""

    def __init__(
        self, recipe: Recipe, model: LoadedModel, route: str, engine: Engine, slots: int, progress: Progress
    ) -> None:
        self._completer = Completer(recipe, model, route, engine)
        self._longest = recipe.sampling.max_tokens
        self._engine = engine
        self._slots = slots
        self._progress = progress
        self._most_ungraded = max(1024, 4 * slots)
        self._home: dict[Pursuit, _Opened] = {}
        self._following: deque[Ask] = deque()
        self._fresh: deque[Ask] = deque()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: list[tuple[Ask, Completion | Cut]] = []
        self._ungraded: list[tuple[Ask, Completion]] = []
        self._unheard: dict[str, Ask] = {}
        self._verdicts: list[tuple[str | None, str | None]] = []
        self._rung = False
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._sealing = asyncio.Lock()
        self._opened: set[_Opened] = set()
        self._unsealed = 0
        self._deciding = 0
        self._exhausted = False
        self._failure: BaseException | None = None
        self._done = asyncio.Event()
        self._ending = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, shards: Iterator[Shard]) -> None:
        """Sample until every prompt of every shard has stopped and every shard is sealed.

        When this is cancelled or the engine fails, what was finished is committed first and only draws in flight are
        lost; shards that are not sealed keep their journals.
        """
        self._loop = asyncio.get_running_loop()
        self._shards = shards
        self._exhausted = self._ending = False
        self._done.clear()
        self._pump()
        try:
            await self._done.wait()
        finally:
            self._ending = True
            for task in list(self._tasks):
                if task.get_name() != "commit":
                    task.cancel()
            while self._tasks:
                await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._finished:
                await self._commit()
        if self._failure is not None:
            raise self._failure

    # --- scheduling: everything below runs in the event loop, and calls `_pump` when something has changed ----------

    def _pump(self) -> None:
        """Start what can be started."""
        if self._ending or self._failure is not None:
            return
        while self._running < self._slots and (ask := self._next()) is not None:
            self._running += 1
            self._start(self._work(ask))
        if not self._exhausted and len(self._fresh) < self._slots and self._may_open:
            self._once("feed", self._feed)
        if self._finished:
            self._once("commit", self._commit)
        if self._ungraded:
            self._once("grade", self._grade)
        load = self._engine.load
        backlog = len(self._unheard)
        self._progress.level(running=self._running, waiting=load.waiting, backlog=backlog)
        if self._exhausted and not self._opened:
            self._done.set()

    @property
    def _may_open(self) -> bool:
        return len(self._opened) < OPEN_SHARDS and self._unsealed < UNSEALED_SHARDS

    def _next(self) -> Ask | None:
        """Prompts that are under way come first: they hold shards open. None while verification is far behind."""
        if len(self._unheard) >= self._most_ungraded:
            return None
        if self._following:
            return self._following.popleft()
        return self._fresh.popleft() if self._fresh else None

    def _once(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if name not in self._busy:
            self._busy.add(name)
            self._start(self._named(name, work), name)

    async def _named(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        finally:
            self._busy.discard(name)
        self._pump()

    def _start(self, work: Coroutine[Any, Any, None], name: str | None = None) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._done.set()

    # --- opening and sealing shards --------------------------------------------------------------------------------

    async def _feed(self) -> None:
        """Open the next shard."""
        shard = await asyncio.to_thread(next, self._shards, None)
        if shard is None:
            self._exhausted = True
            return
        opened = _Opened(shard, len(shard.pursuits) + 1)
        self._opened.add(opened)
        for pursuit in shard.pursuits:
            self._home[pursuit] = opened
            self._deciding += isinstance(pursuit.draws, AdaptiveDraws)
            self._advance(pursuit, self._fresh)
        self._release(opened)

    def _advance(self, pursuit: Pursuit, queue: deque[Ask]) -> None:
        """See what a prompt needs next."""
        queue.extend(pursuit.advance())
        if pursuit.stop is not None:
            self._deciding -= isinstance(pursuit.draws, AdaptiveDraws)
            self._progress.stop(pursuit.stop, pursuit.most - pursuit.until)
            self._release(self._home.pop(pursuit))

    def _release(self, opened: _Opened) -> None:
        """One thing less keeps a shard open; seal it when it was the last one."""
        opened.open -= 1
        if not opened.open:
            self._unsealed += 1
            self._start(self._seal(opened))

    async def _seal(self, opened: _Opened) -> None:
        async with self._sealing:
            await asyncio.to_thread(opened.shard.seal)
        self._opened.discard(opened)
        self._unsealed -= 1
        self._pump()

    # --- one draw --------------------------------------------------------------------------------------------------

    async def _work(self, ask: Ask) -> None:
        result = await self._completer.complete(ask)
        self._finished.append((ask, result))
        self._once("commit", self._commit)

    # --- making it durable -----------------------------------------------------------------------------------------

    async def _commit(self) -> None:
        """Commit what has finished; only then does a draw give its slot free and count."""
        while self._finished:
            batch, self._finished = self._finished, []
            by_shard: dict[_Opened, tuple[list[Completion], list[CutRow]]] = {}
            for ask, result in batch:
                completions, cuts = by_shard.setdefault(self._home[ask.pursuit], ([], []))
                if isinstance(result, Cut):
                    cuts.append(self._completer.cut_row(ask, result))
                else:
                    completions.append(result)
            await asyncio.to_thread(_commit_all, by_shard)
            self._running -= len(batch)
            for ask, result in batch:
                self._settle(ask, result)
            self._count(batch)
            self._pump()
            await asyncio.sleep(COMMIT_SECONDS)

    def _settle(self, ask: Ask, result: Completion | Cut) -> None:
        """A draw is durable: its prompt may go on."""
        if isinstance(result, Cut):
            ask.pursuit.interrupt(ask.draw, result)
            self._advance(ask.pursuit, self._following)
        elif result.error is not None:
            hopeless = result.error.startswith(SET_ASIDE)
            ask.pursuit.end(ask.draw, End(failed=True, hopeless=hopeless))
            self._advance(ask.pursuit, self._following)
        else:
            self._unheard[result.completion_id] = ask
            self._ungraded.append((ask, result))

    def _count(self, batch: Sequence[tuple[Ask, Completion | Cut]]) -> None:
        rows = [result for _, result in batch if isinstance(result, Completion)]
        failed = sum(row.error is not None for row in rows)
        self._progress.add(
            completed=len(rows) - failed,
            failed=failed,
            tokens=sum(written_tokens(ask, result) for ask, result in batch),
            prompt_tokens=sum(sent_tokens(ask, result) for ask, result in batch),
            saved_tokens=sum(self._longest - r.completion_tokens for r in rows if r.finish_reason is FinishReason.LOOP),
        )

    # --- hearing how good it is ------------------------------------------------------------------------------------

    @property
    def _hungry(self) -> bool:
        """Whether work for the engine runs short and verdicts can bring more, or nothing but verdicts is waited for."""
        short = self._exhausted and len(self._following) + len(self._fresh) < self._slots
        return short and (self._deciding > 0 or self._running == 0)

    async def _grade(self) -> None:
        """Hand what is durable to be measured and verified."""
        while self._ungraded:
            patient = time.monotonic() + GRADE_SECONDS
            while len(self._ungraded) < GRADE_ROWS and time.monotonic() < patient:
                await asyncio.sleep(GLANCE_SECONDS)
                if self._hungry:
                    break
            rows, self._ungraded = self._ungraded[:GRADE_ROWS], self._ungraded[GRADE_ROWS:]
            by_shard: dict[_Opened, list[Completion]] = {}
            for ask, row in rows:
                by_shard.setdefault(self._home[ask.pursuit], []).append(row)
            for opened, completions in by_shard.items():
                await asyncio.to_thread(opened.shard.grade, completions, self._heard_from_afar)

    def _heard_from_afar(self, key: str | None, accepted: str | None) -> None:
        """Called from any thread."""
        with self._lock:
            self._verdicts.append((key, accepted))
            ring, self._rung = not self._rung, True
        if ring and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: the next run grades what was not heard of
                self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        with self._lock:
            verdicts, self._verdicts = self._verdicts, []
            self._rung = False
        for key, accepted in verdicts:
            if key is None:
                self._fail(VerifierError(f"the verifiers are gone: {accepted or 'their pool was closed'}", GONE))
                return
            ask = self._unheard.pop(key)
            ask.pursuit.end(ask.draw, End(accepted=accepted, stages=ask.stages))
            self._advance(ask.pursuit, self._following)
        self._pump()


def _commit_all(by_shard: dict[_Opened, tuple[list[Completion], list[CutRow]]]) -> None:
    for opened, (completions, cuts) in by_shard.items():
        opened.shard.journal.commit(completions, cuts)
