"""Charts: small pure functions from counts to inline SVG, styled by the page's own colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 520, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 24, 24, 44
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
BASE = HEIGHT - BOTTOM
SMALL = (320, 84)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart of bars; `title` is shown when one points at it, `css` is the class of its colour."""

    label: str
    count: int
    title: str
    css: str


@dataclass(frozen=True, slots=True)
class Series:
    """Counts per bin, drawn in the colour of its CSS class."""

    name: str
    counts: Sequence[int]
    css: str


def bars(given: Sequence[Bar], *, label: str) -> Markup:
    """A bar for each of a few values, its count on top and its label below."""
    ticks = nice_ticks(max((bar.count for bar in given), default=0))
    slot = INNER_WIDTH / max(len(given), 1)
    width = min(slot * 0.78, 72)
    every = math.ceil(len(given) / 11)
    parts = [_grid([(tick / ticks[-1], f"{tick:,}") for tick in ticks])]
    for place, bar in enumerate(given):
        middle = LEFT + slot * (place + 0.5)
        height = INNER_HEIGHT * bar.count / ticks[-1]
        parts.append(
            Markup(
                '<g><title>{}</title><rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="3"/>'
            ).format(bar.title, bar.css, middle - width / 2, BASE - height, width, height)
        )
        if slot >= 34:
            parts.append(_text("count", middle, BASE - height - 6, f"{bar.count:,}"))
        if place % every == 0:
            parts.append(_text("tick", middle, BASE + 18, bar.label))
        parts.append(Markup("</g>"))
    return _svg(parts, label, ", ".join(f"{bar.label}: {bar.count}" for bar in given))


def overlay(edges: Sequence[float], series: Sequence[Series], *, label: str) -> Markup:
    """Distributions on top of each other, each as the share of its own total, so that their shapes compare.

    Bins are drawn equally wide, whatever their edges; every other edge is named, or fewer where they are many.
    """
    shares = [[count / max(sum(one.counts), 1) for count in one.counts] for one in series]
    ticks = nice_ticks(math.ceil(100 * max((max(one, default=0) for one in shares), default=0)))
    top = ticks[-1] / 100
    slot = INNER_WIDTH / (len(edges) - 1)
    parts = [_grid([(tick / ticks[-1], f"{tick}%") for tick in ticks])]
    for one, heights in zip(series, shares, strict=True):
        points = [f"M{LEFT},{BASE}"]
        for place, share in enumerate(heights):
            points.append(f"V{BASE - INNER_HEIGHT * share / top:.1f}H{LEFT + slot * (place + 1):.1f}")
        parts.append(Markup('<path class="area {}" d="{}V{}Z"/>').format(one.css, "".join(points), BASE))
    parts += [_hover(edges, series, place, slot) for place in range(len(edges) - 1)]
    every = 2 * math.ceil(len(edges) / 20)
    for place in range(0, len(edges), every):
        parts.append(_text("tick", LEFT + slot * place, BASE + 18, f"{edges[place]:,.0f}"))
    return _svg(parts, label, " and ".join(one.name for one in series))


def spread(series: Sequence[Series], ticks: Sequence[tuple[int, str]], titles: Sequence[str], *, label: str) -> Markup:
    """A small distribution that fills its width, bins equally wide, each series as the share of its own total.

    Heights are square roots, or else what is rare would be flat beside what is common. `ticks` name places between
    bins (0 is the left edge), `titles` are shown for each bin when one points at it.
    """
    width, height = SMALL
    shares = [[math.sqrt(count / max(sum(one.counts), 1)) for count in one.counts] for one in series]
    top = max((max(one, default=0.0) for one in shares), default=0.0) or 1.0
    slot = width / len(titles)
    parts = []
    for one, heights in zip(series, shares, strict=True):
        points = [f"M0,{height}"]
        for place, share in enumerate(heights):
            points.append(f"V{height - (height - 6) * share / top:.1f}H{slot * (place + 1):.1f}")
        parts.append(Markup('<path class="area {}" d="{}V{}Z"/>').format(one.css, "".join(points), height))
    for place, title in enumerate(titles):
        hover = Markup('<rect class="hover" x="{:.2f}" y="0" width="{:.2f}" height="{}"><title>{}</title></rect>')
        parts.append(hover.format(slot * place, slot, height, title))
    parts.append(Markup('<line class="grid" x1="0" x2="{}" y1="{y}" y2="{y}"/>').format(width, y=height))
    for place, text in ticks:
        x = slot * place
        anchor = "start" if x < 24 else "end" if x > width - 24 else "middle"
        tick = Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="{}">{}</text>')
        parts.append(tick.format(x, height + 16, anchor, text))
    name = f"{label}: {' and '.join(one.name for one in series)}"
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height + 20, name, Markup("").join(parts)
    )


def nice_ticks(largest: int, wanted: int = 4) -> list[int]:
    """Round numbers from zero to at least `largest`."""
    if largest <= 0:
        return [0, 1]
    raw = largest / wanted
    power = 10 ** math.floor(math.log10(raw)) if raw >= 1 else 1
    step = next((int(m * power) for m in (1, 2, 5, 10) if m * power >= raw), int(10 * power))
    return list(range(0, step * math.ceil(largest / step) + 1, step))


def _hover(edges: Sequence[float], series: Sequence[Series], place: int, slot: float) -> Markup:
    counts = ", ".join(f"{one.counts[place]:,} {one.name}" for one in series)
    return Markup('<rect class="hover" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}</title></rect>').format(
        LEFT + slot * place, TOP, slot, INNER_HEIGHT, f"{edges[place]:,.0f} to {edges[place + 1]:,.0f}: {counts}"
    )


def _grid(ticks: Sequence[tuple[float, str]]) -> Markup:
    """Horizontal lines at shares of the height, with their labels."""
    line = Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    )
    heights = [(BASE - INNER_HEIGHT * share, text) for share, text in ticks]
    return Markup("").join(line.format(LEFT, WIDTH - RIGHT, LEFT - 8, y + 4, text, y=y) for y, text in heights)


def _text(css: str, x: float, y: float, text: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(css, x, y, text)


def _svg(parts: Sequence[Markup], label: str, description: str) -> Markup:
    axis = _text("axis", LEFT + INNER_WIDTH / 2, HEIGHT - 6, label)
    name = escape(f"{label}: {description}")
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, name, Markup("").join([*parts, axis])
    )
