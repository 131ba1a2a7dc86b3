"""Judge: verdicts of the generative judge, beside the rules', for the draws of which the policy wants them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter

import polars as pl

from r1data import replies
from r1data.account import keeping_account
from r1data.engines import Service, connected, serving
from r1data.engines.metered import Metered
from r1data.judging import VERIFIER, JudgeItem, judge, opens_thought
from r1data.recipe import Policy
from r1data.selection import combined
from r1data.stages.job import Job
from r1data.verifiers import Check
from r1data.verifiers.check import BadTask
from schemas import FinishReason, Outcome, Verdict, Verdicts

BATCH_ROWS = 256
BATCH_SECONDS = 20.0
"""Verdicts are stored in batches: a kill costs at most one."""
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
    judged again.
    """
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
    """The draws that wait for the judge: `completion_id`, and the rule's `outcome` (null where no rule applies)."""
    tables = job.workspace.tables(job.grades)
    rules = combined(tables.verdicts.filter(pl.col("verifier") != VERIFIER), "rule").select("completion_id", "outcome")
    judged = job.workspace.judgements(job.judging)
    if retry_failed:
        judged = judged.filter(pl.col("outcome") != Outcome.VERIFIER_ERROR)
    return (
        tables.completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
        .join(tables.prompts.select("prompt_id", "verifier"), on="prompt_id")
        .join(rules, on="completion_id", how="left")
        .filter(wanted(job.recipe.verification.policy))
        .join(judged, on="completion_id", how="anti")
        .select("completion_id", "outcome")
        .collect()
    )


def wanted(policy: Policy) -> pl.Expr:
    """Whether the policy needs the judge's word, by the prompt's `verifier` and the rule's `outcome`.

    A judge costs a thousand times as much as a rule, so it is asked only where it can still change something.
    """
    no_rule, correct = pl.col("verifier") == VERIFIER, pl.col("outcome") == Outcome.CORRECT
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
        serving(own, job.judge_model, job.workspace.judge_log, job.progress.say) as started,
    ):
        yield started


async def _judge_part(job: Job, service: Service, completions: pl.DataFrame, tally: Tally) -> None:
    """Judge the draws of one part. What was judged is stored, also when the engine fails in the middle."""
    items = _items(job, completions)
    known = completions.select("completion_id", "outcome").iter_rows()
    truths = {one: outcome if outcome in RIGHT_OR_WRONG else None for one, outcome in known}
    answers = {item.id: (item.language, truths[item.id]) for item in items}
    batch: list[Verdict] = []
    started = time.monotonic()

    def count(sent: int, written: int) -> None:
        job.progress.add(prompt_tokens=sent, tokens=written)

    try:
        async with (
            connected(service, answers) as engine,
            aclosing(judge(items, Metered(engine, count), job.judge, service.slots)) as verdicts,
        ):
            async for verdict in verdicts:
                batch.append(verdict)
                tally.add(verdict, truths[verdict.completion_id])
                if len(batch) >= BATCH_ROWS or time.monotonic() - started > BATCH_SECONDS:
                    _store(job, batch)
                    batch, started = [], time.monotonic()
    finally:
        _store(job, batch)


def _store(job: Job, verdicts: Sequence[Verdict]) -> None:
    if verdicts:
        schema = {name: column.dtype for name, column in Verdicts.columns().items()}
        rows = [_verdict_row(verdict) for verdict in verdicts]
        job.workspace.write_judgements(job.judging, pl.DataFrame(rows, schema=schema, orient="row"))


def _items(job: Job, completions: pl.DataFrame) -> list[JudgeItem]:
    """What the judge is given: question, reference and answer; the reasoning stays here."""
    prompts = job.workspace.prompts_of(completions["prompt_id"]).select(
        "prompt_id", "messages", "reference", "task", "language"
    )
    answer = replies.answer(pl.col("text"))
    if opens_thought(job.renderer):  # the prompt opened it, not the reply: cut before its end, it is all thought
        answer = pl.when(pl.col("text").str.contains(replies.CLOSE, literal=True)).then(answer)
    answers = completions.select("completion_id", "prompt_id", answer.alias("answer"))
    rows = answers.join(prompts, on="prompt_id").sort("completion_id")
    return [
        JudgeItem(row["completion_id"], question_of(row["messages"]), _references(row), row["answer"], row["language"])
        for row in rows.iter_rows(named=True)
    ]


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
