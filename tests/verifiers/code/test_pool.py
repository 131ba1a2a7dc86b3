"""The verifier `code` in worker processes that may die: no verdict is lost or doubled, and no process stays behind."""

import json
import time
from collections import Counter

import psutil
import pytest

from r1data.verifiers import Check, VerifierPool
from schemas import Outcome
from tests.verifiers.code.samples import needs_sandbox

pytestmark = needs_sandbox

HOSTILE = [
    "import os\nwhile True: os.fork()",
    "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "while True: pass",
    "while True: print('x' * 1000)",
    "import time\ntime.sleep(100)",
    "import os, signal\nos.kill(0, signal.SIGKILL)",
    "import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(1, signal.SIGKILL)\nos._exit(0)",
    "for n in range(10**6): open(f'/tmp/{n}', 'w').write('x' * 10000)",
    "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "import os\nos.closerange(0, 1000)",
]


def check(number: int, program: str) -> Check:
    tests = {"inputs": [f"{number}\n"], "outputs": [f"{2 * number}\n"], "time_limit": 0.3, "memory_mb": 128}
    return Check(f"{number:032x}", "code", None, json.dumps({"tests": tests}), "en", f"```python\n{program}\n```")


def judged(count: int, hostile_every: int) -> None:
    """Judge so many programs, of which some are hostile and a quarter of the others is wrong."""
    expected, checks = [], []
    for number in range(1, count + 1):
        if number % hostile_every == 0:
            program, outcome = HOSTILE[number // hostile_every % len(HOSTILE)], Outcome.INCORRECT
        elif number % 4 == 0:
            program, outcome = "print(3 * int(input()))", Outcome.INCORRECT
        else:
            program, outcome = "print(2 * int(input()))", Outcome.CORRECT
        checks.append(check(number, program))
        expected.append((f"{number:032x}", outcome))
    before = set(psutil.Process().children(recursive=True))
    with VerifierPool(2, deadline=20) as pool:
        verdicts = [future.result(300) for future in [pool.submit(one) for one in checks]]
    assert [(v.completion_id, v.outcome) for v in verdicts] == expected, Counter(v.detail for v in verdicts)
    deadline = time.monotonic() + 60
    while left := set(psutil.Process().children(recursive=True)) - before:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_two_hundred_verdicts_with_hostile_programs_among_them() -> None:
    judged(200, hostile_every=20)


@pytest.mark.slow
def test_ten_thousand_verdicts_of_which_one_in_a_hundred_is_hostile() -> None:
    judged(10_000, hostile_every=100)
