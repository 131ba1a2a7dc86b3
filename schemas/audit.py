"""What was found of prompts: whether a verifier accepts their own reference, and references that a majority named."""

from __future__ import annotations

import dataframely as dy

VERSION = 1


class Audits(dy.Schema):
    """What a verifier said of each prompt's own reference: `rule` is what it breaks, null where it was accepted."""

    prompt_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    verifier = dy.String(primary_key=True, min_length=1)
    version = dy.Int32(primary_key=True, min=1)
    rule = dy.String(nullable=True)
    detail = dy.String()


class References(dy.Schema):
    """References of prompts that came without one: what so many of `answers` draws agreed on, and which share."""

    prompt_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    reference = dy.String(min_length=1)
    agreement = dy.Float64(min=0, max=1)
    answers = dy.Int32(min=1)
