"""The wire format of a server: what is sent for a request, and how what comes back is read.

Two are spoken: completions of token ids (`CompletionsApi`) and chats of hosted models (`ChatApi`). What comes back was
written by somebody else's program: whatever is not shaped as it should be is `Garbled`, never a guess.
"""

from __future__ import annotations

from typing import Any, Protocol

from r1data.engines.protocol import Reply, Request


class Garbled(Exception):
    """A reply that cannot be read; the message says why. The same request may well be answered at the next try."""


class Refused(Exception):
    """A reply in which the server says that it did not answer. `passing`: it may at another time."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


class Reading(Protocol):
    """One streamed reply while it comes."""

    def take(self, event: object) -> bool:
        """Take one event's JSON; True when the reply should be ended now, because it repeats itself.

        Raises:
            Garbled: the event cannot be part of a reply to this request.
            Refused: the event says that there will be no reply.
        """
        ...

    def reply(self) -> Reply:
        """The reply, when the stream has ended or `take` has said to end it.

        Raises:
            Garbled: the stream ended before the reply did, or what it says about itself does not fit together.
            Refused: the server ended it for a reason that is none of the model's.
        """
        ...


class Api(Protocol):
    """One wire format."""

    @property
    def path(self) -> str:
        """Where requests go, behind the endpoint's address."""
        ...

    def body(self, request: Request, model: str, max_tokens: int, *, stream: bool, vllm: bool) -> dict[str, Any]:
        """The JSON that asks for this. `vllm`: the server is one, and may be sent what only vLLM knows."""
        ...

    def reading(self, request: Request) -> Reading:
        """A reader for one streamed reply to this request."""
        ...

    def whole(self, request: Request, payload: object) -> Reply:
        """One reply that came at once.

        Raises:
            Garbled: it is no reply to this request.
            Refused: it says that the server did not answer.
        """
        ...
