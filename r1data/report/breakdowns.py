"""Breakdowns: the page's aggregates over slim rows of draws (see `draws`), failed ones left out."""

from __future__ import annotations

from typing import Any

import polars as pl
from markupsafe import Markup

from r1data.report.charts import Bar, Series, bars, overlay
from r1data.report.draws import JUDGED
from r1data.store import Tables
from schemas import Outcome

MOST_RATES = 10
"""Steps of the pass rate that get a bar of their own."""
GROUPS_SHOWN = 20
BANDS = ("never solved", "up to 25%", "25% to 75%", "75% and more", "always solved")
"""Of prompts, by the share of their judged draws that are correct."""
COLOURS = {Outcome.CORRECT: "kept", Outcome.INCORRECT: "rejected", Outcome.NO_ANSWER: "muted"}
"""Of outcomes; the others are faults of the checking."""


def outcomes(drawn: pl.DataFrame) -> list[dict[str, Any]]:
    """Name, count, share and colour of each outcome, in the order of the enum."""
    judged = drawn.drop_nulls("outcome")
    counts = dict(judged.group_by("outcome").len().iter_rows())
    return [
        {"name": o.value.replace("_", " "), "count": counts[o], "share": counts[o] / judged.height,
         "css": COLOURS.get(o, "fault")}
        for o in Outcome if o in counts
    ]  # fmt: skip


def pass_rate(drawn: pl.DataFrame) -> float | None:
    """Share of the judged draws that are correct."""
    judged = drawn.filter(pl.col("outcome").is_in(JUDGED))
    return judged.filter(pl.col("outcome") == Outcome.CORRECT).height / judged.height if judged.height else None


def pass_rates(drawn: pl.DataFrame) -> Markup | None:
    """Prompts by the share of their judged draws that are correct."""
    judged = drawn.filter(pl.col("outcome").is_in(JUDGED))
    if not judged.height:
        return None
    prompts = judged.group_by("prompt_id").agg(pl.len(), (pl.col("outcome") == Outcome.CORRECT).mean().alias("rate"))
    steps = min(int(prompts.select(pl.col("len").max()).item()), MOST_RATES)
    # Never and always are exact; what lies between goes to the nearest step between them.
    between = (pl.col("rate") * steps).round().clip(min(1, steps), max(steps - 1, 1))
    step = pl.when(pl.col("rate").is_in([0.0, 1.0])).then(pl.col("rate") * steps).otherwise(between).cast(pl.Int32)
    counts = dict(prompts.group_by(step.alias("step")).len().iter_rows())
    return bars([_rate_bar(n, steps, counts.get(n, 0)) for n in range(steps + 1)], label="draws that are correct")


def _rate_bar(step: int, steps: int, count: int) -> Bar:
    css = "rejected" if step == 0 else "kept" if step == steps else "base"
    share = f"{step / steps:.0%}"
    return Bar(share, count, f"{count:,} prompts have {share} of their draws correct", css)


def lengths(drawn: pl.DataFrame) -> Markup | None:
    """Lengths of kept and of rejected completions, in half octaves: they spread over decades."""
    decided = drawn.drop_nulls("kept")
    if not decided.height:
        return None
    place = (pl.col("completion_tokens").clip(1).log(2) * 2).floor().cast(pl.Int32).alias("bin")
    counts = {(kept, bin_): n for kept, bin_, n in decided.group_by("kept", place).len().iter_rows()}
    bins = range(min(bin_ for _, bin_ in counts) // 2 * 2, max(bin_ for _, bin_ in counts) // 2 * 2 + 2)
    series = [
        Series(name, [counts.get((kept, bin_), 0) for bin_ in bins], name)
        for name, kept in (("rejected", False), ("kept", True))
    ]
    return overlay([2 ** (bin_ / 2) for bin_ in (*bins, bins.stop)], series, label="tokens, each step twice as many")


def languages(tables: Tables, drawn: pl.DataFrame, threshold: float) -> list[dict[str, Any]]:
    """For each target language: completions, kept ones, the mean measured share, and how many are below the threshold.

    The measured share is the lesser of the reasoning's and the answer's, as in the decision.
    """
    share = pl.min_horizontal("language_share", "answer_language_share").alias("share")
    measured = tables.measures.select("completion_id", share, "detected_language").collect(engine="streaming")
    rows = drawn.drop_nulls("language").join(measured, on="completion_id", how="left")
    other = pl.col("detected_language").filter(pl.col("detected_language") != pl.col("language"))
    return (
        rows.group_by(pl.col("language").alias("name"))
        .agg(
            pl.len().alias("drawn"),
            pl.col("kept").sum().fill_null(0).alias("kept"),
            pl.col("share").mean().alias("share"),
            (pl.col("share") < threshold).sum().alias("below"),
            other.drop_nulls().value_counts(sort=True, name="n").head(3).alias("others"),
        )
        .sort("drawn", "name", descending=[True, False])
        .head(GROUPS_SHOWN)
        .to_dicts()
    )


def yields(drawn: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Yield by everything that a prompt is known by, and by how hard it is."""
    shown = {name: groups(drawn, name) for name in ("domain", "language", "source")}
    judged = pl.col("outcome").is_in(JUDGED)
    correct = (judged & (pl.col("outcome") == Outcome.CORRECT)).sum().over("prompt_id")
    rate = correct / judged.sum().over("prompt_id")
    band = pl.when(rate.is_nan()).then(pl.lit("not judged")).otherwise(_band(rate))
    bands = groups(drawn.with_columns(difficulty=band), "difficulty")
    return shown | {"difficulty": sorted(bands, key=lambda row: [*BANDS, "not judged"].index(row["name"]))}


def _band(rate: pl.Expr) -> pl.Expr:
    """The pass rate as one of `BANDS`: never and always are bands of their own."""
    never, low, middle, high, always = (pl.lit(name) for name in BANDS)
    between = pl.when(rate <= 0.25).then(low).when(rate < 0.75).then(middle).otherwise(high)
    return pl.when(rate == 0).then(never).when(rate == 1).then(always).otherwise(between)


def groups(drawn: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    """Yield by the prompt's domain, source or language, the largest groups first."""
    return (
        drawn.group_by(pl.col(column).fill_null("prompt no longer there").alias("name"))
        .agg(
            pl.col("prompt_id").n_unique().alias("prompts"),
            pl.len().alias("drawn"),
            (pl.col("outcome") == Outcome.CORRECT).sum().alias("correct"),
            pl.col("kept").sum().fill_null(0).alias("kept"),
            pl.col("completion_tokens").mean().fill_null(0.0).alias("tokens"),
        )
        .with_columns(correct=pl.col("correct") / pl.col("drawn"), share=pl.col("kept") / pl.col("drawn"))
        .sort("drawn", "name", descending=[True, False])
        .head(GROUPS_SHOWN)
        .to_dicts()
    )
