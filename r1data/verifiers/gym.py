"""reasoning-gym: the family's own scorer judges the answer, from what the prompt's `task` holds and nothing else."""

from __future__ import annotations

import json
import warnings
from functools import lru_cache
from typing import Any

from r1data.verifiers.check import Check, Finding
from r1data.verifiers.extraction import announced, answer_tags, last_box, narrow_width, unwrapped
from schemas import Outcome

VERSION = 1
FULL_SCORE = 0.999
LONGEST_LINE = 200
"""The last line counts as the answer where nothing announces one and it is short enough to be one."""


def verify(check: Check) -> Finding:
    """Judge one answer; see the module. Partial credit is no credit, but its score is told."""
    try:
        task = json.loads(check.task or "")
        scorer, entry = _scorer(task["family"], json.dumps(task["config"], sort_keys=True)), task["entry"]
    except (ValueError, KeyError, TypeError) as error:
        return Finding(Outcome.BAD_REFERENCE, detail=f"the task cannot be read: {type(error).__name__}: {error}")
    found = extract(check.answer)
    if not found:
        return Finding(Outcome.NO_ANSWER, found, "nothing that could be an answer")
    score = float(scorer.score_answer(found, entry))
    outcome = Outcome.CORRECT if score >= FULL_SCORE else Outcome.INCORRECT
    return Finding(outcome, found, f"score {score:g}")


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


@lru_cache(maxsize=256)
def _scorer(family: str, config: str) -> Any:  # noqa: ANN401 - reasoning-gym has no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import reasoning_gym
        from reasoning_gym.factory import DATASETS

    if family not in DATASETS:
        raise KeyError(family)
    return reasoning_gym.create_dataset(family, **{**json.loads(config), "size": 1, "seed": 0})
