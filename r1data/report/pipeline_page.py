"""The page of a pipeline: every model on the held-out prompts, and how each training went."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml
from markupsafe import Markup, escape

from r1data.recipe import Data, Pipeline
from r1data.report.curves import Curve, curves, standalone
from r1data.report.html import environment
from r1data.scores import Estimate, Scores
from r1data.trained import TrainingFolder

COLUMNS: tuple[tuple[str, str, bool], ...] = (
    ("accuracy", "accuracy", True),
    ("format", "format", True),
    ("language", "language consistency", True),
    ("mixed", "mixed in language", True),
    ("readable", "readable", True),
    ("tokens", "tokens", False),
)
"""Score, heading, and whether it is a share."""
STEPS = (0.02, 0.025, 0.05, 0.1, 0.2, 0.25)
MOST_TICKS = 6
PLOTTED = ("accuracy", "format", "language", "mixed")
WIDTH, ROW, LEFT, RIGHT, TOP = 520, 30, 120, 20, 8


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


@dataclass(frozen=True, slots=True)
class Training:
    """A training with its curves; of a reward model `held_out` is how it does on what it has not seen."""

    name: str
    kind: str
    seed: int
    steps: int
    seconds: float
    speed: int | None
    held_out: dict[str, float] | None
    curves: list[Curve]


def rows(pipeline: Pipeline, scores: Mapping[int, Mapping[str, Scores]]) -> list[Row]:
    """The table: each model that has been measured, over the seeds for which it has."""
    found = []
    for name in pipeline.measured:
        of = _of(pipeline, scores, name)
        if not of:
            continue
        pooled = Scores.pooled(of)
        cells = tuple(written(pooled.estimate(key), share) for key, _, share in COLUMNS)
        seeds = tuple(f"{100 * one.estimate('accuracy').mean:.1f}" for one in of)
        found.append(Row(name, pipeline.labels.get(name, name), cells, _gains(pipeline, scores, name), seeds))
    return found


def _of(pipeline: Pipeline, scores: Mapping[int, Mapping[str, Scores]], name: str) -> list[Scores]:
    """The scores of a model, by seed. One that the pipeline begins with is the same for all seeds, and counts once."""
    of = [by_name[name] for by_name in scores.values() if name in by_name]
    return of[:1] if name in pipeline.models else of


def _gains(pipeline: Pipeline, scores: Mapping[int, Mapping[str, Scores]], name: str) -> tuple[str, ...]:
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


def render_pipeline_page(
    pipeline: Pipeline,
    scores: Mapping[int, Mapping[str, Scores]],
    trainings: Mapping[tuple[int, str], TrainingFolder],
    datasets: Sequence[tuple[int, str, int, int]],
) -> str:
    """The page. `datasets` are seed, name, offered and kept examples."""
    went = []
    for (seed, name), folder in trainings.items():
        if folder.is_done:
            summary = folder.read_summary()
            kind = folder.read_job()["settings"]["kind"]
            shown = curves(folder.read_metrics())[:6]
            went.append(
                Training(
                    name, kind, seed, summary["steps"], summary["seconds"], summary.get("tokens_per_second"),
                    summary.get("held_out"), shown,
                )
            )  # fmt: skip
    return environment().get_template("pipeline.html.jinja").render(
        pipeline=pipeline,
        columns=COLUMNS,
        rows=rows(pipeline, scores),
        seeds=list(scores),
        prompts=next((one.prompts for of in scores.values() for one in of.values()), 0),
        charts=[(heading, dots(pipeline, scores, key)) for key, heading, _ in COLUMNS if key in PLOTTED],
        trainings=went,
        datasets=[
            {"seed": seed, "name": name, "offered": offered, "kept": kept} for seed, name, offered, kept in datasets
        ],
        pipeline_yaml=_yaml(pipeline),
    )  # fmt: skip


def markdown(pipeline: Pipeline, scores: Mapping[int, Mapping[str, Scores]]) -> str:
    """The table for a card or a paper, with the gains in accuracy in a column of their own."""
    headings = ["model", COLUMNS[0][1], "gained", *(heading for _, heading, _ in COLUMNS[1:])]
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)]]
    several = len(scores) > 1
    if several:
        lines[0].append("accuracy by seed")
        lines[1].append("---:")
    for row in rows(pipeline, scores):
        cells = [row.label, row.cells[0], row.gains[0] if row.gains else "", *row.cells[1:]]
        lines.append([*cells, ", ".join(row.seeds)] if several else cells)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def pictures(
    pipeline: Pipeline,
    scores: Mapping[int, Mapping[str, Scores]],
    trainings: Mapping[tuple[int, str], TrainingFolder],
) -> Iterator[tuple[str, str]]:
    """Names and texts of SVG files: every score over the models, and the curves of the first seed's trainings."""
    for key, _, share in COLUMNS:
        if share:
            yield key, standalone(dots(pipeline, scores, key))
    for (seed, name), folder in trainings.items():
        if seed == pipeline.seeds[0]:
            for curve in curves(folder.read_metrics()):
                yield f"{name}-{curve.key}", standalone(curve.chart)


