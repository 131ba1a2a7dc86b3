"""The report: one page that opens anywhere, made to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from r1data.recipe import Recipe
from r1data.report.charts import Series, binned, even_edges, histogram, nice_ticks
from r1data.report.facts import RunFacts
from r1data.report.funnel import Funnel, slim_rows
from r1data.report.paths import TEMPLATES
from r1data.report.safety import visible
from r1data.report.samples import kept_sample, rejected_samples
from r1data.store import Tables
from schemas import Outcome, Reason

BINS = 24
BAD_PROMPTS_SHOWN = 20
MEANING = {
    Reason.TRUNCATED: "cut by the token limit before it was done",
    Reason.FORMAT: "the thought is not where it belongs: tags missing, doubled or unclosed",
    Reason.NO_ANSWER: "nothing that could be compared: no box, no sentence that announces an answer",
    Reason.INCORRECT: "the answer is not the reference",
    Reason.UNVERIFIED: "no judgement could be reached; a fault of the checking, not of the model",
    Reason.MIXED_LANGUAGE: "too few words in the language of the question",
    Reason.LONG_PARAGRAPH: "a paragraph that nobody would want to read",
    Reason.MESSY_CODE: "a code fence that is never closed, or code inside the thought",
    Reason.REPETITION: "it ends in a loop, or repeats its lines",
    Reason.DUPLICATE: "the same text was kept already for this prompt",
    Reason.SURPLUS: "good, but its prompt has enough good ones",
}
PASSED = {
    Reason.TRUNCATED: "not cut off",
    Reason.FORMAT: "thought, then answer",
    Reason.NO_ANSWER: "names an answer",
    Reason.INCORRECT: "correct",
    Reason.UNVERIFIED: "judged",
    Reason.MIXED_LANGUAGE: "one language",
    Reason.LONG_PARAGRAPH: "short paragraphs",
    Reason.MESSY_CODE: "tidy code",
    Reason.REPETITION: "no loops",
    Reason.DUPLICATE: "said once",
    Reason.SURPLUS: "within the cap",
}
"""What a row has shown that is not rejected for a reason."""


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of the funnel: how many rows are left after it, and how many it cost."""

    name: str
    note: str
    left: int
    lost: int
    share: float
    lost_share: float
    css: str


def render_report(tables: Tables, recipe: Recipe, facts: RunFacts) -> str:
    """The page. Its numbers come from the tables; its texts go through `safety`."""
    rows = slim_rows(tables)
    funnel = Funnel.from_tables(tables)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"number": lambda n: f"{n:,}", "percent": _percent, "visible": visible}
    drawn = rows.filter(~pl.col("failed"))
    return environment.get_template("report.html.jinja").render(
        recipe=recipe,
        facts=facts,
        funnel=funnel,
        time=str(timedelta(seconds=round(facts.seconds))) if facts.seconds is not None else None,
        steps=_steps(funnel),
        outcomes=_outcomes(drawn),
        pass_rates=_pass_rates(drawn),
        lengths=_lengths(drawn),
        languages=_languages(tables, drawn, recipe),
        groups={name: _groups(drawn, name) for name in ("language", "source", "domain")},
        meaning={reason.value: text for reason, text in MEANING.items()},
        rejected=rejected_samples(tables, drawn, recipe),
        kept=kept_sample(tables, drawn),
        bad=tables.bad_prompts.head(BAD_PROMPTS_SHOWN).collect().to_dicts(),
        bad_count=tables.bad_prompts.select(pl.len()).collect().item(),
        recipe_yaml=yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%" if share else "0%"


def _steps(funnel: Funnel) -> list[Step]:
    """Planned, then what is left after each loss."""
    total = max(funnel.planned, 1)
    left = funnel.planned
    steps = [Step("planned", "draws that the recipe asks for", left, 0, 1.0, 0.0, "base")]
    losses = [
        ("drawn", "asked of the engine by now", funnel.pending, "base"),
        ("completed", "the engine answered", funnel.failed, "base"),
    ]
    for reason, count in funnel.rejected_by_reason.items():
        losses.append((PASSED[Reason(reason)], f"{reason}: {MEANING[Reason(reason)]}", count, "loss"))
    for name, note, lost, css in losses:
        if lost or name == "completed":
            left -= lost
            steps.append(Step(name, note, left, lost, left / total, lost / total, css))
    last = steps[-1]
    kept = Step("kept", "rows of the dataset", funnel.kept, 0, funnel.kept / total, 0.0, "kept")
    return [*steps, kept] if last.left == funnel.kept else steps


def _outcomes(drawn: pl.DataFrame) -> list[dict[str, Any]]:
    judged = drawn.drop_nulls("outcome")
    counts = dict(judged.group_by("outcome").len().iter_rows())
    css = {Outcome.CORRECT: "kept", Outcome.INCORRECT: "rejected", Outcome.NO_ANSWER: "muted"}
    return [
        {"name": o.value.replace("_", " "), "count": counts[o], "share": counts[o] / judged.height,
         "css": css.get(o, "fault")}
        for o in Outcome if o in counts
    ]  # fmt: skip


def _pass_rates(drawn: pl.DataFrame) -> Markup | None:
    judged = drawn.filter(pl.col("outcome").is_in([Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER]))
    if not judged.height:
        return None
    rates = judged.group_by("prompt_id").agg((pl.col("outcome") == Outcome.CORRECT).mean().alias("rate"))["rate"]
    most = int(judged.group_by("prompt_id").len()["len"].max() or 1)  # type: ignore[arg-type]
    edges = even_edges(0, 1, min(most + 1, BINS))
    series = Series("prompts", binned(rates.to_list(), edges), "kept")
    return histogram(edges, [series], label="share of a prompt's draws that are correct", percent=True)


def _lengths(drawn: pl.DataFrame) -> Markup | None:
    if not drawn.height:
        return None
    longest: int = drawn.select(pl.col("completion_tokens").max()).item()
    edges = even_edges(0, nice_ticks(longest)[-1], BINS)
    return histogram(edges, _kept_and_rejected(drawn, "completion_tokens", edges), label="tokens per completion")


def _languages(tables: Tables, drawn: pl.DataFrame, recipe: Recipe) -> Markup | None:
    shares = tables.measures.select("completion_id", "language_share").collect().drop_nulls()
    measured = drawn.join(shares, on="completion_id")
    if not measured.height:
        return None
    edges = even_edges(0, 1, BINS)
    series = _kept_and_rejected(measured, "language_share", edges)
    threshold = recipe.selection.language_share
    return histogram(
        edges, series, label="share of the thought's words in the prompt's language", percent=True, line=threshold
    )


def _kept_and_rejected(rows: pl.DataFrame, column: str, edges: list[float]) -> list[Series]:
    return [
        Series(name, binned(rows.filter(pl.col("kept") == kept)[column].to_list(), edges), name)
        for name, kept in (("kept", True), ("rejected", False))
    ]


def _groups(drawn: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    return (
        drawn.group_by(pl.col(column).alias("name"))
        .agg(
            pl.col("prompt_id").n_unique().alias("prompts"),
            pl.len().alias("drawn"),
            (pl.col("outcome") == Outcome.CORRECT).mean().fill_null(0.0).alias("correct"),
            pl.col("kept").sum().fill_null(0).alias("kept"),
            pl.col("kept").mean().fill_null(0.0).alias("yield_"),
            pl.col("completion_tokens").mean().fill_null(0.0).alias("tokens"),
        )
        .sort("drawn", "name", descending=[True, False])
        .to_dicts()
    )
