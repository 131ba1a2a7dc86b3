"""Figures: how counts, times and money are written on a terminal."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal


def short(number: float) -> str:
    """A number in three or four figures: 950, 9,300, 12.3k, 1.2M, 3.4G."""
    for least, unit, letter in ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(number) >= least:
            return f"{number / unit:,.1f}{letter}"
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.2g}"


def duration(seconds: float | None) -> str:
    """Hours, minutes and seconds; a question mark where it is not known."""
    return "?" if seconds is None else str(timedelta(seconds=round(seconds)))


def hours(number: float) -> str:
    """Hours in two or three figures."""
    return f"{number:,.1f}" if number >= 10 else _figures(number)


def gpu_time(seconds: float) -> str:
    """GPU-hours, or GPU-seconds where it is less than one of them."""
    return f"{seconds / 3600:,.2f} GPU-hours" if seconds >= 3600 else f"{_figures(seconds)} GPU-seconds"


def amount(money: float, currency: str) -> str:
    """Money: cents where there are whole units, two figures where there are not."""
    return f"{money:,.2f} {currency}" if money >= 1 or money == 0 else f"{_figures(money)} {currency}"


def storage(size: float) -> str:
    """Bytes in the unit that fits."""
    for unit, name in ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size:,.0f} B"


def percent(share: float | None) -> str:
    """One decimal; a question mark where it is not known."""
    return "?" if share is None else f"{share:.1%}"


def _figures(number: float) -> str:
    """One decimal, or two figures of what is less than ten, written out."""
    return f"{number:,.1f}" if number >= 10 else f"{Decimal(f'{number:.2g}'):f}"
