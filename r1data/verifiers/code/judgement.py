"""The verifier `code`: runs the program of an answer against the tests of its task."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

from r1data.verifiers.check import BadTask, Check, Finding
from r1data.verifiers.code.comparison import same_output, same_value
from r1data.verifiers.code.inside.protocol import COMPILER, wall_limit
from r1data.verifiers.code.program import find_program
from r1data.verifiers.code.sandbox import open_session, sandbox
from r1data.verifiers.code.session import (
    GRACE_SECONDS,
    BuildFailed,
    Limits,
    Run,
    SandboxError,
    SandboxUnavailable,
    Session,
    Status,
)
from r1data.verifiers.code.suite import Case, Suite, read_suite
from schemas import Outcome

MOST_SECONDS = 240.0
"""All tests of a task together, with a second try; the last test that began may end."""
TRIES = 2
SHOWN = 60
CHECKER_LIMITS = Limits(seconds=10.0, memory_mb=1024)
CHECKER_FUNCTION = "check"


def verify(check: Check) -> Finding:
    """Run the program of the answer against the tests, up to the first that fails.

    `extracted` is the program; `detail` names the first test that fails. A program that is too slow, too big or does
    not compile is incorrect. Where the sandbox itself fails, twice, the outcome is `verifier_error`.

    Raises:
        BadTask: the tests cannot be used.
    """
    suite = read_suite(check)
    program = find_program(check.answer, suite.language)
    if program is None:
        return Finding(Outcome.NO_ANSWER, detail=f"no block of {suite.language} code")
    trouble, deadline = "", time.monotonic() + MOST_SECONDS
    for _ in range(TRIES):
        try:
            outcome, detail = _judge(program, suite, deadline)
            return Finding(outcome, program, detail)
        except SandboxUnavailable as error:
            return Finding(Outcome.VERIFIER_ERROR, program, str(error))
        except SandboxError as error:
            trouble = str(error)
    return Finding(Outcome.VERIFIER_ERROR, program, f"the sandbox failed {TRIES} times: {trouble}")


def patience(check: Check) -> float:
    """How many seconds the tests of a check may take at most, by the clock on the wall."""
    try:
        suite = read_suite(check)
    except BadTask:
        return 0.0
    each = wall_limit(suite.limits.seconds) + (wall_limit(CHECKER_LIMITS.seconds) * 2 if suite.checker else 0.0)
    build = wall_limit(COMPILER.seconds)
    return min(MOST_SECONDS, TRIES * (build + len(suite.cases) * each)) + each + GRACE_SECONDS


def _judge(program: str, suite: Suite, deadline: float) -> tuple[Outcome, str]:
    with ExitStack() as stack:
        checker = _open_checker(suite.checker, stack)
        try:
            session = stack.enter_context(open_session(program, suite.language, suite.function, suite.limits))
        except BuildFailed as error:
            return Outcome.INCORRECT, f"does not compile: {shown(error_line(str(error)), SHOWN * 3)}"
        readings = {False, True} if all(case.wrapped for case in suite.cases) else {False}
        for number, case in enumerate(suite.cases, start=1):
            place = f"test {number} of {len(suite.cases)}"
            if time.monotonic() > deadline:
                return Outcome.TIMEOUT, f"{place}: the tests before it took {MOST_SECONDS:g} s together"
            run = session.run(case.input.encode("utf-8", "replace"))
            if reason := failure(run, suite.limits):
                return Outcome.INCORRECT, f"{place}: {reason}"
            if checker is not None:
                reason = _check(checker, case, run)
            elif suite.function is not None:
                reason = _compare_value(case, run, suite, readings)
            else:
                reason = _compare_output(case, run, suite)
            if reason:
                return Outcome.INCORRECT, f"{place}: {reason}"
    return Outcome.CORRECT, f"{len(suite.cases)} tests{' (weak sandbox)' if sandbox().weak else ''}"


def failure(run: Run, limits: Limits) -> str:
    """What kept a run from giving an output; empty where nothing did."""
    match run.status:
        case Status.OK:
            return ""
        case Status.TIMEOUT:
            return f"over the time limit of {limits.seconds:g} s"
        case Status.MEMORY:
            return f"over the memory limit of {limits.memory_mb} MB"
        case Status.OUTPUT_LIMIT:
            return f"more than {limits.output_bytes} bytes of output"
        case _:
            last = run.stderr.strip().rsplit("\n", 1)[-1]
            how = f"exit status {run.exit_code}" if (run.exit_code or 0) >= 0 else f"signal {-(run.exit_code or 0)}"
            return f"runtime error ({how}): {shown(last, 200)}"


def error_line(messages: str) -> str:
    """The line of a compiler's messages that says what is wrong: C compilers say it first, Python last."""
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    return next((line for line in lines if "error:" in line), lines[-1] if lines else "no message")


