"""Verdict: what one verifier said of one completion. Never a bool."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import dataframely as dy

VERSION = 1


class Outcome(StrEnum):
    """The seven things a verifier can say. The first three judge the model; the others are ours to mend."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    NO_ANSWER = "no_answer"
    """There is nothing to compare: no box, no final sentence, an unclosed thought."""
    BAD_REFERENCE = "bad_reference"
    """The reference itself cannot be read; no answer could have been right."""
    TIMEOUT = "timeout"
    VERIFIER_ERROR = "verifier_error"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of `Verdicts`."""

    completion_id: str
    verifier: str
    version: int
    outcome: Outcome
    extracted: str | None
    detail: str
    seconds: float


class Verdicts(dy.Schema):
    """The table of verdicts: `extracted` is the answer that was compared, `detail` a line for a person."""

    completion_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    verifier = dy.String(primary_key=True, min_length=1)
    version = dy.Int32(primary_key=True, min=1)
    outcome = dy.String(check=lambda c: c.is_in([o.value for o in Outcome]))
    extracted = dy.String(nullable=True)
    detail = dy.String()
    seconds = dy.Float64(min=0)
