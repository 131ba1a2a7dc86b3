"""The pool loses nothing, doubles nothing and waits for nobody, whatever its workers meet."""

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from r1data.verifiers import Check, VerifierPool
from r1data.verifiers import pool as pool_module
from r1data.verifiers.pool import Nursery, Task, Worker
from schemas import Outcome
from tests.conftest import PATIENT

ENDLESS = "\\sum_{n=1}^{9^{9^{9}}} n"
HOSTILE = [ENDLESS, "9^{9^{9^{9^{9}}}}", "(" * 3000 + "1" + ")" * 3000, "10^{10^{10}}!",
           "\\frac{" * 500 + "1" + "}{2}" * 500]  # fmt: skip


def check(number: int, reference: str, answer: str) -> Check:
    return Check(f"{number:032x}", "math", reference, None, "en", f"\\boxed{{{answer}}}")


def workers() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if any("r1data.verifiers.nursery" in part for part in process.cmdline()):
                found.append(process)
    return found


def test_the_verdict_comes_back_for_the_row_it_belongs_to() -> None:
    with VerifierPool(2, deadline=30) as pool:
        futures = [pool.submit(check(n, f"\\sqrt{{{n}}}", f"\\sqrt{{{n + n % 2}}}")) for n in range(1, 101)]
        for n, future in enumerate(futures, start=1):
            verdict = future.result(PATIENT)
            assert verdict.completion_id == f"{n:032x}"
            assert verdict.outcome == (Outcome.INCORRECT if n % 2 else Outcome.CORRECT)
    assert not workers()


@pytest.mark.slow
def test_an_endless_answer_costs_its_deadline_and_nothing_else() -> None:
    with VerifierPool(2, deadline=3) as pool:
        bad = [pool.submit(check(n, "x+1", answer)) for n, answer in enumerate(HOSTILE)]
        good = [pool.submit(check(100 + n, "x+1", "1+x")) for n in range(50)]
        assert {future.result(PATIENT).outcome for future in good} == {Outcome.CORRECT}
        outcomes = [future.result(PATIENT).outcome for future in bad]
    assert outcomes[0] == Outcome.TIMEOUT
    assert set(outcomes[1:]) == {Outcome.UNDECIDED}, "what can be seen to be endless is not computed"


@pytest.mark.slow
def test_workers_killed_from_outside_lose_no_row() -> None:
    stop = threading.Event()
    killed = 0

    def assassin() -> None:
        nonlocal killed
        dice = random.Random(7)
        while not stop.wait(dice.uniform(0.2, 0.6)):
            if len(victims := workers()) > 1:  # the nursery too, but not while it loads
                dice.choice(victims).kill()
                killed += 1

    with VerifierPool(2, deadline=30) as pool:
        thread = threading.Thread(target=assassin)
        thread.start()
        numbers = range(2, 5002)
        futures = [pool.submit(check(n, f"\\sqrt{{{n}}}+x", f"x+\\sqrt{{{n}}}")) for n in numbers]
        try:
            verdicts = [future.result(PATIENT) for future in futures]
        finally:
            stop.set()
            thread.join()
    assert killed > 0
    assert [v.completion_id for v in verdicts] == [f"{n:032x}" for n in numbers]
    faults = [v for v in verdicts if v.outcome == Outcome.VERIFIER_ERROR]
    assert {v.outcome for v in verdicts} <= {Outcome.CORRECT, Outcome.VERIFIER_ERROR}
    assert len(faults) <= killed


def test_a_nursery_that_is_dead_when_it_is_asked_for_a_worker_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = VerifierPool._ask
    dead = []

    def ask(pool: VerifierPool, nursery: Nursery, request: bytes, descriptors: tuple[int, ...] = ()) -> bool:
        if descriptors and not dead:
            nursery.process.kill()
            dead.append(nursery.process.wait())
        return asked(pool, nursery, request, descriptors)

    monkeypatch.setattr(VerifierPool, "_ask", ask)
    with VerifierPool(1, deadline=30) as pool:
        assert pool.submit(check(1, "4", "4")).result(PATIENT).outcome == Outcome.CORRECT
    assert dead


def test_a_worker_that_is_dead_when_it_is_given_a_check_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    gave = VerifierPool._give
    dead = []

    def give(pool: VerifierPool, worker: Worker, task: Task) -> None:
        if not dead:
            assert worker.handle is not None
            signal.pidfd_send_signal(worker.handle, signal.SIGKILL)
            dead.append(select.select([worker.handle], [], [], 10)[0])
        gave(pool, worker, task)

    monkeypatch.setattr(VerifierPool, "_give", give)
    with VerifierPool(1, deadline=30) as pool:
        assert pool.submit(check(1, "4", "4")).result(PATIENT).outcome == Outcome.CORRECT
    assert dead


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
    parent.wait(PATIENT)
    _, alive = psutil.wait_procs(family, timeout=PATIENT)
    assert not alive


