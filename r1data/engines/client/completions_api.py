"""The completions API: token ids are sent, and the text that continues them comes back; from vLLM with token ids."""

from __future__ import annotations

import hashlib
from typing import Any

from r1data.engines.client.api import Garbled
from r1data.engines.client.collecting import Collected, ids_of, only_choice, text_of
from r1data.engines.protocol import Reply, Request

NEUTRAL_DEFAULTS = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""vLLM takes what a request leaves open from the model's generation_config; the recipe alone should decide."""
STREAM_INTERVAL = 256
"""Tokens per event, where the server can be told. Each event costs its front end and us as much as several tokens do,
and a loop that is found so many tokens later is cut at the same place.
"""


class CompletionsApi:
    """`/completions`, see the module."""

    path = "/completions"

    def body(self, request: Request, model: str, max_tokens: int, *, stream: bool, vllm: bool) -> dict[str, Any]:
        """The JSON that asks for this. From vLLM the token ids are asked for too: with them the count of what came is
        exact, a doubled or lost event is noticed, and a reply cut at its length goes on from its very tokens.
        """
        return (
            {"model": model, "prompt": list(request.tokens), "n": 1, "max_tokens": max_tokens}
            | sampling(request)
            | response_format(request)
            | (NEUTRAL_DEFAULTS | {"return_token_ids": True} if vllm else {})
            | (streaming(vllm=vllm) if stream else {})
        )

    def reading(self, request: Request) -> CompletionReading:
        """A reader for one streamed reply."""
        return CompletionReading(request)

    def whole(self, request: Request, payload: object) -> Reply:
        """A reply that came at once; read as a stream of one event, so that loops are cut alike."""
        reading = CompletionReading(request)
        reading.take(payload)
        return reading.reply()


class CompletionReading:
    """One completion while it comes."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._collected = Collected(request)

    def take(self, event: object) -> bool:
        """Take one event; True when the reply repeats itself."""
        choice = only_choice(event)
        assert isinstance(event, dict)
        if event.get("usage") is not None:
            self._collected.count(event["usage"])
        if choice is None:
            return False
        prompt = ids_of(choice, "prompt_token_ids")
        if prompt is not None and prompt != self._request.tokens:
            raise Garbled("it is the reply to another prompt")
        looping = self._collected.add(text_of(choice, "text"), ids_of(choice, "token_ids"))
        if choice.get("finish_reason") is not None and not looping:
            self._collected.finish(choice["finish_reason"])
        return looping

    def reply(self) -> Reply:
        """What has come, when it has come to its end."""
        return self._collected.reply()


def sampling(request: Request) -> dict[str, Any]:
    """How to sample, in the words that both APIs share."""
    body: dict[str, Any] = {
        "seed": seed_of(request),
        "temperature": request.temperature,
        "top_p": request.top_p,
    }
    return body | ({"stop": list(request.stop)} if request.stop else {})


def response_format(request: Request) -> dict[str, Any]:
    """How to ask for JSON of a schema."""
    if request.json_schema is None:
        return {}
    schema = {"name": "reply", "schema": dict(request.json_schema), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def streaming(*, vllm: bool) -> dict[str, Any]:
    """How to ask for a stream that ends with its usage. vLLM can count in every event, and make events larger."""
    options: dict[str, Any] = {"include_usage": True}
    if not vllm:
        return {"stream": True, "stream_options": options}
    return {
        "stream": True,
        "stream_options": options | {"continuous_usage_stats": True},
        "stream_interval": STREAM_INTERVAL,
    }


def seed_of(request: Request) -> int:
    """The seed on the wire, 31 bits. A later stage has one of its own: with the draw's, it would begin with the same
    random numbers as the first stage did.
    """
    if request.stage == 0:
        return request.seed
    digest = hashlib.blake2b(f"{request.seed}/{request.stage}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1
