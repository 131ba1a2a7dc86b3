"""Decide and assemble: from verdicts and measures to what is kept, and from that to the dataset and its report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from r1data import __version__, replies
from r1data.estimate import compare_stored
from r1data.report import Funnel, RunFacts, render_card, render_report
from r1data.selection import candidates, combined, decisions, fates, signatures_in, standings
from r1data.stages.job import Made
from r1data.store import Tables
from r1data.store.sessions import Spent, read_sessions
from schemas import FinishReason, Outcome


def decide(job: Made) -> pl.DataFrame:
    """Decide anew over all verdicts and measures; store and return the decisions."""
    tables = job.workspace.tables(job.grades)
    rows, decided = decided_anew(job, tables)
    job.workspace.write_decisions(decided, rows)
    return decided


def decided_anew(job: Made, tables: Tables) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The candidates of these tables, and what the recipe decides of them."""
    kinship, hits = job.workspace.read_kinship(), tables.contaminations.collect()
    outcomes = combined(tables.verdicts, tables.policy)
    rows = candidates(
        tables.completions, outcomes, tables.measures, tables.prompts, kinship, hits, tables.rewrites,
        standings(tables.reviews.collect()),
    )  # fmt: skip
    return rows, decisions(rows, fates(rows, job.recipe.selection, job.recipe.seed, signatures_in(kinship)))


def assemble(job: Made, seconds: float | None) -> Funnel:
    """Write the dataset with its card, and the report; returns the funnel, which adds up."""
    tables = job.workspace.tables(job.grades)
    facts = _facts(job, tables, seconds)

    def card(examples: pl.LazyFrame, data_files: str) -> str:
        return render_card(replace(tables, examples=examples), job.recipe, facts, data_files)

    job.workspace.write_dataset(_examples(job, tables, facts.recipe_fingerprint), card)
    tables = job.workspace.tables(job.grades)
    funnel = Funnel.from_tables(tables)
    funnel.check()
    job.workspace.write_report(render_report(tables, job.recipe, facts))
    return funnel


def _examples(job: Made, tables: Tables, recipe: str) -> Iterator[pl.DataFrame]:
    """The kept completions as training rows, one sealed part at a time."""
    kept = tables.decisions.filter(pl.col("kept")).select("completion_id").collect()
    rates, lineage = _pass_rates(tables).collect(), _lineage(job, tables)
    for part in job.workspace.parts():
        drawn = job.workspace.read_part(part).filter(pl.col("finish_reason") != FinishReason.ERROR)
        completions = drawn.join(kept, on="completion_id", how="semi")
        if completions.height:
            prompts = job.workspace.prompts_of(completions["prompt_id"])
            rows = completions.join(prompts, on="prompt_id").join(rates, on="prompt_id", how="left")
            rows = rows.join(lineage, on="completion_id", how="left")
            yield rows.sort("prompt_id", "draw").select(_example_columns(recipe))


def _example_columns(recipe: str) -> list[pl.Expr]:
    turn = pl.struct(role=pl.lit("assistant"), content=assistant_turn(pl.coalesce("edited", "text")))
    return [
        pl.col("completion_id").alias("example_id"),
        pl.col("prompt_id"),
        pl.concat_list("messages", turn).alias("messages"),
        *map(pl.col, ("domain", "language", "reference", "verifier", "pass_rate", "prompt_tokens")),
        *map(pl.col, ("completion_tokens", "source", "licence", "model", "model_fingerprint", "route", "draw", "seed")),
        pl.lit(recipe).alias("recipe"),
        pl.col("category"),
        pl.lit(None, pl.String).alias("part"),
        pl.col("rewritten_from"),
        pl.col("review"),
    ]


def _lineage(job: Made, tables: Tables) -> pl.DataFrame:
    """What completions were rewritten from and what people made of them, where there is anything to say."""
    anew = tables.rewrites.filter(pl.col("steps").list.len() > 0)  # the others were kept as they were
    rewritten = anew.select("completion_id", rewritten_from="original_id").collect()
    if job.recipe.selection.review == "ignore":
        people = standings(tables.reviews.collect().clear())
    else:
        people = standings(tables.reviews.collect())
    return rewritten.join(people, on="completion_id", how="full", coalesce=True)


def assistant_turn(text: pl.Expr) -> pl.Expr:
    """The one form that a reply has in training rows: the thought in its tags, a blank line, the answer without any."""
    reasoning, answer = replies.reasoning(text), replies.bare(replies.answer(text)).fill_null("")
    thought = pl.format("<think>\n{}\n</think>\n\n{}", reasoning, answer)
    return pl.when(reasoning.is_null()).then(answer).otherwise(thought)


def _pass_rates(tables: Tables) -> pl.LazyFrame:
    """Share of each prompt's judged draws that are correct; what could not be judged does not count."""
    judged = combined(tables.verdicts, tables.policy).filter(
        pl.col("outcome").is_in([Outcome.CORRECT.value, Outcome.INCORRECT.value, Outcome.NO_ANSWER.value])
    )
    owners = tables.completions.select("completion_id", "prompt_id")
    correct = (pl.col("outcome") == Outcome.CORRECT).mean().alias("pass_rate")
    return judged.join(owners, on="completion_id").group_by("prompt_id").agg(correct)


def _facts(job: Made, tables: Tables, seconds: float | None) -> RunFacts:
    engines = tables.completions.select(pl.col("engine").unique().sort()).collect()["engine"].to_list()
    return RunFacts(
        recipe_fingerprint=str(job.workspace.read_manifest()["recipe"]),
        engine=", ".join(engines) or "none",
        model=job.model.name,
        model_fingerprint=job.model.fingerprint,
        seconds=seconds,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        command=f"r1data run {job.recipe.name}.yaml",
        spent=Spent.over(read_sessions(job.workspace.root)),
        compared=compare_stored(job.workspace),
        workspace=str(job.workspace.root if not job.workspace.root.is_absolute() else job.workspace.root.name),
    )
