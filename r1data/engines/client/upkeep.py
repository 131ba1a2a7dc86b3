"""Upkeep: the endpoints' lives. Who is there at the beginning, who died, who hangs, and how each comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from r1data.awake import awake
from r1data.engines.client.api import Api
from r1data.engines.client.endpoint import FIRST_PAUSE, LONGEST_PAUSE, Attempt, Company, Endpoint, State
from r1data.engines.client.exchange import Exchange
from r1data.engines.client.introductions import is_dead, meet
from r1data.engines.client.trouble import Kind, Trouble
from r1data.engines.protocol import Reply, Request
from r1data.errors import EngineError
from r1data.recipe import ServerEngine as Settings
from schemas import Message

Notify = Callable[[str], None]


class Keeper(Protocol):
    """Whoever can start a server again. Its methods may be called from any thread; `revive` takes minutes."""

    company: Company
    heard_at: float
    """When anything came from the server, on the clock of `awake`."""

    @property
    def silence_seconds(self) -> float:
        """How long it may have work and say nothing."""
        ...

    @property
    def life(self) -> int:
        """Which life of the server this is."""
        ...

    def revive(self, life: int, *, silent: bool) -> None:
        """Start it again, unless that life is over already, or it is well and not `silent`."""
        ...

    def progress(self) -> None:
        """Hear that it has got something done since it was started."""
        ...

    def abandon(self) -> None:
        """End a revival that is under way: nobody needs the server any more."""
        ...


class Upkeep:
    """Looks after the endpoints of one engine. Tells `freed` when one can be given work again, and `fail` when none
    ever will.
    """

    def __init__(
        self,
        settings: Settings,
        model: str,
        api: Api,
        endpoints: Sequence[Endpoint],
        exchange: Exchange,
        keeper: Keeper | None,
        notify: Notify,
        freed: Callable[[], None],
        fail: Callable[[EngineError], None],
    ) -> None:
        self.engine_name = "openai-compatible"
        self.context_tokens: int | None = None
        self._settings = settings
        self._model = model
        self._api = api
        self._endpoints = endpoints
        self._exchange = exchange
        self._keeper = keeper
        self._notify = notify
        self._freed = freed
        self._fail = fail
        self._tasks: set[asyncio.Task[Any]] = set()
        self._autopsies: dict[Endpoint, asyncio.Task[bool]] = {}

    async def introduce(self) -> None:
        """Meet every endpoint; one that works is enough to go on. A server of ours that died meanwhile is revived.

        One that cannot be reached is most likely a wrong address: that is said at once. One that is there and not
        ready has the time that the settings give it.
        """
        deadline = awake() + self._settings.patience_seconds
        while True:
            troubles = await asyncio.gather(*[self._met(endpoint) for endpoint in self._endpoints])
            if None in troubles:
                break
            loading = any(trouble.kind in (Kind.BUSY, Kind.FAULTY) for trouble in troubles if trouble is not None)
            if awake() > deadline or not (loading or self._keeper is not None):
                met = zip(self._endpoints, troubles, strict=True)
                raise EngineError(
                    "no endpoint answers:\n" + "\n".join(f"{endpoint.url}: {trouble}" for endpoint, trouble in met),
                    "start the server, or correct engine.endpoints in the runtime (addresses end in /v1)",
                )
            if self._keeper is not None:
                await self._revive(self._keeper.life, silent=False)
            await asyncio.sleep(FIRST_PAUSE)
        for endpoint, trouble in zip(self._endpoints, troubles, strict=True):
            endpoint.life = 0 if self._keeper is None else self._keeper.life
            if trouble is not None:
                self._notify(f"{endpoint.url}: {trouble}; the other endpoints have its work until it answers")
                self.lose(endpoint, endpoint.life, str(trouble))

    async def _met(self, endpoint: Endpoint) -> Trouble | None:
        try:
            await self._meet(endpoint)
        except Trouble as trouble:
            if trouble.kind is Kind.CLOSED and "access" in str(trouble):
                raise EngineError(f"{endpoint.url}: {trouble}", self._remedy()) from None
            return trouble
        return None

    async def _meet(self, endpoint: Endpoint) -> None:
        hosted = self._api.path == "/chat/completions"
        met = await meet(self._exchange, endpoint.url, self._model, hosted=hosted)
        endpoint.vllm = met.vllm
        self.engine_name = met.name
        length = met.context_tokens or self._settings.context_tokens
        if length is not None:
            self.context_tokens = min(length, self.context_tokens or length)

    async def died(self, endpoint: Endpoint, attempt: Attempt) -> bool:
        """Whether the server that had the request is no more. Those who lose it together ask once.

        Until it is known, the endpoint is given nothing: a newcomer would be one more suspect.
        """
        endpoint.doubts += 1
        try:
            return await self._is_over(endpoint, attempt)
        finally:
            endpoint.doubts -= 1

    async def _is_over(self, endpoint: Endpoint, attempt: Attempt) -> bool:
        while attempt.life > endpoint.fallen and (self._keeper is None or self._keeper.life == attempt.life):
            autopsy = self._autopsies.get(endpoint)
            joined = autopsy is not None and not autopsy.done()
            if autopsy is None or autopsy.done():
                autopsy = self._background(is_dead(self._exchange, endpoint.url, vllm=endpoint.vllm))
                self._autopsies[endpoint] = autopsy
            if await asyncio.shield(autopsy):
                return True
            if not joined:  # one that was begun before this request was lost may say "no" too early
                return False
        return True

    async def works(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint answers the simplest of requests."""
        question = (Message("user", "Hi"),)
        canary = Request("", (1,), seed=0, temperature=0.0, top_p=1.0, max_tokens=1, messages=question)
        body = self._api.body(canary, self._model, 1, stream=False, vllm=endpoint.vllm)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                answer = await self._exchange.ask(endpoint.url, self._api, canary, body, lambda: None)
        except (Trouble, TimeoutError):
            return False
        return isinstance(answer.reply, Reply)

    def fall(self, endpoint: Endpoint, life: int, reason: str, *, silent: bool = False) -> None:
        """See to it that a life of the endpoint is over."""
        if life > endpoint.fallen:
            endpoint.fallen = life
            self.lose(endpoint, life, reason, silent=silent)

    def lose(self, endpoint: Endpoint, life: int, reason: str, *, silent: bool = False) -> None:
        """Give an endpoint that cannot be reached nothing more, until it is brought back."""
        endpoint.failed(reason, awake())
        if endpoint.state is State.UP and endpoint.life == life:
            endpoint.state = State.DOWN
            self._background(self._bring_back(endpoint, silent=silent))

    async def _bring_back(self, endpoint: Endpoint, *, silent: bool) -> None:
        """Have a server of ours started again; wait for one of somebody else's."""
        pause = FIRST_PAUSE
        try:
            while True:
                if self._keeper is not None:
                    await self._revive(endpoint.life, silent=silent)
                    endpoint.life, silent = self._keeper.life, False
                try:
                    await self._meet(endpoint)
                    break
                except Trouble as trouble:
                    endpoint.reason = str(trouble)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        except EngineError as error:
            if self._keeper is not None:
                self._fail(error)
            else:
                self.shut(endpoint, str(error))
            return
        endpoint.came_back(None if self._keeper is None else self._keeper.life)
        self._freed()

    async def _revive(self, life: int, *, silent: bool) -> None:
        assert self._keeper is not None
        try:
            await asyncio.to_thread(self._keeper.revive, life, silent=silent)
        except asyncio.CancelledError:
            self._keeper.abandon()
            raise

    def shut(self, endpoint: Endpoint, reason: str) -> None:
        """Use an endpoint that serves none of our requests no more; the run ends with the last one."""
        if endpoint.state is State.CLOSED:
            return
        endpoint.reason, endpoint.state = reason, State.CLOSED
        if all(other.state is State.CLOSED for other in self._endpoints):
            said = "\n".join(f"{other.url}: {other.reason}" for other in self._endpoints)
            self._fail(EngineError(said, self._remedy()))
        else:
            self._notify(f"{endpoint.url}: {reason}; it is left out")

    def listen(self, endpoint: Endpoint, now: float) -> None:
        """Have a server of ours started again that has work and has said nothing for too long."""
        if self._keeper is None or not endpoint.running or endpoint.state is not State.UP:
            return
        silence = now - max(self._keeper.heard_at, self._keeper.company.busy_since)
        if silence > self._keeper.silence_seconds:
            self.fall(endpoint, endpoint.life, f"it said nothing for {silence:.0f} s", silent=True)

    async def close(self) -> None:
        """End whatever is going on for the endpoints."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _remedy(self) -> str:
        name = self._settings.api_key_env
        key = f"check the key in {name}" if name else "set engine.api_key_env to the variable that holds the key"
        return f"{key}, and engine.endpoints and engine.model in the runtime: the model asked for is '{self._model}'"
