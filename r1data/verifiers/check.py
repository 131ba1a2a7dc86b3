"""A check: what a verifier is given, and the only thing it may look at; and what it says in return."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from schemas import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """One completion to judge.

    `answer` is what stands behind the thought; None where a reply has no such part. `reference` is the accepted answer.
    `task` is a JSON object with whatever else the verifier needs; its keys are listed in `docs/verifiers.md`, and
    `accepted` (more accepted answers) is understood by every verifier that has a reference. `question` is the last
    turn of the prompt, for verifiers that need to know what was asked.
    """

    completion_id: str
    verifier: str
    reference: str | None
    task: str | None
    language: str
    answer: str | None
    question: str | None = None

    def references(self) -> tuple[str, ...]:
        """All accepted answers that are not blank, the reference first.

        Raises:
            BadTask: the task cannot be read.
        """
        more = read_task(self.task).get("accepted", [])
        if not isinstance(more, list) or not all(isinstance(one, str) for one in more):
            raise BadTask("`accepted` should be a list of texts")
        everything = [self.reference or "", *more]
        return tuple(dict.fromkeys(one for one in everything if one.strip()))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a verifier says of a check: `extracted` is what it compared, `detail` a line for a person."""

    outcome: Outcome
    extracted: str | None = None
    detail: str = ""


class BadTask(ValueError):
    """The prompt's own data are unusable; `registry.verify` turns it into the outcome bad_reference."""


def read_task(task: str | None) -> dict[str, Any]:
    """The task as an object; empty where there is none.

    Raises:
        BadTask: it is no JSON object.
    """
    if not task:
        return {}
    try:
        content = json.loads(task)
    except (ValueError, RecursionError) as error:
        raise BadTask(f"the task is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise BadTask(f"the task should be a JSON object, not {type(content).__name__}")
    return content


LONGEST_KEPT = 1000


def verdict(check: Check, version: int, finding: Finding, seconds: float) -> Verdict:
    """The finding as a row; texts of absurd length are cut, since they are for reading only."""
    extracted = None if finding.extracted is None else _kept(finding.extracted)
    return Verdict(
        check.completion_id, check.verifier, version, finding.outcome, extracted, _kept(finding.detail), seconds
    )


def _kept(text: str) -> str:
    """As much of a text as is stored; half of a surrogate pair, which no file takes, becomes a question mark."""
    return text[:LONGEST_KEPT].encode("utf-8", "replace").decode("utf-8")
