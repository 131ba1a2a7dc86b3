"""The sampler: keeps the engine busy, and makes every finished draw durable before anyone hears of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator

from r1data.engines import Engine, Failure, Request
from r1data.model import LoadedModel
from r1data.recipe import Recipe
from r1data.sampling.draws import Draw
from r1data.store import Journal
from schemas import Completion, FinishReason

COMMIT_ROWS = 128
COMMIT_SECONDS = 0.25
"""A commit flushes the disk: many small ones would cost more than the rows in them."""
OnCommit = Callable[[list[Completion]], None]


class Sampler:
    """Draws of one recipe from one engine into one journal."""

    def __init__(self, recipe: Recipe, model: LoadedModel, route: str, engine: Engine) -> None:
        self._recipe = recipe
        self._model = model
        self._route = route
        self._engine = engine

    async def run(self, draws: Iterable[Draw], journal: Journal, slots: int, on_commit: OnCommit) -> None:
        """Ask for all draws, `slots` at a time; call `on_commit` with each batch that has become durable.

        When this is cancelled or the engine fails, what was finished is committed first and only draws in flight
        are lost.
        """
        finished: asyncio.Queue[Completion | None] = asyncio.Queue(maxsize=2 * slots)
        committing = asyncio.create_task(_commit(finished, journal, on_commit))
        working = asyncio.create_task(self._work_all(draws, finished, slots))
        try:
            await asyncio.wait((working, committing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()  # does nothing where it has ended by itself
            await asyncio.gather(working, return_exceptions=True)
            if not committing.done():
                await finished.put(None)
            await committing
        await working

    async def _work_all(self, draws: Iterable[Draw], finished: asyncio.Queue[Completion | None], slots: int) -> None:
        remaining = iter(draws)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(slots):
                    group.create_task(self._work(remaining, finished))
        except* Exception as failures:
            raise failures.exceptions[0] from None

    async def _work(self, remaining: Iterator[Draw], finished: asyncio.Queue[Completion | None]) -> None:
        for draw in remaining:
            await finished.put(await self._complete(draw))

    async def _complete(self, draw: Draw) -> Completion:
        sampling = self._recipe.sampling
        request = Request(
            prompt_id=draw.prompt_id, tokens=draw.rendered.tokens, seed=draw.seed, temperature=sampling.temperature,
            top_p=sampling.top_p, max_tokens=sampling.max_tokens, stop=sampling.stop,
        )  # fmt: skip
        started = time.perf_counter()
        reply = await self._engine.complete(request)
        return Completion(
            completion_id=draw.completion_id,
            prompt_id=draw.prompt_id,
            route=self._route,
            draw=draw.index,
            seed=draw.seed,
            model=self._model.name,
            model_fingerprint=self._model.fingerprint,
            rendered=draw.rendered.fingerprint,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            engine=self._engine.name,
            text=None if isinstance(reply, Failure) else self._recipe.template.prefill + reply.text,
            finish_reason=FinishReason.ERROR if isinstance(reply, Failure) else reply.finish_reason,
            prompt_tokens=len(draw.rendered.tokens) if isinstance(reply, Failure) else reply.prompt_tokens,
            completion_tokens=0 if isinstance(reply, Failure) else reply.completion_tokens,
            stages=1,
            seconds=time.perf_counter() - started,
            error=reply.error if isinstance(reply, Failure) else None,
        )


async def _commit(finished: asyncio.Queue[Completion | None], journal: Journal, on_commit: OnCommit) -> None:
    """Gather finished draws into batches and commit each in a thread, until a None says that no more come."""
    open_ended = True
    while open_ended:
        batch: list[Completion] = []
        deadline = time.monotonic() + COMMIT_SECONDS
        while len(batch) < COMMIT_ROWS:
            try:
                wait = deadline - time.monotonic() if batch else None
                completion = await asyncio.wait_for(finished.get(), wait)
            except TimeoutError:
                break
            if completion is None:
                open_ended = False
                break
            batch.append(completion)
        if batch:
            await asyncio.to_thread(_commit_batch, journal, batch, on_commit)


def _commit_batch(journal: Journal, batch: list[Completion], on_commit: OnCommit) -> None:
    journal.commit(batch)
    on_commit(batch)
