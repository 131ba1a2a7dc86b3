"""A rewriter: the model that rewrites, and one original at its hands, step by step, each asked for until it is good.

A step that comes out wanting (its style, the thresholds of selection, the answer) is asked for again with another seed,
at most `tries` times; the last attempt counts. Seeds belong to original, step and attempt, so that the same is asked
again after a kill.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property

from r1data import replies
from r1data.engines import Engine, Failure, Request
from r1data.engines.protocol import Part
from r1data.errors import ModelError
from r1data.judging.judges import opens_thought
from r1data.model import LoadedModel
from r1data.prompts import Renderer
from r1data.recipe import Loops, Rewrite, Template, fingerprint
from r1data.replies import CLOSE, OPEN
from r1data.rewriting.asking import conversation, joined, part_in, template_language, template_texts
from r1data.rewriting.original import Original
from r1data.rewriting.steps import BRIEF, Taken, steps_for
from r1data.rewriting.worked import all_worked
from r1data.style import Asked, boxed, flaws, new_numbers, numbers_of, summary_flaws, thought_flaws
from schemas import FinishReason

VERSION = 1
ANSWER_LOST = "answer_lost"
CUT = "cut"
CONCLUSION = "conclusion"
"""The principle of style that a rewrite breaks whose thought has lost the answer."""
IDENTITY = ("model", "seed", "steps", "only_where_needed", "tries", "on_failure", "examples", "temperature", "top_p",
            "max_tokens")  # fmt: skip
"""Settings that decide what is written. The others are thresholds: they may change without a new request."""
Look = Callable[[Original, str, bool], Awaitable[tuple[str, ...]]]
"""What a whole reply in an original's place would be rejected for; the flag says whether its answer is checked too."""


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step as it was taken in the end: by which template, seed and at the how-manyeth attempt."""

    step: str
    template: str
    seed: int
    tokens: int
    tries: int


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of an original. `text` is the whole new reply, None where nothing came back (`error` says why).

    `steps` is empty where the original was kept. `wanting` is everything that the last attempt was found wanting for,
    `style` what of it are flaws of style in `text`.
    """

    original: Original
    text: str | None
    finish_reason: FinishReason
    steps: tuple[StepTaken, ...]
    style: tuple[str, ...]
    wanting: tuple[str, ...]
    seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Written:
    """The last attempt at a step: both parts of the reply as they are then."""

    thought: str
    solution: str
    finish_reason: FinishReason
    taken: StepTaken
    wanting: tuple[str, ...]