def test_closing_does_not_wait_for_what_is_left() -> None:
    pool = VerifierPool(1, deadline=300)
    futures = [pool.submit(check(n, "x", ENDLESS)) for n in range(5)]
    time.sleep(1)
    pool.close()
    assert all(future.done() for future in futures)
    assert not workers()


def test_a_verifier_that_takes_long_to_load_costs_no_check_its_deadline() -> None:
    """A worker that waits to be forked while the nursery loads a library has not begun with anything."""
    checks = [check(1, "x", "x"), Check("2" * 32, "choice", "A", None, "en", "The answer is A.")]
    checks.append(Check("3" * 32, "logic", "yes", None, "en", "\\boxed{yes}"))
    with VerifierPool(2, deadline=1) as pool:
        verdicts = list(pool.verify_all(checks * 3))
    assert {v.outcome for v in verdicts} == {Outcome.CORRECT}, verdicts


def test_a_library_that_cannot_be_loaded_is_said_on_every_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "math_verify.py").write_text("raise ImportError('not today')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with VerifierPool(2, deadline=5) as pool:
        broken = [pool.submit(check(n, "x", "x")) for n in range(10)]
        fine = pool.submit(Check("2" * 32, "choice", "A", None, "en", "The answer is A."))
        assert fine.result(PATIENT).outcome == Outcome.CORRECT
        verdicts = [future.result(PATIENT) for future in broken]
    assert {v.outcome for v in verdicts} == {Outcome.VERIFIER_ERROR}
    assert all("not today" in v.detail for v in verdicts)


def test_workers_that_cannot_start_are_a_fault_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with VerifierPool(2, deadline=5) as pool:
        verdict = pool.submit(check(1, "x", "x")).result(PATIENT)
    assert verdict.outcome == Outcome.VERIFIER_ERROR and "ends at once" in verdict.detail


def test_a_nursery_that_is_killed_again_and_again_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One kill of a nursery that has workers counted three times, and two such were the end of all verdicts."""
    asked = VerifierPool._ask
    killed: set[int] = set()

    def ask(pool: VerifierPool, nursery: Nursery, request: bytes, descriptors: tuple[int, ...] = ()) -> bool:
        took = asked(pool, nursery, request, descriptors)
        if descriptors and len(killed) < 6:
            nursery.process.kill()
            nursery.process.wait()
            killed.add(nursery.process.pid)
        return took

    monkeypatch.setattr(VerifierPool, "_ask", ask)
    with VerifierPool(2, deadline=30) as pool:
        verdict = pool.submit(Check("2" * 32, "choice", "A", None, "en", "The answer is A.")).result(PATIENT)
    assert verdict.outcome == Outcome.CORRECT and len(killed) == 6, verdict


def test_where_everything_is_killed_the_rows_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "KILLED", 3)
    found = VerifierPool._found_nursery

    def found_dead(pool: VerifierPool) -> Nursery:
        nursery = found(pool)
        nursery.process.kill()
        return nursery

    monkeypatch.setattr(VerifierPool, "_found_nursery", found_dead)
    with VerifierPool(2, deadline=5) as pool:
        verdict = pool.submit(check(1, "x", "x")).result(PATIENT)
    assert verdict.outcome == Outcome.VERIFIER_ERROR and "killed again and again" in verdict.detail


@pytest.mark.slow
def test_a_worker_that_is_stopped_holds_up_nobody() -> None:
    """Its messages fill the socket, and the pool must not wait for it to read them."""
    with VerifierPool(2, deadline=3) as pool:
        assert pool.submit(check(0, "x", "x")).result(PATIENT).outcome == Outcome.CORRECT
        sleepers = workers()
        nursery = min(sleepers, key=lambda process: process.create_time())
        for process in sleepers:
            if process.pid != nursery.pid:
                process.suspend()
        long_answer = "1+" * 9000 + "x"
        futures = [pool.submit(check(n, "x", f"{long_answer}}} \\boxed{{x")) for n in range(1, 200)]
        verdicts = [future.result(PATIENT) for future in futures]
    late = [v for v in verdicts if v.outcome == Outcome.TIMEOUT]
    assert len(late) <= len(sleepers) - 1
    assert {v.outcome for v in verdicts} <= {Outcome.CORRECT, Outcome.TIMEOUT}


def test_a_pool_that_is_closed_takes_nothing_more() -> None:
    pool = VerifierPool(1, deadline=5)
    pool.close()
    assert pool.submit(check(1, "x", "x")).cancelled()
