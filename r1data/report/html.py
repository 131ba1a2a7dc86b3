"""The report: one page that opens anywhere, made to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from shlex import quote

import polars as pl
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from r1data.recipe import Recipe
from r1data.report import breakdowns, panel
from r1data.report.draws import draws
from r1data.report.facts import RunFacts
from r1data.report.funnel import Funnel
from r1data.report.hits import Hits, hits
from r1data.report.paths import TEMPLATES
from r1data.report.samples import kept_sample, rejected_samples
from r1data.report.spending import costs, held
from r1data.report.steps import MEANING, steps
from r1data.report.stops import by_reason, draws_by_reason, used
from r1data.report.twins import Twins, twins
from r1data.store import Tables
from r1data.visible import visible
from schemas import Decisions, Measures

BAD_PROMPTS_SHOWN = 20


def render_report(tables: Tables, recipe: Recipe, facts: RunFacts) -> str:
    """The page. Its numbers come from the tables; its texts go through `safety`.

    `facts.workspace` is what its `r1data whatif` commands name.
    """
    drawn = draws(tables).filter(~pl.col("failed")).collect(engine="streaming")
    funnel = Funnel.from_tables(tables)
    stopped = draws_by_reason(tables.stops)
    return environment().get_template("report.html.jinja").render(
        recipe=recipe,
        facts=facts,
        funnel=funnel,
        time=str(timedelta(seconds=round(facts.seconds))) if facts.seconds is not None else None,
        steps=steps(funnel, recipe.selection),
        pass_rate=breakdowns.pass_rate(drawn),
        outcomes=breakdowns.outcomes(drawn),
        pass_rates=breakdowns.pass_rates(drawn),
        lengths=breakdowns.lengths(drawn),
        panel=_panel(tables, recipe, facts),
        script_source=panel.script_source(),
        twins=_twins(tables, drawn),
        hits=_hits(tables),
        languages=breakdowns.languages(tables, drawn, recipe.selection.language_share),
        stopped=stopped,
        stops=by_reason(stopped),
        used=used(stopped, recipe),
        costs=costs(facts.spent, funnel.kept),
        held=held(facts.compared),
        groups=breakdowns.yields(drawn),
        meaning={reason.value: text for reason, text in MEANING.items()},
        rejected=rejected_samples(tables, drawn, recipe.selection),
        kept=kept_sample(tables, drawn),
        bad=tables.bad_prompts.head(BAD_PROMPTS_SHOWN).collect().to_dicts(),
        bad_count=tables.bad_prompts.select(pl.len()).collect().item(),
        recipe_yaml=yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True),
    )  # fmt: skip


def _panel(tables: Tables, recipe: Recipe, facts: RunFacts) -> panel.Panel | None:
    """The panel over everything that was decided; only the columns that it reads are held."""
    wanted = panel.columns({*Measures.column_names(), *Decisions.column_names(), "finish_reason", "outcome"})
    measured = tables.measures.select("completion_id", *(name for name in wanted if name in Measures.column_names()))
    rows = tables.decisions.select("completion_id", "kept", "reasons", "findings").join(
        measured, on="completion_id", how="inner"
    )
    drawn = tables.completions.select("completion_id", "finish_reason")
    frame = rows.join(drawn, on="completion_id", how="inner").drop("completion_id").collect(engine="streaming")
    return panel.panel(frame, recipe.selection, f"r1data whatif -w {quote(facts.workspace)}")


def _twins(tables: Tables, drawn: pl.DataFrame) -> Twins | None:
    decided = tables.decisions.select("completion_id", "duplicate_of", "similarity").collect(engine="streaming")
    rows = drawn.select("completion_id", "prompt_id", "source").join(decided, on="completion_id", how="inner")

    def texts(ids: Sequence[str]) -> dict[str, str]:
        found = tables.completions.filter(pl.col("completion_id").is_in(list(ids))).select("completion_id", "text")
        return dict(found.collect(engine="streaming").drop_nulls().iter_rows())

    return twins(rows, texts)


def _hits(tables: Tables) -> Hits | None:
    return hits(tables.contaminations.collect(engine="streaming"), tables.benchmarks)


def environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"number": _number, "percent": _percent, "width": _width, "visible": visible}
    return environment


def _number(count: int) -> str:
    return f"{count:,}"


def _percent(share: float | None) -> str:
    """One decimal; what is not quite nothing or everything never reads as if it were."""
    if share is None:
        return "–"
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{100 * share:.1f}%"


def _width(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.3f}%"
