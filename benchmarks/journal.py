"""Completions a second through journal, measures and verdicts, and memory while a million prompts stream through.

    python benchmarks/journal.py [--prompts 1000000] [--reply-chars 16384] [--without-measures] [--json]

The sampling stage as it is, with the scripted engine, which answers at once: so what is timed is everything but an
engine. Every completion is committed to disk, measured, verified by two worker processes and sealed into Parquet. The
prompts are made up straight into a workspace. Memory is the proportional set size (PSS) of the whole process tree, read
twice a second; processor time, of the same tree, says what the pace would be on a machine with nothing else to do.
`--without-measures` leaves out the measures of the texts, which cost more than all the rest together, so that journal
and verdicts are seen alone. The goals are 2,000 completions of 16 KB a second on two cores, and less than 1 GB that
does not grow.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

import polars as pl
import psutil
import yaml

from r1data.engines import serving
from r1data.measures import measure
from r1data.progress import Progress, Tally
from r1data.recipe import fingerprint, read_recipe, read_runtime
from r1data.stages import Job, open_job, sample
from r1data.verifiers import VerifierPool
from schemas import BadPrompts, Measures, Message

MODEL = Path(__file__).parents[1] / "data" / "models" / "tiny"
MEASURE = "r1data.stages.grade.measure"
POLL_SECONDS = 0.5
STEPS = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the run stood: seconds since its process began, draws that are durable, verdicts, memory in MB, and
    processor time in seconds.
    """

    seconds: float
    drawn: int
    judged: int
    megabytes: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Settings:
    """What both processes need to know."""

    folder: str
    prompts: int
    reply_chars: int
    measures: bool

    def job(self, progress: Progress) -> Job:
        """The job over the workspace in the folder."""
        folder = Path(self.folder)
        recipe = {
            "name": "journal", "model": str(MODEL), "prompts": [{"kind": "file", "path": "made-up.jsonl"}],
            "sampling": {"draws": 1, "max_tokens": self.reply_chars},
        }  # fmt: skip
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
        engine = {"kind": "scripted", "reply_chars": self.reply_chars}
        (folder / "runtime.yaml").write_text(yaml.safe_dump({"engine": engine}))
        what, where = read_recipe(folder / "recipe.yaml"), read_runtime(folder / "runtime.yaml")
        return open_job(what, where, folder / "workspace", progress)


class Reporter:
    """A listener that passes the counts on to another process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def say(self, line: str) -> None:
        """Nobody reads it."""

    def counts(self, tally: Tally) -> None:
        """Pass them on."""
        self._pipe.send((tally.drawn, tally.judged))


class Unmeasured:
    """Gives every text the measures of the first."""

    def __init__(self, real: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        self._real = real
        self._first: pl.DataFrame | None = None

    def __call__(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A row for each."""
        if self._first is None:
            self._first = self._real(frame.head(1)).drop("completion_id")
        columns = list(Measures.columns())
        return frame.select("completion_id").join(self._first, how="cross").select(columns)


def prepare(settings: Settings) -> None:
    """Write prompts, plan and manifest, as planning would."""
    job = settings.job(Progress(Reporter(get_context().Pipe()[1])))
    ids, questions, answers, rendered = [], [], [], []
    for number in range(settings.prompts):
        question = f"What is {number} + {number % 997}?"
        ids.append(hashlib.blake2b(question.encode(), digest_size=16).hexdigest())
        questions.append([{"role": "user", "content": question}])
        answers.append(str(number + number % 997))
        rendered.append(fingerprint(job.renderer.text([Message("user", question)], "en")))
    asked = {"prompt_id": ids, "rendered": rendered, "policy": job.draws, "draws": 1, "fixed": True}
    plan = pl.DataFrame(asked)
    prompts = pl.DataFrame({"prompt_id": ids, "messages": questions, "reference": answers}).with_columns(
        domain=pl.lit("math"), language=pl.lit("en"), verifier=pl.lit("math"), task=pl.lit(None, pl.String),
        source=pl.lit("made up"), source_row=pl.lit(""), licence=pl.lit(None, pl.String),
    )  # fmt: skip
    with job.workspace.locked():
        job.workspace.write_prompts(prompts, BadPrompts.create_empty())
        job.workspace.write_plan(plan)
        job.workspace.write_manifest(job.manifest([]), job.recipe_yaml())


def stream(settings: Settings, pipe: Connection) -> None:
    """Sample all prompts, and check that nothing was lost."""
    progress = Progress(Reporter(pipe))
    job = settings.job(progress)
    left_out = contextlib.nullcontext() if settings.measures else patch(MEASURE, Unmeasured(measure))
    with (
        left_out,
        job.workspace.locked(),
        VerifierPool(job.runtime.verify_workers, job.recipe.verification.deadline) as pool,
        serving(job.runtime, job.model, job.workspace.engine_log, progress.say) as service,
    ):
        progress.begin(planned=settings.prompts, completed=0, failed=0, prompts=settings.prompts, fixed=True)
        sample(job, service, pool)
        progress.refresh()
    pipe.close()


