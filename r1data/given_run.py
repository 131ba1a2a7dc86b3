"""The whole run of a part whose replies are there already, top to bottom; as `r1data.run` is for one that samples."""

from __future__ import annotations

import time
from dataclasses import dataclass

from r1data.report import Funnel
from r1data.stages import (
    GivenJob,
    Taken,
    assemble,
    compare,
    decide,
    grade_missing,
    judge_missing,
    needs_judge,
    score_missing,
    take_over,
)
from r1data.verifiers import VerifierPool


@dataclass(frozen=True, slots=True)
class GivenResult:
    """How a run ended."""

    taken: Taken
    funnel: Funnel
    seconds: float


def run_given(job: GivenJob, *, retry_failed: bool = False) -> GivenResult:
    """From sets of conversations to a dataset of those that are good. A run that was stopped at any point is finished
    by calling this again.
    """
    started = time.monotonic()
    with job.workspace.locked():
        with VerifierPool(job.runtime.verify_workers, job.recipe.verification.deadline) as pool:
            taken = take_over(job, pool)
            job.progress.say(
                f"{taken.rows:,} rows: {taken.replies:,} replies to {taken.prompts:,} prompts, {taken.bad:,} unusable, "
                f"{taken.duplicates:,} duplicates, {taken.set_aside:,} set aside with their prompts"
            )
            pool.expect(job.workspace.verifiers())
            grade_missing(job, pool)
        if needs_judge(job.recipe):
            judge_missing(job, retry_failed=retry_failed)
        score_missing(job, retry_failed=retry_failed)
        compare(job)
        decide(job)
        seconds = time.monotonic() - started
        return GivenResult(taken, assemble(job, seconds), seconds)
