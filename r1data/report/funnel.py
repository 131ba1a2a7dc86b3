"""The funnel: from what was planned to what was kept, in counts that add up or raise."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from r1data.report.draws import draws
from r1data.store import Tables
from schemas import Outcome, Reason


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
        """Count in a stream; no text is read and no table is held."""
        rows = draws(tables)
        rejected = rows.filter(~pl.col("failed") & pl.col("kept").not_())
        frames = pl.collect_all(
            [
                rows.select(**_COUNTS),
                rejected.group_by("reason").agg(pl.len()),
                tables.examples.select(pl.len()),
                tables.prompts.select(pl.len()),
            ],
            engine="streaming",
        )
        counts, by_reason = frames[0].row(0, named=True), dict(frames[1].iter_rows())
        drawn = counts.pop("drawn")
        return cls(
            planned=tables.planned,
            pending=tables.planned - drawn,
            rejected_by_reason={reason.value: by_reason[reason] for reason in Reason if reason in by_reason},
            examples=frames[2].item(),
            prompts=frames[3].item(),
            **counts,
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


_DONE = ~pl.col("failed")
_CORRECT = _DONE & (pl.col("outcome") == Outcome.CORRECT)
_KEPT = _DONE & pl.col("kept")
_COUNTS = {
    "drawn": pl.len(),
    "completed": _DONE.sum(),
    "failed": pl.col("failed").sum(),
    "correct": _CORRECT.sum(),
    "kept": _KEPT.sum(),
    "rejected": (_DONE & pl.col("kept").not_()).sum(),
    "prompts_solved": pl.col("prompt_id").filter(_CORRECT).n_unique(),
    "prompts_kept": pl.col("prompt_id").filter(_KEPT).n_unique(),
    "completion_tokens": pl.col("completion_tokens").filter(_DONE).cast(pl.Int64).sum(),
    "kept_tokens": pl.col("completion_tokens").filter(_KEPT).cast(pl.Int64).sum(),
}
"""A draw that has no decision yet is null in `kept`, and so is counted neither as kept nor as rejected."""
