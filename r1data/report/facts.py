"""Facts about a run that no table holds."""

from __future__ import annotations

from dataclasses import dataclass

from r1data.estimate import Comparison
from r1data.store.sessions import Spent


@dataclass(frozen=True, slots=True)
class RunFacts:
    """`seconds` is the time of the last run, `when` its end (ISO 8601), `command` what repeats it. `spent` is what all
    runs together have used, `compared` how far off the estimate was, where one was made.
    """

    recipe_fingerprint: str
    engine: str
    model: str
    model_fingerprint: str
    seconds: float | None
    when: str
    version: str
    command: str
    spent: Spent | None = None
    compared: Comparison | None = None
    workspace: str = "WORKSPACE"
    """The workspace's folder as commands name it: no more of an absolute path than its name, as pages are passed on."""