def watch(settings: Settings) -> list[Reading]:
    """Run `stream` in a process of its own, and read how far it is and what memory it takes."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=stream, args=(settings, theirs))
    started = time.perf_counter()
    process.start()
    theirs.close()
    readings, counts, shown = [], (0, 0), time.perf_counter()
    used: dict[int, float] = {}
    with contextlib.suppress(EOFError):
        while True:
            deadline = time.perf_counter() + POLL_SECONDS
            while (left := deadline - time.perf_counter()) > 0:
                if ours.poll(left):
                    counts = ours.recv()
            now = time.perf_counter()
            readings.append(Reading(now - started, *counts, *usage(process.pid or 0, used)))
            if now - shown > 10:
                shown = now
                print(f"{counts[0]:,} draws, {readings[-1].megabytes:,.0f} MB", file=sys.stderr, flush=True)
    process.join()
    if process.exitcode:
        raise SystemExit(f"sampling failed ({process.exitcode})")
    last = readings[-1]
    readings.append(Reading(time.perf_counter() - started, *counts, last.megabytes, last.cpu))
    return readings


def usage(pid: int, used: dict[int, float]) -> tuple[float, float]:
    """PSS of a process and all below it, in MB (what several share is counted once), and their processor time.

    `used` keeps the processor time of each, so that it is not lost when one ends.
    """
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        tree = psutil.Process(pid)
        for process in (tree, *tree.children(recursive=True)):
            with contextlib.suppress(OSError, psutil.Error):
                used[process.pid] = sum(process.cpu_times()[:2])
                rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1000, sum(used.values())


def in_steps(readings: list[Reading], prompts: int) -> list[Reading]:
    """The first reading at each tenth of the way: how far it was, and the most memory that was taken in that tenth."""
    steps, low = [], 0.0
    for step in range(STEPS + 1):
        goal = prompts * step // STEPS
        found = next((r for r in readings if r.drawn >= max(goal, 1)), readings[-1])
        most = max((r.megabytes for r in readings if low < r.seconds <= found.seconds), default=found.megabytes)
        steps.append(replace(found, megabytes=most))
        low = found.seconds
    return steps


def require_everything(settings: Settings) -> None:
    """Every prompt has one completion, one verdict and one row of measures, sealed."""
    root = Path(settings.folder) / "workspace"
    for table in ("completions", "verdicts", "measures"):
        ids = pl.scan_parquet(root / table / "*.parquet").select(pl.col("completion_id")).collect()["completion_id"]
        if len(ids) != settings.prompts or ids.n_unique() != settings.prompts:
            raise SystemExit(f"{table}: {len(ids)} rows, {ids.n_unique()} different, for {settings.prompts} prompts")


def main() -> None:
    """Make the prompts, stream them through, and print pace and memory by tenths of the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=1_000_000)
    parser.add_argument("--reply-chars", type=int, default=16_384)
    parser.add_argument("--without-measures", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="journal-")
    settings = Settings(folder, options.prompts, options.reply_chars, not options.without_measures)
    try:
        preparation = get_context("spawn").Process(target=prepare, args=(settings,))
        preparation.start()
        preparation.join()
        if preparation.exitcode:
            raise SystemExit(f"preparing failed ({preparation.exitcode})")
        readings = watch(settings)
        require_everything(settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    steps = in_steps(readings, options.prompts)
    begun = max((r for r in readings if not r.drawn), key=lambda r: r.seconds, default=readings[0])
    pace = options.prompts / (readings[-1].seconds - begun.seconds)
    cpu = (readings[-1].cpu - begun.cpu) / options.prompts
    peak = max(r.megabytes for r in readings)
    if options.json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count()}
        print(
            json.dumps({"per_second": pace, "cpu": cpu, "peak_mb": peak, "steps": [asdict(s) for s in steps]} | machine)
        )
        return
    print(f"{'draws':>11} {'seconds':>8} {'draws/s':>8} {'verdicts behind':>15} {'most memory':>12}")
    for before, step in pairwise(steps):
        taken = step.seconds - before.seconds
        rate = f"{(step.drawn - before.drawn) / taken:8,.0f}" if taken else f"{'':8}"
        print(f"{step.drawn:11,} {step.seconds:8,.0f} {rate} {step.drawn - step.judged:15,} {step.megabytes:9,.0f} MB")
    print(f"{pace:,.0f} completions a second, sealed and graded; {peak:,.0f} MB at most")
    print(
        f"{cpu * 1e6:,.0f} us of processor time each, all processes: {2 / cpu:,.0f} a second would keep two cores busy"
    )


if __name__ == "__main__":
    main()
