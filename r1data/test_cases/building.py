"""Tests for one problem: inputs from generators, outputs from correct submissions, kept for what they catch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Protocol

from r1data.test_cases.agreement import Agreement, Candidate, Checked, agree, failure
from r1data.test_cases.choosing import Catch, choose
from r1data.test_cases.problem import Problem, Test
from r1data.verifiers.code import Limits, Run, Status

VERSION = 1
"""Raised whenever the same problem may get other tests."""
GENERATOR_LIMITS = Limits(seconds=10.0)
HOPELESS = frozenset({Status.TIMEOUT, Status.MEMORY, Status.OUTPUT_LIMIT, Status.COMPILE_ERROR})
"""How a generator ends that is not asked again with another seed."""
MOST_TIMEOUTS = 6
FIRST_BATCH = 4
SLOW_SHARE = 0.5
"""Being too slow counts against a wrong submission only where the correct ones need less than this share of the limit:
nearer to it, another machine might decide otherwise."""


class Runner(Protocol):
    """Runs a program on each input; the sandbox's `run_program` is one."""

    def __call__(self, source: str, language: str, inputs: Sequence[str], limits: Limits) -> Sequence[Run]:
        """One run for each input, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How many: seeds for each generator, tests for each problem, wrong submissions that a problem should have."""

    seeds: int = 5
    min_tests: int = 5
    max_tests: int = 20
    min_wrong: int = 1


class Fate(StrEnum):
    """What became of a candidate. Every candidate has exactly one."""

    KEPT = "kept"
    REDUNDANT = "redundant"
    INVALID = "invalid"
    DUPLICATE = "duplicate"


class Flag(StrEnum):
    """What a person should know before training on a problem with these tests."""

    CANNOT_TELL = "cannot_tell"
    """A known-wrong submission passes all tests that were kept."""
    NO_VALID_TESTS = "no_valid_tests"
    CORRECT_DISAGREE = "correct_disagree"
    """A submission that should be correct is against the others on most inputs, or they are on most of them at odds."""
    CORRECT_BROKEN = "correct_broken"
    """A submission that should be correct does not compile."""
    TOO_FEW_WRONG = "too_few_wrong"
    """There are too few wrong submissions (that compile) to show that the tests tell right from wrong."""
    NO_CORRECT = "no_correct"
    SANDBOX_ERROR = "sandbox_error"
    """A fault of ours on the way: something was not run. The problem is built anew by the next run."""
    UNREADABLE = "unreadable"
    """The row is no problem."""


@dataclass(frozen=True, slots=True)
class Account:
    """One candidate's story: where it came from, its fate, the reason against it, and whom it catches (from 1)."""

    origin: str
    fate: Fate
    reason: str = ""
    catches: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """candidates = given + generator_runs - failed_runs = kept + redundant + invalid + duplicate."""

    given: int = 0
    generator_runs: int = 0
    failed_runs: int = 0
    candidates: int = 0
    kept: int = 0
    redundant: int = 0
    invalid: int = 0
    duplicate: int = 0
    wrong: int = 0
    caught: int = 0


@dataclass(frozen=True, slots=True)
class Built:
    """What was built for one problem: the tests, the account of every candidate, flags, and notes for a person."""

    tests: tuple[Test, ...] = ()
    accounts: tuple[Account, ...] = ()
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()
    counts: Counts = Counts()

    def row(self, problem: Problem) -> dict[str, object]:
        """The row that is written: a prompt with its tests, as the verifier `code` takes them."""
        tests: dict[str, object] = {
            "inputs": [test.input for test in self.tests],
            "outputs": [test.output for test in self.tests],
            "fn_name": None,
            "time_limit": problem.time_limit,
            "memory_mb": problem.memory_mb,
            "comparison": str(problem.comparison),
        }
        if problem.tolerance is not None:
            tests["tolerance"] = problem.tolerance
        return {
            "id": problem.id,
            "prompt": problem.prompt,
            "language": problem.language,
            "tests": tests,
            "flags": [str(flag) for flag in self.flags],
            "counts": asdict(self.counts),
            "notes": list(self.notes),
            "candidates": [asdict(account) for account in self.accounts],
        }


