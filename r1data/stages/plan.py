"""Plan: from a recipe's sources to prompts on disk, and to the list of draws that it asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from r1data.audit import Audited, audit
from r1data.errors import SourceError
from r1data.sampling import draws_of, plan_of
from r1data.sources import Ingested, TooManyBadPrompts, read_prompts
from r1data.stages.job import Job
from r1data.verifiers import VerifierPool
from schemas import Prompts


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do. `shards` are the numbers of the shards that still have draws to make.

    Rows read = `prompts` + `bad` (unusable rows) + `duplicates` + what the audit has `set_aside`, by rule.
    """

    prompts: int
    bad: int
    duplicates: int
    set_aside: dict[str, int]
    planned: int
    completed: int
    failed: int
    shards: tuple[int, ...]

    @property
    def pending(self) -> int:
        """Draws that are still to be made."""
        return self.planned - self.completed - self.failed


def ingest(job: Job, pool: VerifierPool) -> tuple[Ingested, Audited]:
    """Read the prompts, audit them and store those that pass; beside them what is unusable or set aside, and why.

    Raises:
        SourceError: the sources cannot be read, or the audit leaves no prompt.
    """
    try:
        ingested = read_prompts(job.recipe)
    except TooManyBadPrompts as problem:
        job.workspace.write_prompts(Prompts.create_empty(), problem.bad)
        raise
    audited = _audit(job, ingested, pool, save=True)
    job.workspace.write_prompts(audited.prompts, pl.concat([ingested.bad, audited.set_aside]))
    if not audited.prompts.height:
        raise _nothing_left(job, audited)
    return replace(ingested, prompts=audited.prompts), audited


def plan(job: Job, pool: VerifierPool, *, retry_failed: bool = False) -> Plan:
    """Write down every draw that the recipe asks for, and see which are already there."""
    ingested, audited = ingest(job, pool)
    planned = plan_of(draws_of(ingested.prompts, job.renderer, job.route, job.recipe))
    job.workspace.write_plan(planned)
    job.workspace.write_manifest(job.manifest(ingested.prompts["prompt_id"].to_list()), job.recipe_yaml())
    return _compare(job, ingested, audited, planned, retry_failed)


def preview(job: Job, pool: VerifierPool) -> tuple[Plan, pl.DataFrame]:
    """What `plan` would find, and the prompts, without writing anything."""
    ingested = read_prompts(job.recipe)
    audited = _audit(job, ingested, pool, save=False)
    planned = plan_of(draws_of(audited.prompts, job.renderer, job.route, job.recipe))
    ingested = replace(ingested, prompts=audited.prompts)
    return _compare(job, ingested, audited, planned, retry_failed=False), audited.prompts


def _audit(job: Job, ingested: Ingested, pool: VerifierPool, *, save: bool) -> Audited:
    return audit(
        ingested.prompts,
        job.recipe.audit,
        pool,
        sources=ingested.sources,
        known=job.workspace.read_audits(),
        save=job.workspace.write_audits if save else lambda audits: None,
        say=job.progress.say,
    )


def _nothing_left(job: Job, audited: Audited) -> SourceError:
    found = ", ".join(f"{count:,} {rule}" for rule, count in audited.counts.items())
    return SourceError(
        f"recipe {job.recipe.name}: the audit sets all {audited.set_aside.height:,} prompts aside: {found}",
        "look at them with `r1data audit`; correct the prompts, or switch rules off under `audit`",
    )


def _compare(job: Job, ingested: Ingested, audited: Audited, planned: pl.DataFrame, retry_failed: bool) -> Plan:
    done = job.workspace.finished_ids()
    state = planned.join(done, on="completion_id", how="left")
    failed = int((state["failed"] == True).sum()) if not retry_failed else 0  # noqa: E712 - null is not done
    completed = int((state["failed"] == False).sum())  # noqa: E712
    pending = state.filter(pl.col("failed").is_null() | (pl.col("failed") & retry_failed))
    return Plan(
        prompts=ingested.prompts.height,
        bad=ingested.bad.height,
        duplicates=ingested.duplicates,
        set_aside=audited.counts,
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
