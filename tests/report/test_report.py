"""The report and the card tell the truth about the tables, and hostile text does nothing in them."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.measures import measure
from r1data.recipe import Recipe
from r1data.report import Funnel, RunFacts, render_card, render_report
from r1data.report.breakdowns import pass_rates
from r1data.report.charts import nice_ticks
from r1data.report.panel import script, script_source
from r1data.report.steps import steps
from r1data.selection import combined, decide
from r1data.stages.assemble import assistant_turn
from r1data.store import Tables
from schemas import BadPrompts, Completions, Examples, Prompts, Reason, Verdicts
from tests.samples import completion

RECIPE = Recipe.model_validate({"name": "t", "model": "./m", "prompts": [{"kind": "shipped", "dataset": "x"}]})
FACTS = RunFacts("r" * 32, "scripted 1", "tiny", "m" * 32, 12.0, "2026-01-01T00:00:00+00:00", "0.1.0", "r1data run")
GOOD = "<think>\nI add two and two and get four.\n</think>\n\nIt is \\boxed{4}."
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![i](http://evil.example/x.png) <http://evil.example>",
    "$\\text{<img src=x onerror=alert(1)>}$ $\\href{javascript:alert(1)}{x}$ $\\frac{1}{$ $$\\begin{matrix}$$",
    "{{ 7 * 7 }} {% for x in y %} </style></pre></details>",
    "\x00\x1b[31m\u202eevil\u202c\u200b\ud7ff",
    "</think>" * 50,
    "a" * 1_000_000,
    "| a | b |\n|---|---|\n| `x` | <b>y</b> |",
]


def tables(texts: list[str], question: str = "2+2?", detail: str = "x") -> Tables:
    """Tables of one prompt with these replies, all of them judged correct."""
    asked = {"prompt_id": "f" * 32, "messages": [{"role": "user", "content": question}], "domain": "math",
             "language": "en", "verifier": "math", "reference": "4", "task": None, "source": "s|<b>x",
             "source_row": "1", "licence": "Apache-2.0", "category": None, "thinking": None}  # fmt: skip
    prompts = Prompts.validate(
        pl.DataFrame([asked], schema_overrides={"task": pl.String, "category": pl.String, "thinking": pl.Boolean}),
        cast=True,
    )
    rows = [asdict(completion(n, text=text)) for n, text in enumerate(texts)]
    rows.append(asdict(completion(len(texts), text=None, finish_reason="error", error="broken")))
    drawn = Completions.validate(pl.DataFrame(rows, infer_schema_length=None), cast=True)
    good = drawn.filter(pl.col("text").is_not_null())
    verdicts = Verdicts.validate(
        good.select("completion_id", verifier=pl.lit("math"), version=pl.lit(1), outcome=pl.lit("correct"),
                    extracted=pl.lit("4"), detail=pl.lit(""), seconds=pl.lit(0.0)), cast=True,
    )  # fmt: skip
    measures = measure(good.select("completion_id", "text", language=pl.lit("en")))
    decisions = decide(drawn.lazy(), verdicts.lazy(), measures.lazy(), RECIPE.selection)
    kept = good.join(decisions.filter(pl.col("kept")), on="completion_id", how="semi").join(prompts, on="prompt_id")
    turn = pl.struct(role=pl.lit("assistant"), content=assistant_turn(pl.col("text")))
    examples = kept.select(
        *(name for name in Examples.columns() if name in kept.columns and name != "messages"),
        example_id="completion_id", messages=pl.concat_list("messages", turn), pass_rate=pl.lit(1.0),
        recipe=pl.lit("r"), part=None, rewritten_from=None, review=None,
    ).select(list(Examples.columns()))  # fmt: skip
    bad = pl.DataFrame(
        [("s", "p.jsonl:3", "invalid_json", detail, "{")], schema=BadPrompts.column_names(), orient="row"
    )
    return Tables(
        len(rows), prompts.lazy(), bad.lazy(), drawn.lazy(), verdicts.lazy(), measures.lazy(), decisions.lazy(),
        examples.lazy(),
    )  # fmt: skip


class Parser(HTMLParser):
    """Collects what could act or reach out."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.elements: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.elements.append((tag, attributes))
        self.attributes += attributes


OURS = re.compile(
    r'<script type="application/json" id="panel-data">([^<]*)</script>\s*<script>([^<]*(?:<(?!/)[^<]*)*)</script>'
)


def without_our_script(html: str) -> str:
    """A page without the script that it allows, which is ours to the letter, and that script's data."""
    found = OURS.findall(html)
    assert all(code == script() for _, code in found) and len(found) <= 1
    return OURS.sub("", html)


def data_of(html: str) -> dict[str, Any]:
    """What a page carries for its script."""
    found = OURS.search(html)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def inspect(html: str) -> None:
    parser = Parser()
    parser.feed(without_our_script(html))
    kinds = {dict(attributes).get("type") for tag, attributes in parser.elements if tag == "input"}
    assert kinds <= {"range", "checkbox"}
    assert not parser.tags & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "form",
        "a",
        "base",
        "svg:a",
    }
    for name, value in parser.attributes:
        assert not name.startswith("on") and name not in ("src", "href", "xlink:href", "action", "srcdoc"), (
            name,
            value,
        )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing_in_the_page(text: str) -> None:
    given_tables = tables([GOOD, text, f"<think>\n{text}\n</think>\n\n{text}"], text[:5000].strip() or "x", text)
    html = render_report(given_tables, RECIPE, FACTS)
    inspect(html)
    assert "http:" not in re.sub(r'xmlns="http://www.w3.org/1998/Math/MathML"|http://evil.example', "", html)
    assert len(html) < 200_000
    assert not set("\x00\x1b\u202e\u200b") & set(html)


