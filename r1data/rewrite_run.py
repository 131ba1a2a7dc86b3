"""The whole run of a part that rewrites, top to bottom; the same as `r1data.run` for one that samples."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from r1data.account import keeping_account
from r1data.engines import serving
from r1data.report import Funnel
from r1data.stages import (
    Origin,
    RewriteJob,
    assemble,
    compare,
    decide,
    grade_missing,
    judge_missing,
    plan_rewrites,
    rewrite,
    score_missing,
)
from r1data.verifiers import VerifierPool


@dataclass(frozen=True, slots=True)
class RewriteResult:
    """How a run ended. `rewritten` counts the originals that this run took up, of all `originals`."""

    originals: int
    rewritten: int
    funnel: Funnel
    seconds: float


def run_rewrite(job: RewriteJob, origins: Sequence[Origin], *, retry_failed: bool = False) -> RewriteResult:
    """From the kept replies of other parts to a dataset of rewritten ones. A run that was stopped at any point is
    finished by calling this again.
    """
    started = time.monotonic()
    rewritten = 0
    with job.workspace.locked():
        plan = plan_rewrites(job, origins, retry_failed=retry_failed)
        job.progress.say(f"{plan.originals:,} replies to rewrite, {plan.there:,} of them there already")
        with VerifierPool(job.runtime.verify_workers, job.recipe.verification.deadline) as pool:
            if plan.waiting:
                pool.expect(job.workspace.verifiers())
                with (
                    keeping_account(job.workspace, job.progress, job.runtime),
                    serving(job.runtime, job.model, job.workspace.engine_log, job.progress.say, job.standby) as service,
                ):
                    rewritten = rewrite(job, plan, service, pool)
                    judge_missing(job, service, retry_failed=retry_failed)
            grade_missing(job, pool)
        judge_missing(job, retry_failed=retry_failed)
        score_missing(job, retry_failed=retry_failed)
        compare(job)
        decide(job)
        seconds = time.monotonic() - started
        return RewriteResult(plan.originals, rewritten, assemble(job, seconds), seconds)
