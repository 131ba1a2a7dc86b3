"""reasoning-gym: the family's own scorer judges the answer, from what the prompt's `task` holds and nothing else.

JSON has turned tuples into lists and numbers that were keys into texts, and some scorers notice. So the entry is given
to the scorer in the first form in which it accepts the family's own answer.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from r1data.verifiers.check import BadTask, Check, Finding, read_task
from r1data.verifiers.extraction import announced, answer_tags, last_box, narrow_width, unwrapped
from schemas import Outcome

VERSION = 2
FULL_SCORE = 0.999
NONSENSE = "}{ ?? no answer ?? }{"
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
    """The scorer with an entry for which it accepts the entry's own answer."""
    if not isinstance(entry, dict):
        raise BadTask("the task's `entry` should be an object")
    own = reference or entry.get("answer")
    if own is None:
        raise BadTask("the task's `entry` has no answer")
    trouble = ""
    metadata = entry.get("metadata")
    for form in (metadata, _tuples(metadata), _numbered(metadata), _tuples(_numbered(metadata))):
        thawed = {**entry, "metadata": form}
        try:
            points = float(scorer.score_answer(str(own), thawed))
        except Exception as error:
            trouble = trouble or f"{type(error).__name__}: {error}"
            continue
        if points >= FULL_SCORE:
            score = partial(_points, scorer, thawed)
            _must_reject_nonsense(score)
            return score
        trouble = trouble or f"score {points:g}"
    raise BadTask(f"its family's scorer does not accept the reference: {trouble}")


def _must_reject_nonsense(score: Callable[[str], float]) -> None:
    """Some scorers (game_of_life_halting) take any text for a yes; what they say is worth nothing."""
    try:
        fooled = score(NONSENSE) >= FULL_SCORE
    except Exception:
        return
    if fooled:
        raise BadTask("its family's scorer accepts any text as the answer")


def _points(scorer: Any, entry: dict[str, Any], answer: str) -> float:  # noqa: ANN401
    return float(scorer.score_answer(answer, entry))


def _tuples(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _numbered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {int(key) if key.isascii() and key.isdigit() else key: _numbered(one) for key, one in value.items()}
    return [_numbered(one) for one in value] if isinstance(value, list) else value


@lru_cache(maxsize=256)
def _scorer(family: str, config: str) -> Any:  # noqa: ANN401 - reasoning-gym has no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import reasoning_gym
        from reasoning_gym.factory import DATASETS

    if family not in DATASETS:
        raise KeyError(family)
    return reasoning_gym.create_dataset(family, **{**json.loads(config), "size": 1, "seed": 0})
