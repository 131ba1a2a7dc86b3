"""How many small Python tests a second one core runs: the verifier `code` beside a process for each test.

    python benchmarks/code_sandbox.py [--seconds 3] [--json]

Everything runs in one go on one core, this side of the sandbox included. A test is a program of two lines on one line
of input, and its output is compared. The rows of one process per test do what most code graders do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from r1data.verifiers import Check
from r1data.verifiers.code import verify
from r1data.verifiers.code.bubblewrap import find_bwrap, interpreter
from r1data.verifiers.code.sandbox import discard
from schemas import Outcome

PROGRAM = "n = int(input())\nprint(sum(range(n)))"
ROUNDS = 3
CHECKS_AHEAD = 2
"""Checks before the clock starts, so that start-up is not counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way to run tests, and how many it ran in how many seconds."""

    name: str
    tests: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Tests a second on one core."""
        return self.tests / self.seconds


def sandboxed(tests: int) -> Callable[[], int]:
    """The verifier itself: one program, built once, with this many tests."""
    numbers = range(10, 10 + tests)
    inputs, outputs = [f"{n}\n" for n in numbers], [f"{sum(range(n))}\n" for n in numbers]
    task = json.dumps({"tests": {"inputs": inputs, "outputs": outputs}})
    check = Check("0" * 32, "code", None, task, "en", f"```python\n{PROGRAM}\n```")

    def run() -> int:
        finding = verify(check)
        if finding.outcome is not Outcome.CORRECT:
            raise SystemExit(f"the sandbox does not work here: {finding.detail}")
        return tests

    return run


def process_each(command: list[str]) -> Callable[[], int]:
    """One process for one test."""

    def run() -> int:
        done = subprocess.run([*command, "-c", PROGRAM], input="10\n", capture_output=True, text=True, check=True)
        if done.stdout != "45\n":
            raise SystemExit(f"{command[0]} gave {done.stdout!r}")
        return 1

    return run


def measure(run: Callable[[], int], seconds: float) -> tuple[int, float]:
    """Run again and again for about this long: how many tests, and how many seconds it was."""
    for _ in range(CHECKS_AHEAD):
        run()
    started, tests = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        tests += run()
    return tests, elapsed


def rows(seconds: float) -> list[Row]:
    """The best round of each way; the rounds of all ways take turns, so that a busy machine is busy for all."""
    ways: dict[str, Callable[[], int]] = {
        f"r1data, {tests} test{'s' if tests > 1 else ''} a program": sandboxed(tests) for tests in (1, 10, 30, 100)
    }
    python = interpreter()
    ways["a process each: python"] = process_each([sys.executable])
    ways["a process each: python -I -S"] = process_each([python, "-I", "-S"])
    if bwrap := find_bwrap():
        wall = [
            str(bwrap),
            "--unshare-all",
            "--die-with-parent",
            "--ro-bind",
            "/",
            "/",
            "--dev",
            "/dev",
            "--proc",
            "/proc",
        ]
        ways["a process each: bwrap python -I -S"] = process_each([*wall, "--", python, "-I", "-S"])
    rounds: dict[str, list[Row]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, run in ways.items():
            rounds[name].append(Row(name, *measure(run, seconds / ROUNDS)))
    return [max(taken, key=lambda row: row.per_second) for taken in rounds.values()]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Small Python tests a second on one core.")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="how long each row runs, in three rounds of which the best counts"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    discard()  # a sandbox from before would run elsewhere
    results = rows(options.seconds)
    if options.json:
        machine = {"python": platform.python_version(), "kernel": platform.release(), "cores": os.cpu_count()}
        print(json.dumps({**machine, "rows": [asdict(r) | {"per_second": r.per_second} for r in results]}, indent=2))
        return
    print(f"{'tests a second on one core':42}{'tests/s':>8}")
    for row in results:
        print(f"{row.name:42}{row.per_second:8.0f}")


if __name__ == "__main__":
    main()
