"""reasoning-gym: the family's own scorer judges the answer, from what the prompt's `task` holds and nothing else."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from r1data.gym_entries import FULL_SCORE, NotScored, scoring
from r1data.verifiers.check import BadTask, Check, Finding, read_task
from r1data.verifiers.extraction import announced, answer_tags, last_box, narrow_width, unwrapped
from r1data.verifiers.literals import bracketed
from schemas import Outcome

VERSION = 2
FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)
LEAD = re.compile(
    r"^\W*(?:(?:the\s+)?(?:final\s+)?answer\s*\W{0,3}(?:is\b|:)|(?:最终)?答案\W{0,3}(?:是|为|:))[\s:*]*", re.IGNORECASE
)
LONGEST_TEXT = 100_000
LONGEST_ANSWER = 5_000
"""Some scorers take quadratic time: what is longer, and over four times their own answer, is not shown to them."""
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
    own = _own_answer(task["entry"], check.reference)
    score = _scoring(scorer, task["entry"], own)
    found = extract(check.answer, own)
    if not found:
        return Finding(Outcome.NO_ANSWER, found, "nothing that could be an answer")
    if len(found) > max(LONGEST_ANSWER, 4 * len(own)):
        return Finding(Outcome.INCORRECT, found, f"{len(found)} characters where the own answer has {len(own)}")
    best, detail = 0.0, ""
    for variant in _variants(found, own):
        try:
            points = score(variant)
        except Exception as error:
            detail = detail or f"the scorer cannot read it: {type(error).__name__}: {error}"
            continue
        if points >= FULL_SCORE:
            return Finding(Outcome.CORRECT, variant, f"score {points:g}")
        best, detail = max(best, points), detail or f"score {points:g}"
    return Finding(Outcome.INCORRECT, found, f"score {best:g}" if best else detail)


def extract(answer: str | None, own: str = "") -> str | None:
    """The last box, else `<answer>`, else a fenced block that ends the reply, else an announced answer or a short last
    line; where the family's own answer fills lines, the last ones like them, and where it is a literal, the last one.
    """
    if answer is None:
        return None
    text = narrow_width(answer[-LONGEST_TEXT:])
    for find in (last_box, answer_tags):
        found = find(text)
        if found is not None:
            return found
    fenced = last_fence(text)
    if fenced and (text.rstrip().endswith("```") or "\n" in own):
        return fenced
    if "\n" in own:
        return _lines_like(text, own)
    if own[:1] in ("[", "{") and (literal := _last_bracketed(text, own[0])):
        return literal
    found = announced(text)
    if found is not None:
        return found
    line = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    return LEAD.sub("", line, count=1) if line and len(line) <= max(LONGEST_LINE, 2 * len(own)) else None


def last_fence(text: str) -> str | None:
    """The content of the last block between ``` lines."""
    marks = list(FENCE.finditer(text))
    if len(marks) < 2:
        return None
    opening, closing = marks[-2 if len(marks) % 2 == 0 else -3], marks[-1 if len(marks) % 2 == 0 else -2]
    return text[opening.end() : closing.start()].partition("\n")[2].strip("\n") or None


def _lines_like(text: str, own: str) -> str | None:
    """The last lines in a row with as many words as the lines of the family's own answer have."""
    widths = {len(line.split()) for line in own.split("\n")}
    rows: list[str] = []
    for line in reversed(text.rstrip().split("\n")):
        row = LEAD.sub("", line, count=1)
        if len(row.split()) in widths:
            rows.append(row)
        elif len(rows) > 1:
            break
        else:
            rows = []
    return "\n".join(reversed(rows)).strip("\n") or None


def _last_bracketed(text: str, opener: str) -> str | None:
    spans, _ = bracketed(text[-LONGEST_TEXT:])
    offset = max(len(text) - LONGEST_TEXT, 0)
    written = (text[offset + span.start : offset + span.end] for span in reversed(spans))
    return next((one for one in written if one[0] == opener), None)


def _variants(found: str, own: str) -> list[str]:
    """A text as it stands and without LaTeX around it; a sentence gets back the full stop that it was found without."""
    bare = unwrapped(found)
    return list(dict.fromkeys([bare, found, *([f"{bare}."] if own.endswith(".") else [])]))


def _own_answer(entry: Any, reference: str | None) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(entry, dict):
        raise BadTask("the task's `entry` should be an object")
    own = reference or entry.get("answer")
    if own is None:
        raise BadTask("the task's `entry` has no answer")
    return str(own)


def _scoring(scorer: Any, entry: dict[str, Any], own: str) -> Callable[[str], float]:  # noqa: ANN401
    try:
        return scoring(scorer, entry, own)
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
