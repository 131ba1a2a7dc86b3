"""From a raw row of a source to a prompt, or to the rule that it breaks. Nothing here raises on strange input."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from r1data.recipe import Columns, fingerprint
from schemas import Message, Prompt
from schemas.prompt import ROLES

CONTENT_CHARS = 300
"""How much of an unusable row is kept to look at."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
HAN, LATIN_WORD = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[A-Za-z]{2,}")


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
        reference = _reference(raw.get(columns.answer))
        if reference is None:
            raise Broken("reference_missing", f"column '{columns.answer}' is empty, and verifier math needs it")
        return make_prompt(
            messages,
            reference=reference,
            task=None,
            place=place,
            defaults=Defaults(
                source=defaults.source,
                domain=_text(raw, columns.domain) or defaults.domain,
                language=_text(raw, columns.language) or defaults.language,
                verifier=defaults.verifier,
                licence=_text(raw, columns.licence) or defaults.licence,
            ),
        )
    except Broken as broken:
        return Bad(defaults.source, place, broken.rule, broken.detail, shorten(raw))


def make_prompt(
    messages: tuple[Message, ...], *, reference: str | None, task: str | None, place: str, defaults: Defaults
) -> Prompt:
    """Put a prompt together and name it after what it asks and what is accepted.

    Raises:
        Broken: a message or the reference holds control characters.
    """
    if any(CONTROL.search(text) for text in (reference or "", *(m.content for m in messages))):
        raise Broken("control_characters", "the text holds control characters or half of a surrogate pair")
    language = defaults.language or language_of(messages[-1].content)
    if not re.fullmatch(r"[a-z]{2,3}", language):
        raise Broken("language_unknown", f"{language!r} is no ISO 639 code such as en or zh")
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
    )


def prompt_id(messages: tuple[Message, ...], verifier: str, reference: str | None, task: str | None) -> str:
    """Hash of what the task is, whatever source, domain or licence it came with."""
    turns = [[m.role, m.content] for m in messages]
    return fingerprint({"messages": turns, "verifier": verifier, "reference": reference, "task": task})


def language_of(question: str) -> str:
    """`zh` where Chinese characters outweigh Latin words, else `en`: a default for rows that do not say."""
    return "zh" if len(HAN.findall(question)) > len(LATIN_WORD.findall(question)) else "en"


def shorten(content: object) -> str:
    """The start of an unusable row, printable."""
    if isinstance(content, Mapping):
        content = json.dumps(dict(content), ensure_ascii=False, default=repr)
    text = str(content).encode("utf-8", "backslashreplace").decode()
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= CONTENT_CHARS else text[:CONTENT_CHARS] + "…"


def _messages(raw: Mapping[str, Any], columns: Columns) -> tuple[Message, ...]:
    conversation = raw.get(columns.messages)
    if conversation is not None:
        return _conversation(conversation)
    question = raw.get(columns.question)
    if question is None:
        raise Broken("question_missing", f"column '{columns.question}' is missing or empty")
    if not isinstance(question, str):
        raise Broken("question_type", f"column '{columns.question}' holds {type(question).__name__}, not text")
    if not question.strip():
        raise Broken("question_missing", f"column '{columns.question}' is blank")
    return (Message("user", question.strip()),)


def _conversation(turns: object) -> tuple[Message, ...]:
    if not isinstance(turns, list | tuple) or not turns:
        raise Broken("messages_type", "messages should be a list of {role, content}")
    messages = []
    for turn in turns:
        role = turn.get("role") if isinstance(turn, Mapping) else None
        content = turn.get("content") if isinstance(turn, Mapping) else None
        if not isinstance(role, str) or role not in ROLES or not isinstance(content, str) or not content.strip():
            raise Broken("messages_type", f"a turn needs a role ({', '.join(ROLES)}) and text: {shorten(turn)}")
        messages.append(Message(role, content.strip()))
    if messages[-1].role != "user":
        raise Broken("last_turn_is_the_users", f"the last turn is the {messages[-1].role}'s")
    return tuple(messages)


def _reference(answer: object) -> str | None:
    """An answer as text; numbers in their shortest form, a list as its JSON."""
    match answer:
        case None:
            return None
        case bool():
            return str(answer)
        case str():
            return answer.strip() or None
        case float() if answer.is_integer() and abs(answer) < 1e15:
            return str(int(answer))
        case int() | float():
            return str(answer)
        case list() | tuple() | dict():
            return json.dumps(answer, ensure_ascii=False, default=str)
        case _:
            return str(answer)


def _text(raw: Mapping[str, Any], column: str) -> str | None:
    value = raw.get(column)
    return value.strip() or None if isinstance(value, str) else None
