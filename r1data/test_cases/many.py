"""Tests for all problems of a file: what is finished stays, what is not is built, and no row is lost."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

from r1data.errors import R1dataError
from r1data.recipe import fingerprint
from r1data.sources.formats import Row, Unreadable
from r1data.sources.rows import shorten
from r1data.test_cases.building import VERSION, Built, Counts, Flag, Runner, Settings, build
from r1data.test_cases.problem import Problem, UnreadableProblem, read_problem
from r1data.test_cases.prompting import Replies, generators_for
from r1data.test_cases.results import KEY, open_results, set_aside
from r1data.verifiers.code import Limits, Status

REDO = (str(Flag.SANDBOX_ERROR),)


_Done = tuple[dict[str, object], Built]


class SandboxMissing(R1dataError):
    """Programs cannot be run on this machine."""


@dataclass(slots=True)
class Summary:
    """What a run did: rows = built + there before + not reached (where it was stopped)."""

    rows: int = 0
    built: int = 0
    there_before: int = 0
    unflagged: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, row: Mapping[str, object], flags: Iterable[Flag], counts: Counts) -> None:
        """Count a row that was built."""
        self.built += 1
        names = [str(flag) for flag in flags]
        self.unflagged += not names
        self.flags.update(names)
        self.counts.update(asdict(counts))

    def as_dict(self) -> dict[str, object]:
        """Plain counts, for JSON."""
        return {
            "rows": self.rows,
            "built": self.built,
            "there_before": self.there_before,
            "unflagged": self.unflagged,
            "flags": dict(sorted(self.flags.items())),
            **self.counts,
        }


@dataclass(frozen=True, slots=True)
class _Job:
    """One row to work on: its key, and the problem or what is wrong with the row."""

    key: str
    id: str
    problem: Problem | UnreadableProblem
    raw: object

    def done(self, run: Runner, settings: Settings) -> _Done:
        """Build it; the row to write, and what was built."""
        if isinstance(self.problem, Problem):
            built = build(self.problem, settings, run)
            return {**built.row(self.problem), KEY: self.key}, built
        built = Built(flags=(Flag.UNREADABLE,), notes=(str(self.problem),))
        shown = Problem(self.id, shorten(self.raw), "", ())
        return {**built.row(shown), KEY: self.key}, built


def build_all(
    read: Callable[[], Iterable[Row]],
    out: Path,
    settings: Settings,
    run: Runner,
    *,
    replies: Replies | None = None,
    jobs: int = 1,
    say: Callable[[str], None] = lambda line: None,
    summary: Summary | None = None,
) -> Summary:
    """Build the tests of all problems, `jobs` at a time, and add a row for each to `out`; one that is there stays.

    `read` gives the rows, and the same ones whenever it is called. `replies` adds generators. The summary is brought
    up to date row by row, so that a caller who passes one in knows where an interrupted run stood.

    Raises:
        ResultsError: `out` cannot be used.
        SandboxMissing: programs cannot be run on this machine.
    """
    summary = summary or Summary()
    wanted: Counter[str] = Counter()
    ids = set()
    for job in _jobs(read(), settings, replies or {}):
        wanted[job.key] += 1
        ids.add(job.id)
    summary.rows = wanted.total()
    _require_sandbox(run)
    with open_results(out, wanted, ids, REDO) as results:
        summary.there_before = results.finished.total()
        if results.dropped:
            say(f"{out}: {results.dropped:,} rows taken out: changed, cut off by a crash, or failed by our sandbox")
            if set_aside(out).exists():
                say(f"{set_aside(out)}: has the whole rows among them")
        if summary.there_before:
            say(f"{out}: {summary.there_before:,} of {summary.rows:,} rows are there already and stay")
        left = _unfinished(_jobs(read(), settings, replies or {}), results.finished)
        for row, built in _worked(left, lambda job: job.done(run, settings), jobs):
            results.add(row)
            summary.add(row, built.flags, built.counts)
            verdict = ", ".join(built.flags) or "tells right from wrong"
            say(f"{row['id']}: {built.counts.kept} tests of {built.counts.candidates} candidates; {verdict}")
    return summary


def read_problems(rows: Iterable[Row]) -> Iterator[tuple[str, Problem | UnreadableProblem, object]]:
    """Each row's place, the problem in it or what is wrong with it, and what stands there."""
    for place, raw in rows:
        if isinstance(raw, Unreadable):
            yield place, UnreadableProblem(f"{raw.rule}: {raw.detail}"), raw.content
            continue
        try:
            yield place, read_problem(raw), raw
        except UnreadableProblem as error:
            yield place, error, raw


def _jobs(rows: Iterable[Row], settings: Settings, replies: Replies) -> Iterator[_Job]:
    made_by = [VERSION, asdict(settings)]
    for place, problem, raw in read_problems(rows):
        if isinstance(problem, Problem):
            more = generators_for(problem.id, problem.prompt, replies) if replies else ()
            problem = replace(problem, generators=tuple(dict.fromkeys((*problem.generators, *more))))
            yield _Job(fingerprint([made_by, asdict(problem)]), problem.id, problem, None)
        else:
            name = raw.get("id") if isinstance(raw, Mapping) else None
            row_id = shorten(name) if isinstance(name, str | int) and str(name).strip() else place
            reason = UnreadableProblem(f"{place}: {shorten(problem)}")
            yield _Job(fingerprint([made_by, row_id, str(reason), shorten(raw)]), row_id, reason, raw)


def _unfinished(jobs: Iterable[_Job], finished: Counter[str]) -> Iterator[_Job]:
    left = finished.copy()
    for job in jobs:
        if left[job.key] > 0:
            left[job.key] -= 1
        else:
            yield job


def _require_sandbox(run: Runner) -> None:
    (ending,) = run("print(1)", "python", [""], Limits())
    if ending.status is not Status.OK:
        raise SandboxMissing(
            f"programs cannot be run here: {ending.stderr.strip() or ending.status}",
            "`r1data doctor` says what the machine lacks",
        )


def _worked(jobs: Iterator[_Job], work: Callable[[_Job], _Done], most: int) -> Iterator[_Done]:
    """The results of all jobs as they are finished, at most `most` jobs under way.

    The threads are daemons, because a pool's own would hold up a process that a person has stopped.
    """
    tasks: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[_Done | BaseException] = queue.SimpleQueue()

    def serve() -> None:
        while (job := tasks.get()) is not None:
            try:
                done.put(work(job))
            except BaseException as error:  # raised where the results are awaited
                done.put(error)

    for number in range(most):
        threading.Thread(target=serve, name=f"building tests {number}", daemon=True).start()
    try:
        under_way = 0
        for job in islice(jobs, most):
            tasks.put(job)
            under_way += 1
        while under_way:
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
            under_way -= 1
            for job in islice(jobs, 1):
                tasks.put(job)
                under_way += 1
    finally:
        for _ in range(most):
            tasks.put(None)
