"""The reasoning flow: the stages of `r1data.run`, each as a Prefect task, one task per stage.

    python -m flows.reasoning data/recipes/demo.yaml

Prefect shows, schedules and retries; what is done is written in the workspace, not in Prefect's database. So a run that
was killed goes on from its sealed shards and journals when the flow runs again, whatever state Prefect gave it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "90")

import typer
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from r1data.account import keeping_account
from r1data.cli.output import describe
from r1data.engines import Service, serving
from r1data.errors import R1dataError
from r1data.progress import Progress, Tally
from r1data.recipe import read_recipe, read_runtime
from r1data.report import Funnel
from r1data.run import begin
from r1data.stages import (
    Job,
    Plan,
    assemble,
    compare,
    decide,
    fill_references,
    grade_missing,
    judge_missing,
    open_job,
    sample,
)
from r1data.verifiers import VerifierPool

LOG_SECONDS = 30.0


class Work:
    """What the tasks of one flow run share. A plain object, so that Prefect passes it on without looking inside."""

    def __init__(self, job: Job, pool: VerifierPool, service: Service | None = None) -> None:
        self.job = job
        self.pool = pool
        self.service = service


class FlowLog:
    """Listener that writes to the flow run's log."""

    def __init__(self) -> None:
        self._logger = get_run_logger()
        self._last = 0.0

    def say(self, line: str) -> None:
        """Log a line of news."""
        self._logger.info(line)

    def counts(self, tally: Tally) -> None:
        """Log the counts, now and then."""
        now = time.monotonic()
        if tally.planned and now - self._last >= LOG_SECONDS:
            self._last = now
            self._logger.info(describe(tally))


@task(cache_policy=NO_CACHE)
def plan_task(work: Work, retry_failed: bool, top_up: bool) -> Plan:
    """Prompts on disk, and what is to be drawn."""
    return begin(work.job, work.pool, retry_failed=retry_failed, top_up=top_up)


@task(cache_policy=NO_CACHE)
def sample_task(work: Work, retry_failed: bool, top_up: bool) -> int:
    """Draw what prompts still need, shard by shard, judging it meanwhile.

    One task for all shards: they overlap, so that the engine does not run dry at the end of each.
    """
    assert work.service is not None
    return sample(work.job, work.service, work.pool, retry_failed=retry_failed, top_up=top_up)


@task(cache_policy=NO_CACHE)
def grade_task(work: Work) -> int:
    """Judge what has no verdict of the current version, and give references to prompts that came without one."""
    graded = grade_missing(work.job, work.pool)
    fill_references(work.job, work.pool)
    return graded


@task(cache_policy=NO_CACHE)
def judge_task(work: Work, retry_failed: bool) -> int:
    """Have the generative judge judge what the policy wants."""
    return judge_missing(work.job, work.service, retry_failed=retry_failed)


@task(cache_policy=NO_CACHE)
def compare_task(work: Work) -> None:
    """Find replies that resemble each other, and those that hold a benchmark's item."""
    compare(work.job)


@task(cache_policy=NO_CACHE)
def decide_task(work: Work) -> int:
    """Decide what is kept."""
    return decide(work.job).height


@task(cache_policy=NO_CACHE)
def assemble_task(work: Work, seconds: float) -> Funnel:
    """Dataset, card and report."""
    return assemble(work.job, seconds)


@flow(name="reasoning", persist_result=False)
def reasoning(
    recipe: Path,
    workspace: Path | None = None,
    runtime: Path | None = None,
    retry_failed: bool = False,
    top_up: bool = False,
) -> Path:
    """From a recipe's file to its workspace, by default `runs/NAME`; returns the workspace's folder."""
    started = time.monotonic()
    what = read_recipe(recipe)
    root = workspace or Path("runs") / what.name
    job = open_job(what, read_runtime(runtime), root, Progress(FlowLog()))
    with job.workspace.locked(), VerifierPool(job.runtime.verify_workers, what.verification.deadline) as pool:
        work = Work(job, pool)
        todo = plan_task(work, retry_failed, top_up)
        if todo.waiting:
            pool.expect(job.workspace.verifiers())
            with (
                keeping_account(job.workspace, job.progress, job.runtime),
                serving(job.runtime, job.model, job.workspace.engine_log, job.progress.say) as service,
            ):
                work.service = service
                job.progress.begin(**todo.standing, fixed=isinstance(what.sampling.draws, int))
                sample_task(work, retry_failed, top_up)
                grade_task(work)
                judge_task(work, retry_failed)
            work.service = None
        grade_task(work)
        judge_task(work, retry_failed)
        compare_task(work)
        decide_task(work)
        funnel = assemble_task(work, time.monotonic() - started)
    counts = {name: value for name, value in funnel.as_dict().items() if isinstance(value, int)}
    create_table_artifact(key="funnel", table=[counts], description=f"{what.name}: {root / 'report.html'}")
    return root


def main(
    recipe: Path,
    workspace: Annotated[Path | None, typer.Option("--workspace", "-w")] = None,
    runtime: Path | None = None,
    retry_failed: bool = False,
    top_up: bool = False,
) -> None:
    """Run the reasoning flow once."""
    try:
        root = reasoning(recipe, workspace, runtime, retry_failed, top_up)
    except R1dataError as error:
        typer.echo(f"error: {error}\n  fix: {error.remedy}" if error.remedy else f"error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"dataset  {root / 'dataset'}\nreport   {root / 'report.html'}")


if __name__ == "__main__":
    typer.run(main)
