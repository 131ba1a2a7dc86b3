"""Rewrite: from replies that parts have kept to rewritten ones, in a workspace of their own.

Each original is one planned draw: the plan has a row for it, in place of a rendered prompt the fingerprint of the
original, and its rewrite, whatever it is like, is the completion. So everything behind the sampling treats a workspace
of rewrites like any other: grading, comparing, deciding, assembling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, fields
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import polars as pl

from r1data.engines import Engine, Service, Standby, connected
from r1data.engines.metered import Metered
from r1data.errors import WorkspaceError
from r1data.judging.judges import each
from r1data.measures import measure
from r1data.model import load_model, require_engine_for
from r1data.progress import Progress
from r1data.prompts import Renderer
from r1data.recipe import ASKS_A_MODEL, Rewrite, Runtime
from r1data.replies import answer
from r1data.rewriting import Original, Rewriter, Rewritten, open_rewriter, very_easy
from r1data.sampling.draws import completion_id, policy_fingerprint
from r1data.selection import combined, readable
from r1data.stages.job import Job
from r1data.store import Workspace
from r1data.store.rewriting import RewriteJournal
from r1data.verifiers import Check, VerifierPool
from schemas import BadPrompts, Completion, FinishReason, Outcome, Prompts

SEALED_ROWS = 1000
"""Rewrites that the journal holds before they are sealed."""
THRESHOLDS = "thresholds"
"""What an attempt is found wanting for that selection would reject."""
JUDGED = (Outcome.CORRECT.value, Outcome.INCORRECT.value, Outcome.NO_ANSWER.value)
_original_names = [field.name for field in fields(Original)]


@dataclass(frozen=True, slots=True)
class Origin:
    """A part whose replies are rewritten: what it is called, and where it is."""

    name: str
    workspace: Workspace


@dataclass(frozen=True, slots=True)
class RewritePlan:
    """What there is to rewrite: every original, and those of which no rewrite is there yet."""

    originals: int
    waiting: tuple[Original, ...]

    @property
    def there(self) -> int:
        """Originals whose rewrite is there."""
        return self.originals - len(self.waiting)


@dataclass(frozen=True)
class RewriteJob(Job):
    """A job that rewrites. Its recipe is made from `settings`; its `route` is that of the rewriter."""

    settings: Rewrite

    @cached_property
    def rewriter(self) -> Rewriter:
        """Who rewrites, and how."""
        return open_rewriter(self.model, self.settings)

    @cached_property
    def route(self) -> str:
        """Fingerprint of everything that decides what is written."""
        return self.rewriter.route


def open_rewrite(
    settings: Rewrite,
    name: str,
    origins: Sequence[str],
    folder: Path,
    runtime: Runtime,
    root: Path,
    progress: Progress,
    *,
    standby: Standby | None = None,
) -> RewriteJob:
    """Load what rewriting needs before it starts; nothing is written yet. Relative paths start at `folder`.

    Raises:
        ModelError: the model cannot be found, or cannot follow a request.
    """
    recipe = settings.recipe(name, tuple(origins), folder)
    model = load_model(recipe)
    require_engine_for(model, runtime.engine)
    renderer = Renderer(model, recipe.template) if model.api == "chat" else open_rewriter(model, settings).plain
    return RewriteJob(recipe, runtime, Workspace(root), model, renderer, progress, settings, standby=standby)


def plan_rewrites(job: RewriteJob, origins: Sequence[Origin], *, retry_failed: bool = False) -> RewritePlan:
    """Write down the prompts of all originals and which rewrites there should be; seal what a killed run has left.

    With `retry_failed`, rewrites that failed before wait again.

    Raises:
        WorkspaceError: an origin has no decisions yet.
    """
    _seal(job)
    found = [_originals(job, origin) for origin in origins]
    prompts = pl.concat([prompts for _, prompts in found] or [Prompts.create_empty()]).unique("prompt_id")
    originals = [one for some, _ in found for one in some]
    job.workspace.write_prompts(prompts, BadPrompts.create_empty())
    job.workspace.write_plan(_plan(originals))
    job.workspace.write_manifest(job.manifest(prompts["prompt_id"].to_list()), job.recipe_yaml())
    there = job.workspace.scan_drawn().select("completion_id", "finish_reason").collect()
    if retry_failed:
        there = there.filter(pl.col("finish_reason") != FinishReason.ERROR)
    known = set(there["completion_id"])
    waiting = tuple(one for one in originals if _id(job, one) not in known)
    return RewritePlan(len(originals), waiting)


def rewrite(job: RewriteJob, plan: RewritePlan, service: Service, pool: VerifierPool) -> int:
    """Rewrite every original that waits; returns how many. What is finished is safe at once.

    Raises:
        EngineError: no engine answers any more; the rewrites that are finished stand.
    """
    if plan.waiting:
        job.progress.begin(planned=plan.originals, completed=plan.there, failed=0, fixed=True)
        try:
            asyncio.run(_rewrite_all(job, plan.waiting, service, pool))
        finally:
            _seal(job)
    return len(plan.waiting)


async def _rewrite_all(job: RewriteJob, waiting: Sequence[Original], service: Service, pool: VerifierPool) -> None:
    answers = {one.completion_id: (one.language, one.reference) for one in waiting}
    journal = RewriteJournal(job.workspace.root)
    look = partial(_look, job, pool)

    def count(sent: int, written: int) -> None:
        job.progress.add(prompt_tokens=sent, tokens=written)

    try:
        async with connected(service, answers) as connection:
            engine = Metered(connection, count)
            rewritten = each(waiting, service.slots, lambda one: job.rewriter.rewrite(one, engine, look))
            async with aclosing(rewritten) as finished:
                async for one in finished:
                    journal.commit(_completion(job, one, engine), _rewrite(job, one))
                    job.progress.add(completed=one.error is None, failed=one.error is not None)
                    journal = _sealed_when_full(job, journal)
    finally:
        journal.close()


def _sealed_when_full(job: RewriteJob, journal: RewriteJournal) -> RewriteJournal:
    if journal.rows < SEALED_ROWS:
        return journal
    journal.close()
    _seal(job)
    return RewriteJournal(job.workspace.root)


def _seal(job: RewriteJob) -> None:
    """Turn what the journal holds into parts. The rewrites come first: a completion without its own would be a draw."""
    journal = RewriteJournal(job.workspace.root)
    try:
        completions, rewrites = journal.read()
        if completions.height:
            job.workspace.write_rewrites(rewrites)
            job.workspace.seal_completions(completions)
            journal.clear()
    finally:
        journal.close()


async def _look(job: RewriteJob, pool: VerifierPool, original: Original, text: str, check: bool) -> tuple[str, ...]:
    """What a reply in the original's place would be rejected for: by the thresholds, and (`check`) by its verifier."""
    if not await asyncio.to_thread(_readable, job, original, text):
        return (THRESHOLDS,)
    if not check or original.verifier in ASKS_A_MODEL or job.settings.selection.correctness == "any":
        return ()
    told = pl.select(answer(pl.lit(text))).item()
    asked = Check(original.completion_id, original.verifier, original.reference, original.task, original.language,
                  told, original.question)  # fmt: skip
    verdict = await asyncio.wrap_future(pool.submit(asked))
    return () if verdict.outcome == Outcome.CORRECT else (verdict.outcome.value,)


