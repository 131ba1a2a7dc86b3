"""The tables of a workspace, read together."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from r1data.recipe import Policy
from schemas import Contaminations, Kinship, Reviews, Rewrites, Stops


@dataclass(frozen=True, slots=True)
class Checked:
    """A benchmark that the recipe names. `items` is how many of its items were looked for; where it could not be
    loaded that is 0, and `trouble` says why it was not checked.
    """

    name: str
    items: int
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """Lazy frames in the shapes that `schemas` gives them. A stage that has not run yet has an empty frame.

    `completions` holds the draws of the recipe at hand, failed ones (`finish_reason == "error"`) included.
    `planned` is the number of draws that the recipe asks for: of a prompt that has not stopped, the most that it may
    get; `stops` says why prompts have stopped. `verdicts` holds the rules' and the judge's side by side,
    and `policy` says whose counts: `r1data.selection.combined` makes one outcome of them. `kinship` and
    `contaminations` hold what replies share with each other and with `benchmarks`; a hit in a prompt stands under the
    prompt's id. `rewrites` says what rewritten completions were made from, `reviews` what people decided.
    """

    planned: int
    prompts: pl.LazyFrame
    bad_prompts: pl.LazyFrame
    completions: pl.LazyFrame
    verdicts: pl.LazyFrame
    measures: pl.LazyFrame
    decisions: pl.LazyFrame
    examples: pl.LazyFrame
    policy: Policy = "rule"
    stops: pl.LazyFrame = field(default_factory=lambda: Stops.create_empty().lazy())
    kinship: pl.LazyFrame = field(default_factory=lambda: Kinship.create_empty().lazy())
    contaminations: pl.LazyFrame = field(default_factory=lambda: Contaminations.create_empty().lazy())
    benchmarks: tuple[Checked, ...] = ()
    rewrites: pl.LazyFrame = field(default_factory=lambda: Rewrites.create_empty().lazy())
    reviews: pl.LazyFrame = field(default_factory=lambda: Reviews.create_empty().lazy())
