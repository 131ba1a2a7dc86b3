"""The scripted engine: no model, replies made up from the prompt and the seed. For rehearsals and fault injection.

The same request always gets the same reply, on any machine and in any order. It is told the reference answers, so that
a chosen share of its replies is right; another share has one of the flaws that the filters exist for. A token is
`CHARACTERS` characters: a reply is cut where its tokens are spent, and goes on from there when a later stage asks.
A request with a JSON schema gets JSON that fits it, in which a choice is the one it is told with the probability
`judge_accuracy`. One for a part of a reply gets a thought in good style, or a solution, right as often as replies are.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Mapping
from typing import Any

from r1data.engines.loops import STEP, LoopWatch
from r1data.engines.protocol import Failure, Load, Part, Reply, Request
from r1data.engines.screenplay import STEPS, Script, language_of, looping, part_of, reply, spoilt
from r1data.recipe import ScriptedEngine as Settings
from schemas import FinishReason

CHARACTERS = 4
"""Of a token."""
VOCABULARY = 50_000
IDS = tuple(range(VOCABULARY)) * 2
"""Token ids are slices of this: a reply of 4,000 of them must cost no more than its copy."""


class ScriptedEngine:
    """See the module. `answers` maps a prompt's id to its language and reference; it may change at any time."""

    name = "scripted 2"

    def __init__(self, settings: Settings, answers: Mapping[str, tuple[str, str | None]]) -> None:
        self._settings = settings
        self._answers = answers
        self._running = 0

    @property
    def load(self) -> Load:
        """How many replies are being waited for."""
        return Load(running=self._running)

    async def complete(self, request: Request) -> Reply | Failure:
        """Make up the reply that belongs to this prompt and seed."""
        if self._settings.latency_seconds:
            self._running += 1
            try:
                await asyncio.sleep(self._settings.latency_seconds)
            finally:
                self._running -= 1
        prompt_tokens = len(request.tokens) or _tokens(sum(len(message.content) for message in request.messages))
        room = min(request.max_tokens, self._settings.context_tokens - prompt_tokens)
        if room < 1:
            context = f"the context of {self._settings.context_tokens} has no room"
            return Failure(f"prompt too long: {prompt_tokens} tokens, and {context}", prompt_at_fault=True)
        dice = random.Random(f"{request.prompt_id}/{request.seed}")
        if dice.random() < self._settings.failures:
            return Failure("scripted failure")
        schema = request.json_schema
        script = (
            self._write(request.prompt_id, request.part, dice)
            if schema is None
            else self._fill(request.prompt_id, schema, dice)
        )
        return _performed(script, request, prompt_tokens, room)

    def _write(self, prompt_id: str, part: Part, dice: random.Random) -> Script:
        settings = self._settings
        language, reference = self._answers.get(prompt_id, ("en", None))
        language = language_of(language)
        right = reference is not None and dice.random() < self._accuracy(prompt_id)
        answer = reference if reference is not None and right else str(dice.randint(100_000, 999_999))
        if part != "reply":
            return part_of(part, language, answer, flawed=dice.random() < settings.flaws)
        if dice.random() < settings.loops:
            return looping(language, settings.reply_chars, dice)
        make = spoilt if dice.random() < settings.flaws else reply
        return make(language, answer, settings.reply_chars, dice)

    def _accuracy(self, prompt_id: str) -> float:
        """The prompt's own: it lies within `spread` of the engine's."""
        if not self._settings.spread:
            return self._settings.accuracy
        digest = hashlib.blake2b(prompt_id.encode(), digest_size=4).digest()
        return self._settings.accuracy + self._settings.spread * (int.from_bytes(digest, "big") / 2**31 - 1)

    def _fill(self, prompt_id: str, schema: Mapping[str, Any], dice: random.Random) -> Script:
        language, wanted = self._answers.get(prompt_id, ("en", None))
        filled = {}
        for name, field in schema["properties"].items():
            choices = list(field.get("enum", ()))
            if wanted in choices and dice.random() < self._settings.judge_accuracy:
                choices = [wanted]
            elif wanted in choices:
                choices.remove(wanted)
            filled[name] = dice.choice(choices or STEPS[language_of(language)])
        text = json.dumps(filled, ensure_ascii=False)
        if dice.random() < self._settings.flaws:
            return Script(dice.choice((text[: len(text) // 2], "It is correct.")))
        return Script(text)


def _performed(script: Script, request: Request, prompt_tokens: int, room: int) -> Reply:
    """What of the script belongs to this stage: it begins behind what was written, and ends with the tokens."""
    start, most = len(request.written), room * CHARACTERS
    if script.refrain and request.loops is not None:
        found = _cut(script, start, most, request)
        if found is not None:
            return Reply(found, FinishReason.LOOP, prompt_tokens, _tokens(len(found)))
    text = script.part(start, most)
    finish = FinishReason.STOP if not script.refrain and start + most >= len(script.text) else FinishReason.LENGTH
    count = _tokens(len(text))
    return Reply(text, finish, prompt_tokens, count, _ids(request.seed + start, count))


def _cut(script: Script, start: int, most: int, request: Request) -> str | None:
    """The text up to the place at which a watch over the stream would end it; None where the tokens are spent first."""
    assert request.loops is not None
    watch = LoopWatch(request.loops, request.written)
    long_enough = max(request.loops.characters, request.loops.repetitions * len(script.refrain))
    text = script.part(start, min(most, max(0, len(script.text) - start) + long_enough + 2 * STEP))
    return text[: watch.text_end] if watch.take(text) else None


def _ids(first: int, count: int) -> tuple[int, ...]:
    first %= VOCABULARY
    return (
        IDS[first : first + count] if count <= VOCABULARY else (IDS * (count // VOCABULARY + 1))[first : first + count]
    )


def _tokens(characters: int) -> int:
    return max(1, -(-characters // CHARACTERS))
