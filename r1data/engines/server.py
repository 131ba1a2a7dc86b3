"""The server engine: OpenAI-compatible APIs over HTTP, from one endpoint or several, none of which is to be trusted.

Every request ends as a reply, as a `Failure` that says why, or with the `EngineError` that ends the run:

- An endpoint that is busy, fails or is gone rests, and the others have its work. What may pass is tried again as long
  as anybody is answered; what concerns one request only (replies that cannot be read, lost connections of a living
  server, silence) is tried as often as `TRIES` says.
- What was in flight when a server died is sent again. What turns out to kill it is set aside, see `suspects`.
- When no endpoint works for `patience_seconds`, the run ends, with everything that was finished safe in the journal.
"""

from __future__ import annotations

import asyncio
import math
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol

from r1data.engines.api import Api
from r1data.engines.completions_api import CompletionsApi
from r1data.engines.dispatcher import Dispatcher
from r1data.engines.endpoint import FIRST_PAUSE, LONGEST_PAUSE, Attempt, Company, Endpoint, State
from r1data.engines.exchange import Exchange
from r1data.engines.introductions import is_dead, meet
from r1data.engines.limit import Limit, Pace
from r1data.engines.patience import Patience
from r1data.engines.protocol import Failure, Load, Reply, Request
from r1data.engines.suspects import MOST_DEATHS, Suspicion
from r1data.engines.trouble import Kind, Trouble
from r1data.errors import EngineError
from r1data.recipe import ServerEngine as Settings
from schemas import Message

TRIES = {Kind.GARBLED: 4, Kind.DROPPED: 6, Kind.SILENT: 3, Kind.FAULTY: 4}
"""How often a request may meet each trouble before it is a failed row."""
OWN_PAUSE, LONGEST_OWN_PAUSE = 0.05, 2.0
TICK_SECONDS = 0.1
KILLER = "this prompt kills the engine: it died with nothing else in flight, and had died with it before"
Notify = Callable[[str], None]


class Keeper(Protocol):
    """Whoever can start a server again. Its methods may be called from any thread; `revive` takes minutes."""

    company: Company
    heard_at: float
    """When anything came from the server, on the monotonic clock."""

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


@dataclass(slots=True)
class Case:
    """What one request has been through."""

    tries: Counter[Kind] = field(default_factory=Counter)
    suspicion: Suspicion = field(default_factory=Suspicion)
    returns: bool = False
    """Whether it has had a place before, and lost it."""


def _say_nothing(line: str) -> None:
    """For those who do not listen."""


