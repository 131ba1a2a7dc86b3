"""The contract between data and training: what a conversation is as tokens, and which of them the loss is on.

A sample is trained on exactly as a model would be sampled: the prompt as the chat template renders it with the cue for
the assistant, then the reply, token for token as it stands in the data, then one end token, which is learnt too. The
template's own rendering of the whole conversation must say the same. One that leaves reasoning out, as many templates
of reasoning models do, would train a model that does not think; it is refused and never worked around.

Nothing is cut. What does not fit, or holds tokens that steer the conversation, is left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from jinja2.exceptions import TemplateError

from r1data.errors import ModelError
from r1data.replies import CLOSE, OPEN

Message = Mapping[str, str]
IGNORED = -100
"""The label of a token that the loss leaves out, as PyTorch has it."""


class Dropped(StrEnum):
    """Why a sample is left out."""

    TOO_LONG = "too_long"
    """More tokens than `max_length`."""
    EMPTY = "empty"
    """No reply, or a conversation that does not end with the assistant's turn."""
    SPECIAL_TOKENS = "special_tokens"
    """The reply spells tokens that begin or end turns: learnt, they would end or forge a turn in the middle."""
    TEMPLATE = "template"
    """The chat template does not render this conversation as it stands."""


class Unfit(Exception):
    """A conversation that cannot be trained on; `why` says for what reason."""

    def __init__(self, why: Dropped, detail: str = "") -> None:
        super().__init__(detail or why.value)
        self.why = why


class OtherEnd(Unfit):
    """The template ends a reply with a token at which no engine would stop."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A conversation as token ids. The loss is on those from `prompt_length` on: the reply and its end token."""

    ids: list[int]
    prompt_length: int

    @property
    def labels(self) -> list[int]:
        """The ids, with `IGNORED` where no loss is."""
        return [IGNORED] * self.prompt_length + self.ids[self.prompt_length :]


class Encoder:
    """Encodes conversations for one model. `tokenizer` is transformers'; `end_ids` are the tokens that end a reply when
    the model is sampled.
    """

    def __init__(self, tokenizer: Any, end_ids: Sequence[int]) -> None:  # noqa: ANN401 - transformers is untyped
        self._tokenizer = tokenizer
        self.end_ids = frozenset(end_ids)
        if not getattr(tokenizer, "chat_template", None):
            raise ModelError(
                "the model has no chat template, so nothing says how a conversation is rendered",
                "name a Jinja file in chat_template: it is used for the training and stays with the model",
            )

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """Tokens that no reply may hold."""
        return frozenset(self._tokenizer.all_special_ids) | self.end_ids

    def encode(self, messages: Sequence[Message]) -> Encoded:
        """A conversation whose last turn is the assistant's.

        Raises:
            Unfit: it is empty, spells special tokens, or is not rendered as it stands.
        """
        if not messages or messages[-1]["role"] != "assistant" or not messages[-1]["content"].strip():
            raise Unfit(Dropped.EMPTY)
        prompt = self._render(messages[:-1], cue=True)
        reply = _without_prefill(messages[-1]["content"], prompt)
        ending = self._ending(messages, prompt, reply)
        prompt_ids, reply_ids = self._ids(prompt), self._ids(reply)
        if not self.special_ids.isdisjoint(reply_ids):
            raise Unfit(Dropped.SPECIAL_TOKENS)
        return Encoded([*prompt_ids, *reply_ids, ending], len(prompt_ids))

    def probe(self) -> None:
        """Refuse a template that loses reasoning, or ends a reply with a token at which no engine would stop.

        Raises:
            ModelError: it does.
        """
        thought = "First I look at the numbers.\n\n7 + 5 = 12."
        turns = [
            {"role": "user", "content": "What is 7 + 5?"},
            {"role": "assistant", "content": f"{OPEN}\n{thought}\n{CLOSE}\n\nThe answer is \\boxed{{12}}."},
        ]
        remedy = "name a template that keeps the assistant's content as it is, in chat_template"
        try:
            whole = self._render(turns, cue=False)
            if thought not in whole:
                raise ModelError(
                    f"the chat template swallows the reasoning: of a reply with a thought it renders only\n  {whole!r}",
                    remedy,
                )
            self.encode(turns)
        except OtherEnd as other:
            raise ModelError(
                f"the chat template ends a reply with another token than the model: {other}",
                "name the template's in end_token; it stays with what comes out",
            ) from None
        except Unfit as unfit:
            raise ModelError(f"the chat template does not render a reply as it stands: {unfit}", remedy) from None

    def _ending(self, messages: Sequence[Message], prompt: str, reply: str) -> int:
        """The token behind the reply in the template's own rendering of the whole conversation."""
        whole = self._render(messages, cue=False)
        if not whole.startswith(prompt):
            prompt = prompt[: len(prompt) - len(_prefill(messages[-1]["content"], prompt))]
        behind = whole[len(prompt) :] if whole.startswith(prompt) else ""
        kept = reply if behind.startswith(reply) else messages[-1]["content"]
        if not behind.startswith(kept):
            raise Unfit(Dropped.TEMPLATE, f"instead of the reply there is {behind[:200]!r}")
        tail = self._ids(behind[len(kept) :])
        if not tail or tail[0] not in self.end_ids:
            token = self._tokenizer.convert_ids_to_tokens(tail[0]) if tail else "nothing"
            stops = self._tokenizer.convert_ids_to_tokens(sorted(self.end_ids))
            raise OtherEnd(Dropped.TEMPLATE, f"behind the reply there is {token!r}, but the model stops at {stops}")
        return tail[0]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids

    def _render(self, messages: Sequence[Message], *, cue: bool) -> str:
        try:
            text: str = self._tokenizer.apply_chat_template(
                [dict(turn) for turn in messages], add_generation_prompt=cue, tokenize=False
            )
        except TemplateError as error:
            raise Unfit(Dropped.TEMPLATE, str(error)) from None
        return text


def _prefill(content: str, prompt: str) -> str:
    """What a template has already written of the reply behind its cue, such as `<think>` and a line break."""
    for length in range(min(len(content), len(prompt), 32), 0, -1):
        if prompt.endswith(content[:length]) and content[:length].startswith(OPEN):
            return content[:length]
    return ""


def _without_prefill(content: str, prompt: str) -> str:
    return content[len(_prefill(content, prompt)) :]


def end_ids(tokenizer: Any, generation_config: Any) -> list[int]:  # noqa: ANN401 - transformers is untyped
    """The tokens at which a model's replies end: the tokenizer's, and those of its generation config."""
    given = getattr(generation_config, "eos_token_id", None)
    listed = given if isinstance(given, list) else [given]
    return sorted({one for one in (tokenizer.eos_token_id, *listed) if one is not None})
