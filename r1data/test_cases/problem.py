"""A code problem: its statement, its known-correct and known-wrong submissions, and what it has of tests already."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from r1data.verifiers.code import Limits
from r1data.verifiers.code.comparison import Comparison, same_output
from r1data.verifiers.code.languages import DEFAULT, LANGUAGES, TAGS

SURROGATE = re.compile(r"[\ud800-\udfff]")
LONGEST_SECONDS, MOST_MEMORY_MB = 60.0, 4096


class UnreadableProblem(ValueError):
    """A row is no problem; the message names the field and what it should be."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A program that somebody handed in."""

    source: str
    language: str


@dataclass(frozen=True, slots=True)
class Test:
    """What goes in on standard input, and what has to come out."""

    __test__ = False  # this is no test of ours, whatever pytest thinks of the name

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `tests` are those that came with it; `generators` are Python programs that print one input each."""

    id: str
    prompt: str
    language: str
    correct: tuple[Submission, ...]
    wrong: tuple[Submission, ...] = ()
    generators: tuple[str, ...] = ()
    tests: tuple[Test, ...] = ()
    time_limit: float = Limits().seconds
    memory_mb: int = Limits().memory_mb
    comparison: Comparison = Comparison.LINES
    tolerance: float | None = None

    def same(self, expected: str, actual: str) -> bool:
        """Whether two outputs are the same answer; the verifier `code` compares alike."""
        return same_output(expected, actual, self.comparison, self.tolerance)


def read_problem(row: Mapping[str, Any]) -> Problem:
    """The problem of a row with the fields `id`, `prompt`, `correct` and, optionally, the others of `Problem`.

    A submission is its source, or an object {source, language} where it is in another language than the row says.
    `tests` is an object with `inputs` and `outputs`, and may also hold the limits and the comparison. Lists and objects
    may be JSON in text, as some datasets have them.

    Raises:
        UnreadableProblem: a field is missing or holds something else, or its tests are of a kind that is not made here.
    """
    given = _decoded(row.get("tests")) or {}
    if not isinstance(given, Mapping):
        raise UnreadableProblem("`tests` should be an object with `inputs` and `outputs`")
    for field in ("fn_name", "checker"):
        if given.get(field) or row.get(field):
            raise UnreadableProblem(f"`{field}`: only tests of standard input and output are made, without a checker")
    language = _language(row.get("language") or DEFAULT)
    limits = {**row, **{name: value for name, value in given.items() if value is not None}}
    tolerance = limits.get("tolerance")
    return Problem(
        id=_id(row.get("id")),
        prompt=_text(row.get("prompt"), "prompt"),
        language=language,
        correct=_submissions(row, "correct", language),
        wrong=_submissions(row, "wrong", language),
        generators=tuple(_text(one, "generators") for one in _list(row.get("generators"), "generators")),
        tests=_tests(given),
        time_limit=_number(limits, "time_limit", Limits().seconds, LONGEST_SECONDS),
        memory_mb=math.ceil(_number(limits, "memory_mb", Limits().memory_mb, MOST_MEMORY_MB)),
        comparison=_comparison(limits.get("comparison")),
        tolerance=None if tolerance is None else _number(limits, "tolerance", 0.0, math.inf),
    )


def _id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(value, "id")


def _submissions(row: Mapping[str, Any], field: str, language: str) -> tuple[Submission, ...]:
    return tuple(_submission(one, field, language) for one in _list(row.get(field), field))


def _submission(one: object, field: str, language: str) -> Submission:
    if isinstance(one, Mapping):
        return Submission(_text(one.get("source"), f"{field}.source"), _language(one.get("language") or language))
    return Submission(_text(one, field), language)


def _tests(given: Mapping[str, Any]) -> tuple[Test, ...]:
    inputs, outputs = _list(given.get("inputs"), "tests.inputs"), _list(given.get("outputs"), "tests.outputs")
    if len(inputs) != len(outputs):
        raise UnreadableProblem(f"`tests` has {len(inputs)} inputs and {len(outputs)} outputs")
    return tuple(
        Test(_joined(entered, "tests.inputs"), _joined(expected, "tests.outputs"))
        for entered, expected in zip(inputs, outputs, strict=True)
    )


def _joined(value: object, field: str) -> str:
    """Text as it is, or as a list of lines, which some datasets have. It may be empty: some problems have no input."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "\n".join(line.removesuffix("\n") for line in value)
    if not isinstance(value, str) or SURROGATE.search(value):
        raise UnreadableProblem(f"`{field}` should hold texts")
    return value


def _language(value: object) -> str:
    name = str(value).lower()
    language = TAGS.get(name, name)
    if language not in LANGUAGES:
        raise UnreadableProblem(f"`language` is {value!r}; programs can be in {', '.join(LANGUAGES)}")
    return language


def _comparison(value: object) -> Comparison:
    try:
        return Comparison(str(value)) if value else Comparison.LINES
    except ValueError:
        raise UnreadableProblem(f"`comparison` is {value!r}; there are {', '.join(Comparison)}") from None


def _number(row: Mapping[str, Any], field: str, default: float, most: float) -> float:
    value = row.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise UnreadableProblem(f"`{field}` should be a number above 0, not {value!r}")
    return min(float(value), most)


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UnreadableProblem(f"`{field}` should be a text that is not blank")
    if SURROGATE.search(value):
        raise UnreadableProblem(f"`{field}` holds half of a surrogate pair")
    return value


def _list(value: object, field: str) -> list[Any]:
    value = _decoded(value)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise UnreadableProblem(f"`{field}` should be a list, not {type(value).__name__}")
    return list(value)


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        decoded: object = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return decoded