def _readable(job: RewriteJob, original: Original, text: str) -> bool:
    row = {"completion_id": original.completion_id, "language": original.language, "text": text}
    measures = measure(pl.DataFrame([row]))
    completion = pl.DataFrame([{"completion_id": original.completion_id, "finish_reason": FinishReason.STOP.value}])
    return bool(readable(completion, measures, job.settings.selection)[0])


def _originals(job: RewriteJob, origin: Origin) -> tuple[list[Original], pl.DataFrame]:
    """The replies of a part that are rewritten, in the order of their ids, and their prompts."""
    workspace = origin.workspace
    tables = workspace.tables()
    decided = tables.decisions.select("completion_id", "kept", "reasons").collect()
    if not decided.height and tables.completions.select(pl.len()).collect().item():
        raise WorkspaceError(f"{workspace.root}: nothing has been decided here yet", "run the part first")
    mended = pl.col("reasons").list.set_difference(list(job.settings.mends)).list.len() == 0
    wanted = decided.filter(pl.col("kept") | (mended & (pl.col("reasons").list.len() > 0))).select("completion_id")
    strays = tables.measures.select("completion_id", strays=_strays(job)).collect()
    rates = _rates(workspace).collect()
    rows = []
    for part in workspace.parts():
        drawn = workspace.read_part(part).filter(pl.col("finish_reason") != FinishReason.ERROR)
        rows.append(drawn.join(wanted, on="completion_id", how="semi"))
    texts = pl.concat(rows).unique("completion_id") if rows else workspace.scan_drawn().collect().clear()
    prompts = workspace.prompts_of(texts["prompt_id"])
    asked = prompts.select(
        "prompt_id", "language", "verifier", "reference", "task",
        question=pl.col("messages").list.last().struct.field("content"),
    )  # fmt: skip
    known = (
        texts.join(asked, on="prompt_id")
        .join(strays, on="completion_id", how="left")
        .join(rates, on="prompt_id", how="left")
        .with_columns(pl.col("strays").fill_null(False), pl.col("judged").fill_null(0), origin=pl.lit(origin.name))
        .sort("completion_id")
    )
    return [_original(job, row) for row in known.iter_rows(named=True)], prompts


