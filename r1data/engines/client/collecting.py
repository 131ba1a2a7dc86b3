"""Collecting: what has come of one reply so far, in whatever wire format, and what it amounts to when it ends."""

from __future__ import annotations

from typing import cast

from r1data.engines.client.api import Garbled, Refused
from r1data.engines.loops import LoopWatch
from r1data.engines.protocol import Reply, Request
from schemas import FinishReason

BYTES_PER_TOKEN = 4
"""For lengths that nobody counted: about right for English, and for Chinese too, whose characters have three bytes."""
MOST_BYTES_PER_TOKEN = 128
"""A reply with more than this for every token that it was allowed comes from a server that does not know when to stop.
"""
FINISHED = {
    "stop": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "repetition": FinishReason.LOOP,
}
"""What servers say when the model has ended its reply, or its length or their own watch over loops has."""
WITHHELD = frozenset({"content_filter", "refusal", "safety"})
INTERRUPTED = frozenset({"abort", "error", "insufficient_system_resource"})


class Collected:
    """The parts of one reply to `request`, in the order in which they came."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._pieces: list[str] = []
        self._bytes = 0
        self._token_ids: list[int] | None = []
        self._finish: FinishReason | None = None
        self._usage: tuple[int, int] | None = None
        self._watch = LoopWatch(request.loops, request.written) if request.loops is not None else None

    @property
    def looping(self) -> bool:
        """Whether the text repeats itself and has been cut."""
        return self._watch is not None and self._watch.text_end is not None

    def add(self, piece: str, token_ids: tuple[int, ...] | None = None) -> bool:
        """Add text and its tokens, as far as the server tells them; whether the text repeats itself now."""
        if not piece and not token_ids:
            return self.looping
        if self._finish is not None:
            raise Garbled("text after the end of the reply")
        if piece:
            self._pieces.append(piece)
            self._bytes += len(piece.encode("utf-8", "replace"))
        if token_ids is None:
            self._token_ids = None
        elif self._token_ids is not None:
            self._token_ids.extend(token_ids)
        self._require_an_end()
        return self._watch is not None and self._watch.take(piece)

    def finish(self, reason: object) -> None:
        """Take the reason that the server gives for the end."""
        if self._finish is not None:
            raise Garbled("the reply ended twice")
        if not isinstance(reason, str):
            raise Garbled(f"the reply ended for no reason: {str(reason)[:80]!r}")
        if reason in WITHHELD:
            raise Refused(f"the server withheld the reply ({reason})", passing=False)
        if reason in INTERRUPTED:
            raise Refused(f"the server interrupted the reply ({reason})", passing=True)
        if reason not in FINISHED:
            raise Garbled(f"the reply ended for an unknown reason: {reason[:80]!r}")
        self._finish = FINISHED[reason]

    def count(self, usage: object) -> None:
        """Take the server's own count of tokens; the last one is of the whole reply."""
        self._usage = (_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))

    def reply(self) -> Reply:
        """What it amounts to. A reply cut in a loop needs neither an end nor a count of the server's."""
        if self.looping:
            return self._cut()
        if self._finish is None:
            raise Garbled("the reply stopped before its end")
        if self._usage is None:
            raise Garbled(
                "it does not say how many tokens it took (usage); some servers do so with engine.stream=false"
            )
        prompt_tokens, completion_tokens = self._usage
        self._compare_counts(prompt_tokens, completion_tokens)
        text = "".join(self._pieces)
        if text and not completion_tokens:
            raise Garbled("there is text, and no token was counted")
        token_ids = tuple(self._token_ids) if self._token_ids else None
        return Reply(text, self._finish, prompt_tokens, completion_tokens, token_ids)

    def _cut(self) -> Reply:
        assert self._watch is not None
        if self._usage is not None:
            self._compare_counts(*self._usage)
        text = "".join(self._pieces)[: self._watch.text_end]
        counted = self._usage or (0, 0)
        sent = counted[0] or len(self._request.tokens) or _estimated(self._request)
        written = max(counted[1], len(self._token_ids or ()))
        return Reply(text, FinishReason.LOOP, sent, written or max(1, self._bytes // BYTES_PER_TOKEN))

    def _compare_counts(self, prompt_tokens: int, completion_tokens: int) -> None:
        """An event that is lost, or comes twice, shows by the count; if one counts, one does so in every event."""
        if self._token_ids and len(self._token_ids) != completion_tokens:
            raise Garbled(f"{len(self._token_ids)} tokens came, and {completion_tokens} were counted")
        if self._request.tokens and self._token_ids and prompt_tokens != len(self._request.tokens):
            raise Garbled(f"{len(self._request.tokens)} tokens were sent, and {prompt_tokens} were counted")

    def _require_an_end(self) -> None:
        """So that a server that ignores max_tokens cannot write for ever."""
        most = self._request.max_tokens
        if len(self._token_ids or ()) > most or self._bytes > most * MOST_BYTES_PER_TOKEN:
            raise Garbled(f"the reply goes on beyond the {most} tokens that it was allowed")


def _estimated(request: Request) -> int:
    text = "".join(message.content for message in request.messages)
    return max(1, len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def _count(usage: object, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise Garbled(f"usage.{name} is no count of tokens: {str(value)[:80]!r}")
    return value


def only_choice(payload: object) -> dict[str, object] | None:
    """The choice that an event or a reply carries, as an object; None where it carries none.

    Raises:
        Garbled: it is no object, or its choices are not at most one, with the index 0.
        Refused: it is an error that the server reports in place of a reply.
    """
    if not isinstance(payload, dict):
        raise Garbled(f"not an object: {str(payload)[:80]!r}")
    if payload.get("error"):
        raise _error(payload["error"])
    choices = payload.get("choices")
    if choices in (None, []):
        return None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        raise Garbled("its choices are not a list of one")
    if choices[0].get("index", 0) != 0:
        raise Garbled(f"a choice that was not asked for: index {str(choices[0]['index'])[:20]}")
    return cast(dict[str, object], choices[0])


def _error(error: object) -> Refused:
    """Errors of the request stay, those of the server pass. One that does not say which it is may pass."""
    fields = error if isinstance(error, dict) else {"message": error}
    code = fields.get("code")
    lasting = isinstance(code, int) and 400 <= code < 500 and code not in (408, 409, 429)
    return Refused(f"the server reports an error: {str(fields.get('message'))[:300]}", passing=not lasting)


def text_of(fields: dict[str, object], name: str) -> str:
    """A field that is a text, or missing, or null."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Garbled(f"{name} is no text: {str(value)[:80]!r}")
    return value


def ids_of(fields: dict[str, object], name: str) -> tuple[int, ...] | None:
    """A field that is a list of token ids, or missing, or null."""
    value = fields.get(name)
    if value is None:
        return None
    # Sets and minima are made in C; a loop over the tokens took 7% of the client's time.
    if not isinstance(value, list) or (value and (set(map(type, value)) != {int} or min(value) < 0)):
        raise Garbled(f"{name} is no list of token ids")
    return tuple(value)
