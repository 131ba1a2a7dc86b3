"""Prompt: a task, how its answer is checked, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass

import dataframely as dy
import polars as pl

VERSION = 2
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is one of `ROLES`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One row of `Prompts`. Two prompts that ask and check the same thing have the same `prompt_id`."""

    prompt_id: str
    messages: tuple[Message, ...]
    domain: str
    language: str
    verifier: str
    reference: str | None
    task: str | None
    source: str
    source_row: str
    licence: str | None
    category: str | None = None
    thinking: bool | None = None


class Prompts(dy.Schema):
    """The table of prompts.

    `language` is the language that reasoning and answer should be in (ISO 639-1); `reference` the accepted
    answer; `task` what the verifier needs beyond it, as JSON; `source` and `source_row` the place it was
    read from. `category` is the kind of task within its domain, such as `translation`; `thinking` says whether a reply
    should think before it answers, null where the recipe says it for all.
    """

    prompt_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    messages = dy.List(dy.Struct({"role": dy.String(), "content": dy.String(min_length=1)}), min_length=1)
    domain = dy.String(min_length=1)
    language = dy.String(regex=r"^[a-z]{2,3}$")
    verifier = dy.String(min_length=1)
    reference = dy.String(nullable=True)
    task = dy.String(nullable=True)
    source = dy.String(min_length=1)
    source_row = dy.String()
    licence = dy.String(nullable=True)
    category = dy.String(nullable=True)
    thinking = dy.Bool(nullable=True)

    @dy.rule()
    def roles_known(cls) -> pl.Expr:
        return pl.col("messages").list.eval(pl.element().struct.field("role").is_in(ROLES)).list.all()

    @dy.rule()
    def last_turn_is_the_users(cls) -> pl.Expr:
        return pl.col("messages").list.last().struct.field("role") == "user"


class BadPrompts(dy.Schema):
    """Rows of a source that could not become prompts: where they stand and which rule they broke."""

    source = dy.String()
    row = dy.String()
    rule = dy.String()
    detail = dy.String()
    content = dy.String()
