"""Conversations: rows that hold what was asked and the reply to it, in the shapes that SFT sets come in.

    messages        [{role, content}, ...], the last turn being the assistant's
    conversations   [{from, value}, ...], the same by other names
    prompt + response, question + response, instruction (+ input) + output, prompt + completion

What comes before the last turn is the prompt, system turns and earlier replies included; thoughts of earlier replies
are left out, as they are when a model is asked again. Nothing here raises on strange input: a row is a `Given`, or a
`Bad` that says why not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from r1data import replies
from r1data.recipe import Columns, Recipe
from r1data.recipe.replies import FileReplies, HubReplies, ReplyColumns, ReplySource
from r1data.sources.columns import made_rows
from r1data.sources.finding import find_files
from r1data.sources.formats import Row, read_file
from r1data.sources.hub import hub_rows
from r1data.sources.rows import CONTROL, Bad, Broken, Defaults, bad_row, read_row
from schemas import Prompt

UNKNOWN = "unknown"
ROLES = {
    "user": "user", "human": "user", "prompter": "user", "instruction": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bard": "assistant",
    "bot": "assistant", "model": "assistant", "ai": "assistant",
    "system": "system", "developer": "system",
}  # fmt: skip
"""What the speakers of a conversation are called."""
ASKED, REPLIED = ("question", "instruction", "input", "query"), ("completion", "output", "answer", "chosen")
"""Other names of a prompt and of a reply, looked for where the columns' own are empty."""
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
"""Keys of a turn that hold its thought."""


@dataclass(frozen=True, slots=True)
class Given:
    """One reply that somebody else's set holds: the prompt that it answers, its whole text, and who wrote it."""

    prompt: Prompt
    text: str
    model: str


def read_conversations(source: ReplySource, recipe: Recipe, *, licence: bool = False) -> Iterator[Given | Bad]:
    """All rows of one set, in their order. With `licence`, a row must say under which licence it stands.

    Raises:
        SourceError: the set cannot be read, or a mapped column is not there.
    """

    def made(raw: Mapping[str, Any], place: str, columns: Columns, defaults: Defaults) -> Given | Bad:
        assert isinstance(columns, ReplyColumns)
        found = read_conversation(raw, place, columns, defaults)
        if licence and isinstance(found, Given) and not found.prompt.licence:
            return bad_row(defaults.source, place, "licence_missing", "nothing says under which licence it stands", raw)
        return found

    named = source.path if isinstance(source, FileReplies) else source.dataset
    yield from made_rows(_rows(source, recipe), source.columns, Defaults.of(source, recipe, named), source.limit, made)


def read_conversation(raw: Mapping[str, Any], place: str, columns: ReplyColumns, defaults: Defaults) -> Given | Bad:
    """One raw row as a prompt and its reply, or what is wrong with it."""
    try:
        turns = _turns(raw, columns)
        text = turns[-1][1]
        if not text.strip():
            raise Broken("reply_missing", "the last turn is blank")
        if CONTROL.search(text.replace("\r\n", "\n")):
            raise Broken("control_characters", "the reply holds control characters or half of a surrogate pair")
        asked = [{"role": role, "content": _answer_alone(role, said)} for role, said in turns[:-1]]
        prompt = read_row({**raw, columns.messages: asked}, place, columns, defaults)
        if isinstance(prompt, Bad):
            return prompt
        model = raw.get(columns.model)
        named = model.strip() if isinstance(model, str) and not CONTROL.search(model) else ""
        return Given(prompt, text.replace("\r\n", "\n").strip(replies.WHITE_SPACE), named or UNKNOWN)
    except Broken as broken:
        return bad_row(defaults.source, place, broken.rule, broken.detail, raw)


def _rows(source: ReplySource, recipe: Recipe) -> Iterator[Row]:
    match source:
        case FileReplies():
            for label, path in find_files(source.path, recipe):
                yield from read_file(path, label)
        case HubReplies():
            yield from hub_rows(source, recipe)


