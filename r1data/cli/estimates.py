"""Estimates on a terminal: what a recipe will take, and how far off that was."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from r1data.cli.figures import amount, hours, short, storage
from r1data.estimate import Comparison, Figures, Forecast, Span
from r1data.visible import visible


def comparison_table(compared: Comparison) -> Table:
    """Estimated, actual, and how many times the one the other is."""
    known = f", when {compared.draws_there:,} draws were there" if compared.draws_there else ""
    known += "" if compared.same else "; it was made for other settings than were run"
    table = Table(
        "", "estimated", "90% range", "actual", "times", title=f"estimate of {compared.when}{known}",
        title_justify="left",
    )  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for row in compared.rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        span = f"{_written(row.estimated.low, row.unit)} – {_written(row.estimated.high, row.unit)}"
        table.add_row(row.name, _written(row.estimated.mean, row.unit), span, _written(row.actual, row.unit), ratio)
    return table


def _written(number: float, unit: str) -> str:
    """A figure in its unit: draws, tokens, prompts, hours, bytes, or a currency."""
    match unit:
        case "bytes":
            return storage(number)
        case "draws" | "tokens" | "prompts":
            return short(round(number))
        case "hours":
            return hours(number)
        case currency:
            return amount(number, currency)


def _spans(one: Figures, currency: str) -> list[tuple[str, str, Span]]:
    """Name, unit and span of what is known of a domain."""
    figures = [
        ("solved", "prompts", one.solved),
        ("draws", "draws", one.draws),
        ("tokens written", "tokens", one.completion_tokens),
        ("tokens sent", "tokens", one.prompt_tokens),
        ("GPU hours", "hours", one.gpu_hours) if one.gpu_hours else ("hours", "hours", one.hours),
        ("cost", currency, one.money),
        ("disk", "bytes", one.disk),
    ]
    return [(name, unit, span) for name, unit, span in figures if span is not None]


def domains_table(forecast: Forecast) -> Table:
    """A row of means for each domain, and one for all of them."""
    currency = forecast.currency
    units = {name: unit for one in forecast.domains for name, unit, _ in _spans(one, currency)}
    heads = [f"cost\n{unit}" if unit == currency else name.replace(" ", "\n") for name, unit in units.items()]
    title = f"{forecast.recipe}: means by domain"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=title, title_justify="left")
    table.add_column("domain", overflow="fold")
    for head in ("prompts", *heads):
        table.add_column(head, justify="right", no_wrap=True)
    for one in (*forecast.domains, forecast.whole):
        means = {name: _written(span.mean, unit) for name, unit, span in _spans(one, currency)}
        cells = [means.get(name, "?").removesuffix(f" {currency}") for name in units]
        style = "bold" if one is forecast.whole else ""
        table.add_row(Text(visible(one.domain, 60)), f"{one.prompts:,}", *cells, style=style)
    return table


def whole_table(forecast: Forecast) -> Table:
    """All domains together: the mean of each figure, and the range that holds nine times in ten."""
    whole = forecast.whole
    title = f"{forecast.recipe}: {whole.prompts:,} prompts, {forecast.draws_there:,} draws there already"
    table = Table("", "estimated", "90% range", title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, unit, span in _spans(whole, forecast.currency):
        table.add_row(name, _written(span.mean, unit), f"{_written(span.low, unit)} – {_written(span.high, unit)}")
    return table