def test_the_last_word_does_not_depend_on_the_order_of_verdicts() -> None:
    rows = [("a", "math", 1, "correct"), ("a", "math", 2, "incorrect"), ("a", "other", 2, "timeout"),
            ("b", "math", 1, "undecided"), ("b", "other", 1, "correct")]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["completion_id", "verifier", "version", "outcome"], orient="row")
    frame = frame.with_columns(extracted=pl.lit(None, pl.String))
    for order in (frame, frame.reverse(), frame.sample(fraction=1, shuffle=True, seed=1)):
        said = dict(combined(order.lazy()).select("completion_id", "outcome").collect().iter_rows())
        assert said == {"a": "incorrect", "b": "correct"}


def test_the_page_forbids_connections_and_all_scripts_but_one() -> None:
    html = render_report(tables([GOOD]), RECIPE, FACTS)
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src {script_source()};" in html


def test_the_page_shows_the_kept_example_and_the_reason_of_the_rejected() -> None:
    html = render_report(tables([GOOD, GOOD.replace("</think>", "</think></think>")]), RECIPE, FACTS)
    assert "<math" in html and "the thought is not where it belongs" in html and "<mark>&lt;think&gt;</mark>" in html
    assert "p.jsonl:3" in html and f"{0:032x}" in html


@pytest.mark.parametrize("make", [lambda: tables([]), lambda: tables(["nothing"])])
def test_a_run_that_kept_nothing_has_a_page_and_a_card(make: Callable[[], Tables]) -> None:
    inspect(render_report(make(), RECIPE, FACTS))
    assert "0 reasoning samples" in render_card(make(), RECIPE, FACTS)


def test_the_funnel_adds_up_and_says_when_it_does_not() -> None:
    funnel = Funnel.from_tables(tables([GOOD, GOOD + " ", "no"]))
    funnel.check()
    assert (funnel.planned, funnel.completed, funnel.failed, funnel.kept) == (4, 3, 1, 1)
    assert funnel.rejected_by_reason == {"format": 1, "duplicate": 1}
    whole = tables([GOOD, "no"])
    for name in ("completions", "decisions", "examples"):
        frame: pl.LazyFrame = getattr(whole, name)
        broken = Tables(**{field: getattr(whole, field) for field in Tables.__slots__} | {name: frame.slice(1)})
        if name == "completions":  # a draw that is gone is pending, which is true; one too many is not
            broken = Tables(**{field: getattr(broken, field) for field in Tables.__slots__} | {"planned": 1})
        with pytest.raises(AssertionError, match="do not add up"):
            Funnel.from_tables(broken).check()


@given(st.integers(min_value=0, max_value=10**12))
def test_ticks_are_few_and_reach_the_top(largest: int) -> None:
    ticks = nice_ticks(largest)
    assert ticks[0] == 0 and ticks[-1] >= largest and 2 <= len(ticks) <= 6


def test_a_draw_without_a_decision_is_shown_and_breaks_the_law() -> None:
    whole = tables([GOOD, "no"])
    half = replace(whole, decisions=whole.decisions.filter("kept"))
    with pytest.raises(AssertionError, match="completed = kept"):
        Funnel.from_tables(half).check()
    shown = steps(Funnel.from_tables(half), RECIPE.selection)
    assert ("undecided", 1) in [(step.name, step.count) for step in shown]
    assert shown[-1].count == 1


@given(st.integers(0, 500), st.integers(0, 60), st.tuples(*[st.integers(0, 40)] * len(Reason)))
def test_the_steps_lose_exactly_what_was_lost(kept: int, failed: int, lost: tuple[int, ...]) -> None:
    by_reason = {reason.value: count for reason, count in zip(Reason, lost, strict=True) if count}
    done = kept + sum(lost)
    funnel = Funnel(done + failed, done, failed, 0, done, kept, sum(lost), by_reason, kept, 1, 1, 1, 0, 0)
    funnel.check()
    shown = steps(funnel, RECIPE.selection)
    assert shown[-1].name == "kept" and shown[-1].count == kept
    assert funnel.planned - sum(step.count for step in shown if step.css == "loss") == kept
    assert all(step.offset >= 0 and step.offset + step.share <= 1.000001 for step in shown)


def test_a_bar_stands_where_its_pass_rate_is() -> None:
    rows = [(str(p), "correct" if d < p else "incorrect") for p in range(5) for d in range(4)]
    chart = pass_rates(pl.DataFrame(rows, schema=["prompt_id", "outcome"], orient="row"))
    assert re.findall(r"<title>(\d+) prompts have (\d+)%", str(chart)) == [
        ("1", "0"), ("1", "25"), ("1", "50"), ("1", "75"), ("1", "100")
    ]  # fmt: skip
