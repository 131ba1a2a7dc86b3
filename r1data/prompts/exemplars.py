"""Exemplars: questions with a long thought and a solution, which come with r1data and stand in front of a prompt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "data" / "exemplars"


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A question and how it was thought through and answered. `task` is what its verifier needs, as in `Prompt`."""

    id: str
    domain: str
    language: str
    verifier: str
    question: str
    reasoning: str
    solution: str
    answer: str | None
    task: dict[str, Any] | None
    licence: str


def exemplars_for(domain: str, language: str, number: int, question: str = "") -> tuple[Exemplar, ...]:
    """The first `number` exemplars of a domain in a language, then those of other domains in that language, none of
    them about the same question. English ones stand for a language that has none. They are the same on every machine.
    """
    spoken = language if any(one.language == language for one in all_exemplars()) else "en"
    known = [one for one in all_exemplars() if one.language == spoken and one.question != question.strip()]
    return tuple(sorted(known, key=lambda one: one.domain != domain)[:number])


@cache
def all_exemplars() -> tuple[Exemplar, ...]:
    """Every long-thought exemplar, in the order of the files."""
    rows = [
        json.loads(line)
        for path in sorted(FOLDER.glob("long-cot-*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    return tuple(Exemplar(**({"task": None} | row)) for row in rows)
