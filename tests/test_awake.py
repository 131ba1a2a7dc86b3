"""Time in which nothing ran counts against nobody."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.awake import LATE_SECONDS, AwakeClock, awake
from tests.conftest import REPOSITORY

STOPPED_SECONDS = 4.0
PRINTS_BOTH = """
import sys, time
from r1data.awake import awake
for line in sys.stdin:
    print(awake(), time.monotonic(), flush=True)
"""
JUDGES_AN_ENDLESS_ANSWER = """
import time
from r1data.verifiers import Check, VerifierPool
def check(answer): return Check("0" * 32, "math", "x+1", None, "en", f"\\\\boxed{{{answer}}}")
with VerifierPool(1, deadline=3) as pool:
    assert pool.submit(check("1+x")).result(300).outcome == "correct"
    late = pool.submit(check("\\\\sum_{n=1}^{9^{9^{9}}} n"))
    print("begun", flush=True)
    print(late.result(300).outcome, time.monotonic(), flush=True)
"""
ASKS_AN_ENGINE = """
import asyncio, sys
from pathlib import Path
from tests.engines.test_deaths import FrailServer, ask_all, assert_own, local, request
FrailServer.seconds = 0.2
asked = [request(n) for n in range(60)]
with local(Path(sys.argv[1]), silence_seconds=2.0) as (server, said):
    print("begun", flush=True)
    assert_own(asyncio.run(ask_all(server, asked, concurrency=2)), asked)
    print(server.life, said, flush=True)
"""


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60))
def test_it_never_runs_backwards_nor_faster_and_a_long_pause_counts_little(steps: list[tuple[float, bool]]) -> None:
    real = 100.0
    clock = AwakeClock(lambda: real)
    shown = clock.now()
    for seconds, beats in steps:
        real += seconds
        assert -1e-9 <= clock.now() - shown <= min(seconds, LATE_SECONDS) + 1e-9
        if beats:
            before = clock.now()
            clock.beat()
            assert clock.now() == pytest.approx(before), "a beat does not move it"
        shown = clock.now()


@given(st.lists(st.floats(0, LATE_SECONDS), max_size=60))
def test_beaten_often_enough_it_is_the_real_one(pauses: list[float]) -> None:
    real = 0.0
    clock = AwakeClock(lambda: real)
    for seconds in pauses:
        real += seconds
        clock.beat()
    assert clock.now() == pytest.approx(sum(pauses))


def test_a_process_that_is_stopped_does_not_age() -> None:
    with started(PRINTS_BOTH) as child:
        assert child.stdin is not None and child.stdout is not None

        def times() -> tuple[float, float]:
            child.stdin.write("now\n")  # type: ignore[union-attr]
            child.stdin.flush()  # type: ignore[union-attr]
            lived, real = child.stdout.readline().split()  # type: ignore[union-attr]
            return float(lived), float(real)

        before = times()
        stop_for_a_while(child)
        after = times()
    lived, real = (b - a for a, b in zip(before, after, strict=True))
    assert real > STOPPED_SECONDS and lived < real - STOPPED_SECONDS + LATE_SECONDS + 0.2


def test_a_forked_process_has_a_clock_that_runs() -> None:
    awake()
    reads, writes = os.pipe()
    if not (child := os.fork()):
        begun = awake()
        time.sleep(1.5)  # more than counts without a beat
        os.write(writes, b"runs" if awake() - begun > LATE_SECONDS + 0.1 else b"hangs")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reads, 10) == b"runs"
    os.close(reads)
    os.close(writes)


@pytest.mark.slow
def test_a_check_has_its_whole_deadline_though_everything_stood_still() -> None:
    with started(JUDGES_AN_ENDLESS_ANSWER) as child:
        assert child.stdout is not None and child.stdout.readline() == "begun\n"
        thawed = stop_for_a_while(child)
        outcome, moment = child.stdout.readline().split()
    assert outcome == "timeout" and float(moment) - thawed > 1.0


@pytest.mark.slow
def test_an_engine_is_not_taken_for_dead_because_everything_stood_still(tmp_path: os.PathLike[str]) -> None:
    with started(ASKS_AN_ENGINE, str(tmp_path)) as child:
        assert child.stdout is not None and child.stdout.readline() == "begun\n"
        time.sleep(1.0)
        stop_for_a_while(child)
        life, said = child.stdout.readline().split(maxsplit=1)
    assert life == "0", said


def started(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=REPOSITORY, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def stop_for_a_while(process: subprocess.Popen[str]) -> float:
    """Stop a process and all that came from it, as when a machine stands still; the moment when they go on."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for number in (signal.SIGSTOP, signal.SIGCONT):
        moment = time.monotonic()
        for one in family if number == signal.SIGSTOP else reversed(family):
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)
        if number == signal.SIGSTOP:
            time.sleep(STOPPED_SECONDS)
    return moment
