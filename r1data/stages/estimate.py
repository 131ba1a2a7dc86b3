"""Estimate: from a job and its prompts to a forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from r1data.estimate import Forecast, asks, forecast, machine_of
from r1data.stages.evidence import Assumptions, groups
from r1data.stages.job import Job

ASSUMED = Assumptions(pass_rate=0.5, tokens=4000.0)


def estimate(
    job: Job, prompts: pl.DataFrame, assumptions: Assumptions = ASSUMED, tokens_per_second: float | None = None
) -> Forecast:
    """What the recipe will take over these prompts. What its workspace has drawn is measured; the rest is assumed."""
    longest = job.recipe.sampling.max_tokens
    known = groups(job, prompts, replace(assumptions, tokens=min(assumptions.tokens, longest)))
    there = job.workspace.tables(job.grades).completions.select(pl.len()).collect().item()
    return forecast(
        known,
        machine_of(job.workspace, job.runtime, tokens_per_second),
        recipe=job.recipe.name,
        asks=asks(job.route, job.draws, prompts.height),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        draws_there=there,
        seed=job.recipe.seed,
    )


def pilot_prompts(prompts: pl.DataFrame, per_domain: int) -> pl.Series:
    """The ids of the first prompts of each domain in the order of their ids: hashes, and so a fair sample, and the same
    one whatever else the recipe holds.
    """
    return prompts.sort("prompt_id").group_by("domain", maintain_order=True).head(per_domain)["prompt_id"]
