"""The seam between the factory and whatever writes text: one request in, one reply or failure out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from r1data.recipe import Loops
from schemas import FinishReason, Message

Part = Literal["reply", "reasoning", "solution", "brief"]


@dataclass(frozen=True, slots=True)
class Request:
    """One draw, or one stage of it: continue `tokens` by at most `max_tokens` more.

    `tokens` are the prompt's and then those of `written`, what earlier stages of the same draw wrote. A chat model is
    sent `messages` instead and has no tokens. `seed` belongs to the draw and is the same in all its stages. `prompt_id`
    is for engines that make replies up, and to know two draws of one prompt; so is `part`, which part of a reply is
    asked for.
    With `json_schema` the engine is to hold the reply to it. Whoever asks checks it again: a server may ignore it.
    With `loops` the engine ends a reply that repeats itself; what is in `written` counts as part of the loop.
    """

    prompt_id: str
    tokens: tuple[int, ...]
    seed: int
    temperature: float
    top_p: float
    max_tokens: int
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None
    messages: tuple[Message, ...] = ()
    written: str = ""
    written_tokens: int = 0
    stage: int = 0
    loops: Loops | None = None
    part: Part = "reply"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote in answer to this request, without the prompt, its prefill or `written`; lengths in tokens
    as the engine counted them, those of `prompt_tokens` with what earlier stages wrote.

    `token_ids` are those of `text` where the engine tells them; None where it does not. A chat model's reasoning, which
    comes in a field of its own, stands in `text` between `<think>` tags, as everywhere else.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    token_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that cannot be answered, while others can. It becomes a row with the error in it.

    `prompt_at_fault`: no other draw of this prompt can do better, because it is too long or kills the engine.
    """

    error: str
    prompt_at_fault: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """How busy an engine is: requests that its servers are working on, and requests that wait for one to have room."""

    running: int = 0
    waiting: int = 0


class Engine(Protocol):
    """Something that completes requests, many at a time.

    Raises:
        EngineError: from `complete`, when no request can be answered any more and waiting has not helped.
    """

    @property
    def name(self) -> str:
        """What wrote the text, with its version, such as `vllm 0.32.0`."""
        ...

    @property
    def load(self) -> Load:
        """How busy it is."""
        ...

    async def complete(self, request: Request) -> Reply | Failure:
        """Answer one request."""
        ...
