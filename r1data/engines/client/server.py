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
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from r1data.awake import awake
from r1data.engines.client.api import Api
from r1data.engines.client.completions_api import CompletionsApi
from r1data.engines.client.dispatcher import Dispatcher
from r1data.engines.client.endpoint import Attempt, Company, Endpoint, State
from r1data.engines.client.exchange import Exchange
from r1data.engines.client.limit import Limit, Pace
from r1data.engines.client.patience import Patience
from r1data.engines.client.suspects import MOST_DEATHS, Suspicion
from r1data.engines.client.trouble import Kind, Trouble
from r1data.engines.client.upkeep import Keeper, Upkeep
from r1data.engines.protocol import Failure, Load, Reply, Request
from r1data.errors import EngineError
from r1data.recipe import ServerEngine as Settings

TRIES = {Kind.GARBLED: 4, Kind.DROPPED: 6, Kind.SILENT: 3, Kind.FAULTY: 4, Kind.BUSY: 12}
"""How often a request may meet each trouble before it is a failed row."""
ODD = 4
"""A request that has been refused so often is no measure of what its endpoint bears."""
SERVERS_OWN = (Kind.FAULTY, Kind.BUSY)
"""Troubles that are the server's, unless it does well at something else at the same time."""
OWN_PAUSE, LONGEST_OWN_PAUSE = 0.05, 2.0
TICK_SECONDS = 0.1
KILLER = "this prompt kills the engine: it died with nothing else in flight, and had died with it before"
Notify = Callable[[str], None]


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
    _endpoints: list[Endpoint] = field(default_factory=list)
    _dispatcher: Dispatcher = field(init=False)
    _exchange: Exchange = field(init=False)
    _upkeep: Upkeep = field(init=False)
    _watching: asyncio.Task[None] | None = None
    _timer: asyncio.TimerHandle | None = None
    _convicted: set[str] = field(default_factory=set)
    _error: EngineError | None = None
    _pausing: int = 0

    async def __aenter__(self) -> ServerEngine:
        self._endpoints = [self._endpoint(url.rstrip("/")) for url in self.settings.endpoints]
        self._dispatcher = Dispatcher(self._endpoints)
        self._exchange = await Exchange(self._key()).__aenter__()
        self._upkeep = Upkeep(
            self.settings, self.model, self.api, self._endpoints, self._exchange,
            self.keeper, self.notify, freed=self._pump, fail=self._fail,
        )  # fmt: skip
        try:
            await self._upkeep.introduce()
        except BaseException:
            await self._close()
            raise
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    @property
    def name(self) -> str:
        """What the endpoints run, as far as they tell."""
        return self._upkeep.engine_name

    @property
    def context_tokens(self) -> int | None:
        """The shortest context that an endpoint has."""
        return self._upkeep.context_tokens

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
            if endpoint is None:
                break
            try:
                return await self._send(endpoint, attempt, min(request.max_tokens, room))
            except Trouble as trouble:
                endpoint.release(attempt)
                failure = await self._after(trouble, endpoint, attempt, case)
                if failure is not None:
                    return failure
            finally:
                endpoint.release(attempt)
                self._pump()
        return Failure(KILLER, prompt_at_fault=True)

    # --- one attempt -----------------------------------------------------------------------------------------------

    async def _place(self, attempt: Attempt, case: Case) -> Endpoint | None:
        """Wait for an endpoint that has room; None when the prompt is convicted meanwhile."""
        if self._error is not None:
            raise _again(self._error)
        attempt.place = asyncio.get_running_loop().create_future()
        self._dispatcher.enqueue(attempt, first=case.returns)
        case.returns = True
        self._pump()
        try:
            return await attempt.place
        except asyncio.CancelledError:
            self._dispatcher.withdraw(attempt)
            self._pump()
            raise

    def _pump(self) -> None:
        """Send on their way all requests that can go now, and come back when time lets others go."""
        now = awake()
        if self.keeper is not None:
            self._endpoints[0].life = self.keeper.life  # somebody else may have had it started again
        for attempt in self._dispatcher.place(now):
            _answer(attempt, attempt.endpoint)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wait = self._dispatcher.wait(now)
        if wait < math.inf:
            self._timer = asyncio.get_running_loop().call_later(max(wait, 0.001), self._pump)

    async def _send(self, endpoint: Endpoint, attempt: Attempt, max_tokens: int) -> Reply | Failure:
        def heard() -> None:
            attempt.heard_at = awake()
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
        now = awake()
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
        now = awake()
        match trouble.kind:
            case Kind.UNREACHABLE:
                self._upkeep.lose(endpoint, attempt.life, str(trouble))
            case Kind.CLOSED:
                self._upkeep.shut(endpoint, str(trouble))
            case Kind.BUSY:
                if case.tries[Kind.BUSY] < ODD:  # what is refused time and again says nothing about the others
                    endpoint.limit.refused(attempt.sent_at, now, len(endpoint.running) + 1)
                case.returns = False  # nor may it stand before them
                if trouble.pause is not None or endpoint.answered_at < attempt.sent_at:
                    endpoint.failed(str(trouble), now)
                    endpoint.rest(now, trouble.pause)
            case Kind.DROPPED | Kind.SILENT | Kind.FAULTY:
                company = endpoint.company.met(attempt.mark)
                if await self._upkeep.died(endpoint, attempt):
                    return self._bury(trouble, endpoint, attempt, case, company)
                if trouble.kind is Kind.SILENT:
                    endpoint.limit.refused(attempt.sent_at, now, len(endpoint.running) + 1)
                if trouble.kind is Kind.FAULTY and endpoint.answered_at < attempt.sent_at:
                    endpoint.failed(str(trouble), now)
                    endpoint.rest(now)
        self._pump()
        return await self._tried(trouble, endpoint, case)

    async def _tried(self, trouble: Trouble, endpoint: Endpoint, case: Case) -> Failure | None:
        """Count the attempt, and pause before the next."""
        if trouble.kind not in TRIES:
            return None
        case.tries[trouble.kind] += 1
        self._pausing += 1
        try:
            if case.tries[trouble.kind] >= TRIES[trouble.kind]:
                if trouble.kind not in SERVERS_OWN or await self._upkeep.works(endpoint):
                    return Failure(f"given up after {case.tries.total()} attempts: {endpoint.url}: {trouble}")
                case.tries[trouble.kind] = 0  # it fails at everything, and that is no fault of this request
            pause = min(OWN_PAUSE * 2 ** case.tries.total(), LONGEST_OWN_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        finally:
            self._pausing -= 1
        return None

    def _bury(self, trouble: Trouble, endpoint: Endpoint, attempt: Attempt, case: Case, company: int) -> Failure | None:
        """Note that the server died with this request in flight, and so many others."""
        case.suspicion = case.suspicion.after_death(company)
        prompt = attempt.request.prompt_id
        if case.suspicion.convicted:
            self._convicted.add(prompt)
            for other in self._dispatcher.drain(prompt):
                _answer(other, None)
            self.notify(f"prompt {prompt} kills the engine; it is set aside")
            if self.keeper is not None:
                self.keeper.progress()
        self._upkeep.fall(endpoint, attempt.life, f"it died ({trouble})")
        if not case.suspicion.convicted and case.suspicion.deaths >= MOST_DEATHS:
            return Failure(f"given up: in flight at {MOST_DEATHS} deaths of the engine")
        return None

    # --- time, beginning and end -----------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Look after everything that time alone decides."""
        patience = Patience(self._endpoints, self.settings.patience_seconds, self.notify)
        while self._error is None:
            await asyncio.sleep(TICK_SECONDS)
            now = awake()
            for endpoint in self._endpoints:
                for attempt in endpoint.running:
                    self._hurry(attempt, now)
                self._upkeep.listen(endpoint, now)
            reviving = self.keeper is not None and self._endpoints[0].state is State.DOWN
            if not reviving and (self._dispatcher.waiting or self._pausing):
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

    def _fail(self, error: EngineError) -> None:
        """End everything: whoever waits, or comes later, gets the error."""
        self._error = self._error or error
        for attempt in self._dispatcher.drain():
            _answer(attempt, _again(self._error))

    def _endpoint(self, url: str) -> Endpoint:
        requests, tokens = self.settings.requests_per_minute, self.settings.tokens_per_minute
        return Endpoint(
            url, Limit(self.concurrency),
            company=Company() if self.keeper is None else self.keeper.company,
            requests=None if requests is None else Pace(requests),
            tokens=None if tokens is None else Pace(tokens),
        )  # fmt: skip

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._upkeep.close()
        await self._exchange.__aexit__(None, None, None)

    def _key(self) -> str | None:
        name = self.settings.api_key_env
        if name is None:
            return None
        if not os.environ.get(name):
            raise EngineError(f"engine.api_key_env: the environment has no {name}", f"export {name}=...")
        return os.environ[name]


def _answer(attempt: Attempt, place: Endpoint | EngineError | None) -> None:
    """Tell a request that waits for its place, unless it has stopped waiting."""
    assert attempt.place is not None
    if attempt.place.done():
        return
    if isinstance(place, EngineError):
        attempt.place.set_exception(place)
    else:
        attempt.place.set_result(place)


def _again(error: EngineError) -> EngineError:
    """The error once more: each who raises it adds a traceback."""
    return EngineError(str(error), error.remedy)
