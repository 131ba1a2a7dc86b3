"""Rendering: chat templates, the R1-Zero dialogue, system messages and prefills. All of it happens on our side, so that
any engine that continues tokens behaves alike. Only a hosted chat model is sent messages, which its server renders.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.exceptions import TemplateError

from r1data.errors import ModelError, RecipeError
from r1data.model import LoadedModel
from r1data.recipe import Template, fingerprint
from schemas import Message

FOLDER = Path(__file__).parent / "templates"
CHAT = "chat"
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
        known = sorted([CHAT, *(path.stem for path in FOLDER.glob("*.jinja"))])
        if template.name not in known:
            raise RecipeError(f"template.name: unknown template '{template.name}'", f"known: {', '.join(known)}")
        if template.name == CHAT and not self._hosted and not getattr(self._tokenizer, "chat_template", None):
            raise ModelError(
                f"model {model.name}: its tokenizer has no chat template",
                "set template.name to r1-zero in the recipe, or use an instruct model",
            )

    def render(self, messages: Sequence[Message], language: str, thinking: bool | None = None) -> Rendered:
        """The text and tokens that the model continues, the prefill of the assistant's turn included. Where a reply
        must not think (`thinking` is False), by the plain template.
        """
        text, template = self.text(messages, language, thinking), self._template.for_thinking(thinking)
        if self._hosted:
            return Rendered(text, (), fingerprint(text), tuple(_with_system(messages, language, template)))
        tokens = tuple(self._tokenizer.encode(text, add_special_tokens=template.name != CHAT))
        return Rendered(text, tokens, fingerprint(text), prefill=template.prefill)

    def text(self, messages: Sequence[Message], language: str, thinking: bool | None = None) -> str:
        """The text of `render`, without the work of making tokens of it."""
        template = self._template.for_thinking(thinking)
        turns = [{"role": m.role, "content": m.content} for m in _with_system(messages, language, template)]
        if self._hosted:
            return json.dumps(turns, ensure_ascii=False)
        try:
            return self._dialogue(turns, language) + template.prefill
        except TemplateError as error:
            raise ModelError(f"template {self._template.name}: cannot render a prompt: {error}") from None

    def _dialogue(self, turns: list[dict[str, str]], language: str) -> str:
        if self._template.name == CHAT:
            text: str = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
            return text
        template = self._environment.get_template(f"{self._template.name}.jinja")
        return template.render(turns=turns, language=LANGUAGES.get(language, language))


def _with_system(messages: Sequence[Message], language: str, template: Template) -> Sequence[Message]:
    if template.system is None or messages[0].role == "system":
        return messages
    return [Message("system", template.system.replace("{language}", LANGUAGES.get(language, language))), *messages]
