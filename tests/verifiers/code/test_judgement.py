"""Verdicts: right is right, wrong names the first test that fails, and what is our fault is nobody else's."""

import pytest

from r1data.verifiers.check import BadTask
from r1data.verifiers.code import judgement, patience, verify
from r1data.verifiers.code.judgement import difference, error_line, shown
from r1data.verifiers.code.languages import LANGUAGES, Language
from schemas import Outcome
from tests.verifiers.code.samples import DOUBLE, GOOD, check, fenced, judge, needs_gxx, needs_sandbox

pytestmark = needs_sandbox
CPP = "#include <iostream>\nint main() { long long n; std::cin >> n; std::cout << 2 * n << std::endl; }"


def test_a_right_program() -> None:
    finding = judge(GOOD)
    assert (finding.outcome, finding.extracted, finding.detail) == (Outcome.CORRECT, GOOD, "3 tests")


@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("print(int(input()) ** 2)", "test 1 of 3: wrong output: expected '2', got '1'"),
        ("n = int(input())\nprint(2 * n if n < 3 else 7)", "test 3 of 3: wrong output: expected '42', got '7'"),
        ("print(GOOD", "does not compile: SyntaxError: '(' was never closed"),
        ("x = 1\x00", "does not compile: "),
        ("(" * 10000, "does not compile: "),
        ("1 / 0", "test 1 of 3: runtime error (exit status 1): ZeroDivisionError: division by zero"),
        ("print(2)\nexit(3)", "test 1 of 3: runtime error (exit status 3): "),
        ("import numpy", "test 1 of 3: runtime error (exit status 1): ModuleNotFoundError: No module named 'numpy'"),
        ("print('\\x1b[31m2')", "test 1 of 3: wrong output: expected '2', got '\\x1b[31m2'"),
        ("a = 'x' * 3\n" * 90000, "does not compile: the program is longer than 1048576 characters"),
    ],
)
def test_a_wrong_program_and_why(program: str, detail: str) -> None:
    finding = judge(program)
    assert finding.outcome is Outcome.INCORRECT
    assert finding.detail.startswith(detail)


def test_an_answer_without_a_program() -> None:
    assert verify(check("It is forty-two, of course.", DOUBLE)).outcome is Outcome.NO_ANSWER
    assert verify(check(None, DOUBLE)).outcome is Outcome.NO_ANSWER


def test_a_task_without_tests() -> None:
    with pytest.raises(BadTask):
        verify(check(fenced(GOOD), {"inputs": [], "outputs": []}))


def test_what_programs_for_contests_do() -> None:
    deep = """
import sys, threading, resource
resource.setrlimit(resource.RLIMIT_STACK, (2**29, resource.RLIM_INFINITY))
sys.setrecursionlimit(10**6)
threading.stack_size(2**27)

def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)

def main():
    n = int(sys.stdin.buffer.readline())
    assert depth(50000) == 50000
    print(2 * n)

thread = threading.Thread(target=main)
thread.start()
"""
    guarded = "import sys\nif __name__ == '__main__':\n    for line in sys.stdin:\n        print(2 * int(line))"
    at_exit = (
        "import atexit, io, os\nout = io.StringIO()\natexit.register(lambda: os.write(1, out.getvalue().encode()))\n"
    )
    at_exit += "print(2 * int(open(0).read()), file=out)\nraise SystemExit"
    more = (
        "import decimal, datetime, fractions, asyncio, random\nrandom.random()\nasyncio.run(asyncio.sleep(0))\n" + GOOD
    )
    for program in (deep, guarded, at_exit, more):
        assert judge(program).outcome is Outcome.CORRECT, program


def test_long_inputs_and_outputs() -> None:
    lines = "\n".join(str(n) for n in range(200_000))
    tests = {"inputs": [lines], "outputs": [lines], "time_limit": 5}
    assert judge("import sys\nsys.stdout.write(sys.stdin.read())", tests).outcome is Outcome.CORRECT


# --- functions -------------------------------------------------------------------------------------------------------

SUMS = {"inputs": ["[1, 2]\n3", "[4]\n5"], "outputs": ["6", "9"], "fn_name": "total"}
METHOD = (
    "class Solution:\n    def total(self, numbers: List[int], more: int) -> int:\n        return sum(numbers) + more"
)


