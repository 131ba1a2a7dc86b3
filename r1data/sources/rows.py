"""From a raw row of a source to a prompt, or to the rule that it breaks. Nothing here raises on strange input."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from r1data.recipe import Columns, Identity, Recipe, ThinkingChoice, VerifierName
from r1data.recipe.recipe import PromptSource
from r1data.sources.prompt_id import prompt_id
from r1data.thinking import by_rule
from r1data.verifiers import BadRow, task_of
from schemas import Message, Prompt
from schemas.prompt import ROLES

NEED_REFERENCE = ("math", "choice", "logic")
MAY_LACK = ("math", "choice")
"""Among these, the ones whose reference the majority of the draws can name, where the recipe asks for that."""
TASK_ROLES = ("options", "tolerance", "tests", "constraints", "accepted", "task")
CONTENT_CHARS = 300
"""How much of an unusable row is kept to look at."""
SURROGATE = re.compile(r"[\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
HAN, LATIN_WORD = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[A-Za-z]{2,}")
LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot become a prompt: which rule it broke, and how."""

    source: str
    row: str
    rule: str
    detail: str
    content: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a source says of all its rows; a column that a row fills goes first."""

    source: str
    domain: str
    language: str | None
    verifier: str
    licence: str | None
    reference_needed: bool = True
    category: str | None = None
    thinking: ThinkingChoice | bool | None = None
    identity: Identity | None = None

    @classmethod
    def of(cls, source: PromptSource, recipe: Recipe, name: str, licence: str | None = None) -> Defaults:
        """What a recipe says of one of its sources."""
        return cls(
            source.name or name, source.domain, source.language, source.verifier, source.licence or licence,
            recipe.audit.fill_references is None, source.category, source.thinking, recipe.verification.identity,
        )  # fmt: skip


class Broken(Exception):
    """A rule that a row breaks; caught where the row is read."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.rule = rule
        self.detail = detail


def read_row(raw: Mapping[str, Any], place: str, columns: Columns, defaults: Defaults) -> Prompt | Bad:
    """One raw row as a prompt, or what is wrong with it."""
    try:
        messages = _messages(raw, columns)
        reference = _reference(raw.get(columns.answer), columns.answer)
        verifier = _verifier(raw, columns) or defaults.verifier
        excused = verifier in MAY_LACK and not defaults.reference_needed
        if reference is None and verifier in NEED_REFERENCE and not excused:
            raise Broken("reference_missing", f"column '{columns.answer}' is empty, and verifier {verifier} needs it")
        task = _task(raw, columns)
        category = _text(raw, columns, "category") or defaults.category
        verifier = _rated(verifier, reference, category, task, defaults.identity)
        language = _text(raw, columns, "language") or defaults.language
        if verifier == "code" and language is not None and language not in ("en", "zh"):
            task["language"], language = language, defaults.language  # that of the program
        if verifier == "code" and "tests" not in task:
            raise Broken("tests_missing", f"column '{columns.tests}' is empty, and verifier code needs it")
        own = Defaults(
            source=defaults.source,
            domain=_text(raw, columns, "domain") or defaults.domain,
            language=language,
            verifier=verifier,
            licence=_text(raw, columns, "licence") or defaults.licence,
            category=category,
            thinking=_thinking(raw, columns, defaults.thinking),
        )
        return make_prompt(messages, reference=reference, task=_as_task(task), place=place, defaults=own)
    except Broken as broken:
        return bad_row(defaults.source, place, broken.rule, broken.detail, raw)


def make_prompt(
    messages: tuple[Message, ...], *, reference: str | None, task: str | None, place: str, defaults: Defaults
) -> Prompt:
    """Put a prompt together and name it after what it asks and what is accepted.

    Raises:
        Broken: a text holds control characters, a message is blank, or the language is no code.
    """
    labels = (defaults.domain, defaults.licence or "", defaults.category or "")
    if any(CONTROL.search(text) for text in (reference or "", *labels, *(m.content for m in messages))):
        raise Broken("control_characters", "the text holds control characters or half of a surrogate pair")
    if SURROGATE.search(task or ""):
        raise Broken("control_characters", "the task holds half of a surrogate pair")
    if not all(m.content.strip() for m in messages):
        raise Broken("question_missing", "the question is blank")
    language = _language(defaults.language) if defaults.language else language_of(messages[-1].content)
    return Prompt(
        prompt_id=prompt_id(messages, defaults.verifier, reference, task),
        messages=messages,
        domain=defaults.domain,
        language=language,
        verifier=defaults.verifier,
        reference=reference,
        task=task,
        source=defaults.source,
        source_row=place,
        licence=defaults.licence,
        category=defaults.category,
        thinking=should_think(messages, defaults),
    )


def should_think(messages: tuple[Message, ...], defaults: Defaults) -> bool | None:
    """Whether a reply to this should think; None where nobody says it here, or a model is yet to be asked."""
    match defaults.thinking:
        case bool():
            return defaults.thinking
        case "always" | "never":
            return defaults.thinking == "always"
        case "rule":
            return by_rule(messages, defaults.category).needed
        case _:
            return None


def bad_row(source: str, place: str, rule: str, detail: str, content: object) -> Bad:
    """A row set aside, with texts that are short and can be stored whatever the row held."""
    return Bad(source, place, rule, shorten(detail), shorten(content))


def language_of(question: str) -> str:
    """`zh` where Chinese characters outweigh Latin words, else `en`: a default for rows that do not say."""
    return "zh" if len(HAN.findall(question)) > len(LATIN_WORD.findall(question)) else "en"


