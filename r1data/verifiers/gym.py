"""reasoning-gym: the family's own scorer judges the answer, from what the prompt's `task` holds and nothing else."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from r1data.gym_entries import FULL_SCORE, NotScored, scoring
from r1data.verifiers.check import BadTask, Check, Finding, read_task
from r1data.verifiers.extraction import announced, answer_tags, last_box, narrow_width, unwrapped
from schemas import Outcome

VERSION = 2
LONGEST_LINE = 200
"""The last line counts as the answer where nothing announces one and it is short enough to be one."""


def verify(check: Check) -> Finding:
    """Judge one answer; see the module. Partial credit is no credit, but its score is told.

    A scorer that cannot read the answer has judged it; one that cannot read the reference has not been given a task.

    Raises:
        BadTask: the task cannot be read, or its own answer does not get the full score.
    """
    task = read_task(check.task)
    missing = [key for key in ("family", "config", "entry") if key not in task]
    if missing:
        raise BadTask(f"the task has no `{missing[0]}`")
    try:
        scorer = _scorer(task["family"], json.dumps(task["config"], sort_keys=True))
    except Exception as error:
        raise BadTask(f"there is no such family or config: {type(error).__name__}: {error}") from None
    score = _scoring(scorer, task["entry"], check.reference)
    found = extract(check.answer)
    if not found:
        return Finding(Outcome.NO_ANSWER, found, "nothing that could be an answer")
    try:
        points = score(found)
    except Exception as error:
        return Finding(Outcome.INCORRECT, found, f"the scorer cannot read it: {type(error).__name__}: {error}")
    outcome = Outcome.CORRECT if points >= FULL_SCORE else Outcome.INCORRECT
    return Finding(outcome, found, f"score {points:g}")


def extract(answer: str | None) -> str | None:
    """The last box, else `<answer>`, else an announced answer, else a short last line."""
    if answer is None:
        return None
    for find in (last_box, answer_tags, announced):
        found = find(narrow_width(answer))
        if found is not None:
            return unwrapped(found)
    lines = [line.strip() for line in answer.splitlines() if line.strip()]
    return lines[-1] if lines and len(lines[-1]) <= LONGEST_LINE else None


def _scoring(scorer: Any, entry: Any, reference: str | None) -> Callable[[str], float]:  # noqa: ANN401
    if not isinstance(entry, dict):
        raise BadTask("the task's `entry` should be an object")
    own = reference or entry.get("answer")
    if own is None:
        raise BadTask("the task's `entry` has no answer")
    try:
        return scoring(scorer, entry, str(own))
    except NotScored as error:
        raise BadTask(str(error)) from None


@lru_cache(maxsize=256)
def _scorer(family: str, config: str) -> Any:  # noqa: ANN401 - reasoning-gym has no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import reasoning_gym
        from reasoning_gym.factory import DATASETS

    if family not in DATASETS:
        raise KeyError(family)
    return reasoning_gym.create_dataset(family, **{**json.loads(config), "size": 1, "seed": 0})
