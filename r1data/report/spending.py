"""Spending: what a run cost and how far off its estimate was, in the words of the page and the card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from r1data.cost import HOUR, per
from r1data.estimate import Comparison, Row
from r1data.store.sessions import Spent


@dataclass(frozen=True, slots=True)
class Held:
    """One figure of the estimate against what it became; `css` says whether it lies in the range."""

    name: str
    estimated: str
    low: str
    high: str
    actual: str
    ratio: str
    css: str


def costs(spent: Spent | None, kept: int) -> dict[str, str]:
    """Name and figure of everything that is known about the cost; empty where no session was kept account of."""
    if spent is None or not spent.sessions:
        return {}
    found = {"sampling": str(timedelta(seconds=round(spent.engine_seconds)))}
    if spent.sessions > 1:
        killed = f", {spent.killed:,} of them killed" if spent.killed else ""
        found["sessions"] = f"{spent.sessions:,}{killed}"
    found["tokens written"] = f"{spent.usage.completion_tokens:,.0f}"
    if spent.saved_tokens:
        found["saved by cutting loops"] = f"at most {spent.saved_tokens:,}"
    if spent.usage.gpu_seconds:
        found["GPU-hours"] = figures(spent.usage.gpu_seconds / HOUR)
        if (each := per(spent.usage.gpu_seconds, kept)) is not None:
            found["GPU-seconds per kept row"] = figures(each)
    for currency, money in spent.money.items():
        found["cost"] = f"{figures(money)} {currency}"
        if (each := per(money, kept)) is not None:
            found["cost per kept row"] = f"{figures(each)} {currency}"
    return found


def held(compared: Comparison | None) -> list[Held]:
    """The estimate's figures, one by one."""
    return [_held(row) for row in compared.rows] if compared is not None else []


def _held(row: Row) -> Held:
    unit, scale = (" MiB", 1 / (1 << 20)) if row.unit == "bytes" else ("", 1.0)
    low, mean, high, actual = (
        figures(number * scale) for number in (row.estimated.low, row.estimated.mean, row.estimated.high, row.actual)
    )
    name = f"{row.name}, {row.unit}" if row.name == "cost" else f"{row.name},{unit}" if unit else row.name
    ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
    return Held(name, mean, low, high, actual, ratio, "kept" if row.within else "fault")


def figures(number: float) -> str:
    """Whole above a hundred, else three figures, written out."""
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{Decimal(f'{number:.3g}'):f}"
