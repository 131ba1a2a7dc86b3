"""Curves: how the numbers of a training went, step by step, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 26
SMOOTHING = 0.85
MOST_POINTS = 600
NOISE = 1e-4

SHOWN: tuple[tuple[str, str, str], ...] = (
    ("loss", "loss", "of the tokens that are learnt"),
    ("reward", "reward", "sum of the rewards, mean of the completions"),
    ("reward_accuracy", "accuracy", "share of the completions that are right, of those that could be judged"),
    ("reward_format", "format", "share with one thought in its tags and an answer behind it"),
    ("reward_language", "language consistency", "words of the thought in the prompt's language (Eq. 7)"),
    ("reward_model", "reward model", "what it says of replies that no rule checks, between 0 and 1"),
    ("length", "length", "tokens of a completion, on average"),
    ("truncated", "truncated", "share that the limit cut"),
    ("entropy", "entropy", "of the next token, in nats"),
    ("kl", "KL", "distance from the reference model"),
    ("accuracy", "pairs told right", "share of the pairs of which the better one gets more"),
    ("token_accuracy", "tokens guessed right", "share of the learnt tokens that come first"),
    ("faults", "faults", "share of completions that nobody could judge; they taught nothing"),
    ("learning_rate", "learning rate", ""),
    ("grad_norm", "gradient", "its norm before clipping"),
)
"""Key of the metric, name, and what it is, in the order of the page."""

STYLE = (
    "<style>svg{background:#fff;font-family:sans-serif}text{fill:#5a6570;font-size:13px}.grid{stroke:#e6e2da}"
    ".curve{fill:none;stroke:#1f8a70;stroke-linejoin:round}.raw{stroke-opacity:.3}.mean{stroke-width:2}"
    ".reach{stroke:#1f8a70;stroke-width:3;stroke-opacity:.4;stroke-linecap:round}.point{fill:#1f8a70}"
    ".seed{fill:#4d6379}</style>"
)


@dataclass(frozen=True, slots=True)
class Curve:
    """One number over the steps, with its chart. `first` and `last` are means of a tenth of the steps."""

    key: str
    name: str
    means: str
    first: float
    last: float
    chart: Markup


def curves(rows: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """The curves of a training from its metrics, without those that it does not have, or that never move from 0."""
    found = []
    for key, name, means in SHOWN:
        points = [(row["step"], float(row[key])) for row in rows if row.get(key) is not None]
        if len(points) < 2 or all(value == 0 for _, value in points):
            continue
        if key == "loss" and all(abs(value) < NOISE for _, value in points):
            continue  # of the policy that has written the completions: advantages add up to 0
        tenth = max(1, len(points) // 10)
        first = sum(value for _, value in points[:tenth]) / tenth
        last = sum(value for _, value in points[-tenth:]) / tenth
        found.append(Curve(key, name, means, first, last, chart(points, name)))
    return found


def chart(points: Sequence[tuple[int, float]], label: str) -> Markup:
    """Every value as a faint line, and their moving mean as a strong one."""
    points = points[:: math.ceil(len(points) / MOST_POINTS)]
    low, high = _span([value for _, value in points])
    first, last = points[0][0], points[-1][0]
    across = (WIDTH - LEFT - RIGHT) / max(last - first, 1)
    down = (HEIGHT - TOP - BOTTOM) / (high - low)

    def place(step: float, value: float) -> str:
        return f"{LEFT + (step - first) * across:.1f},{HEIGHT - BOTTOM - (value - low) * down:.1f}"

    smooth, mean = [], points[0][1]
    for number, (step, value) in enumerate(points):
        keep = min(SMOOTHING, number / (number + 1))  # a plain mean at first
        mean = keep * mean + (1 - keep) * value
        smooth.append((step, mean))
    parts = [_grid(low, high), _tick(LEFT, "start", f"{first:,}"), _tick(WIDTH - RIGHT, "end", f"step {last:,}")]
    for css, line in (("raw", points), ("mean", smooth)):
        path = "M" + "L".join(place(step, value) for step, value in line)
        parts.append(Markup('<path class="curve {}" d="{}"/>').format(css, path))
    name = escape(f"{label}: {points[0][1]:.3g} at step {first}, {points[-1][1]:.3g} at step {last}")
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, name, Markup("").join(parts)
    )


def standalone(chart: Markup) -> str:
    """A chart as a file of its own, for a card or a talk: it brings the colours that it has on a page."""
    opening, _, rest = str(chart).partition(">")  # as plain text: markup would escape what is put into it
    return f'{opening} xmlns="http://www.w3.org/2000/svg">{STYLE}{rest}\n'


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Where the axis begins and ends: at 0 and 1 for shares that fill a good part of that, else around the values."""
    low, high = min(values), max(values)
    if low >= 0 and 0.5 < high <= 1 and high - low > 0.25:
        return 0.0, 1.0
    if math.isclose(high, low, rel_tol=1e-9, abs_tol=1e-12):
        half = abs(low) / 2 if abs(low) > 1e-9 else 0.5
        return low - half, high + half
    room = 0.08 * (high - low)
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def _grid(low: float, high: float) -> Markup:
    line = Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    )
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
        parts.append(line.format(LEFT, WIDTH - RIGHT, LEFT - 7, y + 4, f"{low + share * (high - low):.3g}", y=y))
    return Markup("").join(parts)


def _tick(x: float, anchor: str, text: str) -> Markup:
    return Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>').format(x, HEIGHT - 6, anchor, text)
