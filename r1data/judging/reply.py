"""The judge's reply: one JSON object of a known form. Whatever else came is no judgement, however it reads."""

from __future__ import annotations

import json
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

ROOM = 64
"""Tokens kept for the JSON around the free texts of a reply."""
SHORTEST = 40


class NoJudgement(ValueError):
    """The reply is not what was asked for."""


class Form(BaseModel):
    """What a reply consists of, in the order in which it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Judgement(Form):
    """An explanation first, and then the verdict that follows from it."""

    analysis: str
    verdict: Literal["correct", "incorrect"]


class Comparison(Form):
    """The judge's own answer first, then the comparison, then which of A and B is better, and how much."""

    own_answer: str
    comparison: str
    verdict: Literal["A>>B", "A>B", "A=B", "B>A", "B>>A"]


F = TypeVar("F", bound=Form)


def longest_text(form: type[Form], max_tokens: int) -> int:
    """Characters for each free text, so few that a reply of so many tokens can hold them all."""
    texts = sum("enum" not in field for field in form.model_json_schema()["properties"].values())
    return max(SHORTEST, (max_tokens - ROOM) // texts)


def schema_of(form: type[Form], max_tokens: int) -> dict[str, Any]:
    """The form as a JSON schema. Its texts are bounded, so that a judge that rambles still comes to its verdict."""
    longest = longest_text(form, max_tokens)
    fields = form.model_json_schema()["properties"]
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "enum": field["enum"]} if "enum" in field
            else {"type": "string", "minLength": 1, "maxLength": longest}
            for name, field in fields.items()
        },
        "required": list(fields),
        "additionalProperties": False,
    }  # fmt: skip


def read_reply(form: type[F], text: str) -> F:
    """The reply in its form.

    Raises:
        NoJudgement: it is not exactly one JSON object with the keys and values of the form.
    """
    try:
        return form.model_validate(json.loads(text, object_pairs_hook=_each_key_once))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise NoJudgement(f"no judgement: {where}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise NoJudgement(f"no judgement: {type(error).__name__}: {error}") from None


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ValueError("a key comes twice")
    return keys
