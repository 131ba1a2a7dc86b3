"""Programs that do not solve the task and want to be held for right."""

import textwrap

import pytest

from schemas import Outcome
from tests.verifiers.code.samples import DOUBLE, Watched, judge, needs_sandbox

pytestmark = needs_sandbox

COUNT = {"inputs": ["3\n"], "outputs": ["1\n2\n3\n"]}
SECRET = {"inputs": [[1], [2]], "outputs": [7401093, 7401094], "fn_name": "f"}


def cheat(program: str, tests: object) -> str:
    with Watched():
        finding = judge(textwrap.dedent(program), tests)
    assert finding.outcome is Outcome.INCORRECT, finding
    return finding.detail


@pytest.mark.parametrize(
    "program",
    [
        "",
        "pass",
        "import os\nprint(1)\nos._exit(0)",
        "import sys\nprint(1)\nprint(2)\nsys.exit()",
        "print(1)\nprint(2)\nprint(3)\nprint(4)",
        "print(1, 2, 3)",
        "print('1\\n2\\n3\\n\\n4')",
        "print('1\\n2\\n3')\nraise SystemExit(1)",
        "print('1\\n2\\n3')\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "print('1\\n2\\n3', flush=True)\nimport os\nos.ftruncate(1, 3)",
        "import sys\nprint('1\\n2\\n3', file=sys.stderr)",
        "print('1\\x002\\x003')",
        "print('*')",
    ],
)
def test_too_little_or_too_much_is_wrong(program: str) -> None:
    cheat(program or "''", COUNT)


@pytest.mark.parametrize(
    "program",
    [
        "import sys\ndef f(n): sys.exit(0)",
        "import os\ndef f(n): os._exit(0)",
        "import os\nos._exit(0)",
        "raise SystemExit",
        "def f(n): exit()",
        "import atexit, os\natexit.register(os._exit, 0)\ndef f(n): raise KeyboardInterrupt",
        "import os\ndef f(n):\n    os.write(3, b'')\n    os._exit(0)",
        "import threading, os\nthreading.Thread(target=os._exit, args=(0,)).start()\ndef f(n):\n    while True: pass",
    ],
)
def test_a_function_that_does_not_return_has_exited_early(program: str) -> None:
    detail = cheat(program, SECRET)
    assert "exited early" in detail or "runtime error" in detail


@pytest.mark.parametrize(
    "program",
    [
        """
        class Any(int):
            def __eq__(self, other): return True
            __hash__ = int.__hash__
        def f(n): return Any(0)
        """,
        """
        class Any(dict):
            def __eq__(self, other): return True
        def f(n): return Any()
        """,
        """
        import json
        json.dumps = lambda *a, **k: "true"
        def f(n): return 0
        """,
        """
        import os
        def f(n):
            for number in range(3, 256):
                try: os.write(number, b"\\x01\\x00" + bytes(20) + b"true")
                except OSError: pass
            os._exit(0)
        """,
        """
        import builtins
        builtins.len = builtins.all = builtins.any = builtins.isinstance = lambda *a: True
        def f(n): return 0
        """,
        "def f(n): return float('nan')",
        "def f(n): return [7401093, 7401094]",
        "def f(n): return None",
    ],
)
def test_a_value_that_says_it_is_equal_is_not(program: str) -> None:
    cheat(program, SECRET)


def test_expected_outputs_are_nowhere_in_the_sandbox() -> None:
    search = """
    import gc, os, sys

    def f(n):
        needle = str(740108 + n)
        todo = [*gc.get_objects(), *sys.modules.values()]
        frame = sys._getframe()
        while frame:
            todo += [frame.f_locals, frame.f_globals]
            frame = frame.f_back
        found = ""
        for item in todo:
            for value in gc.get_referents(item):
                if isinstance(value, (int, str, bytes)) and value is not needle and needle in str(value)[:100000]:
                    found = value
        for folder in ("/tmp", "/runner", "/build", "/dev"):
            for root, _, names in os.walk(folder):
                for name in names:
                    if name.endswith(".py") and needle in open(os.path.join(root, name)).read():
                        found = name
        return int(found) if found else 0
    """
    assert "expected 7401093, got 0" in cheat(search, SECRET)


def test_every_test_has_a_process_of_its_own() -> None:
    calls = "calls = 0\ndef f(n):\n    global calls\n    calls += 1\n    return calls"
    assert judge(calls, {"inputs": [[1], [2], [3]], "outputs": [1, 1, 1], "fn_name": "f"}).outcome is Outcome.CORRECT
    patch = """
    import builtins, sys
    n = int(input())
    print(2 * n)
    builtins.print = builtins.int = builtins.input = None
    sys.modules.clear()
    """
    assert judge(textwrap.dedent(patch)).outcome is Outcome.CORRECT


def test_a_forged_ending_changes_nothing() -> None:
    forge = """
    import os, struct
    for number in range(1024):
        try: os.write(number, struct.pack(">??idq", True, False, 0, 0.0, 0) * 3)
        except OSError: pass
    raise SystemExit(9)
    """
    assert "exit status 9" in cheat(forge, DOUBLE)


def test_the_next_program_is_not_the_cheats() -> None:
    poison = """
    import builtins, os, random, sys
    for folder in ("/tmp", "/runner", "/build", *sys.path):
        try: open(os.path.join(folder, "bisect.py"), "w").write("def bisect(*a): return 0")
        except OSError: pass
    random.seed(1)
    builtins.print = lambda *a: None
    """
    with Watched():
        judge(textwrap.dedent(poison))
        after = "import bisect, random\nassert bisect.bisect([1, 2], 5) == 2\nn = int(input())\nprint(2 * n)"
        assert judge(after).outcome is Outcome.CORRECT


def test_the_same_program_gets_the_same_verdict() -> None:
    dice = "import random\ninput()\nprint(random.random(), hash('x'), list({'a', 'b', 'c', 'd'}))"
    details = {judge(dice).detail for _ in range(5)}
    assert len(details) == 1
