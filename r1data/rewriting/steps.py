"""Steps: what is done to an original, one request each."""

from __future__ import annotations

from typing import Literal

from r1data.recipe import Rewrite
from r1data.rewriting.original import Original
from r1data.style import Asked, thought_flaws

BRIEF: Literal["brief"] = "brief"
"""The step of a very easy question: thought and solution anew, both short."""
Taken = Literal["translate", "thought", "summary", "brief"]


def steps_for(original: Original, settings: Rewrite) -> tuple[Taken, ...]:
    """The steps of an original, in their order."""
    if original.easy:
        return (BRIEF,)
    left_out: set[Taken] = set() if original.strays else {"translate"}
    if settings.only_where_needed and not original.strays:
        asked = Asked(original.question, original.language, original.easy, original.verifier)
        if not thought_flaws(original.thought, asked, settings.style):
            left_out.add("thought")
    return tuple(step for step in settings.steps if step not in left_out)
