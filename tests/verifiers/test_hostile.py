"""Ten thousand verdicts with hostile input among them: none lost, none doubled, no process left behind."""

import json
import time
from collections import Counter

import psutil
import pytest

from r1data.verifiers import Check, VerifierPool
from schemas import Outcome
from tests.conftest import PATIENT
from tests.verifiers.code.samples import needs_sandbox

DEEP, LONG = 5000, 100_000
HOSTILE = [
    # verifier, reference, answer; none of them is right
    ("math", "x+1", "\\boxed{\\sum_{n=1}^{9^{9^{9}}} n}"),
    ("math", "5", "\\boxed{9^{9^{9^{9}}}}"),
    ("math", "5", "\\boxed{((10^{10^{10}})!)!}"),
    ("math", "5", "\\boxed{" + "(" * DEEP + "6" + ")" * DEEP + "}"),
    ("math", "5", "\\boxed{" * DEEP + "6" + "}" * DEEP),
    ("math", "5", "\\boxed{" * LONG),
    ("math", "5", "\\boxed{" + "7" * LONG + "}"),
    ("math", "5", "\\boxed{" + "\\frac{1}{" * DEEP + "2" + "}" * DEEP + "}"),
    ("math", "5", "\\boxed{" + "x+" * LONG + "1}"),
    ("math", "5", "the answer is " * LONG + "6"),
    ("math", "5", "答案是" * LONG),
    ("math", "5", "$" * LONG),
    ("math", "5", "\x00\ud800\\boxed{\ud800\x00}"),
    ("math", "5", "\\boxed{__import__('os').system('true')}"),
    ("choice", "A", "(B) " * LONG),
    ("choice", "A", "the answer is not " * LONG),
    ("logic", "yes", "[" * LONG),
    ("logic", '{"a": 1}', '{"a":' * DEEP + "1" + "}" * DEEP),
    ("logic", "a, b", ", " * LONG),
    ("constraints", '[{"kind": "words", "min": 1000000}]', "a b " * LONG),
]
CODE = ["while True: pass", "import os\nwhile True: os.fork()", "x = b'1'\nwhile True: x += x", "while True: print(1)"]


def checks_among(count: int, hostile_every: int) -> list[tuple[Check, bool]]:
    """Plain checks, every so often a hostile one of the next kind; with whether it is a plain one that is right."""
    found = []
    for number in range(count):
        name = f"{number:032x}"
        kind = number // hostile_every % (len(HOSTILE) + len(CODE))
        if number % hostile_every:
            right = number % 3 == 0
            found.append((Check(name, "math", f"{number}x", None, "en", f"\\boxed{{x*{number + (not right)}}}"), right))
        elif kind < len(HOSTILE):
            verifier, reference, answer = HOSTILE[kind]
            found.append((Check(name, verifier, reference, None, "en", answer), False))
        else:
            tests = {"inputs": ["1\n"], "outputs": ["2\n"], "time_limit": 0.3, "memory_mb": 128}
            answer = f"```python\n{CODE[kind - len(HOSTILE)]}\n```"
            found.append((Check(name, "code", None, json.dumps({"tests": tests}), "en", answer), False))
    return found


@needs_sandbox
@pytest.mark.slow
def test_ten_thousand_verdicts_with_every_kind_of_hostile_input() -> None:
    given = checks_among(10_000, hostile_every=100)
    before = set(psutil.Process().children(recursive=True))
    with VerifierPool(2, deadline=5) as pool:
        verdicts = list(pool.verify_all(check for check, _ in given))
    assert [v.completion_id for v in verdicts] == [check.completion_id for check, _ in given]
    assert [v.outcome == Outcome.CORRECT for v in verdicts] == [right for _, right in given]
    ours = Counter(v.detail for v in verdicts if v.outcome == Outcome.VERIFIER_ERROR)
    assert not ours, "hostile input is no fault of ours"
    slow = [(c.answer or "")[:40] for (c, _), v in zip(given, verdicts, strict=True) if v.outcome == Outcome.TIMEOUT]
    assert len(slow) <= 10, Counter(slow)
    deadline = time.monotonic() + PATIENT
    while left := set(psutil.Process().children(recursive=True)) - before:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.mark.parametrize(("verifier", "reference", "answer"), [case for case in HOSTILE[1:] if case[0] == "math"])
def test_a_hostile_answer_costs_less_than_its_deadline(verifier: str, reference: str, answer: str) -> None:
    with VerifierPool(1, deadline=8) as pool:
        verdict = pool.submit(Check("0" * 32, verifier, reference, None, "en", answer)).result(PATIENT)
    assert verdict.outcome in (Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.UNDECIDED), verdict
