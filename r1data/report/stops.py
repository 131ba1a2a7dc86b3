"""Stops as counts: how many prompts stopped for each reason, and what they had drawn."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas import StopReason


@dataclass(frozen=True, slots=True)
class Stopped:
    """Prompts that stopped for one reason, with their draws."""

    reason: str
    prompts: int
    draws: int
    accepted: int
    failed: int


def draws_by_reason(stops: pl.DataFrame) -> list[Stopped]:
    """Counts for each reason that occurs, in the order of the enum."""
    sums = stops.group_by("reason").agg(pl.len(), pl.col("draws", "accepted", "failed").cast(pl.Int64).sum())
    found = {row[0]: Stopped(*row) for row in sums.iter_rows()}
    return [found[reason] for reason in StopReason if reason in found]
