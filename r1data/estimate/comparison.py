"""Comparison: how far off a forecast was."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from pydantic import ValidationError

from r1data.cost import HOUR
from r1data.estimate.forecast import Forecast, Span
from r1data.recipe import fingerprint
from r1data.store import Workspace, write_text
from r1data.store.sessions import Spent, read_sessions
from r1data.store.size import size_of
from schemas import FinishReason

FILE = "estimate.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was estimated, and what it is. `unit` says what it counts: draws, tokens, hours, bytes, or the
    currency.
    """

    name: str
    unit: str
    estimated: Span
    actual: float

    @property
    def ratio(self) -> float | None:
        """Actual to estimated; None where nothing was estimated."""
        return self.actual / self.estimated.mean if self.estimated.mean else None

    @property
    def within(self) -> bool:
        """Whether it lies in the range that should hold nine times in ten."""
        return self.estimated.low <= self.actual <= self.estimated.high

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "name": self.name, "unit": self.unit, "estimated": self.estimated.mean, "low": self.estimated.low,
            "high": self.estimated.high, "actual": self.actual, "ratio": self.ratio, "within": self.within,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """A forecast against what became of it. `draws_there` of the draws were known when it was made, for `prompts`
    prompts; `same`: what was run asks for what it was made for.
    """

    when: str
    prompts: int
    draws_there: int
    same: bool
    rows: tuple[Row, ...]


def store(workspace: Workspace, forecast: Forecast) -> None:
    """Keep the forecast, so that it can be held against what comes of it. It takes the place of an earlier one."""
    write_text(workspace.root / FILE, forecast.model_dump_json(indent=2) + "\n")


def stored(workspace: Workspace) -> Forecast | None:
    """The forecast that was kept, if any; one of another version is none."""
    try:
        return Forecast.model_validate_json((workspace.root / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def compare_stored(workspace: Workspace) -> Comparison | None:
    """The stored forecast against the workspace as it is; None where none was made."""
    forecast = stored(workspace)
    if forecast is None:
        return None
    tables = workspace.tables()
    prompts = tables.prompts.select(pl.len()).collect().item()
    drawn = tables.completions.select(
        pl.len().alias("draws"),
        pl.col("completion_tokens", "prompt_tokens")
        .filter(pl.col("finish_reason") != FinishReason.ERROR)
        .cast(pl.Int64)
        .sum(),
    )
    draws, completion_tokens, prompt_tokens = drawn.collect().row(0)
    spent = Spent.over(read_sessions(workspace.root))
    whole = forecast.whole
    figures = [
        ("draws", "draws", whole.draws, draws),
        ("tokens written", "tokens", whole.completion_tokens, completion_tokens),
        ("tokens sent", "tokens", whole.prompt_tokens, prompt_tokens),
        ("GPU-hours", "hours", whole.gpu_hours, spent.usage.gpu_seconds / HOUR),
        ("cost", forecast.currency, whole.money, spent.money.get(forecast.currency)),
        ("disk", "bytes", whole.disk, size_of(workspace.root).whole),
    ]
    rows = [
        Row(name, unit, estimated, float(actual))
        for name, unit, estimated, actual in figures
        if estimated is not None and actual is not None
    ]
    manifest = workspace.read_manifest()
    same = forecast.asks == asks(manifest.get("route", ""), manifest.get("draws", ""), prompts)
    return Comparison(forecast.when, whole.prompts, forecast.draws_there, same, tuple(rows))


def asks(route: str, policy: str, prompts: int) -> str:
    """Fingerprint of what decides how much is drawn: the route, the policy, and how many prompts there are."""
    return fingerprint({"route": route, "policy": policy, "prompts": prompts})[:12]
