"""The server engine: OpenAI-compatible completions over HTTP, from one endpoint or several.

Requests go to the endpoint with the fewest in flight. A refusal that may pass (no connection, 429, 5xx, a reply that is
no JSON) is tried again, elsewhere if possible, after a growing pause; one that will not pass (400, a prompt longer than
the context) becomes a `Failure`. When nothing has answered for `patience_seconds`, `EngineError` ends the run, with
everything that was finished safe in the journal.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import aiohttp

from r1data.engines.protocol import Failure, Load, Reply, Request
from r1data.errors import EngineError
from r1data.recipe import ServerEngine as Settings
from schemas import FinishReason

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
GARBLED_TRIES = 4
"""How often a request whose replies cannot be read is sent, before it is a failed row."""
NEUTRAL_DEFAULTS = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""vLLM takes what a request leaves open from the model's generation_config; the recipe alone should decide."""
Revive = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Endpoint:
    """One base address and how it is doing."""

    url: str
    in_flight: int = 0
    resting_until: float = 0.0
    pause: float = FIRST_PAUSE


class Passing(Exception):
    """A refusal that may pass. `garbled` when the endpoint answered, but nothing one can read."""

    def __init__(self, reason: str, *, garbled: bool = False) -> None:
        super().__init__(reason)
        self.garbled = garbled


