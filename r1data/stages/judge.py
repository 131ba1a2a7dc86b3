"""Judge: verdicts of the generative judge, beside the rules', for the draws of which the policy wants them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter

import polars as pl

from r1data import replies
from r1data.account import keeping_account
from r1data.engines import Engine, Service, connected, serving
from r1data.engines.metered import Metered
from r1data.judging import QUALITY, VERIFIER, JudgeItem, QualityItem, appraise, decided_anew, judge, opens_thought
from r1data.recipe import ASKS_A_MODEL, Policy
from r1data.selection import combined
from r1data.stages.job import Job
from r1data.verifiers import Check
from r1data.verifiers.check import BadTask
from schemas import FinishReason, Outcome, Verdict, Verdicts

BATCH_ROWS = 256
BATCH_SECONDS = 20.0
"""Verdicts are stored in batches: a kill costs at most one."""
RATED = ("quality", "constraints", "identity")
"""Prompts of these verifiers have no reference to compare with: their answers are rated."""
RIGHT_OR_WRONG = (Outcome.CORRECT.value, Outcome.INCORRECT.value)
ROLES = {"user": "User", "assistant": "Assistant", "system": "System"}
_verdict_row = attrgetter(*(field.name for field in fields(Verdict)))


@dataclass(slots=True)
class Tally:
    """How the judging goes. `compared` are the answers that both rule and judge called right or wrong."""

    judged: int = 0
    failed: int = 0
    compared: int = 0
    agreed: int = 0

    def add(self, verdict: Verdict, rule: str | None) -> None:
        """Count a verdict, beside what the rule said of the same answer."""
        self.judged += 1
        self.failed += verdict.outcome == Outcome.VERIFIER_ERROR
        if rule is not None and verdict.outcome in RIGHT_OR_WRONG:
            self.compared += 1
            self.agreed += rule == verdict.outcome


def judge_missing(job: Job, service: Service | None = None, *, retry_failed: bool = False) -> int:
    """Judge every planned draw that the policy wants judged and that this judge has not judged; returns how many.

    `service` is what serves the recipe's own model while that is running. A judge that is the same model on the same
    engine is asked there; any other has to wait for a call without it, so that no machine must hold two models. Such a
    call starts the judge's engine and stops it again. With `retry_failed`, draws on which the judge failed before are
    judged again. Answers to be rated by a reward model are not the judge's: see `score_missing`.
    """
    if service is None and (anew := rate_anew(job)):
        job.progress.say(f"{anew:,} ratings are decided otherwise by the present thresholds")
    judges_itself = job.judge_model is job.model and job.runtime.judge_engine is None
    waiting = unjudged(job, retry_failed=retry_failed)
    if not waiting.height or (service is not None and not judges_itself):
        return 0
    job.progress.say(f"{waiting.height:,} answers for the judge ({job.judge.model.name})")
    tally = Tally()
    with _serving_judge(job, service) as judging:
        for part in job.workspace.parts():
            completions = job.workspace.read_part(part).join(waiting, on="completion_id", how="inner")
            successful = completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
            if successful.height:
                asyncio.run(_judge_part(job, judging, successful, tally))
                job.progress.say(f"{tally.judged:,} of {waiting.height:,} judged")
    if tally.compared:
        job.progress.say(f"the judge agrees with the rules on {tally.agreed:,} of {tally.compared:,} answers")
    if tally.failed:
        job.progress.say(f"the judge failed on {tally.failed:,} answers; `r1data run --retry-failed` asks it again")
    return waiting.height


def unjudged(job: Job, *, retry_failed: bool = False) -> pl.DataFrame:
    """The draws that wait for the judge: `completion_id`, the rule's `outcome` (null where no rule applies), and
    whether the answer is to be `rated` rather than compared.
    """
    waiting = unheard(job, retry_failed=retry_failed)
    return waiting if job.recipe.verification.quality.reward is None else waiting.filter(~pl.col("rated"))


def unheard(job: Job, *, retry_failed: bool = False) -> pl.DataFrame:
    """The draws of which the policy wants a model's word that it has not said, in the columns of `unjudged`."""
    tables = job.workspace.tables(job.grades)
    ruled = tables.verdicts.filter(~pl.col("verifier").is_in(ASKS_A_MODEL))
    rules = combined(ruled, "rule").select("completion_id", "outcome")
    judged = job.workspace.judgements(job.judging).with_columns(rated=False)
    judged = pl.concat([judged, job.workspace.judgements(job.appraising, QUALITY).with_columns(rated=True)])
    if retry_failed:
        judged = judged.filter(pl.col("outcome") != Outcome.VERIFIER_ERROR)
    return (
        tables.completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
        .join(tables.prompts.select("prompt_id", "verifier"), on="prompt_id")
        .join(rules, on="completion_id", how="left")
        .filter(wanted(job.recipe.verification.policy))
        .with_columns(rated=pl.col("verifier").is_in(RATED))
        .join(judged, on=["completion_id", "rated"], how="anti")
        .select("completion_id", "outcome", "rated")
        .collect()
    )


