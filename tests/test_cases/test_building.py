"""Real problems, the real sandbox: the tests that are built tell right from wrong."""

import json
import shutil
from typing import Any

import pytest

from r1data.test_cases import Built, Flag, Settings, build, building, read_problem
from r1data.test_cases.building import Fate
from r1data.verifiers.check import Check
from r1data.verifiers.code import Limits, Run, Status, run_program, verify
from schemas import Outcome
from tests.test_cases.problems import LETTERS, PAIRS, SUBARRAY, variant

RIGHT = "x = int(input())\nprint(x * x)\n"
SQUARE = {"id": "square", "prompt": "Print the square.", "correct": [RIGHT], "wrong": ["print(int(input()) * 2)"]}
NUMBERS = ["print(int(input()))", "print(int(input()) + 100)"]


def built(row: dict[str, Any], **settings: int) -> Built:
    return build(read_problem(row), Settings(**settings), run_program)


def fates(result: Built) -> dict[str, Fate]:
    return {account.origin: account.fate for account in result.accounts}


def judged(row: dict[str, Any], result: Built, source: str, language: str) -> Outcome:
    """What the verifier says of a submission, given the tests as they are written."""
    task = json.dumps({"tests": result.row(read_problem(row))["tests"], "language": language})
    return verify(Check("c", "code", None, task, "en", f"```{language}\n{source}\n```")).outcome


def assert_separates(row: dict[str, Any], result: Built) -> None:
    problem = read_problem(row)
    assert result.flags == ()
    for submission in problem.correct:
        assert judged(row, result, submission.source, submission.language) is Outcome.CORRECT
    for submission in problem.wrong:
        assert judged(row, result, submission.source, submission.language) is Outcome.INCORRECT


@pytest.mark.slow
def test_wrong_and_slow_submissions_are_caught() -> None:
    result = built(PAIRS)
    assert_separates(PAIRS, result)
    slow = [account for account in result.accounts if 3 in account.catches]
    assert slow and all(account.origin.startswith("generator 2") for account in slow)


def test_a_chinese_statement() -> None:
    result = built(SUBARRAY)
    assert_separates(SUBARRAY, result)
    assert result.counts.caught == 3


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="g++ is not installed")
def test_submissions_in_two_languages() -> None:
    assert_separates(LETTERS, built(LETTERS))


def test_the_same_problem_gets_the_same_tests() -> None:
    first, second = built(SUBARRAY), built(SUBARRAY)
    assert first.tests == second.tests and first.accounts == second.accounts


def test_inputs_on_which_correct_submissions_disagree_are_dropped() -> None:
    other = "x = int(input())\nprint(x * x if x != 3 else 10)\n"
    result = built(variant(SQUARE, correct=[RIGHT, other], generators=NUMBERS))
    assert fates(result)["generator 1, seed 3"] is Fate.INVALID
    assert "3" not in [test.input.strip() for test in result.tests]
    assert result.flags == ()
    reasons = [account.reason for account in result.accounts if account.fate is Fate.INVALID]
    assert reasons == ["correct 2 disagrees with another correct one"]


def test_inputs_that_crash_a_correct_submission_are_dropped() -> None:
    result = built(variant(SQUARE, generators=["n = int(input())\nprint('x' if n == 2 else n)"]))
    [invalid] = [account for account in result.accounts if account.fate is Fate.INVALID]
    assert invalid.origin == "generator 1, seed 2" and "runtime error: ValueError" in invalid.reason


def test_given_tests_pass_through_the_same_sieve_and_go_first() -> None:
    tests = {"inputs": ["7\n", "8\n", "7\n", "-0\n"], "outputs": ["49", "63", "49", "0\n"]}
    result = built(variant(SQUARE, tests=tests, generators=NUMBERS))
    assert [fates(result)[f"given {n}"] for n in (1, 2, 3)] == [Fate.KEPT, Fate.INVALID, Fate.DUPLICATE]
    assert result.tests[0].input == "7\n" and result.tests[0].output == "49"
    assert result.counts.given == 4


def test_the_odd_one_of_three_correct_submissions_is_set_aside() -> None:
    result = built(variant(SQUARE, correct=["print(int(input()) * 3)", RIGHT, "print(int(input()) ** 2)"]), seeds=0)
    assert result.flags == (Flag.NO_VALID_TESTS,)
    row = variant(SQUARE, correct=["print(int(input()) * 3)", RIGHT, "print(int(input()) ** 2)"], generators=NUMBERS)
    result = built(row)
    assert result.flags == (Flag.CORRECT_DISAGREE,) and "correct 1 " in result.notes[0]
    assert judged(row, result, RIGHT, "python") is Outcome.CORRECT