def _original(job: RewriteJob, row: dict[str, Any]) -> Original:
    easy = very_easy(row["question"], row["pass_rate"], row["judged"], job.settings.easy)
    return Original(**{name: row[name] for name in _original_names if name != "easy"}, easy=easy)


def _strays(job: RewriteJob) -> pl.Expr:
    """Whether a thought is in another language than its question, by the thresholds of the part that rewrites."""
    limits = job.settings.selection
    return (
        (pl.col("language_share") < limits.language_share)
        | (pl.col("foreign_words") > limits.foreign_words)
        | (pl.col("foreign_passage") > limits.foreign_passage)
    ).fill_null(False)


def _rates(workspace: Workspace) -> pl.LazyFrame:
    """Of each prompt `pass_rate`, the share of its judged draws that are correct, and how many were `judged`."""
    tables = workspace.tables()
    judged = combined(tables.verdicts, tables.policy).filter(pl.col("outcome").is_in(JUDGED))
    owners = tables.completions.select("completion_id", "prompt_id")
    right = (pl.col("outcome") == Outcome.CORRECT).mean()
    return judged.join(owners, on="completion_id").group_by("prompt_id").agg(pass_rate=right, judged=pl.len())


def _plan(originals: Sequence[Original]) -> pl.DataFrame:
    policy = policy_fingerprint(1)
    rows = [(one.prompt_id, one.rendered, policy, 1, True) for one in originals]
    return pl.DataFrame(rows, schema=["prompt_id", "rendered", "policy", "draws", "fixed"], orient="row")


def _id(job: RewriteJob, original: Original) -> str:
    return completion_id(original.prompt_id, original.rendered, job.route, 0)


def _completion(job: RewriteJob, one: Rewritten, engine: Engine) -> dict[str, Any]:
    """The row of what became of an original. Where that was kept, its own model wrote the text."""
    original, kept = one.original, not one.steps and one.error is None
    text = one.text or ""
    completion = Completion(
        completion_id=_id(job, original), prompt_id=original.prompt_id, route=job.route, draw=0,
        seed=one.steps[-1].seed if one.steps else 0,
        model=original.model if kept else job.model.name,
        model_fingerprint=original.model_fingerprint if kept else job.model.fingerprint,
        rendered=original.rendered, temperature=job.settings.temperature, top_p=job.settings.top_p,
        max_tokens=job.settings.max_tokens, engine=engine.name, text=one.text, finish_reason=one.finish_reason,
        prompt_tokens=original.prompt_tokens,
        completion_tokens=job.rewriter.tokens_of(text, sum(step.tokens for step in one.steps)),
        stages=len(one.steps), seconds=one.seconds, error=one.error,
    )  # fmt: skip
    return asdict(completion)


def _rewrite(job: RewriteJob, one: Rewritten) -> dict[str, Any]:
    """The row that leads back: what was there before, and which steps were taken."""
    who = {"model": job.model.name, "model_fingerprint": job.model.fingerprint}
    return {
        "completion_id": _id(job, one.original), "prompt_id": one.original.prompt_id,
        "original_id": one.original.completion_id, "origin": one.original.origin, "before": one.original.text,
        "steps": [{**asdict(step), **who} for step in one.steps], "style": list(one.style),
    }  # fmt: skip
