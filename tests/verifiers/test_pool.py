"""The pool loses nothing, doubles nothing and waits for nobody, whatever its workers meet."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from r1data.verifiers import Check, VerifierPool
from schemas import Outcome

ENDLESS = "\\sum_{n=1}^{9^{9^{9}}} n"
HOSTILE = [ENDLESS, "9^{9^{9^{9^{9}}}}", "(" * 3000 + "1" + ")" * 3000, "10^{10^{10}}!",
           "\\frac{" * 500 + "1" + "}{2}" * 500]  # fmt: skip


def check(number: int, reference: str, answer: str) -> Check:
    return Check(f"{number:032x}", "math", reference, None, "en", f"\\boxed{{{answer}}}")


def workers() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "r1data.verifiers.nursery" in process.cmdline():
                found.append(process)
    return found


def test_the_verdict_comes_back_for_the_row_it_belongs_to() -> None:
    with VerifierPool(2, deadline=30) as pool:
        futures = [pool.submit(check(n, f"\\sqrt{{{n}}}", f"\\sqrt{{{n + n % 2}}}")) for n in range(1, 101)]
        for n, future in enumerate(futures, start=1):
            verdict = future.result(60)
            assert verdict.completion_id == f"{n:032x}"
            assert verdict.outcome == (Outcome.INCORRECT if n % 2 else Outcome.CORRECT)
    assert not workers()


@pytest.mark.slow
def test_an_endless_answer_costs_its_deadline_and_nothing_else() -> None:
    with VerifierPool(2, deadline=3) as pool:
        bad = [pool.submit(check(n, "x+1", answer)) for n, answer in enumerate(HOSTILE)]
        good = [pool.submit(check(100 + n, "x+1", "1+x")) for n in range(50)]
        assert {future.result(60).outcome for future in good} == {Outcome.CORRECT}
        outcomes = [future.result(60).outcome for future in bad]
    assert outcomes[0] == Outcome.TIMEOUT
    assert set(outcomes[1:]) == {Outcome.UNDECIDED}, "what can be seen to be endless is not computed"


@pytest.mark.slow
def test_workers_killed_from_outside_lose_no_row() -> None:
    stop = threading.Event()
    killed = 0

    def assassin() -> None:
        nonlocal killed
        dice = random.Random(7)
        while not stop.wait(dice.uniform(0.1, 0.5)):
            if victims := workers():
                dice.choice(victims).kill()
                killed += 1

    with VerifierPool(2, deadline=30) as pool:
        thread = threading.Thread(target=assassin)
        thread.start()
        numbers = range(2, 3002)
        futures = [pool.submit(check(n, f"\\sqrt{{{n}}}+x", f"x+\\sqrt{{{n}}}")) for n in numbers]
        verdicts = [future.result(120) for future in futures]
        stop.set()
        thread.join()
    assert killed > 0
    assert [v.completion_id for v in verdicts] == [f"{n:032x}" for n in numbers]
    faults = [v for v in verdicts if v.outcome == Outcome.VERIFIER_ERROR]
    assert {v.outcome for v in verdicts} <= {Outcome.CORRECT, Outcome.VERIFIER_ERROR}
    assert len(faults) <= killed


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_die_with_their_parent_even_while_they_compute(number: signal.Signals) -> None:
    code = (
        "import time\n"
        "from r1data.verifiers import Check, VerifierPool\n"
        f"ENDLESS = {ENDLESS!r}\n"
        "if __name__ == '__main__':\n"
        "    pool = VerifierPool(2, 300)\n"
        "    pool.submit(Check('0' * 32, 'math', 'x', None, 'en', '\\\\boxed{1}')).result(60)\n"
        "    for n in range(4): pool.submit(Check('0' * 32, 'math', 'x', None, 'en', '\\\\boxed{' + ENDLESS + '}'))\n"
        "    time.sleep(1); print('busy', flush=True); time.sleep(100)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "busy\n"
    family = psutil.Process(parent.pid).children(recursive=True)
    assert len(family) >= 2
    os.kill(parent.pid, number)
    parent.wait(30)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive


def test_closing_does_not_wait_for_what_is_left() -> None:
    pool = VerifierPool(1, deadline=300)
    futures = [pool.submit(check(n, "x", ENDLESS)) for n in range(5)]
    time.sleep(1)
    pool.close()
    assert all(future.done() for future in futures)
    assert not workers()
