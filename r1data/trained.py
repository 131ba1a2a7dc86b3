"""The folder of a training: what `r1data train` writes into it, what the training leaves there, and how far it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """Paths of a training. `model` appears by rename, when everything is in it."""

    root: Path

    @property
    def job(self) -> Path:
        """What is trained on what, with its fingerprint."""
        return self.root / "job.json"

    @property
    def model(self) -> Path:
        """The trained model, which vLLM serves."""
        return self.root / "model"

    @property
    def checkpoints(self) -> Path:
        """The state of a training that has not ended."""
        return self.root / "checkpoints"

    @property
    def metrics(self) -> Path:
        """A line of numbers for each logged step."""
        return self.root / "metrics.jsonl"

    @property
    def summary(self) -> Path:
        """How it ended: steps, samples taken and left out, tokens, seconds."""
        return self.root / "summary.json"

    @property
    def trouble(self) -> Path:
        """What a person can mend, where the process has met it."""
        return self.root / "trouble.json"

    @property
    def log(self) -> Path:
        """What the process prints."""
        return self.root / "training.log"

    @property
    def is_done(self) -> bool:
        """Whether there is a trained model."""
        return self.model.is_dir() and self.summary.exists()

    @property
    def has_begun(self) -> bool:
        """Whether there is something that another training would destroy."""
        return self.metrics.exists() or self.model.is_dir() or self.checkpoints.is_dir()

    @property
    def samples(self) -> Path:
        """What an SFT learns from, as tokens; beside it the counts."""
        return self.root / "samples.arrow"

    @property
    def sample_counts(self) -> Path:
        """What was taken and what was left out; written when all samples are there."""
        return self.root / "samples.json"

    def forget_samples(self) -> None:
        """Another set of samples will be made."""
        self.sample_counts.unlink(missing_ok=True)
        self.samples.unlink(missing_ok=True)

    def read_job(self) -> dict[str, Any]:
        """What was asked for; empty where nothing was."""
        return _object(self.job)

    def read_summary(self) -> dict[str, Any]:
        """How it ended; empty where it has not."""
        return _object(self.summary)

    def read_metrics(self) -> list[dict[str, Any]]:
        """The numbers so far, a row for each logged step: `step`, `seconds`, `loss` and more."""
        rows = []
        for text in self.metrics.read_text().splitlines() if self.metrics.exists() else []:
            try:
                rows.append(json.loads(text))
            except ValueError:  # a kill has cut the last line
                break
        return rows


def tokens_per_second(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """From the rows of the metrics: tokens that went through the policy, prompts included, over all seconds; None
    where a trainer does not count them. Some begin to count anew behind a kill.
    """
    seen = [0.0, *(row["tokens_seen"] for row in rows if "tokens_seen" in row)]
    seconds = rows[-1]["seconds"] if rows else 0
    if len(seen) == 1 or not seconds:
        return None
    total: float = sum(now - before if now >= before else now for before, now in pairwise(seen))
    return total / seconds


def _object(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found
