"""Gauges: a measure, the threshold of the recipe that it is held against, and the places that the threshold can take.

A gauge puts each row into one of its bins, which lie between its stops. A row is beyond a stop exactly when its bin
lies on the far side of it, so bins (one byte a row) decide at every stop as the measure itself does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.recipe import Selection
from r1data.selection.findings import FINDINGS, Finding

Bins = npt.NDArray[np.uint8]
NOTHING = 255
"""The bin of a row that has no such measure; it is beyond no stop."""
MOST_STOPS = 200
SHARES = (
    *(n / 100 for n in range(0, 80, 4)), *(n / 100 for n in range(80, 90, 2)), *(n / 1000 for n in range(900, 990, 5)),
    *(n / 1000 for n in range(990, 1001, 2)),
)  # fmt: skip
"""Finer towards one: shares of words in the target language crowd there."""
EVEN_SHARES = tuple(n / 50 for n in range(51))
MANTISSAS = (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9)
Unit = Literal["share", "even share", "count", "switch"]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One measure as the page shows it, and the findings that its threshold decides.

    `key` is the threshold's name under `selection`; None for a measure that decides nothing, which has a `column`. A
    `switch` has two stops: the first rejects rows that have the flaw, the second lets them be.
    """

    name: str
    group: str
    unit: Unit = "count"
    key: str | None = None
    column: str | None = None
    lowest: int = 0
    """Smallest threshold that the recipe takes, and where the axis of a count begins."""
    settings: tuple[str, str] = ("drop", "keep")
    """Of a switch: what the recipe calls its stops."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What its threshold decides."""
        return tuple(one for one in FINDINGS if self.key is not None and one.key == self.key)

    @property
    def below(self) -> bool:
        """Whether a row is beyond the threshold when its measure is below it."""
        return any(one.side == "below" for one in self.findings)

    @property
    def reached(self) -> bool:
        """Whether a row is beyond the threshold when its measure has reached it."""
        return any(one.side == "from" for one in self.findings)

    @property
    def measures(self) -> list[str]:
        """The columns that hold its measure; the one that speaks most against a row counts."""
        return [self.column] if self.column else [one.measure for one in self.findings if one.measure]

    def flawed(self) -> pl.Expr:
        """Of a switch: whether a row has the flaw."""
        assert self.key is not None
        strict = Selection().model_copy(update={self.key: self.settings[0]})
        return pl.any_horizontal(one.holds(strict) for one in self.findings)

    @property
    def reads(self) -> set[str]:
        """The columns that it is told from."""
        return set(self.flawed().meta.root_names()) if self.unit == "switch" else set(self.measures)


@dataclass(frozen=True, slots=True)
class Scale:
    """A gauge with its stops. `at` is the stop that the recipe has now, None without a threshold."""

    gauge: Gauge
    stops: tuple[float, ...]
    at: int | None

    def bins(self, frame: pl.DataFrame) -> Bins:
        """Each row's bin: the number of stops that lie before its measure, or `NOTHING`."""
        values = measured(frame, self.gauge)
        side: Literal["left", "right"] = "right" if self.gauge.below or self.gauge.reached else "left"
        found = np.searchsorted(np.asarray(self.stops), values, side).astype(np.uint8)
        found[np.isnan(values)] = NOTHING
        return found

    def beyond(self, bins: Bins, at: int) -> npt.NDArray[np.bool_]:
        """Which rows a threshold at this stop rejects."""
        return bins <= at if self.gauge.below else (bins > at) & (bins != NOTHING)

    def setting(self, at: int) -> str:
        """What the recipe says for a stop."""
        if self.gauge.unit == "switch":
            return self.gauge.settings[at]
        return repr(self.stops[at]).removesuffix(".0")  # reads back as the very same number

    def label(self, at: int) -> str:
        """A stop as one reads it on the axis."""
        if self.gauge.unit == "switch":
            return self.gauge.settings[at]
        return f"{100 * self.stops[at]:.10g}%" if "share" in self.gauge.unit else f"{self.stops[at]:,.0f}"


