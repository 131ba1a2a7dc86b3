"""The page of a pipeline: every model on the held-out prompts, and how each training went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from r1data.recipe import Pipeline
from r1data.report.curves import Curve, curves, standalone
from r1data.report.dots import dots
from r1data.report.html import environment
from r1data.report.model_table import COLUMNS, BySeed, rows
from r1data.trained import TrainingFolder

PLOTTED = ("accuracy", "format", "language", "mixed")


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


def render_pipeline_page(
    pipeline: Pipeline,
    scores: BySeed,
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


def pictures(
    pipeline: Pipeline,
    scores: BySeed,
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
