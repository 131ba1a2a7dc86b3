"""The seam between the factory and whatever writes text: one request in, one reply or failure out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from schemas import FinishReason


@dataclass(frozen=True, slots=True)
class Request:
    """One draw: continue `tokens` with this seed. `prompt_id` is for engines that make replies up.

    With `json_schema` the engine is to hold the reply to it. Whoever asks checks it again: a server may ignore it.
    """

    prompt_id: str
    tokens: tuple[int, ...]
    seed: int
    temperature: float
    top_p: float
    max_tokens: int
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote, without the prompt or its prefill; lengths in tokens as the engine counted them."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that cannot be answered, while others can. It becomes a row with the error in it."""

    error: str


class Engine(Protocol):
    """Something that completes requests, many at a time.

    Raises:
        EngineError: from `complete`, when no request can be answered any more and waiting has not helped.
    """

    @property
    def name(self) -> str:
        """What wrote the text, with its version, such as `vllm 0.32.0`."""
        ...

    async def complete(self, request: Request) -> Reply | Failure:
        """Answer one request."""
        ...