GAUGES = (
    Gauge("Words in the target language", "language", "share", "language_share"),
    Gauge("Words in other languages", "language", key="foreign_words"),
    Gauge("Longest passage in another language, words", "language", key="foreign_passage"),
    Gauge("Longest paragraph, columns", "paragraphs", key="longest_paragraph", lowest=1),
    Gauge("Mean paragraph, columns", "paragraphs", column="mean_paragraph"),
    Gauge("Paragraphs", "paragraphs", column="paragraphs"),
    Gauge("Code blocks that do not parse", "code", key="code_unparsed"),
    Gauge("Lines of prose inside code", "code", key="prose_in_code"),
    Gauge("Lines of code outside any block", "code", key="bare_code"),
    Gauge("Lines that open or close code", "code", column="code_fences"),
    Gauge("Code blocks wrongly indented", "code", column="code_misindented"),
    Gauge("the thought has a code block", "code", "switch", "code_in_reasoning"),
    Gauge("Lines said before", "repetition", "even share", "repeated_lines"),
    Gauge("Paragraphs said before", "repetition", "even share", "repeated_paragraphs"),
    Gauge("Runs of ten words said before", "repetition", "even share", "repeated_ngrams"),
    Gauge("Times that the end stands in the text", "repetition", key="tail_repeats", lowest=1),
    Gauge("Loop at the end, characters", "repetition", key="looping_tail", lowest=1),
    Gauge("the thought or the answer is missing", "structure", "switch", "reasoning",
          settings=("required", "optional")),
    Gauge("thought and solution answer differently", "structure", "switch", "answers_agree",
          settings=("required", "optional")),
    Gauge("tokens of a chat template are left", "structure", "switch", "template_tokens"),
    Gauge("the reply talks of itself as a model", "structure", "switch", "self_reference"),
    Gauge("the token limit cut the reply", "structure", "switch", "truncated"),
    Gauge("the reply stops in the middle", "structure", "switch", "cut_off"),
    Gauge("Tokens, as the engine counted", "length", column="tokens"),
    Gauge("Characters of the thought", "length", column="reasoning_chars"),
    Gauge("Characters of the answer", "length", column="answer_chars"),
)  # fmt: skip
"""Everything that is measured, as the page groups it. What has a key decides; `r1data.selection.findings` says how."""


def scales(frame: pl.DataFrame, selection: Selection) -> list[Scale]:
    """The gauges whose measures the frame has, each with its stops, the present threshold exactly among them."""
    present = [gauge for gauge in GAUGES if gauge.reads and gauge.reads <= set(frame.columns)]
    known = [gauge for gauge in present if gauge.key is not None or frame[str(gauge.column)].count()]
    return [_scale(gauge, frame, selection) for gauge in known]


def measured(frame: pl.DataFrame, gauge: Gauge) -> npt.NDArray[np.float64]:
    """The gauge's measure of each row, NaN where it has none; of a switch 1 for the flaw and 0 for none."""
    if gauge.unit == "switch":
        value = gauge.flawed().fill_null(False)
    else:
        value = (pl.min_horizontal if gauge.below else pl.max_horizontal)(gauge.measures)
    return frame.select(value.cast(pl.Float64).alias("v"))["v"].fill_null(math.nan).to_numpy()


def _scale(gauge: Gauge, frame: pl.DataFrame, selection: Selection) -> Scale:
    setting = getattr(selection, gauge.key) if gauge.key else None
    if gauge.unit == "switch":
        return Scale(gauge, (0.0, 1.0), gauge.settings.index(setting))
    values = measured(frame, gauge)
    largest = float(np.nanmax(values)) if len(values) and not np.isnan(values).all() else 0.0
    match gauge.unit:
        case "share":
            stops = set(SHARES)
        case "even share":
            stops = set(EVEN_SHARES)
        case _:
            usual = float(np.nanquantile(values, 0.02)) if largest else 0.0
            stops = set(_counts(gauge.lowest, usual, max(largest, 2.0 * (setting or 0))))
    ordered = tuple(sorted(stops | ({float(setting)} if setting is not None else set())))
    return Scale(gauge, ordered, None if setting is None else ordered.index(float(setting)))


def _counts(lowest: int, usual: float, largest: float) -> list[float]:
    """Round numbers up to the first that is not less than `largest`, each at most a quarter more than the last. Those
    below the power of ten that nearly all rows exceed are left out.
    """
    found = [float(n) for n in range(lowest, 11)]
    power = 10
    while found[-1] < largest and len(found) < MOST_STOPS:
        for mantissa in (*MANTISSAS[1:], 10):
            found.append(float(round(mantissa * power)))
            if found[-1] >= largest:
                break
        power *= 10
    return [stop for stop in found if stop >= usual / 10] or found
