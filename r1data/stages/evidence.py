"""Evidence: what the draws that are in a workspace say about those that are not."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from r1data.estimate.belief import Amount, PassRates
from r1data.estimate.forecast import Group
from r1data.recipe import ASKS_A_MODEL, AdaptiveDraws, fingerprint
from r1data.sampling import draws_for
from r1data.selection import accepted, combined
from r1data.stages.job import Job
from schemas import FinishReason, Message

CHARACTERS_PER_TOKEN = 4
MOST_PROMPTS = 5000
"""More prompts than this would say nothing more, and finding their draws means rendering them."""
COUNTED_PROMPTS = 200
"""Prompts of a group whose tokens are counted."""
ASSUMED_DOUBT = 0.5
FEW_DOUBT = 0.5
"""Doubts of a length: one that is assumed, and one that a single prompt has shown."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is taken for true where nothing has been measured."""

    pass_rate: float
    tokens: float


def groups(job: Job, prompts: pl.DataFrame, assumptions: Assumptions) -> list[Group]:
    """The recipe's prompts by domain and policy, each with what is known: measured, else assumed."""
    seen = _draws(job, prompts)
    sorts: dict[tuple[str, int | AdaptiveDraws, bool], list[str]] = {}
    columns = prompts.sort("prompt_id").select("prompt_id", "domain", "verifier", "reference").iter_rows()
    for prompt_id, domain, verifier, reference in columns:
        draws = draws_for(job.recipe, verifier, reference)
        told = verifier not in ASKS_A_MODEL and job.recipe.verification.policy != "judge"
        sorts.setdefault((domain, draws, told), []).append(prompt_id)
    found = []
    for (domain, draws, told), ids in sorts.items():
        mine = pl.DataFrame({"prompt_id": ids})
        drawn = seen.join(mine, on="prompt_id", how="semi")
        sent = _prompt_tokens(job, prompts.join(mine.head(COUNTED_PROMPTS), on="prompt_id", how="semi"))
        blank = _assumed(domain, len(ids), draws, told, assumptions, sent)
        found.append(_measured(blank, drawn) or blank)
    return sorted(found, key=lambda group: (group.domain, not group.told))


def _turns(prompts: pl.DataFrame) -> Iterator[tuple[str, list[Message], str, str, bool | None]]:
    columns = prompts.select("prompt_id", "messages", "language", "domain", "thinking").iter_rows()
    for prompt_id, messages, language, domain, thinking in columns:
        yield prompt_id, [Message(m["role"], m["content"]) for m in messages], language, domain, thinking


def _draws(job: Job, prompts: pl.DataFrame) -> pl.DataFrame:
    """Draws that this very recipe would make, as they are in the workspace: prompt, tokens, failed, text (its
    fingerprint), good (or null).
    """
    tables = job.workspace.tables(job.grades)
    drawn = tables.completions.filter(pl.col("route") == job.route)
    slim = drawn.select(
        "completion_id", "prompt_id", "rendered", "finish_reason", "completion_tokens", "prompt_tokens"
    ).collect()
    touched = prompts.join(slim.select("prompt_id").unique(), on="prompt_id", how="semi").sort("prompt_id")
    some = _turns(touched.head(MOST_PROMPTS))
    same = [
        (one, fingerprint(job.renderer.text(turns, tongue, domain=domain, thinking=thinking)))
        for one, turns, tongue, domain, thinking in some
    ]
    key = pl.DataFrame(same, schema={"prompt_id": pl.String, "rendered": pl.String}, orient="row")
    slim = slim.join(key, on=["prompt_id", "rendered"], how="semi")
    outcomes = combined(tables.verdicts, tables.policy).select("completion_id", "outcome")
    whole = (
        slim.lazy()
        .join(outcomes, on="completion_id", how="left")
        .join(tables.measures, on="completion_id", how="left")
        .join(tables.prompts.select("prompt_id", "thinking"), on="prompt_id", how="left")
        .collect()
    )
    asks = job.recipe.selection.correctness == "correct"
    judged = pl.col("think_in_order").is_not_null() & (pl.col("outcome").is_not_null() | (not asks))
    return whole.with_columns(
        failed=pl.col("finish_reason") == FinishReason.ERROR, judged=judged, good=accepted(whole, job.recipe.selection)
    ).select(
        "prompt_id", "completion_tokens", "prompt_tokens", "failed", text="folded",
        good=pl.when(pl.col("judged")).then(pl.col("good")),
    )  # fmt: skip


def _measured(blank: Group, drawn: pl.DataFrame) -> Group | None:
    """The group with what its draws say in place of assumptions; None where none of them has been judged."""
    per_prompt = drawn.group_by("prompt_id").agg(
        pl.col("failed").all().alias("hopeless"),
        pl.col("good").is_not_null().sum().alias("judged"),
        pl.col("text").filter("good").n_unique().alias("accepted"),
    )
    judged = per_prompt.filter(pl.col("judged") > 0)
    if not judged.height:
        return None
    tried = drawn.join(per_prompt.filter(~pl.col("hopeless")).select("prompt_id"), on="prompt_id", how="semi")
    wrote = drawn.filter(~pl.col("failed"))
    overall = _length(wrote)
    good, other = wrote.filter(pl.col("good")), wrote.filter(~pl.col("good").fill_null(False))
    return replace(
        blank,
        rates=PassRates.measured(Counter(judged.select("judged", "accepted").iter_rows())),
        accepted_tokens=_length(good) if good.height else overall,
        other_tokens=_length(other) if other.height else overall,
        prompt_tokens=Amount(int(wrote["prompt_tokens"].sum()) / max(wrote.height, 1)),
        basis=f"measured on {drawn.height:,} draws of {per_prompt.height:,} prompts",
        failing=int(tried["failed"].sum()) / max(tried.height, 1),
        hopeless=int(per_prompt["hopeless"].sum()) / per_prompt.height,
    )


def _assumed(
    domain: str, prompts: int, draws: int | AdaptiveDraws, told: bool, assumptions: Assumptions, sent: Amount
) -> Group:
    length = Amount(assumptions.tokens, ASSUMED_DOUBT)
    return Group(
        domain=domain, prompts=prompts, draws=draws, told=told, rates=PassRates.assumed(assumptions.pass_rate),
        accepted_tokens=length, other_tokens=length, prompt_tokens=sent,
        basis=f"assumed: pass rate {assumptions.pass_rate:g}, {assumptions.tokens:,.0f} tokens a draw",
    )  # fmt: skip


def _length(drawn: pl.DataFrame) -> Amount:
    """Tokens per draw. Draws of one prompt are alike, so the doubt is that of as many prompts, not draws."""
    total = int(drawn["completion_tokens"].sum())
    mean = max(total / max(drawn.height, 1), 1e-9)
    by_prompt = drawn.group_by("prompt_id").agg(pl.col("completion_tokens").mean())
    prompts: list[float] = by_prompt["completion_tokens"].to_list()
    if len(prompts) < 2:
        return Amount(mean, FEW_DOUBT)
    return Amount(mean, min(statistics.stdev(prompts) / len(prompts) ** 0.5 / mean, 1.0))


def _prompt_tokens(job: Job, prompts: pl.DataFrame) -> Amount:
    """Tokens of a rendered prompt, counted over these; guessed from the text where only the model's owner can count."""
    rendered = [
        job.renderer.render(turns, tongue, domain=domain, thinking=thinking)
        for _, turns, tongue, domain, thinking in _turns(prompts)
    ]
    return Amount(statistics.fmean(len(one.tokens) or len(one.text) / CHARACTERS_PER_TOKEN for one in rendered))