def shorten(content: object) -> str:
    """The start of an unusable row, printable."""
    if isinstance(content, Mapping):
        content = _as_json(content)
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(content)[: CONTENT_CHARS + 1])
    return text if len(text) <= CONTENT_CHARS else text[:CONTENT_CHARS] + "…"


def _as_json(content: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(content), ensure_ascii=False, default=repr)
    except (TypeError, ValueError, RecursionError) as error:
        return f"(a row that cannot be shown: {type(error).__name__})"


def _messages(raw: Mapping[str, Any], columns: Columns) -> tuple[Message, ...]:
    conversation = raw.get(columns.messages)
    if conversation is not None:
        return _conversation(conversation)
    question = raw.get(columns.question)
    if question is None:
        raise Broken("question_missing", f"column '{columns.question}' is missing or empty")
    if not isinstance(question, str):
        raise Broken("question_type", f"column '{columns.question}' holds {type(question).__name__}, not text")
    return (Message("user", _lines(question)),)


def _conversation(turns: object) -> tuple[Message, ...]:
    if not isinstance(turns, list | tuple) or not turns:
        raise Broken("messages_type", "messages should be a list of {role, content}")
    messages = []
    for number, turn in enumerate(turns, start=1):
        role = turn.get("role") if isinstance(turn, Mapping) else None
        content = turn.get("content") if isinstance(turn, Mapping) else None
        if not isinstance(role, str) or role not in ROLES or not isinstance(content, str) or not content.strip():
            raise Broken("messages_type", f"turn {number} needs a role ({', '.join(ROLES)}) and text")
        messages.append(Message(role, _lines(content)))
    if messages[-1].role != "user":
        raise Broken("last_turn_is_the_users", f"the last turn is the {messages[-1].role}'s")
    return tuple(messages)


def _lines(text: str) -> str:
    """The text without white space around it; Windows line ends are line ends, not control characters."""
    return text.replace("\r\n", "\n").strip()


def _reference(answer: object, column: str) -> str | None:
    """An answer as text: numbers in their plain form, the items of a list with commas between them."""
    match answer:
        case None:
            return None
        case bool():
            return str(answer)
        case str():
            return _lines(answer) or None
        case int() | float() | Decimal():
            return _number(answer)
        case list() | tuple():
            parts = [None if isinstance(item, list | tuple) else _reference(item, column) for item in answer]
            if None in parts:
                raise Broken("reference_type", f"column '{column}' holds a list with empty items or lists in it")
            return ", ".join(part for part in parts if part) or None
        case _:
            raise Broken("reference_type", f"column '{column}' holds {type(answer).__name__}, not text or a number")


def _number(value: int | float | Decimal) -> str:
    """The shortest plain decimal, without exponent or trailing zeros: `4` for 4.0, `0.0000001` for 1e-7."""
    if not math.isfinite(value):
        raise Broken("reference_not_finite", f"the answer is {value}")
    text = format(Decimal(str(value)), "f")
    plain = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if plain in ("-0", "") else plain


def _verifier(raw: Mapping[str, Any], columns: Columns) -> str | None:
    name = _text(raw, columns, "verifier")
    if name is not None and name not in get_args(VerifierName):
        raise Broken("verifier_unknown", f"{name!r} is no verifier; known: {', '.join(get_args(VerifierName))}")
    return name


def _rated(
    verifier: str, reference: str | None, category: str | None, task: dict[str, Any], identity: Identity | None
) -> str:
    """Who checks what has nothing to compare with: a rule where one can, else whoever rates it."""
    if verifier == "judge" and reference is None:
        verifier = "quality"
    if verifier != "quality":
        return verifier
    if "constraints" in task:
        return "constraints"
    if category == "self_cognition" and identity is not None:
        task["identity"] = identity.model_dump(mode="json")
        return "identity"
    return verifier


def _thinking(
    raw: Mapping[str, Any], columns: Columns, default: ThinkingChoice | bool | None
) -> ThinkingChoice | bool | None:
    value = raw.get(columns.thinking)
    if value is not None and not isinstance(value, bool) and "thinking" in columns.model_fields_set:
        raise Broken("thinking_type", f"column '{columns.thinking}' holds {type(value).__name__}, not true or false")
    return value if isinstance(value, bool) else default


def _task(raw: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """What the verifier needs beside the reference, under the names that it knows."""
    renamed = {role: raw.get(getattr(columns, role)) for role in TASK_ROLES}
    try:
        return task_of(renamed)
    except BadRow as trouble:
        raise Broken("task_type", str(trouble)) from None


def _as_task(task: dict[str, Any]) -> str | None:
    try:
        return json.dumps(task, ensure_ascii=False, sort_keys=True) if task else None
    except (TypeError, ValueError) as trouble:
        raise Broken("task_type", f"the task cannot be stored: {trouble}") from None


def _text(raw: Mapping[str, Any], columns: Columns, role: str) -> str | None:
    """A label of the row. One that is no text is passed over, unless the recipe maps its column by name."""
    value = raw.get(getattr(columns, role))
    if isinstance(value, str):
        return value.strip() or None
    if value is not None and role in columns.model_fields_set:
        raise Broken(f"{role}_type", f"column '{getattr(columns, role)}' holds {type(value).__name__}, not text")
    return None


def _language(tag: str) -> str:
    """The language of a tag such as `en`, `EN` or `zh-CN`."""
    language = re.split("[-_]", tag, maxsplit=1)[0].lower()
    if not LANGUAGE.fullmatch(language):
        raise Broken("language_unknown", f"{tag!r} is no ISO 639 code such as en or zh")
    return language
