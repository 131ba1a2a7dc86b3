"""Rows: from a row of somebody's table to a check, or to what is wrong with the row.

The columns are `id`, `verifier`, `response` (the whole reply), `reference` (text, or a list of accepted ones), and
where they apply `prompt`, `language`, `options`, `tolerance`, `tests`, `constraints`, or `task` with any of them in it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from r1data import replies
from r1data.verifiers.check import Check

TASK_COLUMNS = ("options", "tolerance", "tests", "constraints", "comparison", "checker", "accepted")
DEFAULT_LANGUAGE = "en"


class BadRow(ValueError):
    """A row that cannot become a check."""


def check_of(row: Mapping[str, Any], number: int = 0) -> Check:
    """The check that a row asks for; `number` names it where it has no id.

    Raises:
        BadRow: a column is missing or holds something else than it should.
    """
    response = _text(row, "response")
    references = _references(row.get("reference"))
    task = task_of(row)
    if len(references) > 1:
        task["accepted"] = [*references[1:], *task.get("accepted", [])]
    return Check(
        completion_id=str(row["id"]) if row.get("id") is not None else str(number),
        verifier=_text(row, "verifier") or "math",
        reference=references[0] if references else None,
        task=json.dumps(task, ensure_ascii=False) if task else None,
        language=_text(row, "language") or DEFAULT_LANGUAGE,
        answer=None if response is None else replies.split(response).answer,
        question=_question(row.get("prompt")),
    )


def checks(frame: pl.DataFrame) -> list[Check]:
    """A check for each completion of a table: `completion_id`, `verifier`, `reference`, `task`, `language`, `question`
    and `text`, the whole reply. The dataset, the reward and the evaluation all make their checks here.
    """
    rows = frame.select(
        "completion_id", "verifier", "reference", "task", "language", replies.answer(pl.col("text")), "question"
    )
    return [Check(*row) for row in rows.iter_rows()]


def _text(row: Mapping[str, Any], column: str) -> str | None:
    value = row.get(column)
    if value is None or isinstance(value, str):
        return value
    raise BadRow(f"column '{column}' holds {type(value).__name__}, not text")


def _question(prompt: object) -> str | None:
    """The question as text; of a conversation, its last turn."""
    if prompt is None or isinstance(prompt, str):
        return prompt
    if isinstance(prompt, list) and prompt and isinstance(prompt[-1], Mapping):
        content = prompt[-1].get("content")
        return content if isinstance(content, str) else None
    raise BadRow(f"column 'prompt' holds {type(prompt).__name__}, not text or a list of messages")


def _references(value: object) -> list[str]:
    match value:
        case None:
            return []
        case str():
            return [value]
        case bool():
            return [str(value)]
        case int():
            return [str(value)]
        case float() | Decimal():
            if not math.isfinite(value):
                raise BadRow(f"column 'reference' holds {value}")
            return [format(Decimal(str(value)), "f")]
        case list() | tuple():
            return [text for item in value for text in _references(item)]
        case Mapping():
            return [json.dumps(value, ensure_ascii=False)]
        case _:
            raise BadRow(f"column 'reference' holds {type(value).__name__}, not text or a list")


def task_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a verifier needs beside the reference: the columns of the task, and what is in `task` already.

    Raises:
        BadRow: one of them holds something else than it should.
    """
    task = _object(row.get("task"), "task") or {}
    for column in TASK_COLUMNS:
        value = row.get(column)
        if isinstance(value, str) and column not in ("comparison", "checker"):
            value = _json(value, column)
        if isinstance(value, Mapping):  # a table gives every row all keys that any row has
            value = {key: inner for key, inner in value.items() if inner is not None or key == "fn_name"}
        if value is not None and value != {}:
            task[column] = value
    return task


def _object(value: object, column: str) -> dict[str, Any] | None:
    if isinstance(value, str):
        value = _json(value, column)
    if value is None or isinstance(value, Mapping):
        return None if value is None else dict(value)
    raise BadRow(f"column '{column}' holds {type(value).__name__}, not an object")


def _json(text: str, column: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"column '{column}' holds no JSON: {error}") from None