@dataclass(slots=True)
class ServerEngine:
    """An open connection to the endpoints; use it as an async context manager.

    `concurrency` is the most requests that one endpoint is given at once. `keeper` is there where we run the server
    ourselves. `notify` is told what a person should know while it waits.
    """

    settings: Settings
    model: str
    concurrency: int
    api: Api = field(default_factory=CompletionsApi)
    keeper: Keeper | None = None
    notify: Notify = _say_nothing
    name: str = "openai-compatible"
    context_tokens: int | None = None
    _endpoints: list[Endpoint] = field(default_factory=list)
    _dispatcher: Dispatcher = field(init=False)
    _exchange: Exchange = field(init=False)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _autopsies: dict[Endpoint, asyncio.Task[bool]] = field(default_factory=dict)
    _timer: asyncio.TimerHandle | None = None
    _convicted: set[str] = field(default_factory=set)
    _error: EngineError | None = None
    _pausing: int = 0

    async def __aenter__(self) -> ServerEngine:
        self._endpoints = [self._endpoint(url.rstrip("/")) for url in self.settings.endpoints]
        self._dispatcher = Dispatcher(self._endpoints)
        self._exchange = await Exchange(self._key()).__aenter__()
        try:
            await self._introduce()
        except BaseException:
            await self._close()
            raise
        self._background(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    @property
    def load(self) -> Load:
        """How busy the endpoints are, and what waits for one to have room."""
        running = sum(len(endpoint.running) for endpoint in self._endpoints)
        return Load(running, self._dispatcher.waiting + self._pausing)

    async def complete(self, request: Request) -> Reply | Failure:
        """Answer one request, trying again as the module says."""
        room = request.max_tokens if self.context_tokens is None else self.context_tokens - len(request.tokens)
        if room < 1:
            sent = f"prompt too long: {len(request.tokens)} tokens"
            return Failure(f"{sent}, and the context of {self.context_tokens} has no room", prompt_at_fault=True)
        case = Case()
        while request.prompt_id not in self._convicted:
            attempt = Attempt(request, case.suspicion.lane)
            endpoint = await self._place(attempt, case)
            try:
                return await self._send(endpoint, attempt, min(request.max_tokens, room))
            except Trouble as caught:
                trouble = caught
            finally:
                endpoint.release(attempt)
                self._pump()
            failure = await self._after(trouble, endpoint, attempt, case)
            if failure is not None:
                return failure
        return Failure(KILLER, prompt_at_fault=True)

    # --- one attempt -----------------------------------------------------------------------------------------------

    async def _place(self, attempt: Attempt, case: Case) -> Endpoint:
        """Wait for an endpoint that has room."""
        if self._error is not None:
            raise _again(self._error)
        attempt.place = asyncio.get_running_loop().create_future()
        self._dispatcher.enqueue(attempt, first=case.returns)
        case.returns = True
        self._pump()
        try:
            endpoint = await attempt.place
        except asyncio.CancelledError:
            self._dispatcher.withdraw(attempt)
            self._pump()
            raise
        if self.keeper is not None and self.keeper.company.running == 1:
            self.keeper.heard_at = time.monotonic()
        return endpoint

    def _pump(self) -> None:
        """Send on their way all requests that can go now, and come back when time lets others go."""
        now = time.monotonic()
        if self.keeper is not None:
            self._endpoints[0].life = self.keeper.life  # somebody else may have had it started again
        for attempt in self._dispatcher.place(now):
            assert attempt.place is not None and attempt.endpoint is not None
            attempt.place.set_result(attempt.endpoint)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wait = self._dispatcher.wait(now)
        if wait < math.inf:
            self._timer = asyncio.get_running_loop().call_later(max(wait, 0.001), self._pump)

    async def _send(self, endpoint: Endpoint, attempt: Attempt, max_tokens: int) -> Reply | Failure:
        def heard() -> None:
            attempt.heard_at = time.monotonic()
            endpoint.failing_since = None
            if self.keeper is not None:
                self.keeper.heard_at = attempt.heard_at

        request = attempt.request
        body = self.api.body(request, self.model, max_tokens, stream=self.settings.stream, vllm=endpoint.vllm)
        try:
            async with asyncio.timeout(None) as attempt.clock:
                answer = await self._exchange.ask(endpoint.url, self.api, request, body, heard)
        except TimeoutError:
            raise attempt.trouble or Trouble(Kind.SILENT, "it took too long") from None
        now = time.monotonic()
        if isinstance(answer.reply, Reply):
            if endpoint.doubles.is_one(answer.reply_id, answer.reply.text):
                raise Trouble(Kind.GARBLED, "it is the reply to another request, come again")
            endpoint.answered(attempt, answer.reply.prompt_tokens, answer.reply.completion_tokens, now)
            if self.keeper is not None:
                self.keeper.progress()
        if answer.rest is not None:
            endpoint.rest(now, answer.rest)
        heard()
        return answer.reply

    # --- what to do about trouble ----------------------------------------------------------------------------------

    async def _after(self, trouble: Trouble, endpoint: Endpoint, attempt: Attempt, case: Case) -> Failure | None:
        """Act on a trouble. Returns the failure that it amounts to; None when the request is to be tried again."""
        now = time.monotonic()
        match trouble.kind:
            case Kind.UNREACHABLE:
                self._lose(endpoint, attempt.life, str(trouble))
            case Kind.CLOSED:
                self._shut(endpoint, str(trouble))
            case Kind.BUSY:
                endpoint.limit.refused(attempt.sent_at, now, len(endpoint.running) + 1)
                if trouble.pause is not None or endpoint.answered_at < attempt.sent_at:
                    endpoint.failed(str(trouble), now)
                    endpoint.rest(now, trouble.pause)
            case Kind.DROPPED | Kind.SILENT | Kind.FAULTY:
                if await self._died(endpoint, attempt):
                    return self._bury(trouble, endpoint, attempt, case)
                if trouble.kind is Kind.SILENT:
                    endpoint.limit.refused(attempt.sent_at, now, len(endpoint.running) + 1)
                if trouble.kind is Kind.FAULTY and endpoint.answered_at < attempt.sent_at:
                    endpoint.failed(str(trouble), now)
                    endpoint.rest(now)
        return await self._tried(trouble, endpoint, case)

    async def _tried(self, trouble: Trouble, endpoint: Endpoint, case: Case) -> Failure | None:
        """Count the attempt, and pause before the next."""
        if trouble.kind not in TRIES:
            return None
        case.tries[trouble.kind] += 1
        self._pausing += 1
        try:
            if case.tries[trouble.kind] >= TRIES[trouble.kind]:
                if trouble.kind is not Kind.FAULTY or await self._works(endpoint):
                    return Failure(f"given up after {case.tries.total()} attempts: {endpoint.url}: {trouble}")
                case.tries[trouble.kind] = 0  # it fails at everything, and that is no fault of this request
            pause = min(OWN_PAUSE * 2 ** case.tries.total(), LONGEST_OWN_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        finally:
            self._pausing -= 1
        return None

    async def _works(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint answers the simplest of requests."""
        question = (Message("user", "Hi"),)
        canary = Request("", (1,), seed=0, temperature=0.0, top_p=1.0, max_tokens=1, messages=question)
        body = self.api.body(canary, self.model, 1, stream=False, vllm=endpoint.vllm)
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                answer = await self._exchange.ask(endpoint.url, self.api, canary, body, lambda: None)
        except (Trouble, TimeoutError):
            return False
        return isinstance(answer.reply, Reply)

    async def _died(self, endpoint: Endpoint, attempt: Attempt) -> bool:
        """Whether the server that had the request is no more. Those who lose it together ask once."""
        while attempt.life > endpoint.fallen and (self.keeper is None or self.keeper.life == attempt.life):
            autopsy = self._autopsies.get(endpoint)
            joined = autopsy is not None  # begun before this request was lost: its "no" may be out of date
            if autopsy is None:
                autopsy = self._background(is_dead(self._exchange, endpoint.url, vllm=endpoint.vllm))
                self._autopsies[endpoint] = autopsy
                autopsy.add_done_callback(lambda _: self._autopsies.pop(endpoint))
            if await asyncio.shield(autopsy):
                return True
            if not joined:
                return False
        return True

    def _bury(self, trouble: Trouble, endpoint: Endpoint, attempt: Attempt, case: Case) -> Failure | None:
        """The server died with this request in flight."""
        case.suspicion = case.suspicion.after_death(endpoint.company.met(attempt.mark))
        prompt = attempt.request.prompt_id
        if case.suspicion.convicted:
            self._convicted.add(prompt)
            self.notify(f"prompt {prompt} kills the engine; it is set aside")
            if self.keeper is not None:
                self.keeper.progress()
        self._fall(endpoint, attempt.life, f"it died ({trouble})")
        if not case.suspicion.convicted and case.suspicion.deaths >= MOST_DEATHS:
            return Failure(f"given up: in flight at {MOST_DEATHS} deaths of the engine")
        return None

    # --- endpoints that go and come back ---------------------------------------------------------------------------

    def _fall(self, endpoint: Endpoint, life: int, reason: str, *, silent: bool = False) -> None:
        """See to it that a life of the endpoint is over."""
        if life > endpoint.fallen:
            endpoint.fallen = life
            self._lose(endpoint, life, reason, silent=silent)

    def _lose(self, endpoint: Endpoint, life: int, reason: str, *, silent: bool = False) -> None:
        """Give an endpoint that cannot be reached nothing more, until it is brought back."""
        endpoint.failed(reason, time.monotonic())
        if endpoint.state is State.UP and endpoint.life == life:
            endpoint.state = State.DOWN
            self._background(self._bring_back(endpoint, silent=silent))

    async def _bring_back(self, endpoint: Endpoint, *, silent: bool) -> None:
        """Have a server of ours started again; wait for one of somebody else's."""
        pause = FIRST_PAUSE
        try:
            while True:
                if self.keeper is not None:
                    await self._revive(endpoint.life, silent=silent)
                    endpoint.life, silent = self.keeper.life, False
                try:
                    await self._meet(endpoint)
                    break
                except Trouble as trouble:
                    endpoint.reason = str(trouble)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        except EngineError as error:
            if self.keeper is not None:
                self._fail(error)
            else:
                self._shut(endpoint, str(error))
            return
        endpoint.came_back(None if self.keeper is None else self.keeper.life)
        self._pump()

    async def _revive(self, life: int, *, silent: bool) -> None:
        assert self.keeper is not None
        try:
            await asyncio.to_thread(self.keeper.revive, life, silent=silent)
        except asyncio.CancelledError:
            self.keeper.abandon()
            raise

    def _shut(self, endpoint: Endpoint, reason: str) -> None:
        """Use an endpoint that serves none of our requests no more; the run ends with the last one."""
        if endpoint.state is State.CLOSED:
            return
        endpoint.reason, endpoint.state = reason, State.CLOSED
        if all(other.state is State.CLOSED for other in self._endpoints):
            said = "\n".join(f"{other.url}: {other.reason}" for other in self._endpoints)
            self._fail(EngineError(said, self._remedy()))
        else:
            self.notify(f"{endpoint.url}: {reason}; it is left out")

    async def _watch(self) -> None:
        """Look after everything that time alone decides."""
        patience = Patience(self._endpoints, self.settings.patience_seconds, self.notify)
        while self._error is None:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            for endpoint in self._endpoints:
                for attempt in endpoint.running:
                    self._hurry(attempt, now)
                self._listen(endpoint, now)
            if self.keeper is None and (self._dispatcher.waiting or self._pausing):
                try:
                    patience.look(now)
                except EngineError as error:
                    self._fail(error)

    def _hurry(self, attempt: Attempt, now: float) -> None:
        """End an attempt that takes too long."""
        silence, longest = self.settings.timeout_seconds, self.settings.longest_seconds
        if now - attempt.heard_at > silence:
            attempt.end(Trouble(Kind.SILENT, f"nothing came for {silence:.0f} s"))
        elif longest is not None and now - attempt.sent_at > longest:
            attempt.end(Trouble(Kind.SILENT, f"the reply had no end after {longest:.0f} s"))

    def _listen(self, endpoint: Endpoint, now: float) -> None:
        """Have a server of ours started again that has work and has said nothing for too long."""
        if self.keeper is None or not endpoint.running or endpoint.state is not State.UP:
            return
        silence = now - self.keeper.heard_at
        if silence > self.keeper.silence_seconds:
            self._fall(endpoint, endpoint.life, f"it said nothing for {silence:.0f} s", silent=True)

    def _fail(self, error: EngineError) -> None:
        """End everything: whoever waits, or comes later, gets the error."""
        self._error = self._error or error
        for attempt in self._dispatcher.drain():
            assert attempt.place is not None
            if not attempt.place.done():
                attempt.place.set_exception(_again(self._error))

    # --- beginning and end -----------------------------------------------------------------------------------------

    async def _introduce(self) -> None:
        """Meet every endpoint; one that works is enough to go on. A server of ours that died meanwhile is revived.

        One that cannot be reached is most likely a wrong address: that is said at once. One that is there and not
        ready has the time that the settings give it.
        """
        deadline = time.monotonic() + self.settings.patience_seconds
        while True:
            troubles = await asyncio.gather(*[self._met(endpoint) for endpoint in self._endpoints])
            if None in troubles:
                break
            loading = any(trouble.kind in (Kind.BUSY, Kind.FAULTY) for trouble in troubles if trouble is not None)
            if time.monotonic() > deadline or not (loading or self.keeper is not None):
                met = zip(self._endpoints, troubles, strict=True)
                raise EngineError(
                    "no endpoint answers:\n" + "\n".join(f"{endpoint.url}: {trouble}" for endpoint, trouble in met),
                    "start the server, or correct engine.endpoints in the runtime (addresses end in /v1)",
                )
            if self.keeper is not None:
                await self._revive(self.keeper.life, silent=False)
            await asyncio.sleep(FIRST_PAUSE)
        for endpoint, trouble in zip(self._endpoints, troubles, strict=True):
            endpoint.life = 0 if self.keeper is None else self.keeper.life
            if trouble is not None:
                self.notify(f"{endpoint.url}: {trouble}; the other endpoints have its work until it answers")
                self._lose(endpoint, endpoint.life, str(trouble))

    async def _met(self, endpoint: Endpoint) -> Trouble | None:
        try:
            await self._meet(endpoint)
        except Trouble as trouble:
            if trouble.kind is Kind.CLOSED and "access" in str(trouble):
                raise EngineError(f"{endpoint.url}: {trouble}", self._remedy()) from None
            return trouble
        return None

    async def _meet(self, endpoint: Endpoint) -> None:
        hosted = self.api.path == "/chat/completions"
        met = await meet(self._exchange, endpoint.url, self.model, hosted=hosted)
        endpoint.vllm = met.vllm
        self.name = met.name
        length = met.context_tokens or self.settings.context_tokens
        if length is not None:
            self.context_tokens = min(length, self.context_tokens or length)

    def _endpoint(self, url: str) -> Endpoint:
        requests, tokens = self.settings.requests_per_minute, self.settings.tokens_per_minute
        return Endpoint(
            url, Limit(self.concurrency),
            company=Company() if self.keeper is None else self.keeper.company,
            requests=None if requests is None else Pace(requests),
            tokens=None if tokens is None else Pace(tokens),
        )  # fmt: skip

    def _background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._exchange.__aexit__(None, None, None)

    def _key(self) -> str | None:
        name = self.settings.api_key_env
        if name is None:
            return None
        if not os.environ.get(name):
            raise EngineError(f"engine.api_key_env: the environment has no {name}", f"export {name}=...")
        return os.environ[name]

    def _remedy(self) -> str:
        name = self.settings.api_key_env
        key = f"check the key in {name}" if name else "set engine.api_key_env to the variable that holds the key"
        return f"{key}, and engine.endpoints and engine.model in the runtime: the model asked for is '{self.model}'"


def _again(error: EngineError) -> EngineError:
    """The error once more: each who raises it adds a traceback."""
    return EngineError(str(error), error.remedy)
