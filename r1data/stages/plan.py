"""Plan: from a recipe's sources to prompts on disk, and to the list of draws that it asks for."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from r1data.sampling import draws_of, plan_of
from r1data.sources import Ingested, TooManyBadPrompts, read_prompts
from r1data.stages.job import Job
from schemas import Prompts


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do. `shards` are the numbers of the shards that still have draws to make."""

    prompts: int
    bad: int
    duplicates: int
    planned: int
    completed: int
    failed: int
    shards: tuple[int, ...]

    @property
    def pending(self) -> int:
        """Draws that are still to be made."""
        return self.planned - self.completed - self.failed


def ingest(job: Job) -> Ingested:
    """Read the prompts and store them, the unusable rows beside them even when there are too many of those."""
    try:
        ingested = read_prompts(job.recipe)
    except TooManyBadPrompts as problem:
        job.workspace.write_prompts(Prompts.create_empty(), problem.bad)
        raise
    job.workspace.write_prompts(ingested.prompts, ingested.bad)
    return ingested


def plan(job: Job, *, retry_failed: bool = False) -> Plan:
    """Write down every draw that the recipe asks for, and see which are already there."""
    ingested = ingest(job)
    planned = plan_of(draws_of(ingested.prompts, job.renderer, job.route, job.recipe))
    job.workspace.write_plan(planned)
    job.workspace.write_manifest(job.manifest(ingested.prompts["prompt_id"].to_list()), job.recipe_yaml())
    return _compare(job, ingested, planned, retry_failed)


def preview(job: Job) -> tuple[Plan, pl.DataFrame]:
    """What `plan` would find, and the prompts, without writing anything."""
    ingested = read_prompts(job.recipe)
    planned = plan_of(draws_of(ingested.prompts, job.renderer, job.route, job.recipe))
    return _compare(job, ingested, planned, retry_failed=False), ingested.prompts


def _compare(job: Job, ingested: Ingested, planned: pl.DataFrame, retry_failed: bool) -> Plan:
    done = job.workspace.finished_ids()
    state = planned.join(done, on="completion_id", how="left")
    failed = int((state["failed"] == True).sum()) if not retry_failed else 0  # noqa: E712 - null is not done
    completed = int((state["failed"] == False).sum())  # noqa: E712
    pending = state.filter(pl.col("failed").is_null() | (pl.col("failed") & retry_failed))
    return Plan(
        prompts=ingested.prompts.height,
        bad=ingested.bad.height,
        duplicates=ingested.duplicates,
        planned=planned.height,
        completed=completed,
        failed=failed,
        shards=_shards(ingested.prompts, pending, job.runtime.shard_prompts),
    )


def _shards(prompts: pl.DataFrame, pending: pl.DataFrame, size: int) -> tuple[int, ...]:
    """Numbers of the ranges of prompts (in the order of their ids) that have pending draws."""
    numbered = prompts.sort("prompt_id").select("prompt_id").with_row_index("place")
    waiting = numbered.join(pending.select("prompt_id").unique(), on="prompt_id", how="semi")
    return tuple(sorted(set((waiting["place"] // size).to_list())))
