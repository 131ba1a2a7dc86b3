"""The reasoning flow: the stages of `r1data.run`, each as a Prefect task, one task per stage.

    python -m flows.reasoning data/recipes/demo.yaml

Prefect shows, schedules and retries; what is done is written in the workspace, not in Prefect's database. So a run that
was killed goes on from its sealed shards and journals when the flow runs again, whatever state Prefect gave it.
"""

from __future__ import annotations

import time
from pathlib import Path

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.command import run_as_command
from flows.holding import holding
from flows.news import FlowLog
from flows.parts import Where, make_parts, open_making
from r1data.account import keeping_account
from r1data.engines import Service, serving
from r1data.progress import Progress
from r1data.recipe import is_mix, read_recipe, read_runtime
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
    score_missing,
)
from r1data.standing_in import with_stand_ins
from r1data.verifiers import VerifierPool

GROUP = "reasoning"


class Work:
    """What the tasks of one flow run share. A plain object, so that Prefect passes it on without looking inside."""

    def __init__(self, job: Job, pool: VerifierPool, service: Service | None = None) -> None:
        self.job = job
        self.pool = pool
        self.service = service


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
    """Have the judge, or a reward model, judge what the policy wants."""
    judged = judge_missing(work.job, work.service, retry_failed=retry_failed)
    return judged if work.service else judged + score_missing(work.job, retry_failed=retry_failed)


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
    workspace: Where = None,
    runtime: Path | None = None,
    retry_failed: bool = False,
    top_up: bool = False,
    scale: float = 1.0,
) -> Path:
    """From a recipe's file to its workspace, by default `runs/NAME`; returns the workspace's folder. Of a mix, the
    parts that are reasoning are made, in its size times `scale`.
    """
    if is_mix(recipe):
        making = open_making(recipe, workspace, runtime, scale)
        with holding(making.job.root, GROUP):
            make_parts(making, [GROUP])
        return making.job.root
    root = workspace or Path("runs") / read_recipe(recipe).name
    with holding(root, GROUP):
        _make(recipe, root, runtime, retry_failed=retry_failed, top_up=top_up)
    return root


def _make(recipe: Path, root: Path, runtime: Path | None, *, retry_failed: bool, top_up: bool) -> None:
    """The stages of one recipe, a task for each."""
    started = time.monotonic()
    what, where = read_recipe(recipe), read_runtime(runtime)
    job = open_job(with_stand_ins(what, where), where, root, Progress(FlowLog()))
    with job.workspace.locked(), VerifierPool(job.runtime.verify_workers, what.verification.deadline) as pool:
        work = Work(job, pool)
        todo = plan_task(work, retry_failed, top_up)
        if todo.waiting:
            pool.expect(job.workspace.verifiers())
            with (
                keeping_account(job.workspace, job.progress, job.runtime),
                serving(job.runtime, job.model, job.workspace.engine_log, job.progress.say, job.standby) as service,
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


if __name__ == "__main__":
    run_as_command(reasoning, lambda root: f"dataset  {root / 'dataset'}\nreport   {root / 'report.html'}")
