"""Panel: every measure as a distribution with its threshold in it, and what the page needs to let one move it.

The page carries one byte for each row and threshold (see `gauges`) and, for each row, the reasons that no threshold of
the panel can lift. From these its script decides as `r1data.selection` does: exactly for what a row shows by itself. A
row that is rejected because of others (duplicate, pass rate, surplus, quota) stays rejected for that, and a row that
comes back is not compared with others anew; `r1data whatif` does both.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import polars as pl
from markupsafe import Markup

from r1data.recipe import Selection
from r1data.report.charts import SMALL, Series, spread
from r1data.report.gauges import GAUGES, NOTHING, Bins, Scale, scales
from r1data.report.paths import TEMPLATES
from schemas import Reason

Flags = npt.NDArray[np.bool_]
Masks = npt.NDArray[np.uint16]
MOST_ROWS = 20_000
"""Rows that a page carries; of more, an even sample."""
LETTER, GAP = 8.0, 10.0
"""Room of a letter of a label, and between two labels, in the units of a small chart."""
CLOSEST_TICKS = 0.17
"""Share of a chart's width that lies at least between two labels."""
BIT = {reason: np.uint16(1 << place) for place, reason in enumerate(Reason)}
READ = ("kept", "reasons", "findings")


@dataclass(frozen=True, slots=True)
class Dial:
    """A gauge as the page draws it. `place` is its number among those that decide; None for one that decides nothing.

    `beyond` counts the rows that its threshold rejects, `alone` those of them that nothing else does. `left` and
    `width` place the slider under the chart.
    """

    place: int | None
    scale: Scale
    chart: Markup | None
    beyond: int
    alone: int
    flawed: int
    """Of a switch: rows that have the flaw."""
    left: float
    width: float

    @property
    def name(self) -> str:
        """What is measured."""
        return self.scale.gauge.name

    @property
    def key(self) -> str | None:
        """The threshold's name in the recipe."""
        return self.scale.gauge.key

    @property
    def setting(self) -> str:
        """Where its threshold is now, as one reads it."""
        return "" if self.scale.at is None else self.scale.label(self.scale.at)


@dataclass(frozen=True, slots=True)
class Panel:
    """All dials by group. `rows` of `total` are in `data`; `faithful` is false where the decisions in the tables are
    not those that the recipe's thresholds give, which nothing can then be told from.
    """

    groups: dict[str, list[Dial]]
    total: int
    rows: int
    kept: int
    reasons: dict[str, int]
    faithful: bool
    command: str | None
    data: Markup

    @property
    def script(self) -> Markup:
        """The page's own script, which it allows by its fingerprint."""
        return script()


@cache
def script() -> Markup:
    """The script that moves thresholds, as it stands in the page."""
    return Markup((TEMPLATES / "thresholds.js").read_text(encoding="utf-8").strip())


@cache
def script_source() -> str:
    """What a page's policy says to run this script and no other."""
    return f"'sha256-{b64encode(sha256(script().encode()).digest()).decode()}'"


def panel(frame: pl.DataFrame, selection: Selection, command: str | None = None) -> Panel | None:
    """The panel of decided rows: their measures, `outcome`, `finish_reason` and `asked` where known, `kept`, `reasons`
    and `findings`. `command` is what `--set` is put behind; without one the page prints lines of a recipe.
    """
    decided = frame.filter(pl.col("kept").is_not_null())
    if not decided.height:
        return None
    shown = scales(decided, selection)
    bins = [scale.bins(decided) for scale in shown]
    movable = [place for place, scale in enumerate(shown) if scale.at is not None]
    beyond = {place: shown[place].beyond(bins[place], shown[place].at or 0) for place in movable}
    fixed = _fixed(decided, {place: shown[place] for place in movable}, beyond)
    causes = (fixed > 0).astype(np.uint8)
    masks = fixed.copy()
    for place, flags in beyond.items():
        causes += flags
        masks |= np.where(flags, BIT[reason_of(shown[place])], np.uint16(0))
    kept = decided["kept"].to_numpy()
    groups: dict[str, list[Dial]] = {}
    for place, scale in enumerate(shown):
        counts = (0, 0)
        if place in beyond:
            counts = (int(beyond[place].sum()), int((beyond[place] & (causes == 1)).sum()))
        number = movable.index(place) if place in beyond else None
        groups.setdefault(scale.gauge.group, []).append(_dial(number, scale, bins[place], kept, *counts))
    first = _first(masks)
    chosen = np.arange(min(decided.height, MOST_ROWS)) * decided.height // min(decided.height, MOST_ROWS)
    total, rows = decided.height, len(chosen)
    faithful = bool(((masks == 0) == kept).all())
    data = {
        "total": total, "rows": rows, "kept": int(kept.sum()), "first": [int(n) for n in first], "command": command,
        "fixed": _packed((fixed & 0xFF)[chosen]), "fixed_high": _packed((fixed >> 8)[chosen]),
        "dials": [
            {"key": shown[p].gauge.key, "below": shown[p].gauge.below, "at": shown[p].at,
             "reason": list(Reason).index(reason_of(shown[p])), "beyond": int(beyond[p].sum()),
             "alone": int((beyond[p] & (causes == 1)).sum()), "bins": _packed(bins[p][chosen]),
             "settings": [shown[p].setting(at) for at in range(len(shown[p].stops))],
             "labels": [shown[p].label(at) for at in range(len(shown[p].stops))]}
            for p in movable
        ],
    }  # fmt: skip
    counted = {reason.value: int(first[place]) for place, reason in enumerate(Reason)}
    return Panel(groups, total, rows, int(kept.sum()), counted, faithful, command, embedded(data))


