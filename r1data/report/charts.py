"""Charts: small pure functions from counts to inline SVG, styled by the page's own colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 520, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 42


@dataclass(frozen=True, slots=True)
class Series:
    """Counts per bin, drawn in the colour of its CSS class."""

    name: str
    counts: Sequence[int]
    css: str


def histogram(
    edges: Sequence[float], series: Sequence[Series], *, label: str, percent: bool = False, line: float | None = None
) -> Markup:
    """Bars of several series on top of each other; `line` draws a threshold."""
    totals = [sum(column) for column in zip(*(s.counts for s in series), strict=True)] or [0]
    ticks = nice_ticks(max(totals))
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    low, high = edges[0], edges[-1]
    top = ticks[-1] or 1

    def x(value: float) -> float:
        return LEFT + width * (value - low) / ((high - low) or 1)

    def y(count: float) -> float:
        return TOP + height * (1 - count / top)

    def text(value: float) -> str:
        return f"{value:.0%}" if percent else f"{value:,.0f}"

    parts = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(t):.1f}" y2="{y(t):.1f}"/>'
        f'<text class="tick" x="{LEFT - 8}" y="{y(t) + 4:.1f}" text-anchor="end">{t:,}</text>'
        for t in ticks
    ]
    base = [0] * len(totals)
    for one in series:
        for place, count in enumerate(one.counts):
            if count:
                left, right = x(edges[place]), x(edges[place + 1])
                title = f"{one.name}: {count:,} ({text(edges[place])} to {text(edges[place + 1])})"
                parts.append(
                    f'<rect class="{one.css}" x="{left + 1:.1f}" width="{max(right - left - 2, 1):.1f}" '
                    f'y="{y(base[place] + count):.1f}" height="{y(base[place]) - y(base[place] + count):.1f}" rx="2">'
                    f"<title>{escape(title)}</title></rect>"
                )
                base[place] += count
    steps = 4
    for step in range(steps + 1):
        value = low + (high - low) * step / steps
        anchor = "start" if step == 0 else "end" if step == steps else "middle"
        parts.append(
            f'<text class="tick" x="{x(value):.1f}" y="{HEIGHT - 24}" text-anchor="{anchor}">{text(value)}</text>'
        )
    parts.append(
        f'<text class="axis" x="{LEFT + width / 2:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{escape(label)}</text>'
    )
    if line is not None and low <= line <= high:
        parts.append(
            f'<line class="threshold" x1="{x(line):.1f}" x2="{x(line):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}">'
            f"<title>threshold: {text(line)}</title></line>"
        )
    names = ", ".join(s.name for s in series)
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}: {escape(names)}">'
        + "".join(parts)
        + "</svg>"
    )


def nice_ticks(largest: int, wanted: int = 4) -> list[int]:
    """Round numbers from zero to at least `largest`."""
    if largest <= 0:
        return [0, 1]
    raw = largest / wanted
    power = 10 ** math.floor(math.log10(raw)) if raw >= 1 else 1
    step = next((int(m * power) for m in (1, 2, 5, 10) if m * power >= raw), int(10 * power))
    return list(range(0, step * math.ceil(largest / step) + 1, step))


def binned(values: Sequence[float], edges: Sequence[float]) -> list[int]:
    """How many values fall between each two neighbouring edges; the last bin holds its upper edge, too."""
    counts = [0] * (len(edges) - 1)
    low, width = edges[0], edges[1] - edges[0]
    for value in values:
        counts[min(max(int((value - low) / width), 0), len(counts) - 1)] += 1
    return counts


def even_edges(low: float, high: float, bins: int) -> list[float]:
    """Edges of bins of equal width."""
    return [low + (high - low) * place / bins for place in range(bins + 1)]