def rate_anew(job: Job) -> int:
    """Let the present thresholds decide over all points that were given; returns how many decide otherwise now."""
    given = job.workspace.judgements(job.appraising, QUALITY).collect()
    if not given.height:
        return 0
    quality = job.recipe.verification.quality
    owners = job.workspace.scan_all_completions().select("completion_id", "prompt_id")
    mine = owners.join(given.lazy().select("completion_id"), on="completion_id", how="semi").collect()
    categories = dict(job.workspace.prompts_of(mine["prompt_id"]).select("prompt_id", "category").iter_rows())
    thresholds = [quality.threshold_of(categories.get(prompt)) for prompt in mine["prompt_id"]]
    changed = decided_anew(given, mine.select("completion_id", threshold=pl.Series(thresholds, dtype=pl.Float64)))
    if changed.height:
        job.workspace.replace_verdicts(f"{QUALITY}-{job.appraising}", changed)
    return changed.height


def wanted(policy: Policy) -> pl.Expr:
    """Whether the policy needs the judge's word, by the prompt's `verifier` and the rule's `outcome`.

    A judge costs a thousand times as much as a rule, so it is asked only where it can still change something.
    """
    no_rule, correct = pl.col("verifier").is_in(ASKS_A_MODEL), pl.col("outcome") == Outcome.CORRECT
    undecided = pl.col("outcome") == Outcome.UNDECIDED
    by_policy = {"rule": pl.lit(False), "judge": pl.lit(True), "or": ~correct, "and": correct | undecided}
    return no_rule | by_policy[policy].fill_null(False)


@contextmanager
def _serving_judge(job: Job, service: Service | None) -> Iterator[Service]:
    if service is not None:
        yield service
        return
    own = job.runtime.model_copy(update={"engine": job.runtime.judge_engine or job.runtime.engine})
    with (
        keeping_account(job.workspace, job.progress, own),
        serving(own, job.judge_model, job.workspace.judge_log, job.progress.say, job.standby) as started,
    ):
        yield started


async def _judge_part(job: Job, service: Service, completions: pl.DataFrame, tally: Tally) -> None:
    """Judge the draws of one part. What was judged is stored, also when the engine fails in the middle."""
    items, rated = _items(job, completions.filter(~pl.col("rated"))), _rated_items(job, completions.filter("rated"))
    known = completions.select("completion_id", "outcome").iter_rows()
    truths = {one: outcome if outcome in RIGHT_OR_WRONG else None for one, outcome in known}
    languages = {item.id: item.language for item in items} | {item.id: item.language for item in rated}
    answers = {one: (language, truths[one]) for one, language in languages.items()}
    batch: list[Verdict] = []
    started = time.monotonic()

    def count(sent: int, written: int) -> None:
        job.progress.add(prompt_tokens=sent, tokens=written)

    try:
        async with (
            connected(service, answers) as engine,
            aclosing(_verdicts(job, Metered(engine, count), service.slots, items, rated)) as verdicts,
        ):
            async for verdict in verdicts:
                batch.append(verdict)
                tally.add(verdict, None if verdict.verifier == QUALITY else truths[verdict.completion_id])
                if len(batch) >= BATCH_ROWS or time.monotonic() - started > BATCH_SECONDS:
                    store_verdicts(job, batch)
                    batch, started = [], time.monotonic()
    finally:
        store_verdicts(job, batch)