def build(problem: Problem, settings: Settings, run: Runner) -> Built:
    """Make the tests of a problem.

    Tests that came with the problem pass through the same sieve as generated ones, and before them. A program is only
    ever run by `run`, which should be the sandbox's.
    """
    generation = _Generation(problem.tests)
    generation.run_all(problem.generators, settings.seeds, run)
    fresh = generation.fresh
    correct = _run_correct(problem, [one.input for one in fresh], run)
    agreement = agree(fresh, list(correct.values()), problem.same)
    valid = {place: one for place, one in enumerate(agreement.checked) if one.output is not None}
    wrong = _run_wrong(problem, [fresh[place].input for place in valid], run)
    catches = [
        frozenset(number for number, runs in wrong.items() if _catches(checked, runs[test], problem))
        for test, checked in enumerate(valid.values())
    ]
    kept = choose(catches, settings.min_tests, settings.max_tests)
    places = list(valid)
    tests = [Test(fresh[places[test]].input, valid[places[test]].output or "") for test in kept]
    caught = Catch().union(*(catches[test] for test in kept))

    accounts = _accounts(generation, agreement, dict(zip(valid, catches, strict=True)), {places[test] for test in kept})
    findings = _findings(problem, settings, generation, agreement, correct, wrong, caught)
    fates = [account.fate for account in accounts]
    return Built(
        tests=tuple(tests),
        accounts=tuple(accounts),
        flags=tuple(dict.fromkeys(flag for flag, _ in findings if flag is not None)),
        notes=(*(note for _, note in findings), *generation.failures),
        counts=Counts(
            given=len(problem.tests),
            generator_runs=generation.runs,
            failed_runs=generation.failed,
            candidates=len(accounts),
            kept=fates.count(Fate.KEPT),
            redundant=fates.count(Fate.REDUNDANT),
            invalid=fates.count(Fate.INVALID),
            duplicate=fates.count(Fate.DUPLICATE),
            wrong=len(wrong),
            caught=len(caught),
        ),
    )


def _accounts(
    generation: _Generation, agreement: Agreement, catches: Mapping[int, Catch], kept: Collection[int]
) -> list[Account]:
    accounts = []
    for place, (candidate, checked) in enumerate(zip(generation.fresh, agreement.checked, strict=True)):
        if checked.output is None:
            accounts.append(Account(candidate.origin, Fate.INVALID, checked.reason))
        else:
            fate = Fate.KEPT if place in kept else Fate.REDUNDANT
            accounts.append(Account(candidate.origin, fate, catches=tuple(n + 1 for n in sorted(catches[place]))))
    for candidate, first in generation.repeated:
        accounts.append(Account(candidate.origin, Fate.DUPLICATE, f"the same input as {first}"))
    return accounts


def _findings(
    problem: Problem,
    settings: Settings,
    generation: _Generation,
    agreement: Agreement,
    correct: Mapping[int, Sequence[Run]],
    wrong: Mapping[int, Sequence[Run | None]],
    caught: Catch,
) -> list[tuple[Flag | None, str]]:
    """What a person should know, each with a line that says it."""
    broken = [number for number in range(len(problem.correct)) if number not in correct]
    uncompiled = [number for number in range(len(problem.wrong)) if number not in wrong]
    suspects = [list(correct)[number] for number in agreement.suspects]
    missed = [number for number in wrong if number not in caught]
    valid = any(checked.output is not None for checked in agreement.checked)
    runs = [run for runs in (*correct.values(), *wrong.values()) for run in runs if run is not None]
    faults = [run for run in (*generation.faults, *runs) if run.status is Status.SANDBOX_ERROR]
    findings: list[tuple[Flag | None, bool, str]] = [
        (Flag.NO_CORRECT, not problem.correct, "there is no correct submission"),
        (Flag.CORRECT_BROKEN, bool(broken), f"correct {_numbers(broken)} does not compile and was set aside"),
        (Flag.CORRECT_DISAGREE, bool(suspects), f"correct {_numbers(suspects)} is against the majority and set aside"),
        (Flag.CORRECT_DISAGREE, agreement.mostly_disagree, "correct submissions or given outputs mostly disagree"),
        (Flag.NO_VALID_TESTS, not valid, f"none of {len(generation.fresh)} different inputs made a valid test"),
        (Flag.TOO_FEW_WRONG, len(wrong) < settings.min_wrong, f"{len(wrong)} wrong submissions can be run"),
        (Flag.CANNOT_TELL, valid and bool(missed), f"wrong {_numbers(missed)} passes all tests that were kept"),
        (Flag.SANDBOX_ERROR, bool(faults), f"{len(faults)} runs: {failure(faults[0])}" if faults else ""),
        (
            None,
            bool(uncompiled),
            f"wrong {_numbers(uncompiled)} does not compile and was left out: any test catches it",
        ),
    ]
    return [(flag, note) for flag, applies, note in findings if applies]


