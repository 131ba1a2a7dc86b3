"""Logic: reasoning-gym's scorers where the task names a family, else exact answers that have a structure."""

from __future__ import annotations

import re

from r1data.verifiers import gym
from r1data.verifiers.check import BadTask, Check, Finding, read_task
from r1data.verifiers.extraction import announced, answer_tags, last_box, narrow_width, unwrapped
from r1data.verifiers.structured import NUMBERING, PAIR, Shape, Structure, read_answer, read_reference
from schemas import Outcome

VERSION = 1
LONGEST_LINE = 300
LONGEST_TEXT = 20_000
"""Of a longer answer only the end is read."""
SEVERAL_LINES = {Shape.GRID, Shape.ASSIGNMENT, Shape.LIST, Shape.JSON}
ENTRY = {Shape.ASSIGNMENT: re.compile(PAIR.pattern + "$"), Shape.LIST: NUMBERING}
FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)


def verify(check: Check) -> Finding:
    """Judge one answer; see the module.

    Raises:
        BadTask: the task or the reference is of no use.
    """
    if "family" in read_task(check.task):
        return gym.verify(check)
    references = check.references()
    if not references:
        raise BadTask("there is no reference")
    wanted = [read_reference(reference) for reference in references]
    found: str | None = None
    for structure in wanted:
        found = extract(check.answer, structure)
        if found and read_answer(found, structure) == structure.value:
            return Finding(Outcome.CORRECT, found, f"is {references[0]}")
    if not found:
        return Finding(Outcome.NO_ANSWER, None, "nothing that could be an answer")
    return Finding(Outcome.INCORRECT, found, f"is not {' or '.join(references)}, read as {wanted[0].shape.value}")


def extract(answer: str | None, wanted: Structure) -> str | None:
    """The last box, `<answer>`, a fenced block, as many last lines as the reference has, or an announced answer.

    Which of them come first depends on the shape: what fills several lines is rarely announced within one.
    """
    if answer is None:
        return None
    text = narrow_width(answer[-LONGEST_TEXT:])
    for find in (last_box, answer_tags):
        found = find(text)
        if found:
            return unwrapped(found)
    if wanted.shape in SEVERAL_LINES:
        found = last_fence(text) or _last_rows(text, wanted)
        if found:
            return found
    named = announced(text)
    if named:
        return unwrapped(named)
    return last_fence(text) or _last_lines(text, 1)


def last_fence(text: str) -> str | None:
    """The content of the last block between ``` lines."""
    marks = list(FENCE.finditer(text))
    if len(marks) < 2:
        return None
    opening, closing = marks[-2 if len(marks) % 2 == 0 else -3], marks[-1 if len(marks) % 2 == 0 else -2]
    return text[opening.end() : closing.start()].partition("\n")[2].strip("\n") or None


def _last_rows(text: str, wanted: Structure) -> str | None:
    """As many lines as the reference has, or has entries, where each looks like one."""
    if wanted.lines > 1:
        return _last_lines(text, wanted.lines)
    entry = ENTRY.get(wanted.shape)
    found = _last_lines(text, len(wanted.value)) if entry else None
    return found if entry and found and all(entry.match(line) for line in found.splitlines()) else None


def _last_lines(text: str, count: int) -> str | None:
    lines = [line for line in text.splitlines() if line.strip()][-count:]
    found = "\n".join(lines).strip("*_` \n")
    return found if found and all(len(line) <= LONGEST_LINE for line in lines) else None
