"""Sample: draw what a shard is missing, judge it while the engine is busy, seal it into Parquet."""

from __future__ import annotations

import asyncio

import polars as pl

from r1data.engines import Service, connected
from r1data.sampling import Draw, Sampler, draws_of
from r1data.stages.grade import Grader
from r1data.stages.job import Job
from r1data.store import Journal
from r1data.verifiers import VerifierPool
from schemas import Completion, FinishReason


def salvage(job: Job) -> int:
    """Seal what a killed run left in its journals. Returns how many draws that saved."""
    saved = 0
    for path in job.workspace.journals():
        journal = job.workspace.open_journal(path.stem)
        completions = journal.read()
        if completions.height:
            job.workspace.seal_completions(completions)
        journal.remove()
        saved += completions.height
    return saved


def sample_shard(
    job: Job, service: Service, pool: VerifierPool, number: int, *, retry_failed: bool = False
) -> str | None:
    """Make the draws that one shard is missing; returns the name of the sealed part, None if none was missing."""
    size = job.runtime.shard_prompts
    prompts = job.workspace.read_prompts(number * size, size)
    finished = job.workspace.finished_ids()
    done = set(finished.filter(~pl.col("failed") | (not retry_failed))["completion_id"])
    draws = [d for d in draws_of(prompts, job.renderer, job.route, job.recipe) if d.completion_id not in done]
    if not draws:
        return None
    journal = job.workspace.open_journal(f"shard-{number:05d}")
    grader = Grader(prompts, pool, job.recipe.selection, job.progress)
    try:
        asyncio.run(_draw(job, service, prompts, draws, journal, grader))
    except BaseException:
        journal.close()  # what is in it is safe, and the next run seals it
        raise
    part = job.workspace.seal_completions(journal.read())
    job.workspace.write_grades(job.grades, *grader.finish())
    journal.remove()
    return part


async def _draw(
    job: Job, service: Service, prompts: pl.DataFrame, draws: list[Draw], journal: Journal, grader: Grader
) -> None:
    columns = prompts.select("prompt_id", "language", "reference").iter_rows()
    answers = {prompt_id: (language, reference) for prompt_id, language, reference in columns}

    def committed(batch: list[Completion]) -> None:
        failed = sum(c.finish_reason == FinishReason.ERROR for c in batch)
        tokens = sum(c.completion_tokens for c in batch)
        job.progress.add(completed=len(batch) - failed, failed=failed, tokens=tokens)
        grader.take(batch)

    async with connected(service, answers) as engine:
        await Sampler(job.recipe, job.model, job.route, engine).run(draws, journal, service.slots, committed)