@dataclass(frozen=True)
class Rewriter:
    """Who rewrites and how: `plain` renders requests for one part of a reply, `thinking` those for a whole one."""

    model: LoadedModel
    settings: Rewrite
    plain: Renderer
    thinking: Renderer

    @cached_property
    def route(self) -> str:
        """Fingerprint of everything that decides what is written, in place of that of a sampling."""
        return fingerprint(
            {
                "rewriter": VERSION,
                "model": self.model.fingerprint,
                "settings": self.settings.model_dump(mode="json", include=set(IDENTITY) - {"model"}),
                "templates": template_texts(),
                "examples": [[one.step, one.language, one.question, one.before, one.after] for one in all_worked()],
            }
        )

    @cached_property
    def templates(self) -> dict[str, str]:
        """Of each template its name with the beginning of its fingerprint."""
        return {name: f"{name}@{fingerprint(text)[:12]}" for name, text in template_texts().items()}

    @cached_property
    def special_tokens(self) -> tuple[str, ...]:
        """What the model's tokenizer would not read as plain text, as far as we have it."""
        tokenizer = self.model.tokenizer
        return () if tokenizer is None else tuple(sorted({*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}))

    def tokens_of(self, text: str, otherwise: int) -> int:
        """Length of a text; `otherwise` where only the model's owner can count."""
        tokenizer = self.model.tokenizer
        return otherwise if tokenizer is None else len(tokenizer.encode(text, add_special_tokens=False))

    async def rewrite(self, original: Original, engine: Engine, look: Look) -> Rewritten:
        """The original rewritten, or what came of trying.

        Raises:
            EngineError: no engine answers any more.
        """
        started = time.perf_counter()
        asked = Asked(original.question, original.language, original.easy, original.verifier)
        thought, solution = original.thought, original.solution
        finish, taken, wanting = FinishReason.STOP, list[StepTaken](), tuple[str, ...]()
        for step in steps_for(original, self.settings):
            written = await self._step(step, original, asked, thought, solution, engine, look)
            failed = isinstance(written, Failure) or written.wanting
            if failed and self.settings.on_failure == "keep_original":
                wanting = () if isinstance(written, Failure) else written.wanting
                return self._kept(original, asked, wanting, started)
            if isinstance(written, Failure):
                return Rewritten(original, None, FinishReason.ERROR, (), (), (), time.perf_counter() - started,
                                 f"{step}: {written.error}")  # fmt: skip
            thought, solution, wanting = written.thought, written.solution, written.wanting
            taken.append(written.taken)
            finish = finish if written.finish_reason is FinishReason.STOP else written.finish_reason
        if not taken:
            return self._kept(original, asked, (), started)
        text = joined(thought, solution)
        style = flaws(text, asked, self.settings.style)
        if not keeps_answer(original, thought) and CONCLUSION not in style:
            style = (*style, CONCLUSION)
        return Rewritten(original, text, finish, tuple(taken), style, wanting, time.perf_counter() - started)

    def _kept(self, original: Original, asked: Asked, wanting: tuple[str, ...], started: float) -> Rewritten:
        style = flaws(original.text, asked, self.settings.style)
        return Rewritten(original, original.text, FinishReason(original.finish_reason), (), style, wanting,
                         time.perf_counter() - started)  # fmt: skip

    async def _step(
        self, step: Taken, original: Original, asked: Asked, thought: str, solution: str, engine: Engine, look: Look
    ) -> _Written | Failure:
        """The first attempt at a step that is not found wanting, or the last one."""
        renderer = self.thinking if step == BRIEF else self.plain
        before = _before(step, thought, solution, original)
        turns = conversation(
            step, original.question, before, original.language, original.verifier,
            examples=self.settings.examples, tokens=self.special_tokens,
        )  # fmt: skip
        rendered = renderer.render(turns, original.language)
        last: _Written | Failure = Failure("nothing was asked")
        for attempt in range(self.settings.tries):
            seed = _seed(self.settings.seed, original.completion_id, step, attempt)
            request = Request(
                prompt_id=original.completion_id, tokens=rendered.tokens, messages=rendered.messages, seed=seed,
                temperature=self.settings.temperature, top_p=self.settings.top_p,
                max_tokens=self.settings.max_tokens, loops=Loops(), part=PARTS[step],
            )  # fmt: skip
            reply = await engine.complete(request)
            if isinstance(reply, Failure):
                last = last if isinstance(last, _Written) else reply
                if reply.prompt_at_fault:
                    break
                continue
            template = self.templates[f"{step}-{template_language(original.language)}"]
            took = StepTaken(step, template, seed, reply.completion_tokens, attempt + 1)
            parts = self._parts(step, reply.text, thought, solution)
            wrote = _Written(*parts, reply.finish_reason, took, ())
            last = replace(wrote, wanting=await self._wanting(step, original, asked, wrote, look))
            if not last.wanting:
                break
        return last

    def _parts(self, step: Taken, reply: str, thought: str, solution: str) -> tuple[str, str]:
        """Thought and solution after a step, of which the reply holds one or both."""
        match step:
            case "brief":
                whole = replies.split(reply if reply.lstrip().startswith(OPEN) else f"{OPEN}\n{reply}")
                return whole.reasoning or "", whole.answer or ""
            case "summary":
                return thought, part_in(reply)
            case _:
                return part_in(reply), solution

    async def _wanting(
        self, step: Taken, original: Original, asked: Asked, written: _Written, look: Look
    ) -> tuple[str, ...]:
        """What an attempt is found wanting for. The thresholds are asked last, since they cost most."""
        limits, wanting = self.settings.style, list[str]()
        if written.finish_reason is not FinishReason.STOP:
            wanting.append(CUT)
        if step in ("thought", BRIEF):
            wanting += thought_flaws(written.thought, asked, limits)
        if step in ("summary", BRIEF):
            wanting += summary_flaws(written.solution, written.thought, asked)
        if step != "summary" and not keeps_answer(original, written.thought):
            wanting.append(ANSWER_LOST)
        if wanting:
            return tuple(wanting)
        return await look(original, joined(written.thought, written.solution), step in ("summary", BRIEF))


PARTS: dict[Taken, Part] = {"translate": "reasoning", "thought": "reasoning", "summary": "solution", BRIEF: "brief"}


def open_rewriter(model: LoadedModel, settings: Rewrite) -> Rewriter:
    """A rewriter from a model. Where its chat template opens a thought, that is closed at once, or used.

    Raises:
        ModelError: the model cannot follow a request, since its tokenizer has no chat template.
    """
    if model.api == "chat":
        renderer = Renderer(model, Template())
        return Rewriter(model, settings, renderer, renderer)
    if not getattr(model.tokenizer, "chat_template", None):
        raise ModelError(
            f"model {model.name}: cannot rewrite, its tokenizer has no chat template",
            "name an instruct model as the model that rewrites",
        )
    plain = Renderer(model, Template())
    if opens_thought(plain):
        return Rewriter(model, settings, Renderer(model, Template(prefill=f"\n{CLOSE}\n\n")), plain)
    return Rewriter(model, settings, plain, Renderer(model, Template(prefill=f"{OPEN}\n")))


def _before(step: Taken, thought: str, solution: str, original: Original) -> str:
    """What a step is shown beside the question. A summary is written from the thought alone; that of a program also
    from its text, which no thought holds whole. A brief reply is told the answer, so that it does not lose it.
    """
    if step == BRIEF:
        return original.reference or boxed(solution) or solution
    start = solution.find("```")
    if step == "summary" and original.verifier == "code" and start >= 0:
        return f"{thought}\n\n{solution[start:]}"
    return thought


def keeps_answer(original: Original, thought: str) -> bool:
    """Whether a thought comes to the answer of the original: it has the numbers of that, as the reference or the
    original's box writes them, and its last paragraph has none that neither the original nor the question has.
    """
    numbers = numbers_of(thought)
    said = (original.reference or "", boxed(original.solution) or "")
    answers = [found for text in said if (found := numbers_of(text))]
    known = (original.question, original.text, original.reference or "")
    ending = thought.rstrip().rpartition("\n\n")[2]
    return (not answers or any(found <= numbers for found in answers)) and not new_numbers(ending, *known)


def _seed(seed: int, original: str, step: str, attempt: int) -> int:
    digest = hashlib.blake2b(f"{seed}/{original}/{step}/{attempt}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1
