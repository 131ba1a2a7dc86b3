"""Plan: from a recipe's sources to prompts on disk, and to the draws that it asks for of each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from r1data.audit import Audited, audit
from r1data.errors import SourceError
from r1data.recipe import AdaptiveDraws, fingerprint
from r1data.sampling import draws_for, policy_fingerprint
from r1data.sources import Ingested, TooManyBadPrompts, read_prompts
from r1data.stages.job import Job
from r1data.stages.opinions import with_opinions
from r1data.stages.screen import screen_prompts
from r1data.store import PLAN_SCHEMA, Drawing
from r1data.verifiers import VerifierPool
from schemas import FinishReason, Message, Prompts


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do. `planned` are the draws that it asks for, at most, `first` those before it is known what is
    left of a budget; `waiting` counts the prompts that have not stopped, `stopped` the others by reason.

    Rows read = `prompts` + `bad` (unusable rows) + `duplicates` + what the audit has `set_aside`, by rule.
    """

    prompts: int
    bad: int
    duplicates: int
    set_aside: dict[str, int]
    planned: int
    completed: int
    failed: int
    first: int
    waiting: int
    stopped: dict[str, int]

    @property
    def standing(self) -> dict[str, Any]:
        """Where sampling starts from, as `Progress.begin` takes it."""
        return {
            "prompts": self.prompts, "planned": self.first, "completed": self.completed, "failed": self.failed,
            "stopped": self.stopped,
        }  # fmt: skip

    @property
    def pending(self) -> int:
        """Draws that are still to be made, at most."""
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
    audited = audited_prompts(job, ingested, pool, save=True)
    job.workspace.write_prompts(audited.prompts, pl.concat([ingested.bad, audited.set_aside]))
    if not audited.prompts.height:
        raise _nothing_left(job, audited)
    return replace(ingested, prompts=audited.prompts), audited


def plan(job: Job, pool: VerifierPool, *, retry_failed: bool = False, top_up: bool = False) -> Plan:
    """Write down which draws the recipe asks for, and see which are already there."""
    ingested, audited = ingest(job, pool)
    decided = with_opinions(job, ingested.prompts, ask=True)
    if not decided.equals(ingested.prompts):
        job.workspace.write_prompts(decided, pl.concat([ingested.bad, audited.set_aside]))
        ingested = replace(ingested, prompts=decided)
    asked = _asked(job, ingested.prompts)
    job.workspace.write_plan(asked)
    job.workspace.write_manifest(job.manifest(ingested.prompts["prompt_id"].to_list()), job.recipe_yaml())
    return _compare(job, ingested, audited, asked, retry_failed, top_up)


def preview(
    job: Job, pool: VerifierPool, *, retry_failed: bool = False, top_up: bool = False
) -> tuple[Plan, pl.DataFrame]:
    """What `plan` would find, and the prompts, without writing anything."""
    ingested = read_prompts(job.recipe)
    audited = audited_prompts(job, ingested, pool, save=False)
    ingested = replace(ingested, prompts=with_opinions(job, audited.prompts, ask=False))
    asked = _asked(job, audited.prompts)
    return _compare(job, ingested, audited, asked, retry_failed, top_up), ingested.prompts


def waiting_prompts(job: Job, plan: pl.LazyFrame, *, retry_failed: bool = False, top_up: bool = False) -> pl.DataFrame:
    """Prompts of a plan that have not stopped, in the order of their ids: `prompt_id`, columns of the plan.

    A stop counts as long as the draws that it speaks of are there. It outlives a change of thresholds, which so never
    draws anything anew; with `top_up` no old stop counts, and with `retry_failed` none of a prompt with failed draws.
    """
    drawing = Drawing(plan, job.route)
    stops = job.workspace.read_stops(drawing).select("prompt_id", "draws", "failed")
    if top_up:
        stops = stops.clear()
    if retry_failed:
        stops = stops.filter(pl.col("failed") == 0)
    drawn = job.workspace.scan_drawn(drawing).select("prompt_id", "draw")
    there = drawn.join(stops, on="prompt_id").filter(pl.col("draw") < pl.col("draws")).group_by("prompt_id").len()
    stopped = stops.join(there, on="prompt_id", how="left").filter(pl.col("len").fill_null(0) == pl.col("draws"))
    return plan.join(stopped, on="prompt_id", how="anti").sort("prompt_id").collect()


