"""A check: what a verifier is given, and the only thing it may look at."""

from __future__ import annotations

from dataclasses import dataclass

from schemas import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """One completion to judge. `answer` is what stands behind the thought; None where a reply has no such part."""

    completion_id: str
    verifier: str
    reference: str | None
    task: str | None
    language: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a verifier says of a check: `extracted` is what it compared, `detail` a line for a person."""

    outcome: Outcome
    extracted: str | None = None
    detail: str = ""


LONGEST_KEPT = 1000


def verdict(check: Check, version: int, finding: Finding, seconds: float) -> Verdict:
    """The finding as a row; texts of absurd length are cut, since they are for reading only."""
    extracted = None if finding.extracted is None else finding.extracted[:LONGEST_KEPT]
    return Verdict(
        check.completion_id, check.verifier, version, finding.outcome, extracted, finding.detail[:LONGEST_KEPT], seconds
    )
