"""Stops: why prompts got no more draws, and how many of those that they could have had they used."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from r1data.recipe import Recipe
from r1data.report.charts import Bar, bars
from schemas import StopReason

MEANING = {
    StopReason.ENOUGH: "as many good completions as were wanted",
    StopReason.HOPELESS: "the draws show that its pass rate is below the bound",
    StopReason.LIMIT: "all the draws that a prompt may have",
    StopReason.BUDGET: "could have had more, and nothing was left to spend",
    StopReason.FAILED: "no draw of it can succeed",
}
COLOURS = {StopReason.ENOUGH: "kept", StopReason.LIMIT: "base"}


@dataclass(frozen=True, slots=True)
class Stopped:
    """Prompts that stopped for one reason, with their draws."""

    reason: str
    prompts: int
    draws: int
    accepted: int
    failed: int

    @property
    def meaning(self) -> str:
        """The reason in words."""
        return MEANING[StopReason(self.reason)]


def draws_by_reason(stops: pl.LazyFrame) -> list[Stopped]:
    """Counts for each reason that occurs, in the order of the enum."""
    sums = stops.group_by("reason").agg(pl.len(), pl.col("draws", "accepted", "failed").cast(pl.Int64).sum())
    found = {row[0]: Stopped(*row) for row in sums.collect().iter_rows()}
    return [found[reason] for reason in StopReason if reason in found]


def by_reason(stopped: list[Stopped]) -> Markup | None:
    """A bar of prompts for each reason."""
    given = []
    for one in stopped:
        title = f"{one.prompts:,} prompts: {one.meaning}; {one.draws:,} draws, {one.accepted:,} of them accepted"
        given.append(Bar(one.reason, one.prompts, title, COLOURS.get(StopReason(one.reason), "rejected")))
    return bars(given, label="prompts, by why they stopped") if given else None


def used(stopped: list[Stopped], recipe: Recipe) -> tuple[int, int]:
    """Draws that the stopped prompts made, and those that as many prompts could have made at most by themselves."""
    draws = recipe.sampling.draws
    most = draws if isinstance(draws, int) else draws.max
    return sum(one.draws for one in stopped), most * sum(one.prompts for one in stopped)
