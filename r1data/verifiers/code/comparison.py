"""Whether what a program gave is what was expected. Pure, outside the sandbox: no program ever sees what is expected.

`lines` (where a task says nothing): the same lines, but for white space at their ends and empty lines at the end of the
output; within a line the same words, however far apart. A word is the same where it is the same text, or where the
expected one is a decimal number (it has a point or an exponent) and the other is a number that is at most 1e-6, or one
part in a billion, away from it. So a prefix, a missing or an additional line or word is never right, integers are
compared digit by digit, and where `1000` is expected `1e3` will not do.

`tokens`: the same words as text, whatever the lines.
`exact`: the same text; only a line break at the end may be there or not, and a break may be CR LF.
`float`: the same words, where two numbers (integers too) are the same if they are within `tolerance` of each other,
absolutely or relative to the expected one; 1e-6 where the task names none.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
LONGEST_NUMBER = 400
ABSOLUTE, RELATIVE = 1e-6, 1e-9
DEFAULT_TOLERANCE = 1e-6


class Comparison(StrEnum):
    """How outputs are compared; the module says what each means."""

    LINES = "lines"
    TOKENS = "tokens"
    EXACT = "exact"
    FLOAT = "float"


def same_output(expected: str, actual: str, comparison: Comparison, tolerance: float | None = None) -> bool:
    """Whether an output is the expected one."""
    match comparison:
        case Comparison.EXACT:
            return _unbroken(expected) == _unbroken(actual)
        case Comparison.TOKENS:
            return expected.split() == actual.split()
        case Comparison.FLOAT:
            margin = DEFAULT_TOLERANCE if tolerance is None else tolerance
            return _same_words(expected.split(), actual.split(), decimal_only=False, absolute=margin, relative=margin)
        case Comparison.LINES:
            absolute, relative = (ABSOLUTE, RELATIVE) if tolerance is None else (tolerance, tolerance)
            wanted, given = _lines(expected), _lines(actual)
            return len(wanted) == len(given) and all(
                left == right
                or _same_words(left.split(), right.split(), decimal_only=True, absolute=absolute, relative=relative)
                for left, right in zip(wanted, given, strict=True)
            )


def same_value(expected: object, actual: object, tolerance: float | None = None) -> bool:
    """Whether a function returned the expected value; both as JSON has them, so that a tuple is a list.

    Lists and objects are compared part by part; text, integers and null by themselves. A bool is only ever a bool. An
    integer may come as a float of exactly its value. Where a float is expected a number will do that is near enough:
    as for `lines`, or within `tolerance`. NaN is NaN.
    """
    match expected, actual:
        case bool(), _:
            return isinstance(actual, bool) and expected == actual
        case _, bool():
            return False
        case int(), int() | float():
            return expected == actual
        case float(), int() | float():
            absolute, relative = (ABSOLUTE, RELATIVE) if tolerance is None else (tolerance, tolerance)
            return _near(expected, actual, absolute, relative)
        case list(), list():
            return len(expected) == len(actual) and all(
                same_value(left, right, tolerance) for left, right in zip(expected, actual, strict=True)
            )
        case dict(), dict():
            return expected.keys() == actual.keys() and all(
                same_value(value, actual[key], tolerance) for key, value in expected.items()
            )
        case _:
            return type(expected) is type(actual) and expected == actual


def _same_words(wanted: list[str], given: list[str], *, decimal_only: bool, absolute: float, relative: float) -> bool:
    return len(wanted) == len(given) and all(
        left == right or _near_words(left, right, decimal_only, absolute, relative)
        for left, right in zip(wanted, given, strict=True)
    )


def _near_words(expected: str, actual: str, decimal_only: bool, absolute: float, relative: float) -> bool:
    if decimal_only and not any(sign in expected for sign in ".eE"):
        return False
    for word in (expected, actual):
        if len(word) > LONGEST_NUMBER or not NUMBER.fullmatch(word):
            return False
    return _near(float(expected), float(actual), absolute, relative)


def _near(expected: float, actual: float, absolute: float, relative: float) -> bool:
    try:
        if math.isnan(expected) or math.isnan(actual):
            return math.isnan(expected) and math.isnan(actual)
        if expected == actual:
            return True
        difference = abs(expected - actual)
        return math.isfinite(difference) and difference <= max(absolute, relative * abs(expected))
    except OverflowError:  # an integer that no float holds
        return False


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


def _unbroken(text: str) -> str:
    return text.replace("\r\n", "\n").removesuffix("\n")
