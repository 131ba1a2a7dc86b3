"""Status: how far a workspace is, in counts that add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from r1data.store import Workspace
from schemas import FinishReason


@dataclass(frozen=True, slots=True)
class Status:
    """Rows at every stage: planned = completed + failed + pending; completed = kept + rejected + undecided."""

    prompts: int
    bad_prompts: int
    planned: int
    completed: int
    failed: int
    pending: int
    judged: int
    unjudged: int
    kept: int
    rejected: int
    undecided: int
    examples: int
    rejected_by_reason: dict[str, int]

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


def status(workspace: Workspace) -> Status:
    """Count what is in the tables and in the journals of a run that may be going on."""
    tables = workspace.tables()
    drawn = tables.completions.select("completion_id", failed=pl.col("finish_reason") == FinishReason.ERROR).collect()
    completed = drawn.filter(~pl.col("failed")).select("completion_id")
    judged = tables.verdicts.select("completion_id").unique().collect()
    decisions = tables.decisions.select("completion_id", "kept", "reason").collect()
    decided = completed.join(decisions, on="completion_id", how="inner")
    by_reason = decided.drop_nulls("reason").group_by("reason").len().sort("len", "reason", descending=[True, False])
    kept = int(decided["kept"].sum())
    number_judged = completed.join(judged, on="completion_id", how="semi").height
    return Status(
        prompts=_count(tables.prompts),
        bad_prompts=_count(tables.bad_prompts),
        planned=tables.planned,
        completed=completed.height,
        failed=drawn.height - completed.height,
        pending=tables.planned - drawn.height,
        judged=number_judged,
        unjudged=completed.height - number_judged,
        kept=kept,
        rejected=decided.height - kept,
        undecided=completed.height - decided.height,
        examples=_count(tables.examples),
        rejected_by_reason=dict(by_reason.iter_rows()),
    )


def _count(frame: pl.LazyFrame) -> int:
    count: int = frame.select(pl.len()).collect().item()
    return count
