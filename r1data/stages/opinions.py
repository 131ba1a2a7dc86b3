"""Opinions: a model says which prompts need reasoning, where the recipe asks it; the rule counts where it fails to."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import polars as pl

from r1data.account import keeping_account
from r1data.engines import Service, connected, serving
from r1data.judging.thinking import Asked, Opinion, opinion_fingerprint, opinions
from r1data.recipe.recipe import PromptSource
from r1data.stages.job import Job
from r1data.stages.judge import question_of
from r1data.thinking import by_rule
from schemas import Message, Opinions

BATCH = 256


def with_opinions(job: Job, prompts: pl.DataFrame, *, ask: bool) -> pl.DataFrame:
    """The prompts, thinking as a model says where their source leaves it to one and their row does not say it itself;
    by the rule where the model has not spoken. With `ask`, it is asked about all of which it has not.

    Raises:
        EngineError: no engine answers; the opinions that were given are stored.
    """
    mine = prompts.filter(pl.col("source").is_in(_sources(job)) & pl.col("thinking").is_null())
    if not mine.height:
        return prompts
    mine = mine.with_columns(thinking=pl.Series([_ruled(row) for row in mine.iter_rows(named=True)]))
    who = opinion_fingerprint(job.judge_model, job.recipe.verification.judge)
    known = job.workspace.read_opinions().filter(judging=who)
    missing = mine.join(known, on="prompt_id", how="anti")
    if missing.height and ask:
        _ask(job, missing, who)
        known = job.workspace.read_opinions().filter(judging=who)
    said = mine.select("prompt_id", _rule="thinking").join(known, on="prompt_id", how="left")
    said = said.select("prompt_id", "_rule", _model="model")
    if ask:
        heard = said.drop_nulls()
        same = heard.filter(pl.col("_rule") == pl.col("_model")).height
        job.progress.say(f"which prompts think: the model agrees with the rule on {same:,} of {heard.height:,}")
    joined = prompts.join(said, on="prompt_id", how="left", maintain_order="left")
    return joined.with_columns(thinking=pl.coalesce("thinking", "_model", "_rule")).drop("_model", "_rule")


def _sources(job: Job) -> list[str]:
    """The names of the sources that leave it to a model."""
    sources = [one for one in job.recipe.prompts if isinstance(one, PromptSource) and one.thinking == "model"]
    return [str(one.name or getattr(one, "path", None) or getattr(one, "dataset", "")) for one in sources]


def _ruled(row: dict[str, Any]) -> bool:
    turns = [Message(turn["role"], turn["content"]) for turn in row["messages"]]
    return by_rule(turns, row["category"]).needed


def _ask(job: Job, prompts: pl.DataFrame, who: str) -> None:
    job.progress.say(f"{prompts.height:,} prompts for a model to say whether they need reasoning")
    own = job.runtime.model_copy(update={"engine": job.runtime.judge_engine or job.runtime.engine})
    with (
        keeping_account(job.workspace, job.progress, own),
        serving(own, job.judge_model, job.workspace.judge_log, job.progress.say, job.standby) as service,
    ):
        for some in prompts.iter_slices(BATCH):
            rules = dict(some.select("prompt_id", "thinking").iter_rows())
            found = asyncio.run(_opinions(job, service, some))
            rows = [(one.id, who, rules[one.id], one.thinking, one.said) for one in found]
            table = pl.DataFrame(rows, schema=["prompt_id", "judging", "rule", "model", "said"], orient="row")
            job.workspace.add_opinions(Opinions.cast(table))


async def _opinions(job: Job, service: Service, prompts: pl.DataFrame) -> list[Opinion]:
    columns = prompts.select("prompt_id", "messages", "language").iter_rows()
    asked = [Asked(key, question_of(messages), language) for key, messages, language in columns]
    answers: dict[str, tuple[str, str | None]] = {one.id: (one.language, None) for one in asked}
    async with (
        connected(service, answers) as engine,
        aclosing(opinions(asked, engine, job.judge, service.slots)) as said,
    ):
        return [one async for one in said]
