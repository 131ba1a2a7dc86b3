"""Example: a training row, with the ids that lead back to everything it came from."""

from __future__ import annotations

import dataframely as dy
import polars as pl

VERSION = 2


class Examples(dy.Schema):
    """The published table. `messages` ends with the assistant's turn, `<think>` part included, as sampled.

    `example_id` is the completion's id. `pass_rate` is the share of the prompt's judged draws that were correct.
    `part` names the part of a mix that made it, `rewritten_from` the completion that it is a rewriting of (null for one
    that was kept as it was), and `review` says what a person has done with it: `approved` or `edited`.
    """

    example_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    prompt_id = dy.String(regex=r"^[0-9a-f]{32}$")
    messages = dy.List(dy.Struct({"role": dy.String(), "content": dy.String()}), min_length=2)
    domain = dy.String(min_length=1)
    language = dy.String(min_length=1)
    reference = dy.String(nullable=True)
    verifier = dy.String(min_length=1)
    pass_rate = dy.Float64(nullable=True, min=0, max=1)
    prompt_tokens = dy.Int32(min=0)
    completion_tokens = dy.Int32(min=0)
    source = dy.String(min_length=1)
    licence = dy.String(nullable=True)
    model = dy.String(min_length=1)
    model_fingerprint = dy.String(min_length=1)
    route = dy.String(min_length=1)
    draw = dy.Int32(min=0)
    seed = dy.Int64(min=0)
    recipe = dy.String(min_length=1)
    category = dy.String(nullable=True)
    part = dy.String(nullable=True)
    rewritten_from = dy.String(nullable=True)
    review = dy.String(nullable=True, check=lambda c: c.is_in(["approved", "edited"]))

    @dy.rule()
    def ends_with_the_assistant(cls) -> pl.Expr:
        return pl.col("messages").list.last().struct.field("role") == "assistant"
