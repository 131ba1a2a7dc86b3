"""Rendering: chat templates, the R1-Zero dialogue, system messages, exemplars and prefills. All of it happens on our
side, so that any engine that continues tokens behaves alike. Only a hosted chat model is sent messages, which its
server renders.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.exceptions import TemplateError

from r1data.errors import ModelError, RecipeError
from r1data.model import LoadedModel
from r1data.prompts.exemplars import Exemplar, all_exemplars, exemplars_for
from r1data.recipe import Template, fingerprint
from r1data.replies import CLOSE, OPEN
from schemas import Message

FOLDER = Path(__file__).parent / "templates"
CHAT, DIRECT = "chat", "direct"
OF_THE_MODEL = (CHAT, DIRECT)
"""Templates that are the model's own."""
LANGUAGES = {"en": "English", "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "fr": "French", "de": "German",
             "es": "Spanish", "ru": "Russian", "pt": "Portuguese", "it": "Italian", "ar": "Arabic"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent: the token ids of `text`; `fingerprint` is that of `text`. To a hosted chat model `messages` are
    sent, of which `text` is the JSON, and there are no tokens.
    """

    text: str
    tokens: tuple[int, ...]
    fingerprint: str
    messages: tuple[Message, ...] = ()
    prefill: str = ""
    """What of `text` is the beginning of the reply."""


class Renderer:
    """Renders the prompts of one recipe for one model."""

    def __init__(self, model: LoadedModel, template: Template) -> None:
        self._tokenizer = model.tokenizer
        self._hosted = model.api == "chat"
        self._template = template
        self._environment = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined)
        known = sorted([*OF_THE_MODEL, *(path.stem for path in FOLDER.glob("*.jinja"))])
        if template.name not in known:
            raise RecipeError(f"template.name: unknown template '{template.name}'", f"known: {', '.join(known)}")
        if self._is_models and not self._hosted and not getattr(self._tokenizer, "chat_template", None):
            raise ModelError(
                f"model {model.name}: its tokenizer has no chat template",
                "set template.name to r1-zero in the recipe, or use an instruct model",
            )

        if template.exemplars and self._is_models and not self._hosted:
            self._require_thoughts_in_turns(model.name)

    @property
    def _is_models(self) -> bool:
        return self._template.name in OF_THE_MODEL

    def render(
        self, messages: Sequence[Message], language: str, *, domain: str = "", thinking: bool | None = None
    ) -> Rendered:
        """The text and tokens that the model continues, the prefill of the assistant's turn included. `domain` decides
        which exemplars stand in front. Where a reply must not think (`thinking` is False) the plain template counts,
        and nothing that asks for thoughts is in front.
        """
        text = self.text(messages, language, domain=domain, thinking=thinking)
        template = self._template.for_thinking(thinking)
        if self._hosted:
            return Rendered(text, (), fingerprint(text), tuple(self._whole(messages, language, domain, template)))
        tokens = tuple(self._tokenizer.encode(text, add_special_tokens=not self._is_models))
        return Rendered(text, tokens, fingerprint(text), prefill=template.prefill)

    def text(
        self, messages: Sequence[Message], language: str, *, domain: str = "", thinking: bool | None = None
    ) -> str:
        """The text of `render`, without the work of making tokens of it."""
        template = self._template.for_thinking(thinking)
        turns = [{"role": m.role, "content": m.content} for m in self._whole(messages, language, domain, template)]
        if self._hosted:
            return json.dumps(turns, ensure_ascii=False)
        try:
            return self._dialogue(turns, language) + template.prefill
        except TemplateError as error:
            raise ModelError(f"template {self._template.name}: cannot render a prompt: {error}") from None

    def _whole(self, messages: Sequence[Message], language: str, domain: str, template: Template) -> list[Message]:
        """The conversation with what the template puts in front: a system message, exemplars."""
        given = list(messages)
        first = given.pop(0).content if given[0].role == "system" else _system(template, language)
        if template.name == DIRECT:
            first = "\n\n".join(part for part in (_direct(language), first) if part)
        shown = exemplars_for(domain, language, template.exemplars, given[-1].content)
        turns = [turn for one in shown for turn in self._turns(one)]
        return [*([] if first is None else [Message("system", first)]), *turns, *given]

    def _turns(self, one: Exemplar) -> tuple[Message, Message]:
        if self._is_models:
            reply = f"{OPEN}\n{one.reasoning}\n{CLOSE}\n\n{one.solution}"
        else:
            reply = f"{OPEN} {one.reasoning} {CLOSE} <answer> {one.solution} </answer>"
        return Message("user", one.question), Message("assistant", reply)

    def _require_thoughts_in_turns(self, name: str) -> None:
        one = all_exemplars()[0]
        turns = [*self._turns(one), Message("user", "?")]
        shown = self._dialogue([{"role": turn.role, "content": turn.content} for turn in turns], one.language)
        if one.reasoning not in shown:
            raise ModelError(
                f"model {name}: its chat template leaves thoughts out of earlier turns, so exemplars would be without",
                "set template.exemplars to 0, or template.name to direct or r1-zero",
            )

    def _dialogue(self, turns: list[dict[str, str]], language: str) -> str:
        if self._is_models:
            text: str = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
            return text
        template = self._environment.get_template(f"{self._template.name}.jinja")
        return template.render(turns=turns, language=LANGUAGES.get(language, language))


def _system(template: Template, language: str) -> str | None:
    system = template.system
    return None if system is None else system.replace("{language}", LANGUAGES.get(language, language))


@cache
def _direct(language: str) -> str:
    """The request for a detailed answer, in Chinese for Chinese and in English for every other language."""
    spoken = "zh" if language == "zh" else "en"
    text = (FOLDER / f"direct-{spoken}.txt").read_text(encoding="utf-8").strip()
    return text.replace("{language}", LANGUAGES.get(language, language))
