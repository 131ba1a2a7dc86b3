"""The chat API of hosted models: messages are sent, and reasoning comes back in a field of its own.

The reply's text is put together as any other's: `<think>`, the reasoning, `</think>`, the answer. A reply without such
a field, or whose answer has the tags in it already, is left as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from r1data.engines.client.api import Garbled, Refused
from r1data.engines.client.collecting import Collected, only_choice, text_of
from r1data.engines.client.completions_api import NEUTRAL_DEFAULTS, response_format, sampling, streaming
from r1data.engines.protocol import Reply, Request
from r1data.replies import CLOSE, OPEN
from schemas import FinishReason

REASONING = ("reasoning_content", "reasoning")
"""Names of the field; a gateway that fills both puts the same into them."""


class ChatApi:
    """`/chat/completions`, see the module."""

    path = "/chat/completions"

    def body(self, request: Request, model: str, max_tokens: int, *, stream: bool, vllm: bool) -> dict[str, Any]:
        """The JSON that asks for this. Its length is named `max_tokens`, which nearly all services know; the newer
        `max_completion_tokens` is unknown to many, and both at once are an error to some.
        """
        return (
            {"model": model, "messages": [{"role": m.role, "content": m.content} for m in request.messages]}
            | {"n": 1, "max_tokens": max_tokens}
            | sampling(request)
            | response_format(request)
            | (NEUTRAL_DEFAULTS if vllm else {})
            | (streaming(vllm=vllm) if stream else {})
        )

    def reading(self, request: Request) -> ChatReading:
        """A reader for one streamed reply."""
        return ChatReading(request)

    def whole(self, request: Request, payload: object) -> Reply:
        """A reply that came at once; read as a stream of one event, so that loops are cut alike."""
        reading = ChatReading(request)
        reading.take(payload)
        return reading.reply()


class ChatReading:
    """One chat completion while it comes."""

    def __init__(self, request: Request) -> None:
        self._collected = Collected(request)
        self._thinking = False
        self._reasoned = False
        self._content: list[str] = []

    def take(self, event: object) -> bool:
        """Take one event; True when the reply repeats itself."""
        choice = only_choice(event)
        assert isinstance(event, dict)
        if event.get("usage") is not None:
            self._collected.count(event["usage"])
        if choice is None:
            return False
        part = choice.get("delta") or choice.get("message") or {}
        if not isinstance(part, dict):
            raise Garbled(f"its message is no object: {str(part)[:80]!r}")
        if text_of(part, "refusal"):
            raise Refused(f"the model refused: {text_of(part, 'refusal')[:300]}", passing=False)
        reasoning = text_of(part, REASONING[0]) or text_of(part, REASONING[1])
        looping = self._reason(reasoning) or self._answer(text_of(part, "content"))
        reason = choice.get("finish_reason")
        if reason is not None and not looping:
            if self._thinking and reason == FinishReason.STOP:
                looping = self._answer("", close=True)  # a thought and no answer is not a thought that was cut
            self._collected.finish(reason)
        return looping

    def reply(self) -> Reply:
        """What has come, when it has come to its end."""
        reply = self._collected.reply()
        content = "".join(self._content)
        tagged = self._reasoned and content.lstrip().startswith(OPEN) and not self._collected.looping
        return replace(reply, text=content) if tagged else reply

    def _reason(self, piece: str) -> bool:
        if not piece:
            return False
        opening = "" if self._thinking else f"{OPEN}\n"
        self._thinking = self._reasoned = True
        return self._collected.add(opening + piece)

    def _answer(self, piece: str, *, close: bool = False) -> bool:
        if not piece and not close:
            return False
        closing = f"\n{CLOSE}\n\n" if self._thinking else ""
        self._thinking = False
        self._content.append(piece)
        return self._collected.add(closing + piece)
