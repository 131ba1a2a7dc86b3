"""The table of a pipeline: every model on the held-out prompts, and its gains over the one that it began with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from r1data.recipe import Data, Pipeline
from r1data.scores import Estimate, Scores
from r1data.visible import visible

BySeed = Mapping[int, Mapping[str, Scores]]
"""Scores by seed and model."""
LONGEST_LABEL = 60
COLUMNS: tuple[tuple[str, str, bool], ...] = (
    ("accuracy", "accuracy", True),
    ("format", "format", True),
    ("language", "language consistency", True),
    ("mixed", "mixed in language", True),
    ("readable", "readable", True),
    ("tokens", "tokens", False),
)
"""Score, heading, and whether it is a share."""


@dataclass(frozen=True, slots=True)
class Row:
    """A model in the table. `cells` are texts in the order of `COLUMNS`, `gains` what each is more than of the model
    that it began with (none for a first one), `seeds` the accuracies one by one.
    """

    name: str
    label: str
    cells: tuple[str, ...]
    gains: tuple[str, ...]
    seeds: tuple[str, ...]


def rows(pipeline: Pipeline, scores: BySeed) -> list[Row]:
    """The table: each model that has been measured, over the seeds for which it has."""
    found = []
    for name in pipeline.measured:
        of = scores_of(pipeline, scores, name)
        if not of:
            continue
        pooled = Scores.pooled(of)
        cells = tuple(written(pooled.estimate(key), share) for key, _, share in COLUMNS)
        seeds = tuple(f"{100 * one.estimate('accuracy').mean:.1f}" for one in of)
        found.append(Row(name, pipeline.labels.get(name, name), cells, _gains(pipeline, scores, name), seeds))
    return found


def scores_of(pipeline: Pipeline, scores: BySeed, name: str) -> list[Scores]:
    """The scores of a model, by seed. One that the pipeline begins with is the same for all seeds, and counts once."""
    of = [by_name[name] for by_name in scores.values() if name in by_name]
    return of[:1] if name in pipeline.models else of


def _gains(pipeline: Pipeline, scores: BySeed, name: str) -> tuple[str, ...]:
    """Over the model that it began with, in the seeds for which both have been measured."""
    if name in pipeline.models:
        return ()
    stage = pipeline.stage(name)
    assert not isinstance(stage, Data)
    before = stage.model.id
    both = [of for of in scores.values() if name in of and before in of]
    if not both:
        return ()
    then, now = (Scores.pooled([of[which] for of in both]) for which in (before, name))
    return tuple(written(now.gain(then, key), share, "+") for key, _, share in COLUMNS)


def written(estimate: Estimate, share: bool, sign: str = "-") -> str:
    """A mean with its margin: percentages for shares. A `sign` of `+` is for differences."""
    factor = 100 if share else 1
    mean = format(factor * estimate.mean, f"{sign}.1f").replace("-", "\N{MINUS SIGN}")
    return f"{mean} ± {factor * estimate.margin:.1f}"


def markdown(pipeline: Pipeline, scores: BySeed) -> str:
    """The table for a card or a paper, with the gains in accuracy in a column of their own."""
    headings = ["model", COLUMNS[0][1], "gained", *(heading for _, heading, _ in COLUMNS[1:])]
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)]]
    several = len(scores) > 1
    if several:
        lines[0].append("accuracy by seed")
        lines[1].append("---:")
    for row in rows(pipeline, scores):
        label = visible(row.label, LONGEST_LABEL).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
        cells = [label, row.cells[0], row.gains[0] if row.gains else "", *row.cells[1:]]
        lines.append([*cells, ", ".join(row.seeds)] if several else cells)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
