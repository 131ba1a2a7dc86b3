"""A reward model's server: a request and an answer in, one number out.

Three forms are spoken: vLLM's `classify` and `pooling` (the conversation as messages, which the server renders by the
model's chat template) and the `score` of rerankers (two texts). What comes back in another form is a failure of that
answer, never a guess.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import aiohttp

from r1data.awake import awake
from r1data.engines.protocol import Failure
from r1data.errors import EngineError
from r1data.recipe import RewardModel, ServerEngine
from schemas import Message

PAUSE_SECONDS, LONGEST_PAUSE = 0.5, 15.0
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""
SHOWN = 300
LONGEST_REPLY = 1 << 20


class RewardServer:
    """HTTP with the servers of one reward model, as an async context manager. Requests go to them in turn."""

    def __init__(self, settings: ServerEngine, model: RewardModel) -> None:
        self._settings = settings
        self._model = model
        self._turn = 0
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> RewardServer:
        name = self._settings.api_key_env
        key = os.environ.get(name) if name else None
        if name and not key:
            raise EngineError(f"reward_engine.api_key_env: the environment has no {name}", f"export {name}=...")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_seconds)
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def reward(self, turns: Sequence[Message], answer: str) -> float | Failure:
        """The number that the model gives to this answer; busy and broken servers are asked again.

        Raises:
            EngineError: no server has answered for `patience_seconds`.
        """
        body = self._body(turns, answer)
        until = awake() + self._settings.patience_seconds
        pause = PAUSE_SECONDS
        while True:
            said = await self._asked(body)
            if not isinstance(said, _Passing):
                return said
            if awake() + pause > until:
                raise EngineError(
                    f"no reward server answers; the last said: {said.why}",
                    "check reward_engine.endpoints; what was rated is safe, and the next run goes on from there",
                )
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _body(self, turns: Sequence[Message], answer: str) -> dict[str, Any]:
        name = self._settings.model or self._model.id
        if self._model.api == "score":
            asked = "\n\n".join(turn.content for turn in turns)
            return {"model": name, "text_1": asked, "text_2": answer, "queries": asked, "documents": answer}
        spoken = [*turns, Message("assistant", answer)]
        messages = [{"role": turn.role, "content": turn.content} for turn in spoken]
        raw = {"use_activation": False, "add_generation_prompt": False}
        return {"model": name, "messages": messages} | raw

    async def _asked(self, body: dict[str, Any]) -> float | Failure | _Passing:
        assert self._session is not None
        endpoint = self._settings.endpoints[self._turn % len(self._settings.endpoints)].rstrip("/")
        self._turn += 1
        # Score is under /v1, vLLM's own two are beside it.
        base = endpoint if self._model.api == "score" else endpoint.removesuffix("/v1")
        try:
            async with self._session.post(f"{base}/{self._model.api}", json=body) as response:
                if response.status in PASSING:
                    return _Passing(f"HTTP {response.status}")
                if response.status != 200:
                    text = (await response.content.read(LONGEST_REPLY)).decode("utf-8", "replace")
                    return Failure(f"HTTP {response.status}: {text[:SHOWN]}")
                return number_in(self._model.api, await response.json(content_type=None))
        except (aiohttp.ClientError, TimeoutError) as error:
            return _Passing(f"{type(error).__name__}: {error}"[:SHOWN])
        except ValueError as error:
            return Failure(f"the reply is no JSON: {error}"[:SHOWN])


class _Passing:
    """A trouble that may pass."""

    def __init__(self, why: str) -> None:
        self.why = why


def number_in(api: str, payload: object) -> float | Failure:
    """The number in a server's reply, in the form of its api."""
    try:
        (row,) = payload["data"]  # type: ignore[index]
        match api:
            case "classify":
                value = row["probs"]
            case "pooling":
                value = row["data"]
            case _:
                value = row["score"]
        while isinstance(value, list):
            (value,) = value
        number = float(value)
    except (KeyError, TypeError, ValueError):
        return Failure(f"the reply holds no single number: {str(payload)[:SHOWN]}")
    return number if math.isfinite(number) else Failure(f"the reply holds {number}")
