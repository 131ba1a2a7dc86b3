"""Measured and decided rows for the tests of the pages, with many values on and beside the thresholds."""

from __future__ import annotations

import numpy as np
import polars as pl

from r1data.recipe import Selection
from r1data.selection import decide_rows


def measured(rows: int, seed: int = 1) -> pl.DataFrame:
    """Rows as `decide_rows` takes them; every measure that decides is beyond its threshold in some."""
    chance = np.random.default_rng(seed)

    def crowd(*values: float | None) -> list[float | None]:
        return [values[place] for place in chance.integers(0, len(values), rows)]

    def rare(share: float) -> np.ndarray:
        return chance.random(rows) < share

    return pl.DataFrame(
        {
            "completion_id": [f"{n:032x}" for n in range(rows)],
            "prompt_id": [f"{n // 3:032x}" for n in range(rows)],
            "draw": np.arange(rows) % 3,
            "finish_reason": np.where(rare(0.03), "length", np.where(rare(0.02), "loop", "stop")),
            "asked": np.ones(rows, np.bool_),
            "outcome": crowd("correct", "correct", "correct", "correct", "incorrect", "no_answer", None),  # type: ignore[arg-type]
            "completion_tokens": chance.integers(1, 9000, rows).astype(np.int32),
            "tokens": chance.integers(1, 9000, rows).astype(np.int32),
            "reasoning_chars": chance.integers(0, 90_000, rows).astype(np.int32),
            "answer_chars": np.where(rare(0.02), 0, chance.integers(1, 900, rows)).astype(np.int32),
            "think_opens": np.ones(rows, np.int32),
            "think_closes": np.ones(rows, np.int32),
            "think_in_order": ~rare(0.03),
            "answers_agree": crowd(True, True, True, None, None, *([True] * 15), False),
            "template_tokens": rare(0.02).astype(np.int32),
            "self_reference": 3 * rare(0.05).astype(np.int32),
            "cut_off": rare(0.03),
            "language_share": crowd(1.0, 1.0, 0.99, 0.95, 0.9500000001, 0.97, 0.9499999999, None, 0.4, 1.0, 1.0, 1.0),
            "answer_language_share": crowd(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, None, 0.95, 0.94, 1.0, 1.0, 1.0, 1.0),
            "foreign_words": np.where(rare(0.1), chance.integers(8, 400, rows), 0).astype(np.int32),
            "foreign_passage": np.where(rare(0.1), chance.integers(1, 40, rows), 0).astype(np.int32),
            "longest_paragraph": np.where(rare(0.1), chance.integers(1400, 9000, rows), 800).astype(np.int32),
            "mean_paragraph": chance.random(rows) * 400,
            "paragraphs": chance.integers(1, 200, rows).astype(np.int32),
            "code_fences": 2 * chance.integers(0, 4, rows).astype(np.int32),
            "fence_unclosed": rare(0.02),
            "code_in_reasoning": rare(0.2),
            "code_unparsed": rare(0.04).astype(np.int32),
            "code_misindented": rare(0.02).astype(np.int32),
            "prose_in_code": np.where(rare(0.1), chance.integers(1, 6, rows), 0).astype(np.int32),
            "bare_code": np.where(rare(0.1), chance.integers(2, 9, rows), 0).astype(np.int32),
            "repeated_lines": crowd(0.0, 0.1, 0.2, 0.05, 0.3, 0.30001, 0.0, 0.0, 0.0, 0.0, 0.8),
            "repeated_paragraphs": crowd(*([0.0] * 12), 0.3, 0.31, 0.299, 0.6),
            "repeated_ngrams": crowd(*([0.01] * 12), 0.3, 0.32, 0.28, 0.5),
            "tail_repeats": np.where(rare(0.05), chance.integers(2, 9, rows), 1).astype(np.int32),
            "looping_tail": np.where(rare(0.05), chance.integers(190, 210, rows), 0).astype(np.int32),
            "folded": [f"{n:032x}" for n in range(rows)],
            "domain": crowd("math", "code"),  # type: ignore[arg-type]
            "source": crowd("one", "two"),  # type: ignore[arg-type]
            "language": ["en"] * rows,
        }
    )


def decided(rows: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """The rows with what is decided of them."""
    decisions = decide_rows(rows, selection).drop("prompt_id")
    return rows.join(decisions, on="completion_id", how="left", maintain_order="left", validate="1:1")
