"""Metrics: the numbers of a training as lines of JSON, beside what TensorBoard or trackio is told."""

from __future__ import annotations

import json
import math
import time
from typing import Any

from transformers import TrainerCallback

from r1data.trained import TrainingFolder

RENAMED = {
    "completions/mean_length": "length",
    "completions/clipped_ratio": "truncated",
    "mean_token_accuracy": "token_accuracy",
    "num_tokens": "tokens_seen",
}
SILENT = ("step_time", "total_flos")


def line(step: int, logs: dict[str, Any], seconds: float) -> dict[str, Any]:
    """One row of the metrics: `step`, `seconds` of this process, and every finite number by a plain name:
    `rewards/accuracy/mean` becomes `reward_accuracy`.
    """
    row: dict[str, Any] = {"step": step, "seconds": round(seconds, 1)}
    for key, value in logs.items():
        if not isinstance(value, (int, float)) or not math.isfinite(value) or key in SILENT:
            continue
        name = RENAMED.get(key, key)
        if name.startswith("rewards/"):
            _, which, what = name.split("/")
            if what != "mean":
                continue
            name = f"reward_{which}"
        row[name] = round(float(value), 6)
    return row


class WriteMetrics(TrainerCallback):
    """Appends each log to a file. A training that goes on from a checkpoint forgets what came after it."""

    def __init__(self, folder: TrainingFolder) -> None:
        self._folder = folder
        self._path = folder.metrics
        self._started = time.monotonic()
        self._before = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ANN401
        if not state.is_world_process_zero:
            return
        kept = [row for row in self._folder.read_metrics() if row["step"] <= state.global_step]
        self._before = kept[-1]["seconds"] if kept else 0.0
        self._started = time.monotonic()
        staged = self._path.with_suffix(".staged")
        staged.write_text("".join(json.dumps(row) + "\n" for row in kept))
        staged.replace(self._path)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:  # noqa: ANN401
        if not state.is_world_process_zero or not logs or "train_runtime" in logs:
            return
        row = line(state.global_step, logs, self._before + time.monotonic() - self._started)
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
