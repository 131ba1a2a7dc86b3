"""The tests of a task: its JSON read, checked, and brought into one form."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from r1data.verifiers.check import BadTask, Check, read_task
from r1data.verifiers.code.comparison import Comparison
from r1data.verifiers.code.languages import DEFAULT, LANGUAGES, TAGS
from r1data.verifiers.code.session import Limits

DEFAULT_LIMITS = Limits()
LONGEST_SECONDS, MOST_MEMORY_MB = 30.0, 4096
NATURAL_LANGUAGES = ("", "en", "zh")
OUTPUT_BYTES, OUTPUT_FACTOR = 1 << 20, 4
"""An output may be a megabyte, or four times the longest that is expected."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test: what goes in, and what has to come out.

    For a program: text on standard input, and text. For a function: a JSON list of the readings of the input as a list
    of arguments, and the value. `wrapped` is the value inside a list of one element: another reading of the same test.
    """

    input: str
    expected: Any
    wrapped: bool = False


@dataclass(frozen=True, slots=True)
class Suite:
    """All tests of a task and how they are judged."""

    cases: tuple[Case, ...]
    language: str
    function: str | None
    limits: Limits
    comparison: Comparison
    tolerance: float | None
    checker: str | None


def read_suite(check: Check) -> Suite:
    """The tests of a check.

    Raises:
        BadTask: there are none, or they cannot be used; the message names the field.
    """
    task = read_task(check.task)
    tests = task.get("tests")
    if isinstance(tests, str):  # some datasets keep them as JSON inside JSON
        try:
            tests = json.loads(tests)
        except (ValueError, RecursionError) as error:
            raise BadTask(f"`tests` is no JSON: {error}") from None
    if not isinstance(tests, dict):
        raise BadTask("the task has no `tests`: an object with `inputs` and `outputs`")
    inputs, outputs = tests.get("inputs"), tests.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list):
        raise BadTask("`tests.inputs` and `tests.outputs` should be lists")
    if not inputs or len(inputs) != len(outputs):
        raise BadTask(f"{len(inputs)} inputs and {len(outputs)} outputs: there should be as many of each, and some")
    function, language = _text(tests, "fn_name"), _language(check, task)
    if function is not None and LANGUAGES[language].run:
        raise BadTask(f"`tests.fn_name`: functions are called in Python only, not in {language}")
    cases = _script_cases(inputs, outputs) if function is None else _function_cases(inputs, outputs)
    longest = max(len(str(case.expected)) for case in cases)
    return Suite(
        cases=cases,
        language=language,
        function=function,
        limits=Limits(
            seconds=_number(tests, "time_limit", DEFAULT_LIMITS.seconds, LONGEST_SECONDS),
            memory_mb=math.ceil(_number(tests, "memory_mb", DEFAULT_LIMITS.memory_mb, MOST_MEMORY_MB)),
            output_bytes=max(OUTPUT_BYTES, OUTPUT_FACTOR * longest),
        ),
        comparison=_comparison(tests),
        tolerance=_tolerance(tests),
        checker=_text(tests, "checker"),
    )


def _language(check: Check, task: dict[str, Any]) -> str:
    """The programming language: the task's, else the check's, which may be a natural language and then says nothing."""
    named = task.get("language")
    if named is None or named in NATURAL_LANGUAGES:
        named = DEFAULT if check.language in NATURAL_LANGUAGES else check.language
    language = TAGS.get(str(named).lower(), str(named).lower())
    if language not in LANGUAGES:
        raise BadTask(f"`language`: programs in {named!r} cannot be run; there are {', '.join(LANGUAGES)}")
    return language


def _comparison(tests: dict[str, Any]) -> Comparison:
    named = tests.get("comparison") or Comparison.LINES
    if named not in list(Comparison):
        raise BadTask(f"`tests.comparison` is {named!r}; there are {', '.join(Comparison)}")
    return Comparison(named)


def _tolerance(tests: dict[str, Any]) -> float | None:
    return None if tests.get("tolerance") is None else _number(tests, "tolerance", 0.0, math.inf)


def _text(tests: dict[str, Any], field: str) -> str | None:
    value = tests.get(field)
    if value is not None and not isinstance(value, str):
        raise BadTask(f"`tests.{field}` should be text")
    return value or None


def _number(tests: dict[str, Any], field: str, default: float, most: float) -> float:
    value = tests.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise BadTask(f"`tests.{field}` should be a number above 0, not {value!r}")
    return min(float(value), most)


# --- tests of a program ----------------------------------------------------------------------------------------------


def _script_cases(inputs: list[Any], outputs: list[Any]) -> tuple[Case, ...]:
    return tuple(
        Case(_script_text("inputs", number, given), _script_text("outputs", number, expected))
        for number, (given, expected) in enumerate(zip(inputs, outputs, strict=True), start=1)
    )


def _script_text(field: str, number: int, value: object) -> str:
    """Text as it is, or as a list of lines, which some datasets have."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(line.removesuffix("\n") for line in value)
    raise BadTask(f"`tests.{field}`, number {number}: should be text, not {type(value).__name__}")


# --- tests of a function ---------------------------------------------------------------------------------------------


def _function_cases(inputs: list[Any], outputs: list[Any]) -> tuple[Case, ...]:
    """Inputs are lists of arguments, or JSON in text; outputs are values, or JSON in text where the inputs are.

    Outputs that all are lists of one element can be read in two ways: TACO wraps each value so. Both readings are kept.
    """
    in_text = all(isinstance(given, str) for given in inputs)
    values = [
        _json("outputs", number, value) if in_text and isinstance(value, str) else value
        for number, value in enumerate(outputs, start=1)
    ]
    wrapped = not in_text and all(isinstance(value, list) and len(value) == 1 for value in values)
    return tuple(
        Case(json.dumps(_readings(number, given)), value, wrapped)
        for number, (given, value) in enumerate(zip(inputs, values, strict=True), start=1)
    )


def _readings(number: int, given: object) -> list[list[Any]]:
    """The lists of arguments that an input may mean; the program takes the first that fits its function's signature.

    Text has one argument a line. A single line that is a list is that one argument or, failing that, all of them.
    """
    if isinstance(given, list):
        return [given]
    if not isinstance(given, str):
        return [[given]]
    lines = [line for line in given.split("\n") if line.strip()]
    if len(lines) > 1:
        try:
            return [[json.loads(line) for line in lines]]
        except (ValueError, RecursionError):
            pass  # one value, laid out over several lines
    value = _json("inputs", number, given)
    return [[value], value] if isinstance(value, list) else [[value]]


def _json(field: str, number: int, text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadTask(f"`tests.{field}`, number {number}: no JSON: {error}") from None
