"""Tokens of adaptive draws beside a fixed number, for the same prompts, with the tiny model on a real vLLM server.

    python benchmarks/adaptive.py [--fixed 16] [--target 2] [--svg FILE] [--json]

A prompt is solved by a target of k when k of its completions are correct, acceptable and different. `r1data run` makes
a fixed number of draws, and in a workspace of its own as many as the target needs, at most the fixed number. The goals:
at least 2 times fewer tokens, and at least 99% of the prompts that the fixed run solves. The curve over k comes from
playing the policy over the draws of the fixed run, which is exact: its decisions follow from the draws alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import demo
import polars as pl

from r1data.engines.local import LocalServer
from r1data.model import load_model
from r1data.recipe import AdaptiveDraws, LocalEngine, Recipe
from r1data.sampling import Counts, Wave, next_step
from r1data.selection import accepted, combined
from r1data.store import Workspace

CURVE = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Draw:
    """How one draw ended. `accepted` is the fingerprint of its text where that is correct and acceptable."""

    tokens: int
    accepted: str | None


Drawn = dict[str, list[Draw]]
"""The draws of each prompt, in the order of their indices."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a target costs and solves. `solvable` counts the prompts that all draws of the fixed run solve, `kept` those
    of them that are solved here too.
    """

    target: int
    draws: int
    tokens: int
    solvable: int
    kept: int
    fixed_tokens: int

    @property
    def ratio(self) -> float:
        """How many times fewer tokens than the fixed run."""
        return self.fixed_tokens / self.tokens

    @property
    def share(self) -> float:
        """Share of the solvable prompts that are solved."""
        return self.kept / max(self.solvable, 1)


def drawn_in(root: Path, recipe: Recipe) -> Drawn:
    """The draws that a workspace holds."""
    tables = Workspace(root).tables()
    graded = (
        tables.completions.select("completion_id", "prompt_id", "draw", "finish_reason", "completion_tokens")
        .join(combined(tables.verdicts, "rule").select("completion_id", "outcome"), on="completion_id", how="left")
        .join(tables.measures, on="completion_id", how="left")
        .sort("prompt_id", "draw")
        .collect()
    )
    good = accepted(graded, recipe.selection).fill_null(False)
    rows = graded.select("prompt_id", "completion_tokens", pl.when(good).then("folded")).iter_rows()
    drawn: Drawn = {}
    for prompt_id, tokens, text in rows:
        drawn.setdefault(prompt_id, []).append(Draw(tokens, text))
    return drawn


def solved(drawn: Drawn, target: int) -> set[str]:
    """The prompts with so many different texts that are correct and acceptable."""
    return {prompt for prompt, draws in drawn.items() if _different(draws) >= target}


def played(drawn: Drawn, policy: AdaptiveDraws) -> Drawn:
    """The draws that the policy would have made, of those that were made."""
    return {prompt: _played(draws, policy) for prompt, draws in drawn.items()}


def _played(draws: list[Draw], policy: AdaptiveDraws) -> list[Draw]:
    counts = Counts()
    while isinstance(step := next_step(policy, counts), Wave):
        counts = Counts(step.until, _different(draws[: step.until]))
    return draws[: counts.drawn]


def _different(draws: list[Draw]) -> int:
    return len({draw.accepted for draw in draws if draw.accepted is not None})


def point(target: int, fixed: Drawn, adaptive: Drawn) -> Point:
    """Put the two beside each other."""
    solvable = solved(fixed, target)
    return Point(
        target,
        sum(len(draws) for draws in adaptive.values()),
        _tokens(adaptive),
        len(solvable),
        len(solvable & solved(adaptive, target)),
        _tokens(fixed),
    )


def _tokens(drawn: Drawn) -> int:
    return sum(draw.tokens for draws in drawn.values() for draw in draws)


def same_tokens(fixed: Drawn, adaptive: Drawn) -> float:
    """Share of the adaptive run's draws that are as long as the same draws of the fixed run: how far the engine writes
    the same text for the same seed in other company.
    """
    pairs = [pair for prompt, draws in adaptive.items() for pair in zip(draws, fixed[prompt], strict=False)]
    return sum(one.tokens == other.tokens for one, other in pairs) / len(pairs)


def svg(points: list[Point], fixed: int) -> str:
    """The curve: tokens as a share of the fixed run's, over the target."""
    width, height, left, right, top, bottom = 560, 280, 60, 24, 40, 48
    inner, tall = width - left - right, height - top - bottom
    places = [left + inner * number / (len(points) - 1) for number in range(len(points))]
    heights = [top + tall * (1 - p.tokens / p.fixed_tokens) for p in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(places, heights, strict=True))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="12" role="img">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{left}" y="20" fill="#333333">tokens, as a share of those of {fixed} draws for every prompt</text>',
    ]
    for share in (0, 25, 50, 75, 100):
        y = top + tall * (1 - share / 100)
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y}" y2="{y}" stroke="#dddddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end" fill="#666666">{share}%</text>')
    parts.append(f'<polyline points="{line}" fill="none" stroke="#1f6feb" stroke-width="2"/>')
    for p, x, y in zip(points, places, heights, strict=True):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#1f6feb"/>')
        label = f"{p.tokens / p.fixed_tokens:.0%}"
        anchor = "start" if p is points[0] else "middle"  # or it would lie over the axis
        parts.append(f'<text x="{x:.1f}" y="{y - 10:.1f}" text-anchor="{anchor}" fill="#333333">{label}</text>')
        parts.append(f'<text x="{x:.1f}" y="{height - 28}" text-anchor="middle" fill="#666666">{p.target}</text>')
    middle = left + inner / 2
    parts.append(
        f'<text x="{middle}" y="{height - 8}" text-anchor="middle" fill="#333333">correct and acceptable completions '
        "wanted per prompt</text></svg>"
    )
    return "\n".join(parts) + "\n"