@pytest.mark.parametrize(
    "program", [METHOD, "def total(numbers, more):\n    print('noise')\n    return sum(numbers) + more"]
)
def test_a_function_or_a_method(program: str) -> None:
    assert judge(program, SUMS).outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("def total(a, b):\n    return 7", "test 1 of 2: wrong value: expected 6, got 7"),
        ("def total(a, b):\n    print(6)", "test 1 of 2: wrong value: expected 6, got null"),
        (
            "def total(a, b):\n    return {6}",
            "test 1 of 2: runtime error (exit status 1): TypeError: Object of type set",
        ),
        (
            "def other(a, b):\n    return 6",
            "test 1 of 2: runtime error (exit status 1): NameError: the program defines no",
        ),
        ("def total(a):\n    return 6", "test 1 of 2: runtime error (exit status 1): TypeError: total()"),
        ("def total(a, b):\n    return True", "test 1 of 2: wrong value: expected 6, got true"),
        ("def total(a, b):\n    x = []\n    for i in range(3000): x = [x]\n    return x", "test 1 of 2: "),
        ("def total(a, b):\n    return 10 ** 20000", "test 1 of 2: "),
    ],
)
def test_a_wrong_function_and_why(program: str, detail: str) -> None:
    finding = judge(program, SUMS)
    assert finding.outcome is Outcome.INCORRECT
    assert finding.detail.startswith(detail)


def test_values_have_the_shape_that_json_gives_them() -> None:
    tests = {"inputs": [[3]], "outputs": [[[1, 0.5], {"1": None}]], "fn_name": "f"}
    assert judge("def f(n):\n    return ((1, 1 / 2), {1: None})", tests).outcome is Outcome.CORRECT


def test_a_line_that_is_a_list_is_one_argument_or_all_of_them_by_what_fits() -> None:
    tests = {"inputs": ["[1, 2]"], "outputs": ["3"], "fn_name": "f"}
    assert judge("def f(numbers):\n    return sum(numbers)", tests).outcome is Outcome.CORRECT
    assert judge("def f(a, b):\n    return a + b", tests).outcome is Outcome.CORRECT


def test_outputs_in_a_list_are_accepted_in_one_reading_for_all_tests() -> None:
    tests = {"inputs": [[1, 2], [3, 4]], "outputs": [[3], [7]], "fn_name": "f"}
    assert judge("def f(a, b):\n    return a + b", tests).outcome is Outcome.CORRECT
    assert judge("def f(a, b):\n    return [a + b]", tests).outcome is Outcome.CORRECT
    mixed = judge("def f(a, b):\n    return a + b if a == 1 else [a + b]", tests)
    assert (mixed.outcome, mixed.detail) == (Outcome.INCORRECT, "test 2 of 2: wrong value: expected 7, got [7]")


# --- checkers --------------------------------------------------------------------------------------------------------

FACTORS = {
    "inputs": ["15\n", "21\n"],
    "outputs": ["3 5\n", "3 7\n"],
    "checker": """
def check(input, expected, actual):
    left, right = map(int, actual.split())
    return left * right == int(input) and 1 not in (left, right)
""",
}
FACTOR = "n = int(input())\np = next(p for p in range(2, n) if n % p == 0)\n"


def test_a_checker_decides() -> None:
    assert judge(FACTOR + "print(n // p, p)", FACTORS).outcome is Outcome.CORRECT
    trivial = judge(FACTOR + "print(1, n)", FACTORS)
    assert (trivial.outcome, trivial.detail) == (Outcome.INCORRECT, "test 1 of 2: the checker rejects '1 15\\n'")


def test_what_a_checker_cannot_read_is_wrong_and_a_checker_that_reads_nothing_is_ours() -> None:
    nonsense = judge("print('one')", FACTORS)
    assert nonsense.outcome is Outcome.INCORRECT and "cannot read" in nonsense.detail
    for checker in (
        "def check(input, expected, actual):\n    return 1 / 0",
        "def check(a, b, c):\n    return 1",
        "x = (",
    ):
        with pytest.raises(BadTask, match="checker"):
            judge(FACTOR + "print(p, n // p)", {**FACTORS, "checker": checker})


def test_a_checker_of_a_function() -> None:
    checker = "def check(input, expected, actual):\n    return sorted(actual) == sorted(expected) and input == [2]"
    tests = {"inputs": [[2]], "outputs": [[1, 2]], "fn_name": "f", "checker": checker}
    assert judge("def f(n):\n    return [2, 1]", tests).outcome is Outcome.CORRECT
    assert judge("def f(n):\n    return [2, 2]", tests).outcome is Outcome.INCORRECT


# --- other languages -------------------------------------------------------------------------------------------------


