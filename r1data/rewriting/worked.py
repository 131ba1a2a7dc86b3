"""Worked examples: what stood there before a step and what stands there after it, shown in front of a request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from r1data.rewriting.steps import Taken

FILE = Path(__file__).parents[2] / "data" / "exemplars" / "rewriting.jsonl"


@dataclass(frozen=True, slots=True)
class Worked:
    """One step of one reply. `before` of a brief reply is the answer."""

    step: Taken
    language: str
    verifier: str
    question: str
    before: str
    after: str


def worked_examples(step: Taken, language: str, question: str, most: int) -> list[Worked]:
    """The first ones of this step and language that are not about the same question."""
    fitting = [one for one in all_worked() if one.step == step and one.language == language]
    return [one for one in fitting if one.question.strip() != question.strip()][:most]


@cache
def all_worked() -> tuple[Worked, ...]:
    """Every example that comes with r1data."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines() if line.strip()]
    return tuple(Worked(**{name: row[name] for name in Worked.__dataclass_fields__}) for row in rows)
