"""Scores: means over prompts, what seeds do to the interval, and gains prompt by prompt."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.scores import CERTAIN, MEANS, Scores

shares = st.lists(st.floats(0, 1), min_size=2, max_size=30)


def of(accuracies: list[float | None], name: str = "q") -> Scores:
    count = len(accuracies)
    fixed = {key: [0.5] * count for key in MEANS if key != "accuracy"}
    return Scores(
        pl.DataFrame(
            {"prompt_id": [f"{name}{place}" for place in range(count)], "completions": [4] * count,
             "unjudged": [0] * count, "accuracy": accuracies, **fixed},
            schema_overrides={"accuracy": pl.Float64},
        )
    )  # fmt: skip


def test_the_interval_is_that_of_a_mean_over_prompts() -> None:
    found = of([0.0, 1.0, 1.0, 1.0]).estimate("accuracy")
    assert found.mean == 0.75
    assert found.margin == pytest.approx(CERTAIN * 0.5 / 2)


def test_prompts_that_nobody_could_judge_are_left_out() -> None:
    assert of([None, 1.0, 0.0]).estimate("accuracy").mean == 0.5
    assert math.isnan(of([None, None]).estimate("accuracy").mean)


@given(shares, st.integers(1, 4))
def test_the_same_model_measured_again_is_no_more_certain(accuracies: list[float], seeds: int) -> None:
    once = of(accuracies)
    pooled = Scores.pooled([once] * seeds)
    assert pooled.estimate("accuracy").mean == pytest.approx(once.estimate("accuracy").mean)
    assert pooled.estimate("accuracy").margin == pytest.approx(once.estimate("accuracy").margin)
    assert pooled.completions == seeds * once.completions
    assert pooled.prompts == once.prompts


@given(shares, st.floats(0, 0.5))
def test_what_both_find_hard_does_not_blur_a_gain(accuracies: list[float], more: float) -> None:
    gain = of([share + more for share in accuracies]).gain(of(accuracies), "accuracy")
    assert gain.mean == pytest.approx(more, abs=1e-9)
    assert gain.margin == pytest.approx(0, abs=1e-6)


def test_a_gain_is_over_the_same_prompts() -> None:
    assert of([1.0, 0.0, 1.0]).gain(of([0.0, 0.0]), "accuracy").mean == 0.5
    assert math.isnan(of([1.0]).gain(of([0.0], "other"), "accuracy").mean)