@dataclass(slots=True)
class ServerEngine:
    """An open connection to the endpoints; use it as an async context manager.

    `revive` is called when nothing can be reached, by an engine that can start its server again.
    """

    settings: Settings
    model: str
    concurrency: int
    revive: Revive | None = None
    name: str = "openai-compatible"
    context_tokens: int | None = None
    _endpoints: list[Endpoint] = field(default_factory=list)
    _session: aiohttp.ClientSession | None = None
    _silent_since: float | None = None
    _defaults: dict[str, float] = field(default_factory=dict)

    async def __aenter__(self) -> ServerEngine:
        self._endpoints = [Endpoint(url.rstrip("/")) for url in self.settings.endpoints]
        connector = aiohttp.TCPConnector(limit=self.concurrency * len(self._endpoints) + 8)
        timeout = aiohttp.ClientTimeout(total=self.settings.timeout_seconds, sock_connect=10)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, headers=self._headers())
        try:
            await self._introduce()
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    @property
    def load(self) -> Load:
        """How busy the endpoints are."""
        return Load(running=sum(endpoint.in_flight for endpoint in self._endpoints))

    async def complete(self, request: Request) -> Reply | Failure:
        """Answer one request, trying again as the module says."""
        room = self._room(request)
        if room < 1:
            return Failure(
                f"prompt too long: {len(request.tokens)} tokens, and the context of {self.context_tokens} has no room"
            )
        body = self._body(request, min(request.max_tokens, room))
        garbled = 0
        while True:
            endpoint = await self._choose()
            try:
                reply = await self._send(endpoint, body)
            except Passing as refusal:
                garbled += refusal.garbled
                if garbled >= GARBLED_TRIES:
                    return Failure(f"{endpoint.url}: {refusal}")
                await self._rest(endpoint, refusal)
                continue
            endpoint.pause = FIRST_PAUSE
            self._silent_since = None
            return reply

    # --- one request -----------------------------------------------------------------------------------------------

    def _room(self, request: Request) -> int:
        return request.max_tokens if self.context_tokens is None else self.context_tokens - len(request.tokens)

    def _body(self, request: Request, max_tokens: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model, "prompt": list(request.tokens), "n": 1, "seed": request.seed,
            "temperature": request.temperature, "top_p": request.top_p, "max_tokens": max_tokens,
            **self._defaults,
        }  # fmt: skip
        if request.json_schema is not None:
            schema = {"name": "reply", "schema": dict(request.json_schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body | ({"stop": list(request.stop)} if request.stop else {})

    async def _send(self, endpoint: Endpoint, body: dict[str, Any]) -> Reply | Failure:
        assert self._session is not None
        endpoint.in_flight += 1
        try:
            async with self._session.post(f"{endpoint.url}/completions", json=body) as response:
                text = await response.text(errors="replace")
                if response.status == 200:
                    return _read_reply(await _json(response, text))
                return self._refused(endpoint, response.status, text)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Passing(f"{type(error).__name__}: {error}") from None
        finally:
            endpoint.in_flight -= 1

    def _refused(self, endpoint: Endpoint, status: int, text: str) -> Failure:
        message = text.strip()[:300]
        if status in (401, 403):
            raise EngineError(f"{endpoint.url}: refuses access (HTTP {status}): {message}", self._key_remedy())
        if status == 404:
            raise EngineError(f"{endpoint.url}: does not serve model '{self.model}' (HTTP 404): {message}")
        if status == 429 or status >= 500:
            raise Passing(f"HTTP {status}: {message}")
        return Failure(f"HTTP {status}: {message}")

    # --- endpoints -------------------------------------------------------------------------------------------------

    async def _choose(self) -> Endpoint:
        """The least busy endpoint that is not resting; wait for the first to be rested if all are."""
        while True:
            now = time.monotonic()
            awake = [e for e in self._endpoints if e.resting_until <= now]
            if awake:
                return min(awake, key=lambda e: e.in_flight)
            await asyncio.sleep(max(0.01, min(e.resting_until for e in self._endpoints) - now))

    async def _rest(self, endpoint: Endpoint, refusal: Passing) -> None:
        """Let the endpoint rest for a growing pause, and give up when all have been silent for too long."""
        now = time.monotonic()
        if endpoint.resting_until <= now:  # the first of many requests that failed together sets the pause
            endpoint.resting_until = now + endpoint.pause * random.uniform(0.8, 1.2)
            endpoint.pause = min(endpoint.pause * 2, LONGEST_PAUSE)
        if refusal.garbled:
            return
        if self.revive is not None:
            await self.revive()
        self._silent_since = self._silent_since or now
        silence = now - self._silent_since
        if silence > self.settings.patience_seconds:
            raise EngineError(
                f"no endpoint has answered for {silence:.0f} s; the last said: {endpoint.url}: {refusal}",
                "what was finished is safe; mend the server and run the same command again",
            )

    async def _introduce(self) -> None:
        """Ask every endpoint which models it has; one that works is enough to go on.

        A server of ours that died since it was started is started again, as it is later on.
        """
        since = time.monotonic()
        problems = await self._met()
        while problems and self.revive is not None and time.monotonic() - since < self.settings.patience_seconds:
            await self.revive()
            await asyncio.sleep(FIRST_PAUSE)
            problems = await self._met()
        if problems:
            raise EngineError(
                "no endpoint answers:\n" + "\n".join(problems),
                "start the server, or correct engine.endpoints in the runtime (addresses end in /v1)",
            )

    async def _met(self) -> list[str]:
        """Meet all endpoints; what is wrong with each, where none of them answers."""
        problems = []
        for endpoint in self._endpoints:
            try:
                self._meet(endpoint, await self._get(f"{endpoint.url}/models"))
                self.name = await self._engine_name(endpoint)
                endpoint.resting_until = 0.0
            except Passing as problem:
                problems.append(f"{endpoint.url}: {problem}")
                endpoint.resting_until = time.monotonic() + LONGEST_PAUSE
        return problems if len(problems) == len(self._endpoints) else []

    def _meet(self, endpoint: Endpoint, models: Any) -> None:  # noqa: ANN401 - any JSON
        entries = models.get("data", []) if isinstance(models, dict) else []
        known = {m["id"]: m for m in entries if isinstance(m, dict) and "id" in m}
        if not known:
            raise Passing("its /models is no list of models; is it an OpenAI-compatible server?")
        if self.model not in known:
            raise EngineError(
                f"{endpoint.url}: does not serve model '{self.model}'; it has: {', '.join(sorted(known))}",
                "set engine.model in the runtime to the name that the server uses",
            )
        length = known[self.model].get("max_model_len")
        if isinstance(length, int):
            self.context_tokens = min(length, self.context_tokens or length)

    async def _engine_name(self, endpoint: Endpoint) -> str:
        try:
            version = await self._get(endpoint.url.removesuffix("/v1") + "/version")
        except Passing:
            return "openai-compatible"
        if not isinstance(version, dict) or "version" not in version:
            return "openai-compatible"
        self._defaults = dict(NEUTRAL_DEFAULTS)
        return f"vllm {version['version']}"

    async def _get(self, url: str) -> Any:  # noqa: ANN401 - any JSON
        assert self._session is not None
        try:
            async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=10)) as response:
                text = await response.text(errors="replace")
                if response.status in (401, 403):
                    raise EngineError(f"{url}: refuses access (HTTP {response.status})", self._key_remedy())
                if response.status != 200:
                    raise Passing(f"HTTP {response.status}: {text.strip()[:200]}")
                return await _json(response, text)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Passing(f"{type(error).__name__}: {error}") from None

    def _headers(self) -> dict[str, str]:
        name = self.settings.api_key_env
        if name is None:
            return {}
        if not os.environ.get(name):
            raise EngineError(f"engine.api_key_env: the environment has no {name}", f"export {name}=...")
        return {"Authorization": f"Bearer {os.environ[name]}"}

    def _key_remedy(self) -> str:
        name = self.settings.api_key_env
        return f"check the key in {name}" if name else "set engine.api_key_env to the variable that holds the key"


async def _json(response: aiohttp.ClientResponse, text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return await response.json(content_type=None)
    except ValueError:
        raise Passing(f"the reply is not JSON: {text[:80]!r}", garbled=True) from None


def _read_reply(payload: Any) -> Reply:  # noqa: ANN401 - any JSON
    """Read a completion; whatever is not shaped like one is garbled."""
    try:
        choice, usage = payload["choices"][0], payload["usage"]
        finish = FinishReason(choice["finish_reason"])
        reply = Reply(choice["text"], finish, int(usage["prompt_tokens"]), int(usage["completion_tokens"]))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Passing(f"the reply is no completion ({type(error).__name__}: {error})", garbled=True) from None
    if not isinstance(reply.text, str) or finish is FinishReason.ERROR:
        raise Passing("the reply is no completion", garbled=True)
    return reply
