"""The whole run, top to bottom: what `r1data run` does, and what the Prefect flow does with a task for each line."""

from __future__ import annotations

import time
from dataclasses import dataclass

from r1data.engines import serving
from r1data.report import Funnel
from r1data.stages import (
    Job,
    Plan,
    assemble,
    decide,
    fill_references,
    grade_missing,
    judge_missing,
    plan,
    salvage,
    sample_shard,
)
from r1data.verifiers import VerifierPool


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `sampled` counts the draws that this run made."""

    plan: Plan
    funnel: Funnel
    sampled: int
    seconds: float


def run(job: Job, *, retry_failed: bool = False) -> Result:
    """From recipe to dataset. A run that was stopped at any point is finished by calling this again."""
    started = time.monotonic()
    with job.workspace.locked():
        with VerifierPool(job.runtime.verify_workers, job.recipe.verification.deadline) as pool:
            todo = begin(job, pool, retry_failed=retry_failed)
            if todo.shards:
                with serving(job.runtime, job.model, job.workspace.engine_log, job.progress.say) as service:
                    job.progress.begin(planned=todo.planned, completed=todo.completed, failed=todo.failed)
                    for number in todo.shards:
                        sample_shard(job, service, pool, number, retry_failed=retry_failed)
                    grade_missing(job, pool)
                    fill_references(job, pool)
                    judge_missing(job, service, retry_failed=retry_failed)
            grade_missing(job, pool)
            fill_references(job, pool)
        judge_missing(job, retry_failed=retry_failed)
        decide(job)
        seconds = time.monotonic() - started
        return Result(todo, assemble(job, seconds), todo.pending, seconds)


def begin(job: Job, pool: VerifierPool, *, retry_failed: bool = False) -> Plan:
    """Save what an earlier run left, plan, and say what there is to do."""
    if saved := salvage(job):
        job.progress.say(f"found {saved:,} draws of an interrupted run; they are kept")
    todo = plan(job, pool, retry_failed=retry_failed)
    say = job.progress.say
    found = f"{todo.bad:,} unusable rows set aside, {todo.duplicates:,} duplicates{_set_aside(todo)}"
    say(f"{todo.prompts:,} prompts ({found})")
    if todo.pending:
        say(f"{todo.planned:,} draws planned, {todo.completed + todo.failed:,} there already, {todo.pending:,} to make")
    else:
        say(f"all {todo.planned:,} draws are there already: nothing to sample")
    return todo


def _set_aside(todo: Plan) -> str:
    if not todo.set_aside:
        return ""
    rules = ", ".join(f"{count:,} {rule}" for rule, count in todo.set_aside.items())
    return f", {sum(todo.set_aside.values()):,} set aside by the audit: {rules}"