def _yaml(pipeline: Pipeline) -> str:
    text: str = yaml.safe_dump(pipeline.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True)
    return text


def _ticks(low: float, high: float) -> list[float]:
    """Round shares from below `low` to above `high`, at most six; a span of less than a tenth is drawn as one."""
    high = max(high, 0.1)
    low = max(0.0, min(low, high - 0.1))
    for step in STEPS:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= MOST_TICKS - 1:
            break
    return [place * step for place in range(first, last + 1)]


def dots(pipeline: Pipeline, scores: Mapping[int, Mapping[str, Scores]], key: str) -> Markup:
    """A line for each model: its mean with the interval, and a small dot for each seed."""
    shown: list[tuple[str, Estimate, list[float]]] = []
    for name in pipeline.measured:
        if of := _of(pipeline, scores, name):
            seeds = [one.estimate(key).mean for one in of]
            shown.append((pipeline.labels.get(name, name), Scores.pooled(of).estimate(key), seeds))
    ends = [bound for _, one, _ in shown for bound in (one.mean - one.margin, one.mean + one.margin)]
    ticks = _ticks(max(0.0, min(ends, default=0.0)), min(1.0, max(ends, default=1.0)))
    low, high = ticks[0], ticks[-1]
    height = TOP + ROW * len(shown) + 26

    def across(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (min(max(value, low), high) - low) / (high - low)

    parts = []
    for tick in ticks:
        x = across(tick)
        parts.append(
            Markup(
                '<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{}" y2="{}"/>'
                '<text class="tick" x="{x:.1f}" y="{}" text-anchor="middle">{}</text>'
            ).format(TOP, height - 24, height - 8, f"{100 * tick:.3g}%", x=x)
        )
    for place, (label, one, seeds) in enumerate(shown):
        y = TOP + ROW * (place + 0.5)
        parts.append(
            Markup(
                '<g><title>{}</title><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
                '<line class="reach" x1="{:.1f}" x2="{:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
            ).format(f"{label}: {written(one, True)}", LEFT - 12, y + 4.5, label, across(one.mean - one.margin),
                     across(one.mean + one.margin), y=y)
        )  # fmt: skip
        if len(seeds) > 1:
            dot = Markup('<circle class="seed" cx="{:.1f}" cy="{:.1f}" r="2.6"/>')
            parts += [dot.format(across(mean), y + 7) for mean in seeds]
        parts.append(Markup('<circle class="point" cx="{:.1f}" cy="{:.1f}" r="5"/></g>').format(across(one.mean), y))
    name = escape(f"{key}: " + ", ".join(f"{label} {written(one, True)}" for label, one, _ in shown))
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, name, Markup("").join(parts)
    )