def columns(available: set[str]) -> list[str]:
    """Those of a table's columns that a panel reads."""
    read = {column for gauge in GAUGES for column in gauge.reads} | set(READ)
    return sorted(read & available)


def embedded(data: object) -> Markup:
    """JSON that no text in it can break out of, wherever in a page it stands."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def reason_of(scale: Scale) -> Reason:
    """The reason that a gauge's findings count as."""
    return scale.gauge.findings[0].reason


def _fixed(frame: pl.DataFrame, movable: dict[int, Scale], beyond: dict[int, Flags]) -> Masks:
    """For each row the reasons that it has beside what the dials tell, as bits."""
    fixed = np.zeros(frame.height, np.uint16)
    told = {finding.name for scale in movable.values() for finding in scale.gauge.findings}
    rows = frame.select("reasons", "findings", row=pl.int_range(pl.len(), dtype=pl.UInt32))
    rejected = rows.filter(pl.col("reasons").list.len() > 0)
    findings = rejected.select("row", "findings").explode("findings").drop_nulls()
    others = findings.filter(~pl.col("findings").is_in(list(told)))
    names = others["findings"].str.split("/").list.first()
    by_dial: dict[Reason, Flags] = {}
    for place, scale in movable.items():
        reason = reason_of(scale)
        by_dial[reason] = by_dial.get(reason, np.zeros(frame.height, np.bool_)) | beyond[place]
    reasons = rejected.select("row", "reasons").explode("reasons")
    for reason in Reason:
        has = np.zeros(frame.height, np.bool_)
        has[reasons.filter(pl.col("reasons") == reason.value)["row"].to_numpy()] = True
        otherwise = np.zeros(frame.height, np.bool_)
        otherwise[others.filter(names == reason.value)["row"].to_numpy()] = True
        explained = by_dial.get(reason, np.zeros(frame.height, np.bool_))
        fixed |= np.where(otherwise | (has & ~explained), BIT[reason], np.uint16(0))
    return fixed


def _first(masks: Masks) -> npt.NDArray[np.int64]:
    """How many rows have each reason as their first."""
    lowest = masks & (~masks + np.uint16(1))
    return np.array([int((lowest == bit).sum()) for bit in BIT.values()])


def _dial(place: int | None, scale: Scale, bins: Bins, kept: Flags, beyond: int, alone: int) -> Dial:
    stops = len(scale.stops)
    # A threshold stands at the right edge of its bin, and a slider's ends lie half its knob inside of it.
    left, width = 100 / (stops + 1), 100 * (stops - 1) / (stops + 1)
    chart = None if scale.gauge.unit == "switch" else _chart(scale, bins, kept)
    return Dial(place, scale, chart, beyond, alone, int((bins == 1).sum()), left, width)


def _chart(scale: Scale, bins: Bins, kept: Flags) -> Markup:
    stops = len(scale.stops)
    counted = {
        name: np.bincount(bins[flags & (bins != NOTHING)], minlength=stops + 1).tolist()
        for name, flags in (("rejected", ~kept), ("kept", kept))
    }
    series = [Series(name, counts, name) for name, counts in counted.items()]
    titles = [
        f"{_between(scale, place)}: {counted['kept'][place]:,} kept, {counted['rejected'][place]:,} rejected"
        for place in range(stops + 1)
    ]
    return spread(series, [(at + 1, scale.label(at)) for at in _ticks(scale)], titles, label=scale.gauge.name)


def _between(scale: Scale, place: int) -> str:
    if place == 0:
        return f"up to {scale.label(0)}"
    if place == len(scale.stops):
        return f"above {scale.label(place - 1)}"
    return f"{scale.label(place - 1)} to {scale.label(place)}"


def _ticks(scale: Scale) -> list[int]:
    """Stops to name: the roundest numbers that keep their distance from each other."""

    def roundness(at: int) -> tuple[int, str, int]:
        digits = f"{scale.stops[at]:.10g}".replace(".", "").strip("0")
        return (len(digits), digits, at)

    taken: list[int] = []
    for at in sorted(range(len(scale.stops)), key=roundness):
        if all(_apart(scale, at, other) for other in taken):
            taken.append(at)
    return sorted(taken)


def _apart(scale: Scale, one: int, other: int) -> bool:
    """Whether the labels of two stops leave each other room."""
    letters = (len(scale.label(one)) + len(scale.label(other))) / 2
    distance = abs(one - other) / (len(scale.stops) + 1)
    return distance >= max(CLOSEST_TICKS, (letters * LETTER + GAP) / SMALL[0])


def _packed(numbers: npt.NDArray[np.integer]) -> str:
    return b64encode(numbers.astype(np.uint8).tobytes()).decode()
