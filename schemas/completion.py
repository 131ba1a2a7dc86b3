"""Completion: one draw from a model, as it came back, or the error that came instead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import dataframely as dy
import polars as pl

VERSION = 2


class FinishReason(StrEnum):
    """Why a draw ended: the model stopped, the token limit cut it, it repeated itself and was cut, or it failed."""

    STOP = "stop"
    LENGTH = "length"
    LOOP = "loop"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Completion:
    """One row of `Completions`."""

    completion_id: str
    prompt_id: str
    route: str
    draw: int
    seed: int
    model: str
    model_fingerprint: str
    rendered: str
    temperature: float
    top_p: float
    max_tokens: int
    engine: str
    text: str | None
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    stages: int
    seconds: float
    error: str | None


class Completions(dy.Schema):
    """The table of draws.

    `text` is the whole reply with any prefilled part in front, exactly as the engine gave it; reasoning and answer
    are read from it by `r1data.replies`, so a better parser never needs a new draw. `rendered` is the
    fingerprint of the text that the model continued, `route` that of model and sampling: together with the draw's
    index they make the `completion_id`. `max_tokens` is the cap at which the draw was, or would have been, cut;
    `stages` how many requests it took to get there, 0 where nothing was sent. `seconds` is an observation of the
    machine and no part of the row's identity.
    """

    completion_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    prompt_id = dy.String(regex=r"^[0-9a-f]{32}$")
    route = dy.String(min_length=1)
    draw = dy.Int32(min=0)
    seed = dy.Int64(min=0)
    model = dy.String(min_length=1)
    model_fingerprint = dy.String(min_length=1)
    rendered = dy.String(min_length=1)
    temperature = dy.Float64(min=0)
    top_p = dy.Float64(min=0, max=1)
    max_tokens = dy.Int32(min=1)
    engine = dy.String(min_length=1)
    text = dy.String(nullable=True)
    finish_reason = dy.String(check=lambda c: c.is_in([r.value for r in FinishReason]))
    prompt_tokens = dy.Int32(min=0)
    completion_tokens = dy.Int32(min=0)
    stages = dy.Int32(min=0)
    seconds = dy.Float64(min=0)
    error = dy.String(nullable=True)

    @dy.rule()
    def text_or_error(cls) -> pl.Expr:
        failed = pl.col("finish_reason") == FinishReason.ERROR
        return pl.when(failed).then(pl.col("error").is_not_null()).otherwise(pl.col("text").is_not_null())
