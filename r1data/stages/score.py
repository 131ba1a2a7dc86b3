"""Score: ratings by a reward model, in the place of the judge's points."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing

import polars as pl

from r1data.engines import Failure
from r1data.engines.reward import RewardServer
from r1data.errors import RecipeError
from r1data.judging.judges import each
from r1data.judging.quality import point_verdict, unappraised
from r1data.recipe import RewardModel, ServerEngine
from r1data.stages.job import Job
from r1data.stages.judge import BATCH_ROWS, answered, store_verdicts, unheard
from schemas import FinishReason, Message, Outcome, Verdict


def score_missing(job: Job, *, retry_failed: bool = False) -> int:
    """Have every answer rated that is to be and has not been, where the recipe names a reward model; returns how many.

    Raises:
        RecipeError: the runtime does not say where the reward model is served.
        EngineError: no server answers; what was rated is stored.
    """
    reward = job.recipe.verification.quality.reward
    if reward is None:
        return 0
    waiting = unheard(job, retry_failed=retry_failed).filter("rated")
    if not waiting.height:
        return 0
    engine = job.runtime.reward_engine
    if engine is None:
        raise RecipeError(
            f"the runtime does not say where the reward model {reward.id} is served",
            f"start it, for example with `vllm serve {reward.id} --runner pooling`, and name its address: "
            "reward_engine: {kind: server, endpoints: [http://127.0.0.1:8000/v1]}",
        )
    job.progress.say(f"{waiting.height:,} answers for the reward model ({reward.id})")
    for part in job.workspace.parts():
        completions = job.workspace.read_part(part).join(waiting, on="completion_id", how="semi")
        successful = completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
        if successful.height:
            asyncio.run(_score_part(job, engine, reward, successful))
    return waiting.height


async def _score_part(job: Job, engine: ServerEngine, reward: RewardModel, completions: pl.DataFrame) -> None:
    """Rate the draws of one part. What was rated is stored, also when the servers fail in the middle."""
    batch: list[Verdict] = []
    async with RewardServer(engine, reward) as server:

        async def rated(row: tuple[str, Sequence[dict[str, str]], str | None]) -> Verdict:
            key, messages, answer = row
            started = time.perf_counter()
            if answer is None:
                return unappraised(key, Outcome.NO_ANSWER, "nothing stands behind the thought", 0.0)
            said = await server.reward([Message(turn["role"], turn["content"]) for turn in messages], answer)
            seconds = time.perf_counter() - started
            if isinstance(said, Failure):
                return unappraised(key, Outcome.VERIFIER_ERROR, said.error, seconds)
            return point_verdict(key, said, reward.threshold, f"by {reward.id}", seconds)

        rows = answered(job, completions).select("completion_id", "messages", "answer").iter_rows()
        try:
            async with aclosing(each(rows, job.runtime.concurrency * len(engine.endpoints), rated)) as verdicts:
                async for verdict in verdicts:
                    batch.append(verdict)
                    if len(batch) >= BATCH_ROWS:
                        store_verdicts(job, batch)
                        batch = []
        finally:
            store_verdicts(job, batch)
