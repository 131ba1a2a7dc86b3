"""The whole of R1: every stage of a pipeline as a task, for every seed, and the page that compares the models.

python -m flows.r1 data/recipes/r1-small.yaml
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.command import run_as_command
from flows.holding import holding
from flows.news import FlowLog
from flows.parts import Where
from r1data.engines import Standby
from r1data.pipeline import PipelineJob, all_scores, begin_pipeline, make_stage, measure, open_pipeline, write_page
from r1data.progress import Progress
from r1data.recipe import read_pipeline, read_runtime


class Work:
    """A pipeline that is being made. A plain object, so that Prefect passes it on without looking inside."""

    def __init__(self, job: PipelineJob, standby: Standby) -> None:
        self.job = job
        self.standby = standby


@task(cache_policy=NO_CACHE, task_run_name="{name}-{seed}")
def stage_task(work: Work, seed: int, name: str) -> None:
    """Make one stage; a model that writes is measured, too."""
    make_stage(work.job, seed, name, work.standby)


@task(cache_policy=NO_CACHE, task_run_name="measure-{name}-{seed}")
def measure_task(work: Work, seed: int, name: str) -> None:
    """Measure a model that the pipeline begins with."""
    measure(work.job, seed, name, work.standby)


@flow(name="r1", persist_result=False)
def r1(pipeline: Path, workspace: Where = None, runtime: Path | None = None) -> Path:
    """From the first models of a pipeline to its last, each measured; returns the folder. A stopped run goes on
    where it was.
    """
    root = workspace or Path("runs") / read_pipeline(pipeline).name
    with holding(root, "r1"):
        job = open_pipeline(pipeline, read_runtime(runtime), root, Progress(FlowLog()), [])
        begin_pipeline(job)
        for seed in job.pipeline.seeds:
            with Standby() as standby:
                work = Work(job, standby)
                for name in job.pipeline.models:
                    measure_task(work, seed, name)
                for stage in job.pipeline.stages:
                    stage_task(work, seed, str(stage.name))
            write_page(job)
        create_table_artifact(
            key="models", table=_table(job), description=f"{job.pipeline.name}: {root / 'report.html'}"
        )
    return root


def _table(job: PipelineJob) -> list[dict[str, Any]]:
    return [
        {"seed": seed, "model": name, "margin": one.estimate("accuracy").margin,
         **{key: one.estimate(key).mean for key in ("accuracy", "format", "language", "tokens")}}
        for seed, of in all_scores(job).items()
        for name, one in of.items()
    ]  # fmt: skip


if __name__ == "__main__":
    run_as_command(r1, lambda root: f"report   {root / 'report.html'}")