async def _verdicts(
    job: Job, engine: Engine, slots: int, items: Sequence[JudgeItem], rated: Sequence[QualityItem]
) -> AsyncGenerator[Verdict, None]:
    """First the answers that are compared, then those that are rated."""
    for said in (judge(items, engine, job.judge, slots), appraise(rated, engine, job.judge, slots)):
        async with aclosing(said):
            async for verdict in said:
                yield verdict


def store_verdicts(job: Job, verdicts: Sequence[Verdict]) -> None:
    """Keep what models have said, each under the fingerprint of who says it."""
    schema = {name: column.dtype for name, column in Verdicts.columns().items()}
    for verifier, who in ((VERIFIER, job.judging), (QUALITY, job.appraising)):
        rows = [_verdict_row(verdict) for verdict in verdicts if verdict.verifier == verifier]
        if rows:
            job.workspace.write_judgements(who, pl.DataFrame(rows, schema=schema, orient="row"), verifier)


def _items(job: Job, completions: pl.DataFrame) -> list[JudgeItem]:
    """What the judge compares: question, reference and answer; the reasoning stays here."""
    return [
        JudgeItem(row["completion_id"], question_of(row["messages"]), _references(row), row["answer"], row["language"])
        for row in answered(job, completions).iter_rows(named=True)
    ]


def _rated_items(job: Job, completions: pl.DataFrame) -> list[QualityItem]:
    """What the judge rates: request, answer and, where there is one, the reference."""
    quality = job.recipe.verification.quality
    return [
        QualityItem(
            row["completion_id"], question_of(row["messages"]), row["answer"], row["language"], row["category"],
            quality.threshold_of(row["category"]), _references(row),
        )
        for row in answered(job, completions).iter_rows(named=True)
    ]  # fmt: skip


def answered(job: Job, completions: pl.DataFrame) -> pl.DataFrame:
    """Completions with what was asked and the answer behind the thought, in the order of their ids."""
    if not completions.height:
        return completions
    prompts = job.workspace.prompts_of(completions["prompt_id"]).select(
        "prompt_id", "messages", "reference", "task", "language", "category", "thinking"
    )
    opened = pl.lit(False)
    for thinking in (True, False):  # the prompt opened it, not the reply: cut before its end, it is all thought
        opened |= (pl.col("thinking").fill_null(True) == thinking) & opens_thought(job.renderer, thinking)
    whole = ~opened | pl.col("text").str.contains(replies.CLOSE, literal=True)
    answers = completions.select("completion_id", "prompt_id", "text").join(prompts, on="prompt_id")
    answer = pl.when(whole).then(replies.answer(pl.col("text")))
    return answers.with_columns(answer=answer).drop("text").sort("completion_id")


def question_of(messages: Sequence[dict[str, str]]) -> str:
    """A prompt as one text: the question alone, or a whole conversation with a name before each turn."""
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n\n".join(f"{ROLES[turn['role']]}: {turn['content']}" for turn in messages)


def _references(row: dict[str, str | None]) -> str | None:
    """Every accepted answer; the reference alone where the task cannot be read."""
    check = Check(row["completion_id"] or "", VERIFIER, row["reference"], row["task"], row["language"] or "", None)
    try:
        accepted = check.references()
    except BadTask:
        return row["reference"]
    return "\n\nor:\n\n".join(accepted) or None
