"""Stop: why no further draw of a prompt was made."""

from __future__ import annotations

from enum import StrEnum

import dataframely as dy
import polars as pl

VERSION = 1


class StopReason(StrEnum):
    """Why a prompt has all the draws that it will get."""

    ENOUGH = "enough"
    """It has as many correct and acceptable completions as were wanted."""
    HOPELESS = "hopeless"
    """The draws show that its pass rate is below the bound."""
    LIMIT = "limit"
    """It has had the most draws that a prompt may have; under a fixed number of draws, all of them."""
    BUDGET = "budget"
    """It could have had more, and nothing was left to spend."""
    FAILED = "failed"
    """No draw of it can succeed: it is too long for the model, or it kills the engine; or every draw of it failed."""


class Stops(dy.Schema):
    """The table of stops: one row per prompt. `draws` = `accepted` + `failed` + those that were not good enough.

    `rendered` and `route` say which draws are meant, `policy` under which rule they were made.
    """

    prompt_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    rendered = dy.String(min_length=1)
    route = dy.String(min_length=1)
    policy = dy.String(min_length=1)
    reason = dy.String(check=lambda c: c.is_in([r.value for r in StopReason]))
    draws = dy.Int32(min=0)
    accepted = dy.Int32(min=0)
    failed = dy.Int32(min=0)

    @dy.rule()
    def parts_do_not_exceed_the_whole(cls) -> pl.Expr:
        return pl.col("accepted") + pl.col("failed") <= pl.col("draws")