def sample(options: argparse.Namespace, folder: Path) -> tuple[Drawn, Drawn]:
    """Both runs on one server: the fixed number of draws, and as many as the target needs."""
    policies = {"fixed": options.fixed, "adaptive": {"target": options.target, "max": options.fixed}}
    drawn = {}
    recipes = {name: demo.write_recipe(folder / f"{name}.yaml", draws) for name, draws in policies.items()}
    with LocalServer(LocalEngine(), load_model(recipes["fixed"]), folder / "engine.log", demo.say) as server:
        for name, recipe in recipes.items():
            demo.run(server.url, folder / f"{name}.yaml", folder / name, options.in_flight)
            drawn[name] = drawn_in(folder / name, recipe)
            demo.say(f"{name}: {sum(map(len, drawn[name].values())):,} draws, {_tokens(drawn[name]):,} tokens")
    return drawn["fixed"], drawn["adaptive"]


def main() -> None:
    """Run both, play the curve, print it and draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fixed", type=int, default=16, help="draws per prompt of the fixed run")
    parser.add_argument("--target", type=int, default=2, help="of the adaptive run")
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--svg", type=Path, help="where to draw the curve")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="adaptive-"))
    try:
        fixed, adaptive = sample(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    real = point(options.target, fixed, adaptive)
    curve = [
        point(target, fixed, played(fixed, AdaptiveDraws(target=target, max=options.fixed)))
        for target in CURVE
        if target <= options.fixed
    ]
    if options.svg:
        options.svg.write_text(svg(curve, options.fixed), encoding="utf-8")
    if options.json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count()}
        points = [asdict(p) | {"ratio": p.ratio, "share": p.share} for p in (real, *curve)]
        print(json.dumps({"run": points[0], "played": points[1:], "same": same_tokens(fixed, adaptive)} | machine))
        return
    print(f"{len(fixed):,} prompts, {options.fixed} draws each: {_tokens(fixed):,} tokens")
    print(f"{'':8} {'target':>6} {'draws':>7} {'tokens':>10} {'times fewer':>12} {'solved':>12} {'share':>7}")
    for name, p in (("run", real), *(("played", p) for p in curve)):
        print(f"{name:8} {p.target:6} {p.draws:7,} {p.tokens:10,} {p.ratio:12.2f} {p.kept:5,} of {p.solvable:3,} "
              f"{p.share:7.1%}")  # fmt: skip
    print(
        f"{same_tokens(fixed, adaptive):.1%} of the run's draws are as long as the fixed run's draws with their seeds"
    )


if __name__ == "__main__":
    main()
