"""A judge: the model that judges, and everything that decides what it says. One question to it, asked until it answers.

A fault of the judge's is never an answer: what does not fit the form is asked for again with another seed, and what has
failed `TRIES` times is a `Fault`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from r1data.engines import Engine, Failure, Request
from r1data.errors import ModelError
from r1data.judging.reply import F, Form, NoJudgement, read_reply, schema_of
from r1data.model import LoadedModel
from r1data.prompts import Renderer
from r1data.recipe import JudgeSettings, Template, fingerprint
from r1data.replies import CLOSE, OPEN, split
from schemas import FinishReason, Message

TRIES = 3
RETRY_TEMPERATURE = 0.7
"""At temperature 0 another seed changes nothing, so a second try is warmer."""
CUT = {FinishReason.LENGTH: " (cut at its token limit)", FinishReason.LOOP: " (cut because it repeats itself)"}
FOLDER = Path(__file__).parent / "templates"
_templates = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True)
Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no judgement: the last of several attempts."""

    reason: str


@dataclass(frozen=True)
class Judge:
    """Who judges and how. `renderer` turns a message into the tokens that the model continues."""

    model: LoadedModel
    settings: JudgeSettings
    renderer: Renderer

    @cached_property
    def special_tokens(self) -> tuple[str, ...]:
        """What the judge's tokenizer would not read as plain text, as far as we have it."""
        tokenizer = self.model.tokenizer
        if tokenizer is None:
            return ()
        return tuple(sorted({*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}))

    async def ask(self, engine: Engine, form: type[F], prompt: str, language: str, item: str, vote: int) -> F | Fault:
        """One judgement in its form; the seeds belong to item and vote, so that the same is asked again after a kill.

        Raises:
            EngineError: no engine answers any more.
        """
        rendered = self.renderer.render([Message("user", prompt)], language)
        schema = schema_of(form, self.settings.max_tokens)
        fault = Fault("")
        for attempt in range(TRIES):
            request = Request(
                prompt_id=item, tokens=rendered.tokens, messages=rendered.messages, seed=_seed(item, vote, attempt),
                temperature=max(self.settings.temperature, RETRY_TEMPERATURE) if attempt else self.settings.temperature,
                top_p=1.0, max_tokens=self.settings.max_tokens, json_schema=schema,
            )  # fmt: skip
            reply = await engine.complete(request)
            if isinstance(reply, Failure):
                fault = Fault(reply.error)
                continue
            said = (split(reply.text).answer or "") if rendered.messages else reply.text  # hosted ones may think
            try:
                return read_reply(form, said)
            except NoJudgement as problem:
                fault = Fault(f"{problem}{CUT.get(reply.finish_reason, '')}")
        return Fault(f"{TRIES} attempts failed; the last: {fault.reason}")


def open_judge(model: LoadedModel, settings: JudgeSettings) -> Judge:
    """A judge from a model. Where the chat template opens a thought, it is closed at once: its JSON holds the thought.
    A hosted chat model thinks as it likes, and its answer alone is read.

    Raises:
        ModelError: the model cannot follow a request, since its tokenizer has no chat template.
    """
    if model.api == "chat":
        return Judge(model, settings, Renderer(model, Template()))
    if not getattr(model.tokenizer, "chat_template", None):
        raise ModelError(
            f"model {model.name}: cannot judge, its tokenizer has no chat template",
            "name an instruct model in verification.judge.model of the recipe",
        )
    plain = Renderer(model, Template())
    closing = Renderer(model, Template(prefill=f"\n{CLOSE}\n\n"))
    return Judge(model, settings, closing if opens_thought(plain) else plain)


def opens_thought(renderer: Renderer, thinking: bool | None = None) -> bool:
    """Whether the rendered text ends inside a thought, so that the reply goes on with it."""
    return renderer.text([Message("user", "?")], "en", thinking=thinking).rstrip().endswith(OPEN)


def judging_fingerprint(model: LoadedModel, settings: JudgeSettings, form: type[Form], kind: str, version: int) -> str:
    """Of everything that decides what a judge says: its model, settings and templates; not where it runs."""
    templates = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob(f"{kind}-*.jinja"))}
    identity = {
        "model": model.fingerprint,
        "settings": settings.model_dump(mode="json", exclude={"model"}),
        "templates": templates,
        "form": schema_of(form, settings.max_tokens),
        "version": version,
    }
    return fingerprint(identity)[:12]


def filled(kind: str, language: str, **blanks: object) -> str:
    """The text of a template, in Chinese where the item is Chinese and in English everywhere else."""
    name = f"{kind}-{'zh' if language == 'zh' else 'en'}.jinja"
    return _templates.get_template(name).render(blanks).strip()


async def each(
    items: Iterable[Item], slots: int, answer: Callable[[Item], Awaitable[Answer]]
) -> AsyncGenerator[Answer, None]:
    """The answers to all items as they come, `slots` items at a time. The first exception ends it.

    Whoever may leave early closes it (`contextlib.aclosing`), so that nothing is asked any more.
    """
    remaining: Iterator[Item] = iter(items)
    running: set[asyncio.Future[Answer]] = set()
    try:
        while True:
            running |= {asyncio.ensure_future(answer(item)) for item in islice(remaining, slots - len(running))}
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            failed = [task for task in done if task.exception() is not None]
            for task in done - set(failed):
                yield task.result()
            for task in failed:
                task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _seed(item: str, vote: int, attempt: int) -> int:
    digest = hashlib.blake2b(f"{item}/{vote}/{attempt}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1
