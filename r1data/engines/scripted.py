"""The scripted engine: no model, replies made up from the prompt and the seed. For rehearsals and fault injection.

The same request always gets the same reply, on any machine and in any order. It is told the reference answers, so that
a chosen share of its replies is right; another share has one of the flaws that the filters exist for. A request with a
JSON schema gets JSON that fits it, in which a choice is the one it is told with the probability `judge_accuracy`.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from typing import Any

from r1data.engines.protocol import Failure, Load, Reply, Request
from r1data.recipe import ScriptedEngine as Settings
from schemas import FinishReason

STEPS = {
    "en": (
        "I look at what is given and write it down.",
        "I work through the numbers one at a time.",
        "I check the last step again, and it holds.",
        "So I can put the parts together now.",
    ),
    "zh": (
        "我先看清楚题目给出的条件。",
        "我一步一步地计算这些数字。",
        "我再检查一遍最后一步，没有问题。",
        "现在我可以把各部分合在一起。",
    ),
}
CONCLUSION = {"en": "The answer is \\boxed{{{}}}.", "zh": "答案是 \\boxed{{{}}}。"}


class ScriptedEngine:
    """See the module. `answers` maps a prompt's id to its language and reference."""

    name = "scripted 1"
    load = Load()

    def __init__(self, settings: Settings, answers: Mapping[str, tuple[str, str | None]]) -> None:
        self._settings = settings
        self._answers = answers

    async def complete(self, request: Request) -> Reply | Failure:
        """Make up the reply that belongs to this prompt and seed."""
        if self._settings.latency_seconds:
            await asyncio.sleep(self._settings.latency_seconds)
        if len(request.tokens) >= self._settings.context_tokens:
            return Failure(
                f"prompt of {len(request.tokens)} tokens fills the context of {self._settings.context_tokens}"
            )
        dice = random.Random(f"{request.prompt_id}/{request.seed}")
        if dice.random() < self._settings.failures:
            return Failure("scripted failure")
        schema = request.json_schema
        text, finish = self._write(request, dice) if schema is None else self._fill(request.prompt_id, schema, dice)
        return Reply(text, finish, len(request.tokens), max(1, len(text) // 4))

    def _write(self, request: Request, dice: random.Random) -> tuple[str, FinishReason]:
        language, reference = self._answers.get(request.prompt_id, ("en", None))
        language = language if language in STEPS else "en"
        right = reference is not None and dice.random() < self._settings.accuracy
        answer = reference if right else str(dice.randint(100_000, 999_999))
        steps = [dice.choice(STEPS[language]) for _ in range(dice.randint(2, 5))]
        steps = [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
        solution = CONCLUSION[language].format(answer)
        if dice.random() < self._settings.flaws:
            return _spoil(steps, solution, language, dice)
        return _reply(steps, solution), FinishReason.STOP

    def _fill(self, prompt_id: str, schema: Mapping[str, Any], dice: random.Random) -> tuple[str, FinishReason]:
        language, wanted = self._answers.get(prompt_id, ("en", None))
        filled = {}
        for name, field in schema["properties"].items():
            choices = list(field.get("enum", ()))
            if wanted in choices and dice.random() < self._settings.judge_accuracy:
                choices = [wanted]
            elif wanted in choices:
                choices.remove(wanted)
            filled[name] = dice.choice(choices or STEPS[language if language in STEPS else "en"])
        text = json.dumps(filled, ensure_ascii=False)
        if dice.random() < self._settings.flaws:
            return dice.choice(((text[: len(text) // 2], FinishReason.LENGTH), ("It is correct.", FinishReason.STOP)))
        return text, FinishReason.STOP


def _reply(steps: list[str], solution: str) -> str:
    return "<think>\n" + "\n\n".join(steps) + f"\n</think>\n\n{solution}"


def _spoil(steps: list[str], solution: str, language: str, dice: random.Random) -> tuple[str, FinishReason]:
    other = "zh" if language == "en" else "en"
    match dice.choice(("mixed", "paragraph", "unclosed", "fence", "loop", "no box")):
        case "mixed":
            return _reply(steps + list(STEPS[other]), solution), FinishReason.STOP
        case "paragraph":
            return _reply([" ".join(steps * 60)], solution), FinishReason.STOP
        case "unclosed":
            return "<think>\n" + "\n\n".join(steps), FinishReason.STOP
        case "fence":
            return _reply([*steps, "```python\nx = 1"], solution), FinishReason.STOP
        case "loop":
            return "<think>\n" + "\n".join([steps[0]] * 80), FinishReason.LENGTH
        case _:
            return _reply(steps, "..."), FinishReason.STOP