def _compare_output(case: Case, run: Run, suite: Suite) -> str:
    if same_output(case.expected, run.stdout, suite.comparison, suite.tolerance):
        return ""
    expected, got = difference(case.expected, run.stdout)
    return f"wrong output: expected {expected}, got {got}"


def _compare_value(case: Case, run: Run, suite: Suite, readings: set[bool]) -> str:
    """Compare under the readings that all tests so far allow; those that this one forbids are taken out."""
    if not run.result:
        return "exited early: the function did not return"
    try:
        actual = json.loads(run.result)
        for wrapped in sorted(readings):
            if not same_value(case.expected[0] if wrapped else case.expected, actual, suite.tolerance):
                readings.discard(wrapped)
    except (ValueError, RecursionError) as error:
        return f"wrong value: it cannot be read: {shown(str(error), SHOWN)}"
    if readings:
        return ""
    expected = case.expected[0] if case.wrapped else case.expected
    return f"wrong value: expected {shown(json.dumps(expected), SHOWN)}, got {shown(json.dumps(actual), SHOWN)}"


def difference(expected: str, actual: str) -> tuple[str, str]:
    """Two outputs for a person: whole where they are short, else from the first line that differs."""
    if max(len(expected), len(actual)) <= SHOWN:
        return repr(expected.rstrip("\n")), repr(actual.rstrip("\n"))
    wanted, given = expected.split("\n"), actual.split("\n")
    pairs = zip(wanted, given, strict=False)
    line = next((n for n, (left, right) in enumerate(pairs) if left.split() != right.split()), None)
    if line is None:
        return f"{len(wanted)} lines", f"{len(given)} lines"
    return f"in line {line + 1} {shown(repr(wanted[line]), SHOWN)}", shown(repr(given[line]), SHOWN)


def shown(text: str, longest: int) -> str:
    """One line of printable characters, cut where it is long."""
    line = " ".join(text.split()) if "\n" in text else text
    cut = line if len(line) <= longest else line[: longest - 3] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


# --- a checker program -----------------------------------------------------------------------------------------------


def _open_checker(source: str | None, stack: ExitStack) -> Session | None:
    """The task's checker: Python with a function `check(input, expected, actual)` that returns True or False.

    `input` is the text, or the list of arguments. It runs in a session of its own, as little trusted as any program:
    it reads what a program wrote.
    """
    if source is None:
        return None
    try:
        return stack.enter_context(open_session(source, "python", CHECKER_FUNCTION, CHECKER_LIMITS))
    except BuildFailed as error:
        raise BadTask(f"`tests.checker` does not compile: {shown(error_line(str(error)), SHOWN * 3)}") from error


def _check(checker: Session, case: Case, run: Run) -> str:
    """What the checker holds against an output.

    Raises:
        BadTask: it breaks, and would with the expected output too.
    """
    actual = run.stdout if not run.result else json.loads(run.result)
    given = case.input if not run.result else json.loads(case.input)[-1]
    opinion, trouble = _opinion(checker, [given, case.expected, actual])
    if opinion is not None:
        return "" if opinion else f"the checker rejects {shown(repr(actual), SHOWN)}"
    if _opinion(checker, [given, case.expected, case.expected])[0] is True:
        return f"the checker cannot read {shown(repr(actual), SHOWN)}: {trouble}"
    raise BadTask(f"`tests.checker` breaks: {trouble}")


def _opinion(checker: Session, arguments: list[object]) -> tuple[bool | None, str]:
    run = checker.run(json.dumps([arguments]).encode())
    if run.status is not Status.OK:
        return None, failure(run, CHECKER_LIMITS)
    if run.result not in (b"true", b"false"):
        return None, f"`check` returned {shown(run.result.decode('utf-8', 'replace'), SHOWN) or 'nothing'}"
    return run.result == b"true", ""
