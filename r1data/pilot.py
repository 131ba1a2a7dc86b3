"""A pilot: some prompts of each domain, sampled for real, so that the rest can be estimated."""

from __future__ import annotations

import polars as pl

from r1data.account import keeping_account
from r1data.engines import serving
from r1data.run import begin
from r1data.stages import Job, grade_missing, sample
from r1data.stages.estimate import pilot_prompts
from r1data.stages.plan import first_limits, waiting_prompts
from r1data.verifiers import VerifierPool
from schemas import FinishReason


def pilot(job: Job, pool: VerifierPool, per_domain: int) -> int:
    """Sample so many prompts of each domain, as the policy would; returns how many draws that took.

    They are draws like any other, which the run that follows finds. Nothing is started where they are all there.
    """
    with job.workspace.locked():
        begin(job, pool)
        grade_missing(job, pool)
        prompts = job.workspace.read_prompts()
        chosen = pilot_prompts(prompts, per_domain)
        waiting = waiting_prompts(job, job.workspace.scan_plan()).filter(pl.col("prompt_id").is_in(chosen.implode()))
        if not waiting.height:
            job.progress.say(f"the pilot's {chosen.len():,} prompts have been sampled already")
            return 0
        job.progress.say(f"pilot: {chosen.len():,} prompts, {per_domain:,} of each domain")
        with (
            keeping_account(job.workspace, job.progress, job.runtime),
            serving(job.runtime, job.model, job.workspace.engine_log, job.progress.say) as service,
        ):
            _begin(job, waiting)
            return sample(job, service, pool, only=chosen)


def _begin(job: Job, waiting: pl.DataFrame) -> None:
    mine = job.workspace.scan_drawn().join(waiting.lazy(), on="prompt_id", how="semi")
    drawn = mine.select("finish_reason").collect()
    failed = drawn.filter(pl.col("finish_reason") == FinishReason.ERROR).height
    job.progress.begin(
        prompts=waiting.height, planned=int(first_limits(job, waiting).sum()),
        completed=drawn.height - failed, failed=failed, fixed=isinstance(job.recipe.sampling.draws, int),
    )  # fmt: skip