class _Generation:
    """Candidates as they come, sorted into fresh ones and repetitions, and the count of what failed."""

    def __init__(self, given: Sequence[Test]) -> None:
        self.fresh: list[Candidate] = []
        self.repeated: list[tuple[Candidate, str]] = []
        self.failures: list[str] = []
        self.faults: list[Run] = []
        self.runs = self.failed = 0
        self._first: dict[str, str] = {}
        for number, test in enumerate(given, start=1):
            self._add(Candidate(test.input, f"given {number}", test.output))

    def run_all(self, generators: Sequence[str], seeds: int, run: Runner) -> None:
        """All generators with the first seed, then with the second, so that early candidates are of all kinds."""
        limits = GENERATOR_LIMITS
        first = [list(run(source, "python", ["0"], limits)) for source in generators] if seeds else []
        rest = [
            []
            if seeds == 1 or runs[0].status in HOPELESS
            else list(run(source, "python", [str(n) for n in range(1, seeds)], limits))
            for source, runs in zip(generators, first, strict=False)
        ]
        everything = [[*head, *tail] for head, tail in zip(first, rest, strict=True)]
        for seed in range(seeds):
            for number, runs in enumerate(everything, start=1):
                if seed < len(runs):
                    self._take(f"generator {number}, seed {seed}", runs[seed])

    def _take(self, origin: str, run: Run) -> None:
        self.runs += 1
        if run.status is Status.SANDBOX_ERROR:
            self.faults.append(run)
        problem = failure(run) if run.status is not Status.OK else _unusable(run.stdout)
        if problem:
            self.failed += 1
            self.failures.append(f"{origin}: {problem}")
        else:
            self._add(Candidate(run.stdout, origin))

    def _add(self, candidate: Candidate) -> None:
        key = candidate.input.rstrip("\n")
        if key in self._first:
            self.repeated.append((candidate, self._first[key]))
        else:
            self._first[key] = candidate.origin
            self.fresh.append(candidate)


def _unusable(text: str) -> str:
    if not text.strip():
        return "prints nothing"
    return "prints what is no text" if "\0" in text or "\N{REPLACEMENT CHARACTER}" in text else ""


def _run_correct(problem: Problem, inputs: Sequence[str], run: Runner) -> dict[int, list[Run]]:
    """All runs of the correct submissions that compile."""
    table = {n: list(run(one.source, one.language, inputs, _limits(problem))) for n, one in enumerate(problem.correct)}
    return {number: runs for number, runs in table.items() if not _uncompiled(runs)}


def _run_wrong(problem: Problem, inputs: Sequence[str], run: Runner) -> dict[int, list[Run | None]]:
    """The runs of the wrong submissions that compile; what is too slow again and again is not run to the end (None)."""
    table: dict[int, list[Run | None]] = {}
    for number, submission in enumerate(problem.wrong):
        runs: list[Run] = []
        for batch in _batches(inputs):
            runs += run(submission.source, submission.language, batch, _limits(problem))
            if sum(one.status is Status.TIMEOUT for one in runs) >= MOST_TIMEOUTS or _uncompiled(runs):
                break
        if not _uncompiled(runs):
            table[number] = [*runs, *[None] * (len(inputs) - len(runs))]
    return table


def _limits(problem: Problem) -> Limits:
    return Limits(seconds=problem.time_limit, memory_mb=problem.memory_mb)


def _uncompiled(runs: Sequence[Run]) -> bool:
    return any(run.status is Status.COMPILE_ERROR for run in runs)


def _batches(inputs: Sequence[str]) -> Iterator[Sequence[str]]:
    """Each twice as long as the one before: a slow program is found out early, and a fast one seldom compiled."""
    start, size = 0, FIRST_BATCH
    while start < len(inputs):
        yield inputs[start : start + size]
        start, size = start + size, size * 2


def _catches(checked: Checked, run: Run | None, problem: Problem) -> bool:
    """Whether a test shows that a submission is wrong. A fault of ours shows nothing."""
    if run is None or checked.output is None:
        return False
    match run.status:
        case Status.OK:
            return not problem.same(checked.output, run.stdout)
        case Status.TIMEOUT:
            return checked.seconds < SLOW_SHARE * problem.time_limit
        case Status.SANDBOX_ERROR:
            return False
        case _:
            return True


def _numbers(places: Sequence[int]) -> str:
    return ", ".join(str(place + 1) for place in places)