def _asked(job: Job, prompts: pl.DataFrame) -> pl.DataFrame:
    """The plan's table: how each prompt is rendered, and how many draws it gets at most."""
    asked = prompts.select("prompt_id", "messages", "language", "domain", "thinking", "verifier", "reference")
    rows = []
    for prompt_id, messages, language, domain, thinking, verifier, reference in asked.iter_rows():
        turns = [Message(m["role"], m["content"]) for m in messages]
        draws = draws_for(job.recipe, verifier, reference)
        most = draws.most if isinstance(draws, AdaptiveDraws) else draws
        rendered = fingerprint(job.renderer.text(turns, language, domain=domain, thinking=thinking))
        rows.append((prompt_id, rendered, policy_fingerprint(draws), most, isinstance(draws, int)))
    return pl.DataFrame(rows, schema=PLAN_SCHEMA, orient="row")


def audited_prompts(job: Job, ingested: Ingested, pool: VerifierPool, *, save: bool) -> Audited:
    """The prompts that benchmarks and the audit leave, and those that they do not."""
    clean, held = screen_prompts(job.recipe, job.benchmarks.items, ingested.prompts)
    audited = audit(
        clean,
        job.recipe.audit,
        pool,
        sources=ingested.sources,
        known=job.workspace.read_audits(),
        near=job.recipe.duplicates.prompts == "drop",
        save=job.workspace.write_audits if save else lambda audits: None,
        say=job.progress.say,
    )
    return replace(audited, set_aside=pl.concat([held, audited.set_aside]))


def _nothing_left(job: Job, audited: Audited) -> SourceError:
    found = ", ".join(f"{count:,} {rule}" for rule, count in audited.counts.items())
    return SourceError(
        f"recipe {job.recipe.name}: the audit sets all {audited.set_aside.height:,} prompts aside: {found}",
        "look at them with `r1data audit`; correct the prompts, or switch rules off under `audit`",
    )


def _compare(
    job: Job, ingested: Ingested, audited: Audited, asked: pl.DataFrame, retry_failed: bool, top_up: bool
) -> Plan:
    drawing = Drawing(asked.lazy(), job.route)
    waiting = waiting_prompts(job, drawing.plan, retry_failed=retry_failed, top_up=top_up)
    stopped = job.workspace.scan_limits(drawing).join(waiting.lazy(), on="prompt_id", how="anti")
    made = stopped.collect()
    limits = pl.concat([stopped, waiting.lazy().select("prompt_id", "rendered", "draws")]).collect()
    drawn = (
        job.workspace.scan_drawn(drawing)
        .select("prompt_id", "draw", failed=pl.col("finish_reason") == FinishReason.ERROR)
        .join(limits.lazy().select("prompt_id", "draws"), on="prompt_id")
        .filter(pl.col("draw") < pl.col("draws"))
        .collect()
    )
    failed = int(drawn["failed"].sum())
    return Plan(
        prompts=ingested.prompts.height,
        bad=ingested.bad.height,
        duplicates=ingested.duplicates,
        set_aside=audited.counts,
        planned=_at_most(job, made, waiting),
        first=int(made["draws"].sum()) + int(first_limits(job, waiting).sum()),
        completed=drawn.height - failed,
        failed=0 if retry_failed else failed,
        waiting=waiting.height,
        stopped=_by_reason(job, drawing, waiting),
    )


def _by_reason(job: Job, drawing: Drawing, waiting: pl.DataFrame) -> dict[str, int]:
    stops = job.workspace.read_stops(drawing).join(waiting.lazy(), on="prompt_id", how="anti")
    return dict(stops.group_by("reason").len().sort("reason").collect().iter_rows())


def first_limits(job: Job, waiting: pl.DataFrame) -> pl.Series:
    """Most draws of each prompt before it is known what others leave of the budget."""
    draws = job.recipe.sampling.draws
    if isinstance(draws, int):
        return waiting["draws"]
    return waiting.select(pl.when("fixed").then("draws").otherwise(draws.limit).alias("draws"))["draws"]


def _at_most(job: Job, stopped: pl.DataFrame, waiting: pl.DataFrame) -> int:
    draws = job.recipe.sampling.draws
    made = int(stopped["draws"].sum())
    if isinstance(draws, int) or draws.budget is None:
        return made + int(waiting["draws"].sum())
    fixed = int(waiting.filter("fixed")["draws"].sum())
    adaptive = waiting.filter(~pl.col("fixed")).height + stopped.height
    return max(made, math.floor(draws.budget * adaptive)) + fixed