def test_two_correct_submissions_at_odds_make_no_tests() -> None:
    result = built(variant(SQUARE, correct=[RIGHT, "print(int(input()) * 3)"], generators=["print(5 + int(input()))"]))
    assert set(result.flags) == {Flag.CORRECT_DISAGREE, Flag.NO_VALID_TESTS} and result.tests == ()


def test_a_wrong_submission_that_passes_everything_is_named() -> None:
    result = built(variant(SQUARE, wrong=["print(0)", RIGHT], generators=NUMBERS))
    assert result.flags == (Flag.CANNOT_TELL,) and result.notes == ("wrong 2 passes all tests that were kept",)


def test_programs_that_do_not_compile_are_set_aside() -> None:
    result = built(variant(SQUARE, correct=["print(", RIGHT], wrong=["def"], generators=NUMBERS))
    assert set(result.flags) == {Flag.CORRECT_BROKEN, Flag.TOO_FEW_WRONG}
    assert result.counts.wrong == 0 and len(result.tests) == Settings().min_tests


def test_a_problem_without_wrong_submissions_is_flagged_and_filled_up() -> None:
    result = built(variant(SQUARE, wrong=[], generators=NUMBERS), min_tests=3)
    assert result.flags == (Flag.TOO_FEW_WRONG,) and len(result.tests) == 3


def test_hostile_generators_cost_their_own_runs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "GENERATOR_LIMITS", Limits(seconds=0.5))
    hostile = [
        "while True: pass",
        "while True: print('9' * 1000)",
        "pass",
        "raise SystemExit(1)",
        "import os; os.write(1, b'\\xff\\xfe')",
        "print(int(input()))",
    ]
    result = built(variant(SQUARE, generators=hostile), seeds=3)
    assert result.counts.generator_runs == 1 + 1 + 3 + 3 + 3 + 3 and result.counts.failed_runs == 11
    assert result.counts.candidates == 3 and result.flags == ()
    for word in ("timeout", "output limit", "prints nothing", "runtime error", "no text"):
        assert any(word in note for note in result.notes), result.notes


def test_being_too_slow_counts_only_with_a_margin() -> None:
    def run(source: str, language: str, inputs: Any, limits: Any) -> list[Run]:
        if source == "slow":
            return [Run(Status.TIMEOUT, seconds=2.0) for _ in inputs]
        seconds = {"1": 0.9, "2": 1.1}
        return [
            Run(Status.OK, stdout=one if source == "gen" else "ok", seconds=seconds.get(one, 0.0)) for one in inputs
        ]

    row = variant(SQUARE, correct=["right"], wrong=["slow"], generators=["gen"], time_limit=2)
    result = build(read_problem(row), Settings(seeds=3), run)
    catching = {account.origin for account in result.accounts if account.catches}
    assert catching == {"generator 1, seed 0", "generator 1, seed 1"}


def test_a_fault_of_ours_is_held_against_nobody() -> None:
    def run(source: str, language: str, inputs: Any, limits: Any) -> list[Run]:
        if source == "wrong":
            return [Run(Status.SANDBOX_ERROR, stderr="it broke") for _ in inputs]
        return [Run(Status.OK, stdout=one if source == "gen" else "ok") for one in inputs]

    result = build(
        read_problem(variant(SQUARE, correct=["right"], wrong=["wrong"], generators=["gen"])), Settings(), run
    )
    assert Flag.SANDBOX_ERROR in result.flags and not any(account.catches for account in result.accounts)


def test_a_submission_that_is_always_too_slow_is_not_run_to_the_end() -> None:
    asked = 0

    def run(source: str, language: str, inputs: Any, limits: Any) -> list[Run]:
        nonlocal asked
        if source == "slow":
            asked += len(inputs)
            return [Run(Status.TIMEOUT, seconds=2.0) for _ in inputs]
        return [Run(Status.OK, stdout=one if source == "gen" else "ok") for one in inputs]

    row = variant(SQUARE, correct=["right"], wrong=["slow"], generators=["gen"])
    result = build(read_problem(row), Settings(seeds=50), run)
    assert asked == 12 and result.counts.candidates == 50 and result.counts.caught == 1
