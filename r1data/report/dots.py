"""Dots: a score over the models of a pipeline, each with its interval and its seeds, as inline SVG."""

from __future__ import annotations

import math

from markupsafe import Markup, escape

from r1data.recipe import Pipeline
from r1data.report.model_table import BySeed, scores_of, written
from r1data.scores import Estimate, Scores

WIDTH, ROW, LEFT, RIGHT, TOP = 520, 30, 120, 20, 8
TICK_STEPS = (0.02, 0.025, 0.05, 0.1, 0.2, 0.25)
MOST_TICKS = 6


def dots(pipeline: Pipeline, scores: BySeed, key: str) -> Markup:
    """A line for each model: its mean with the interval, and a small dot for each seed."""
    shown: list[tuple[str, Estimate, list[float]]] = []
    for name in pipeline.measured:
        if of := scores_of(pipeline, scores, name):
            seeds = [one.estimate(key).mean for one in of]
            pooled = Scores.pooled(of).estimate(key)
            if not math.isnan(pooled.mean):  # nothing of it could be judged
                shown.append((pipeline.labels.get(name, name), pooled, seeds))
    ends = [bound for _, one, _ in shown for bound in (one.mean - one.margin, one.mean + one.margin)]
    ticks = round_ticks(max(0.0, min(ends, default=0.0)), min(1.0, max(ends, default=1.0)))
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


def round_ticks(low: float, high: float) -> list[float]:
    """Round shares from below `low` to above `high`, at most six; a span of less than a tenth is drawn as one."""
    high = max(high, 0.1)
    low = max(0.0, min(low, high - 0.1))
    for step in TICK_STEPS:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= MOST_TICKS - 1:
            break
    return [place * step for place in range(first, last + 1)]
