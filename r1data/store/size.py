"""Size: what a workspace's rows take on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes, by what they hold: completions as drawn (in journals too), what was found out about them, the dataset."""

    completions: int
    grades: int
    dataset: int

    @property
    def whole(self) -> int:
        """All of it."""
        return self.completions + self.grades + self.dataset


def size_of(root: Path) -> Size:
    """Of the workspace in this folder."""
    return Size(
        completions=_bytes(root, "completions/*", "journal/*"),
        grades=_bytes(root, "verdicts/*", "measures/*", "decisions.parquet"),
        dataset=_bytes(root, "dataset/data/*"),
    )


def _bytes(root: Path, *patterns: str) -> int:
    total = 0
    for path in (path for pattern in patterns for path in root.glob(pattern)):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # a run that is going on has just sealed it
            continue
    return total
