"""The panel decides as `selection` does, at every place that a threshold can take."""

import json
from base64 import b64decode

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.recipe import Selection
from r1data.report import panel as panels
from r1data.report.gauges import GAUGES, scales
from r1data.report.panel import MOST_ROWS, embedded, panel
from r1data.selection import FINDINGS
from schemas import Reason
from tests.report.rows import decided, measured

ROWS = measured(1500)


def told(shown: panels.Panel, stops: dict[str, int]) -> tuple[int, list[int]]:
    """What the page's script makes of its data: kept rows and first reasons."""
    data = json.loads(shown.data)

    def unpacked(text: str) -> np.ndarray:
        return np.frombuffer(b64decode(text), np.uint8).astype(np.int64)

    masks = unpacked(data["fixed"]) | unpacked(data["fixed_high"]) << 8
    for dial in data["dials"]:
        bins, stop = unpacked(dial["bins"]), stops.get(dial["key"], dial["at"])
        beyond = bins <= stop if dial["below"] else (bins > stop) & (bins != 255)
        masks |= beyond << dial["reason"]
    lowest = masks & -masks
    return int((masks == 0).sum()), [int((lowest == 1 << place).sum()) for place in range(len(Reason))]


def first_reasons(frame: pl.DataFrame) -> list[int]:
    counts = dict(frame.filter(~pl.col("kept")).group_by("reason").len().iter_rows())
    return [counts.get(reason.value, 0) for reason in Reason]


@settings(deadline=None, max_examples=20)
@given(st.data())
def test_moved_thresholds_give_what_selection_decides(data: st.DataObject) -> None:
    before = Selection()
    shown = panel(decided(ROWS, before), before)
    assert shown is not None and shown.faithful
    dials = json.loads(shown.data)["dials"]
    moved = {
        dial["key"]: data.draw(st.integers(0, len(dial["settings"]) - 1), label=dial["key"])
        for dial in data.draw(st.lists(st.sampled_from(dials), max_size=4, unique_by=lambda dial: dial["key"]))
    }
    settings_ = {dial["key"]: dial["settings"][moved[dial["key"]]] for dial in dials if dial["key"] in moved}
    try:
        after = Selection.model_validate(settings_)
    except ValueError:  # a stop that the recipe would refuse
        pytest.fail(f"the page offers what no recipe takes: {settings_}")
    then = decided(ROWS, after)
    assert told(shown, moved) == (int(then["kept"].sum()), first_reasons(then))


def test_the_panel_shows_what_is_decided_now() -> None:
    selection = Selection(language_share=0.951234567890123, longest_paragraph=1777, code_in_reasoning="drop")
    frame = decided(ROWS, selection)
    shown = panel(frame, selection)
    assert shown is not None and shown.faithful
    assert (shown.kept, list(shown.reasons.values())) == (int(frame["kept"].sum()), first_reasons(frame))
    dials = {dial.key: dial for group in shown.groups.values() for dial in group if dial.key}
    assert dials["longest_paragraph"].setting == "1,777"
    assert dials["longest_paragraph"].beyond == frame.filter(pl.col("longest_paragraph") > 1777).height
    alone = frame.filter(pl.col("findings").list.join(",") == "long_paragraph/longest")
    assert alone.height and dials["longest_paragraph"].alone == alone.height
    assert told(shown, {}) == (shown.kept, list(shown.reasons.values()))


def test_every_threshold_of_a_finding_has_a_gauge() -> None:
    keyed = {finding.key for finding in FINDINGS if finding.measure}
    assert keyed == {gauge.key for gauge in GAUGES if gauge.key and gauge.unit != "switch"}


def test_decisions_of_other_thresholds_cannot_be_moved() -> None:
    shown = panel(decided(ROWS, Selection()), Selection(longest_paragraph=100))
    assert shown is not None and not shown.faithful


def test_many_rows_are_sampled_evenly_and_counted_whole() -> None:
    frame = decided(ROWS, Selection())
    many = pl.concat([frame] * 20)
    one, all_of_them = panel(frame, Selection()), panel(many, Selection())
    assert one is not None and all_of_them is not None
    assert (all_of_them.total, all_of_them.rows, all_of_them.kept) == (30_000, MOST_ROWS, 20 * one.kept)
    kept, _ = told(all_of_them, {})
    assert abs(kept * 30_000 / MOST_ROWS - 20 * one.kept) < 0.03 * 30_000


def test_stops_are_few_and_hold_the_threshold() -> None:
    huge = ROWS.with_columns(longest_paragraph=pl.lit(2**31 - 1, pl.Int32), foreign_words=pl.lit(0, pl.Int32))
    for frame in (ROWS, huge, ROWS.head(1)):
        for scale in scales(frame, Selection(foreign_words=10**6)):
            assert list(scale.stops) == sorted(set(scale.stops)) and 2 <= len(scale.stops) < 255
            if scale.gauge.key == "foreign_words":
                assert scale.at is not None and scale.setting(scale.at) == "1000000"


def test_nothing_in_embedded_data_can_close_its_element() -> None:
    hostile = {"a": "</script><script>alert(1)</script><!--", "b": "'&\u2028\u2029<img>"}
    text = embedded(hostile)
    assert not set(text) & set("<>&'\u2028") and json.loads(text) == hostile