def _turns(raw: Mapping[str, Any], columns: ReplyColumns) -> list[tuple[str, str]]:
    """The conversation from its first turn to the reply, as (role, text); never empty.

    Raises:
        Broken: there is none, or it is none.
    """
    told = _listed(raw.get(columns.messages)) or _listed(raw.get(columns.conversations))
    reply = _reply(raw, columns)
    if told is None:
        if reply is None:
            raise Broken("reply_missing", f"neither '{columns.messages}' nor '{columns.response}' holds a reply")
        told = _asked(raw, columns)
    turns = [_turn(turn, number) for number, turn in enumerate(told, start=1)]
    if reply is not None and (not turns or turns[-1][0] != "assistant"):
        thought = raw.get(columns.reasoning)
        turns.append(("assistant", _whole(reply, thought if isinstance(thought, str) else None)))
    system = raw.get(columns.system)
    if isinstance(system, str) and system.strip() and turns and turns[0][0] != "system":
        turns.insert(0, ("system", system))
    if turns and turns[-1][0] != "assistant":
        raise Broken("last_turn_is_the_assistants", f"the last turn is the {turns[-1][0]}'s")
    if len(turns) < 2:
        raise Broken("question_missing", "there is no turn before the reply")
    return turns


def _reply(raw: Mapping[str, Any], columns: ReplyColumns) -> str | None:
    names = (columns.response,) if "response" in columns.model_fields_set else (columns.response, *REPLIED)
    value = next((raw[name] for name in names if raw.get(name) is not None), None)
    if isinstance(value, list | tuple) and value:  # some sets have the reply as a conversation of one turn
        role, said = _turn(value[-1], len(value))
        return said if role == "assistant" else None
    return value if isinstance(value, str) else None


def _asked(raw: Mapping[str, Any], columns: ReplyColumns) -> list[Any]:
    """The turns of a prompt that is one text, or a list of turns."""
    names = (columns.prompt,) if "prompt" in columns.model_fields_set else (columns.prompt, columns.question, *ASKED)
    value = next((raw[name] for name in names if raw.get(name) not in (None, "")), None)
    if (turns := _listed(value)) is not None:
        return turns
    if not isinstance(value, str):
        what = "is missing" if value is None else f"holds {type(value).__name__}, not text"
        raise Broken("question_missing", f"column '{columns.prompt}' {what}")
    more = raw.get("input") if value is raw.get("instruction") else None
    return [{"role": "user", "content": f"{value}\n\n{more}" if isinstance(more, str) and more.strip() else value}]


def _listed(value: object) -> list[Any] | None:
    """A list of turns, given as one or as JSON; None where there is none."""
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return list(value) if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping) else None


def _turn(turn: object, number: int) -> tuple[str, str]:
    if not isinstance(turn, Mapping):
        raise Broken("messages_type", f"turn {number} is {type(turn).__name__}, not an object")
    name = turn.get("role") or turn.get("from") or turn.get("speaker")
    role = ROLES.get(name.strip().lower()) if isinstance(name, str) else None
    if role is None:
        raise Broken("role_unknown", f"turn {number} is spoken by {str(name)[:40]!r}")
    said = turn.get("content") if turn.get("content") is not None else turn.get("value", turn.get("text"))
    if not isinstance(said, str):
        raise Broken("messages_type", f"turn {number} holds {type(said).__name__}, not text")
    thought = next((turn[key] for key in THOUGHTS if isinstance(turn.get(key), str)), None)
    return role, _whole(said, thought) if role == "assistant" else said


def _whole(said: str, thought: str | None) -> str:
    """A reply with its thought in front, where that stands elsewhere."""
    if thought is None or not thought.strip() or replies.OPEN in said or replies.CLOSE in said:
        return said
    return f"{replies.OPEN}\n{thought.strip()}\n{replies.CLOSE}\n\n{said.strip()}"


def _answer_alone(role: str, said: str) -> str:
    return (replies.split(said).answer or "") if role == "assistant" else said
