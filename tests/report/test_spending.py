"""What a run cost, why its prompts stopped, and how far off the estimate was, as the page and the card tell it."""

from dataclasses import replace

import polars as pl

from r1data.cost import Usage
from r1data.estimate import Comparison, Row, Span
from r1data.recipe import AdaptiveDraws
from r1data.report import render_card, render_report
from r1data.report.spending import costs, figures, held
from r1data.report.stops import draws_by_reason, used
from r1data.store.sessions import Spent
from schemas import Stops
from tests.report.test_report import FACTS, GOOD, RECIPE, inspect, tables

SPENT = Spent(
    sessions=3, killed=1, engine_seconds=5400.0, seconds=5000.0, draws=9, accepted=4,
    usage=Usage(10, 123_456, 10_800.0), saved_tokens=777, money={"<b>EUR|": 7.5},
)  # fmt: skip
SPAN = Span(mean=100.0, low=80.0, high=120.0)
ESTIMATED = (Row("draws", "draws", SPAN, 90.0), Row("tokens written", "tokens", SPAN, 150.0))
COMPARED = Comparison("2026", 1, 0, True, ESTIMATED)
ROWS = [("a", "enough", 2, 2, 0), ("b", "enough", 4, 2, 1), ("c", "limit", 16, 1, 0), ("d", "failed", 2, 0, 2)]
STOPS = Stops.validate(
    pl.DataFrame(
        [{"prompt_id": name * 32, "rendered": "r", "route": "r", "policy": "p", "reason": reason, "draws": drawn,
          "accepted": good, "failed": failed} for name, reason, drawn, good, failed in ROWS]
    ), cast=True,
)  # fmt: skip


def test_stops_add_up() -> None:
    found = draws_by_reason(STOPS.lazy())
    assert [(one.reason, one.prompts, one.draws, one.accepted, one.failed) for one in found] == [
        ("enough", 2, 6, 4, 1), ("limit", 1, 16, 1, 0), ("failed", 1, 2, 0, 2)
    ]  # fmt: skip
    sampling = RECIPE.sampling.model_copy(update={"draws": AdaptiveDraws(max=16)})
    assert used(found, RECIPE.model_copy(update={"sampling": sampling})) == (24, 64)


def test_costs_are_told_per_kept_row_as_far_as_they_are_known() -> None:
    told = costs(SPENT, 4)
    assert told["GPU-hours"] == "3" and told["GPU-seconds per kept row"] == "2,700" and told["sampling"] == "1:30:00"
    assert told["cost"] == "7.5 <b>EUR|" and told["cost per kept row"] == "1.88 <b>EUR|"
    assert told["sessions"] == "3, 1 of them killed" and told["saved by cutting loops"] == "at most 777"
    assert "cost per kept row" not in costs(SPENT, 0)
    assert "GPU-hours" not in costs(replace(SPENT, usage=Usage(1, 1, 0.0)), 4)
    assert costs(None, 4) == costs(replace(SPENT, sessions=0), 4) == {}
    assert figures(0.0000234) == "0.0000234" and figures(12345.6) == "12,346"


def test_the_estimate_is_held_against_what_came() -> None:
    assert [(one.name, one.ratio, one.css) for one in held(COMPARED)] == [
        ("draws", "0.90", "kept"), ("tokens written", "1.50", "fault")
    ]  # fmt: skip
    assert held(None) == []


def test_page_and_card_tell_it_and_stay_harmless() -> None:
    whole = replace(tables([GOOD, "no"]), stops=STOPS.lazy())
    facts = replace(FACTS, spent=SPENT, compared=COMPARED)
    page = render_report(whole, RECIPE, facts)
    inspect(page)
    assert "Why prompts stopped" in page and "24 draws made" in page and "The estimate against what came" in page
    assert "7.5 &lt;b&gt;EUR|" in page and "other settings" not in page
    assert "other settings" in render_report(whole, RECIPE, replace(facts, compared=replace(COMPARED, same=False)))
    card = render_card(whole, RECIPE, facts)
    assert "| cost | sampling 1:30:00, " in card and "7.5 &lt;b>EUR\\|" in card
    assert "What it took" not in render_report(tables([GOOD]), RECIPE, FACTS)
