import json

import pytest

from r1data.verifiers.check import BadTask
from r1data.verifiers.code.suite import read_suite
from tests.verifiers.code.samples import check

IO = {"inputs": ["1"], "outputs": ["2"]}


def read(tests: object, **task: object):
    return read_suite(check(None, tests, **task))


@pytest.mark.parametrize(
    ("tests", "task", "message"),
    [
        (None, {}, "no `tests`"),
        ([], {}, "no `tests`"),
        ("{", {}, "no JSON"),
        ({}, {}, "should be lists"),
        ({"inputs": [], "outputs": []}, {}, "and some"),
        ({"inputs": ["1"], "outputs": []}, {}, "as many"),
        ({"inputs": [1], "outputs": ["2"]}, {}, "number 1: should be text"),
        ({**IO, "time_limit": 0}, {}, "above 0"),
        ({**IO, "time_limit": "fast"}, {}, "above 0"),
        ({**IO, "memory_mb": True}, {}, "above 0"),
        ({**IO, "comparison": "guess"}, {}, "there are lines"),
        ({**IO, "checker": 1}, {}, "should be text"),
        ({**IO, "fn_name": 3}, {}, "should be text"),
        ({**IO, "fn_name": "f"}, {"language": "cpp"}, "Python only"),
        ({"inputs": ["[1"], "outputs": ["2"], "fn_name": "f"}, {}, "number 1: no JSON"),
        ({"inputs": ["1"], "outputs": ["two"], "fn_name": "f"}, {}, "`tests.outputs`, number 1"),
        (IO, {"language": "cobol"}, "cannot be run"),
    ],
)
def test_a_bad_task_says_what_is_wrong(tests: object, task: dict[str, object], message: str) -> None:
    with pytest.raises(BadTask, match=message):
        read(tests, **task)


def test_tests_may_be_json_inside_json_and_lists_of_lines() -> None:
    suite = read(json.dumps({"inputs": [["3", "1 2"]], "outputs": [["a\n", "b"]]}))
    assert (suite.cases[0].input, suite.cases[0].expected) == ("3\n1 2", "a\nb")


@pytest.mark.parametrize(
    ("of_check", "of_task", "language"),
    [
        ("en", None, "python"),
        ("zh", None, "python"),
        ("cpp", None, "cpp"),
        ("en", "C++", "cpp"),
        ("cpp", "py", "python"),
    ],
)
def test_the_language(of_check: str, of_task: str | None, language: str) -> None:
    task = {"language": of_task} if of_task else {}
    assert read_suite(check(None, IO, of_check=of_check, **task)).language == language


@pytest.mark.parametrize(
    ("given", "readings"),
    [
        ([1, [2]], [[1, [2]]]),
        ("1\n[2]", [[1, [2]]]),
        ("[1, 2]", [[[1, 2]], [1, 2]]),
        ('"a"', [["a"]]),
        ("[1,\n2]", [[[1, 2]], [1, 2]]),  # one value over two lines
        ({"a": 1}, [[{"a": 1}]]),
    ],
)
def test_arguments(given: object, readings: list[list[object]]) -> None:
    suite = read({"inputs": [given], "outputs": [1], "fn_name": "f"})
    assert json.loads(suite.cases[0].input) == readings


def test_outputs_are_read_in_two_ways_only_where_all_are_lists_of_one() -> None:
    assert all(case.wrapped for case in read({"inputs": [[1], [2]], "outputs": [[1], [2]], "fn_name": "f"}).cases)
    assert not any(
        case.wrapped for case in read({"inputs": [[1], [2]], "outputs": [[1], [2, 3]], "fn_name": "f"}).cases
    )
    assert not any(
        case.wrapped for case in read({"inputs": ["1", "2"], "outputs": ["[1]", "[2]"], "fn_name": "f"}).cases
    )
