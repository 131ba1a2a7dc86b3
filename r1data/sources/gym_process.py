"""The program that makes rows of reasoning-gym, in a process of its own; `gym` starts it.

It has a process of its own since some families go through sets, so that their rows depend on PYTHONHASHSEED, which
can only be set from outside; others draw from the global generators or print. Of r1data it knows only how an entry is
scored, which keeps its start quick. One request a line comes in, `{family, size, seed, config}`; out go lines with one
row each, `{index, question, answer, task}` or `{index, rule, detail, question}`, and then `{end: true}`, or
`{problem, known}` where there is no such dataset.
"""

from __future__ import annotations

import datetime
import json
import os
import random
import sys
import warnings
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

from r1data.gym_entries import NotScored, scoring

CLOCK = datetime.datetime(2000, 1, 1)
REJECTED = "reference_rejected_by_own_scorer"
Record = dict[str, Any]


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what a family prints must not get between the answers
    warnings.simplefilter("ignore")
    _stop_the_clock()
    for line in sys.stdin:
        for record in _answer(json.loads(line)):
            answers.write(json.dumps(record) + "\n")
        answers.flush()


def _answer(request: Record) -> Iterator[Record]:
    from reasoning_gym.factory import DATASETS

    if request["family"] not in DATASETS:
        yield {"problem": "unknown_family", "known": sorted(DATASETS)}
        return
    try:
        dataset = _dataset(request, size=request["size"], seed=request["seed"])
        scorer = _dataset(request, size=1, seed=0)
    except Exception as error:
        settings = list(DATASETS[request["family"]][1].__dataclass_fields__)
        yield {
            "problem": f"{type(error).__name__}: {error}",
            "known": [s for s in settings if s not in ("size", "seed")],
        }
        return
    for index in range(request["size"]):
        yield {"index": index} | _row(request, dataset, scorer, index)
    yield {"end": True}


def _dataset(request: Record, *, size: int, seed: int) -> Any:  # noqa: ANN401 - reasoning-gym has no types
    import reasoning_gym

    _seed_globals(request["seed"])
    return reasoning_gym.create_dataset(request["family"], **{**request["config"], "size": size, "seed": seed})


def _row(request: Record, dataset: Any, scorer: Any, index: int) -> Record:  # noqa: ANN401
    """One row, or the rule that it breaks: what is stored must be enough for its own answer to get the full score."""
    _seed_globals(request["seed"] * 1_000_003 + index)
    try:
        entry = dataset[index]
        question, answer = entry["question"], entry["answer"]
    except Exception as error:
        return _bad("family_raises", f"{type(error).__name__}: {error}", "")
    if not isinstance(question, str) or not question.strip():
        return _bad("question_missing", "the family asks nothing", str(question))
    if answer is None:
        return _bad("reference_missing", "the family gives no answer of its own to check the scorer with", question)
    stored = {"question": question, "answer": answer, "metadata": entry.get("metadata", {})}
    task = {"family": request["family"], "config": request["config"], "entry": stored}
    try:
        text = json.dumps(task, ensure_ascii=False, sort_keys=True, allow_nan=False, default=_encode)
        scoring(scorer, json.loads(text)["entry"], str(answer))
    except NotScored as error:
        return _bad(REJECTED, str(error), question)
    except Exception as error:
        return _bad(REJECTED, f"what can be stored is not enough: {type(error).__name__}: {error}", question)
    return {"question": question, "answer": str(answer), "task": text}


def _bad(rule: str, detail: str, question: str) -> Record:
    return {"rule": rule, "detail": detail, "question": question}


def _encode(value: object) -> object:
    """JSON for what metadata holds beside JSON's own types; whether it is enough, the scorer decides."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _seed_globals(seed: int) -> None:
    """Some families draw from the global generators."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)


def _stop_the_clock() -> None:
    """`time_intervals` puts times of day on the date of today, which would make tomorrow's rows other rows."""
    from reasoning_gym.arithmetic import time_intervals

    time_intervals.date = SimpleNamespace(today=CLOCK.date)
    time_intervals.parser = SimpleNamespace(parse=partial(time_intervals.parser.parse, default=CLOCK))


if __name__ == "__main__":
    main()
