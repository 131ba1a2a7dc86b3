"""A desk where a judge sits: answers are handed in one by one, from any thread, and judged side by side."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import aclosing
from types import TracebackType

from r1data.engines import Engine, Service, connected
from r1data.judging import Judge, JudgeItem, judge
from schemas import Verdict


class JudgeDesk:
    """Verdicts of a judge, as futures. A context manager; what has not been judged at its end is cancelled."""

    def __init__(self, by: Judge, service: Service) -> None:
        self._by = by
        self._service = service
        self._loop = asyncio.new_event_loop()
        self._ready: Future[Engine] = Future()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="judge", daemon=True)

    def __enter__(self) -> JudgeDesk:
        self._thread.start()
        self._engine = self._ready.result()
        self._slots = asyncio.Semaphore(self._service.slots)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def submit(self, item: JudgeItem) -> Future[Verdict]:
        """Have one answer judged; the future raises EngineError where no engine answers any more."""
        return asyncio.run_coroutine_threadsafe(self._judged(item), self._loop)

    async def _judged(self, item: JudgeItem) -> Verdict:
        async with self._slots, aclosing(judge([item], self._engine, self._by, 1)) as verdicts:
            return await anext(verdicts)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        async with connected(self._service, {}) as engine:
            self._ready.set_result(engine)
            await self._end.wait()
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
