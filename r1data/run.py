"""The whole run, top to bottom: what `r1data run` does, and what the Prefect flow does with a task for each line."""

from __future__ import annotations

import time
from dataclasses import dataclass

from r1data.account import keeping_account
from r1data.engines import serving
from r1data.report import Funnel
from r1data.stages import (
    Job,
    Plan,
    assemble,
    compare,
    decide,
    fill_references,
    grade_missing,
    judge_missing,
    plan,
    salvage,
    sample,
    score_missing,
)
from r1data.verifiers import VerifierPool


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `sampled` counts the draws that this run made."""

    plan: Plan
    funnel: Funnel
    sampled: int
    seconds: float


def run(job: Job, *, retry_failed: bool = False, top_up: bool = False) -> Result:
    """From recipe to dataset. A run that was stopped at any point is finished by calling this again.

    With `retry_failed`, draws that failed before are made again. With `top_up`, prompts that have stopped are looked at
    again under the present thresholds: where one has fewer acceptable completions than it should, it goes on.
    """
    started = time.monotonic()
    sampled = 0
    with job.workspace.locked():
        with VerifierPool(job.runtime.verify_workers, job.recipe.verification.deadline) as pool:
            todo = begin(job, pool, retry_failed=retry_failed, top_up=top_up)
            if todo.waiting:
                pool.expect(job.workspace.verifiers())
                with (
                    keeping_account(job.workspace, job.progress, job.runtime),
                    serving(job.runtime, job.model, job.workspace.engine_log, job.progress.say, job.standby) as service,
                ):
                    job.progress.begin(**todo.standing, fixed=isinstance(job.recipe.sampling.draws, int))
                    sampled = sample(job, service, pool, retry_failed=retry_failed, top_up=top_up)
                    fill_references(job, pool)
                    judge_missing(job, service, retry_failed=retry_failed)
            grade_missing(job, pool)
            fill_references(job, pool)
        judge_missing(job, retry_failed=retry_failed)
        score_missing(job, retry_failed=retry_failed)
        compare(job)
        decide(job)
        seconds = time.monotonic() - started
        return Result(todo, assemble(job, seconds), sampled, seconds)


def begin(job: Job, pool: VerifierPool, *, retry_failed: bool = False, top_up: bool = False) -> Plan:
    """Save what an earlier run left, plan, and say what there is to do."""
    if saved := salvage(job):
        job.progress.say(f"found {saved:,} draws of an interrupted run; they are kept")
    todo = plan(job, pool, retry_failed=retry_failed, top_up=top_up)
    say = job.progress.say
    found = f"{todo.bad:,} unusable rows set aside, {todo.duplicates:,} duplicates{_set_aside(todo)}"
    say(f"{todo.prompts:,} prompts ({found})")
    there = todo.completed + todo.failed
    if todo.waiting:
        most = "" if isinstance(job.recipe.sampling.draws, int) else "at most "
        say(f"{most}{todo.planned:,} draws planned, {there:,} there already, {most}{todo.pending:,} to make")
    else:
        say(f"all {todo.prompts:,} prompts have the draws that they need ({there:,}): nothing to sample")
    return todo


def _set_aside(todo: Plan) -> str:
    if not todo.set_aside:
        return ""
    rules = ", ".join(f"{count:,} {rule}" for rule, count in todo.set_aside.items())
    return f", {sum(todo.set_aside.values()):,} set aside by the audit: {rules}"