@needs_gxx
def test_cpp() -> None:
    assert verify(check(fenced(CPP, "cpp"), DOUBLE, language="cpp")).outcome is Outcome.CORRECT
    wrong = verify(check(fenced(CPP.replace("2 * n", "n"), "c++"), DOUBLE, **{"language": "cpp"}))
    assert wrong.detail == "test 1 of 3: wrong output: expected '2', got '1'"
    broken = verify(check(fenced("int main() { return x; }", "cpp"), DOUBLE, language="cpp"))
    assert broken.outcome is Outcome.INCORRECT
    assert broken.detail.startswith("does not compile: solution.cpp:1:21: error: ")


@needs_gxx
@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("int f(int n) { return n < 0 ? 0 : f(n + 1) + f(n + 2); } int main() { return f(1); }", "signal 11"),
        ("#include <cstdlib>\nint main() { abort(); }", "signal 6"),
        ("#include <vector>\nint main() { std::vector<char> v; for (;;) v.resize(v.size() + (1 << 20), 1); }",
         "over the memory limit of 64 MB"),
        ("int main() { for (;;); }", "over the time limit of 0.5 s"),
        ("#include <cstdio>\nint main() { for (;;) puts(\"x\"); }", "bytes of output"),
        ("#include <unistd.h>\n#include <cstdio>\nint main() { if (fork() < 0) return 9; puts(\"2\"); }",
         "exit status 9"),
        ("#include \"/dev/zero\"\nint main() {}", "does not compile"),
    ],
)  # fmt: skip
def test_cpp_that_misbehaves(program: str, detail: str) -> None:
    tests = {**DOUBLE, "time_limit": 0.5, "memory_mb": 64}
    finding = verify(check(fenced(program, "cpp"), tests, language="cpp"))
    assert finding.outcome is Outcome.INCORRECT
    assert detail in finding.detail


@needs_gxx
def test_cpp_that_recurses_deep_and_throws_has_room() -> None:
    program = """
#include <iostream>
int depth(int n) { volatile char page[256]; page[0] = 1; return n == 0 ? 0 : page[0] + depth(n - 1); }
int main() {
    int n;
    std::cin >> n;
    try { throw 1; } catch (int) { std::cout << (depth(200000) == 200000 ? 2 * n : 0); }
}
"""
    assert verify(check(fenced(program, "cpp"), DOUBLE, language="cpp")).outcome is Outcome.CORRECT


def test_another_language_is_one_entry_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Language(("sh", "bash"), "solution.sh", run=("/bin/sh", "{build}/solution.sh"))
    monkeypatch.setitem(LANGUAGES, "shell", shell)
    program = "read n\necho $((2 * n))"
    assert verify(check(fenced(program, "sh"), DOUBLE, language="shell")).outcome is Outcome.CORRECT
    assert verify(check(fenced("echo 2", "bash"), DOUBLE, language="shell")).outcome is Outcome.INCORRECT


def test_a_compiler_that_is_not_installed_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    finding = verify(check(fenced(CPP, "cpp"), DOUBLE, language="cpp"))
    assert finding.outcome is Outcome.VERIFIER_ERROR
    assert finding.detail.startswith("g++ is not installed")


# --- time ------------------------------------------------------------------------------------------------------------


def test_patience_covers_what_the_tests_may_take() -> None:
    assert patience(check(None, {"inputs": [], "outputs": []})) == 0
    assert patience(check(None, "nonsense")) == 0
    short, long = (patience(check(None, {**DOUBLE, "time_limit": limit})) for limit in (1, 100))
    assert 3 * 1 < short < long < 500


def test_tests_that_take_too_long_together_are_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "MOST_SECONDS", 0.05)
    finding = judge("import time\ntime.sleep(0.1)\n" + GOOD)
    assert finding.outcome is Outcome.TIMEOUT
    assert "test 2 of 3" in finding.detail


# --- words for people ------------------------------------------------------------------------------------------------


def test_details_are_short_and_printable() -> None:
    assert shown("a\x1b\u202e\nb", 60) == "a\\x1b\\u202e b"
    assert len(shown("x" * 100, 60)) == 60
    assert error_line("a.cpp: In function:\na.cpp:1: error: bad\nnote") == "a.cpp:1: error: bad"
    assert error_line("  File\nSyntaxError: x\n") == "SyntaxError: x"
    assert difference("1\n2\n", "1\n3\n") == ("'1\\n2'", "'1\\n3'")
    many = [str(n) for n in range(100)]
    assert difference("\n".join(many), "\n".join([*many[:50], "x", *many[51:]])) == ("in line 51 '50'", "'x'")
    assert difference("\n".join(many), "\n".join(many[:90])) == ("100 lines", "90 lines")
