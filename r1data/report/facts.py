"""Facts about a run that no table holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunFacts:
    """`seconds` is the time of the last run, `when` its end (ISO 8601), `command` what repeats it."""

    recipe_fingerprint: str
    engine: str
    model: str
    model_fingerprint: str
    seconds: float | None
    when: str
    version: str
    command: str
