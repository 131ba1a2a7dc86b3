"""Fill: references that the majority of a prompt's draws name, and the list of those that it contradicts."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from r1data.progress import Progress, Silence
from r1data.selection.majority import COMPARE_ANSWERS, MIN_AGREEMENT, MIN_ANSWERS, Pair, Same, references, suspects
from r1data.stages.grade import Grader
from r1data.stages.job import Job
from r1data.store import Tables, Workspace, with_references
from r1data.verifiers import Check, VerifierPool
from r1data.verifiers.check import BadTask, read_task
from schemas import Outcome, Verdicts


def fill_references(job: Job, pool: VerifierPool) -> int:
    """Name references for prompts without one, as far as the recipe asks for it and the draws agree.

    What was judged against another reference, or against none, is judged again. Returns how many prompts of the recipe
    have a reference by majority. The references are written last: a run that is stopped before does it all again.
    """
    settings = job.recipe.audit.fill_references
    tables = job.workspace.tables(job.grades)
    lacking = tables.prompts.filter(pl.col("reference").is_null() & pl.col("verifier").is_in(COMPARE_ANSWERS)).collect()
    if settings is None or not lacking.height:
        return 0
    answers = _answers(tables, lacking)
    named = references(answers, same_by(pool, lacking), settings.min_agreement, settings.min_answers)
    before = job.workspace.read_references()
    changed = _changed(lacking, before, named)
    if changed.height:
        job.workspace.replace_verdicts(job.grades, _judge_again(job, pool, with_references(changed, named)))
        others = before.join(lacking, on="prompt_id", how="anti")
        job.workspace.write_references(pl.concat([others, named]).sort("prompt_id"))
    job.progress.say(f"{named.height:,} of {lacking.height:,} prompts without a reference have one by majority")
    return named.height


def suspects_of(
    workspace: Workspace, pool: VerifierPool, min_agreement: float = MIN_AGREEMENT, min_answers: int = MIN_ANSWERS
) -> pl.DataFrame:
    """The prompts of a workspace whose majority contradicts their reference, as `selection.majority.suspects`."""
    tables = workspace.tables()
    has_one = pl.col("reference").is_not_null() & pl.col("verifier").is_in(COMPARE_ANSWERS)
    mine = tables.prompts.filter(has_one).collect()
    return suspects(mine, _answers(tables, mine), same_by(pool, mine), min_agreement, min_answers)


def same_by(pool: VerifierPool, prompts: pl.DataFrame) -> Same:
    """Whether the prompts' own verifiers accept one answer where the other is the reference; False where in doubt."""
    columns = prompts.select("prompt_id", "verifier", "task", "language", "messages").iter_rows()
    about = {prompt_id: rest for prompt_id, *rest in columns}

    def same(pairs: Sequence[Pair]) -> list[bool]:
        futures = []
        for prompt_id, one, other in pairs:
            verifier, task, language, messages = about[prompt_id]
            question = messages[-1]["content"]
            check = Check(prompt_id, verifier, one, _without_accepted(task), language, f"\\boxed{{{other}}}", question)
            futures.append(pool.submit(check))
        return [future.result().outcome == Outcome.CORRECT for future in futures]

    return same


def _without_accepted(task: str | None) -> str | None:
    """The task without further accepted answers: two of them are both right, and still not the same."""
    try:
        content = read_task(task)
    except BadTask:
        return task
    content.pop("accepted", None)
    return json.dumps(content, ensure_ascii=False) if content else None


def _answers(tables: Tables, prompts: pl.DataFrame) -> pl.DataFrame:
    """What the draws of these prompts answered, by the verdicts of the prompts' own verifiers."""
    owners = tables.completions.select("completion_id", "prompt_id")
    mine = prompts.lazy().select("prompt_id", "verifier")
    said = tables.verdicts.select("completion_id", "verifier", "extracted", "outcome")
    judged = said.join(owners, on="completion_id")
    return judged.join(mine, on=["prompt_id", "verifier"]).select("prompt_id", "extracted", "outcome").collect()


def _changed(lacking: pl.DataFrame, before: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """The prompts whose reference is another one than before."""
    both = lacking.select("prompt_id").join(
        before.select("prompt_id", was="reference"), on="prompt_id", how="left"
    ).join(named.select("prompt_id", is_now="reference"), on="prompt_id", how="left")  # fmt: skip
    return lacking.join(both.filter(pl.col("was").ne_missing(pl.col("is_now"))), on="prompt_id", how="semi")


def _judge_again(job: Job, pool: VerifierPool, prompts: pl.DataFrame) -> pl.DataFrame:
    verdicts: list[pl.DataFrame] = [Verdicts.create_empty()]
    for part in job.workspace.parts():
        completions = job.workspace.read_part(part).join(prompts, on="prompt_id", how="semi")
        if completions.height:
            grader = Grader(prompts, pool, job.recipe.selection, Progress(Silence()))
            grader.take_frame(completions)
            verdicts.append(grader.finish()[0])
    return pl.concat(verdicts)
