"""A model's opinion on whether the reply to a prompt should think; the rule of `r1data.thinking` stands beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from r1data.engines import Engine
from r1data.judging.judges import Fault, Judge, each, filled, judging_fingerprint
from r1data.judging.quoting import quoted, tag_of
from r1data.judging.reply import Form, longest_text
from r1data.model import LoadedModel
from r1data.recipe import JudgeSettings

VERSION = 1
LONGEST_QUESTION = 8000
TITLES = {"en": "request", "zh": "要求"}


class View(Form):
    """The reason first, and then what follows from it."""

    analysis: str
    thinking: Literal["yes", "no"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt to give an opinion on, as one text."""

    id: str
    question: str
    language: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model thinks of a prompt: `thinking` is None where it failed to say, and `said` is why."""

    id: str
    thinking: bool | None
    said: str


def opinion_fingerprint(model: LoadedModel, settings: JudgeSettings) -> str:
    """Of everything that decides the opinions."""
    return judging_fingerprint(model, settings, View, "thinking", VERSION)


def opinions(prompts: Iterable[Asked], engine: Engine, judge: Judge, slots: int) -> AsyncGenerator[Opinion, None]:
    """An opinion on each prompt, in the order in which they are reached, `slots` prompts at a time.

    Raises:
        EngineError: no engine answers any more; the opinions that were given stand.
    """
    return each(prompts, slots, partial(_opinion_on, engine=engine, judge=judge))


async def _opinion_on(asked: Asked, *, engine: Engine, judge: Judge) -> Opinion:
    title = TITLES["zh" if asked.language == "zh" else "en"]
    tag = tag_of(asked.id, asked.question)
    quotation = quoted(title, asked.question, tag, longest=LONGEST_QUESTION, tokens=judge.special_tokens)
    longest = longest_text(View, judge.settings.max_tokens)
    prompt = filled("thinking", asked.language, question=quotation.text, longest=longest)
    view = await judge.ask(engine, View, prompt, asked.language, asked.id, 0)
    if isinstance(view, Fault):
        return Opinion(asked.id, None, view.reason)
    return Opinion(asked.id, view.thinking == "yes", view.analysis.encode("utf-8", "replace").decode())
