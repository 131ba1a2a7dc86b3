"""The funnel: from what was planned to what was kept, in counts that add up or raise."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from r1data.store import Tables
from schemas import FinishReason, Outcome, Reason


@dataclass(frozen=True, slots=True)
class Funnel:
    """Counts over the planned draws. A rejected row is counted under its first reason."""

    planned: int
    completed: int
    failed: int
    pending: int
    correct: int
    kept: int
    rejected: int
    rejected_by_reason: dict[str, int]
    examples: int
    prompts: int
    prompts_solved: int
    prompts_kept: int
    completion_tokens: int
    kept_tokens: int

    @classmethod
    def from_tables(cls, tables: Tables) -> Funnel:
        """Count; no text is read."""
        rows = slim_rows(tables)
        drawn = rows.filter(~pl.col("failed"))
        decided = drawn.drop_nulls("kept")
        counts = dict(decided.drop_nulls("reason").group_by("reason").len().iter_rows())
        kept = decided.filter(pl.col("kept"))
        correct = drawn.filter(pl.col("outcome") == Outcome.CORRECT)
        return cls(
            planned=tables.planned,
            completed=drawn.height,
            failed=rows.height - drawn.height,
            pending=tables.planned - rows.height,
            correct=correct.height,
            kept=kept.height,
            rejected=decided.height - kept.height,
            rejected_by_reason={reason.value: counts[reason] for reason in Reason if reason in counts},
            examples=_count(tables.examples),
            prompts=_count(tables.prompts),
            prompts_solved=correct["prompt_id"].n_unique(),
            prompts_kept=kept["prompt_id"].n_unique(),
            completion_tokens=int(drawn["completion_tokens"].sum()),
            kept_tokens=int(kept["completion_tokens"].sum()),
        )

    def check(self) -> None:
        """Every row is in one place.

        Raises:
            AssertionError: rows were lost or doubled; this is a fault of ours.
        """
        laws = {
            "planned = completed + failed + pending": self.planned == self.completed + self.failed + self.pending,
            "nothing is negative": self.pending >= 0,
            "completed = kept + rejected": self.completed == self.kept + self.rejected,
            "rejected = the sum of its reasons": self.rejected == sum(self.rejected_by_reason.values()),
            "kept = examples": self.kept == self.examples,
        }
        broken = [law for law, holds in laws.items() if not holds]
        if broken:
            raise AssertionError(f"the counts do not add up ({'; '.join(broken)}): {self}")

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def slim_rows(tables: Tables) -> pl.DataFrame:
    """One row per draw with everything but the texts."""
    drawn = tables.completions.select(
        "completion_id", "prompt_id", "draw", "finish_reason", "prompt_tokens", "completion_tokens",
        failed=pl.col("finish_reason") == FinishReason.ERROR,
    )  # fmt: skip
    verdicts = tables.verdicts.select("completion_id", "outcome", "extracted").unique("completion_id", keep="any")
    decisions = tables.decisions.select("completion_id", "kept", "reason", "reasons")
    prompts = tables.prompts.select("prompt_id", "domain", "language", "source", "reference")
    return (
        drawn.join(verdicts, on="completion_id", how="left")
        .join(decisions, on="completion_id", how="left")
        .join(prompts, on="prompt_id", how="left")
        .collect()
    )


def _count(frame: pl.LazyFrame) -> int:
    count: int = frame.select(pl.len()).collect().item()
    return count
