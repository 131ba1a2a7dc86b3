"""Tests of a code prompt: whether there is anything that a program could be run against."""

from __future__ import annotations

import json

from r1data.verifiers.check import BadTask, read_task


def tests_wanting(task: str | None) -> str | None:
    """What the tests lack, in a line; None where there are some, with an output for each input."""
    try:
        tests = read_task(task).get("tests")
    except BadTask as problem:
        return str(problem)
    if isinstance(tests, str):  # some datasets keep them as JSON inside JSON
        try:
            tests = json.loads(tests)
        except (ValueError, RecursionError) as error:
            return f"the tests are no JSON: {error}"
    if not tests:
        return "there are no tests"
    if isinstance(tests, dict) and ("inputs" in tests or "outputs" in tests):
        inputs, outputs = tests.get("inputs"), tests.get("outputs")
        if not isinstance(inputs, list) or not isinstance(outputs, list) or not inputs:
            return "the tests have no lists of inputs and outputs"
        if len(inputs) != len(outputs):
            return f"the tests have {len(inputs)} inputs and {len(outputs)} outputs"
    return None
