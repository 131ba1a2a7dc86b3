"""`r1data bench`: how good the verifiers and the filters are, on labelled cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from r1data.cli.output import listening
from r1data.contamination.benchmark import CASES as CONTAMINATION
from r1data.contamination.benchmark import run_benchmark as run_contamination
from r1data.measures import benchmark as filters
from r1data.progress import Progress
from r1data.thinking_benchmark import CASES as THINKING
from r1data.thinking_benchmark import judged_cases
from r1data.verifiers import VerifierPool
from r1data.verifiers.benchmark import CASES, Benchmark, faults, run_benchmark

bench = typer.Typer(name="bench", help="Measure the parts of r1data.", no_args_is_help=True)


@bench.callback()
def _root() -> None:
    """What all commands share."""


@bench.command()
def verifiers(
    cases: Annotated[Path, typer.Option(help="A folder of labelled cases, JSONL.")] = CASES,
    only: Annotated[str | None, typer.Option(help="One verifier only.")] = None,
    workers: Annotated[int | None, typer.Option(min=1)] = None,
    show_faults: Annotated[bool, typer.Option("--faults", help="List every case that was judged otherwise.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Keep the rates for the dataset cards.")] = False,
) -> None:
    """Print false accepts, false rejects and the agreement of the two checkers of mathematics."""
    with listening() as listener, VerifierPool(workers, deadline=10.0) as pool:
        progress = Progress(listener)
        progress.say(f"verifying the cases in {cases}")
        result = run_benchmark(cases, pool, only=only)
    if write:
        result.write()
    if as_json:
        typer.echo(json.dumps(result.as_dict(), ensure_ascii=False))
        return
    _show(result, Console())
    if show_faults:
        _show_faults(result, Console())


@bench.command()
def measures(
    cases: Annotated[Path, typer.Option(help="A folder of labelled replies, JSONL.")] = filters.CASES,
    show_faults: Annotated[bool, typer.Option("--faults", help="List every reply that was judged otherwise.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Print precision and recall of the filters that look at a reply's text, at the default thresholds."""
    with listening():
        result = filters.run_benchmark(cases)
    if as_json:
        typer.echo(json.dumps(result.as_dict(), ensure_ascii=False))
        return
    _show_filters(result, Console())
    if show_faults:
        _show_misjudged(result, Console())


@bench.command()
def thinking(
    cases: Annotated[Path, typer.Option(help="Labelled prompts, JSONL.")] = THINKING,
    show_faults: Annotated[bool, typer.Option("--faults", help="List every prompt that was judged otherwise.")] = False,
) -> None:
    """Print how often the rule that says which prompts need reasoning says what a person said."""
    found = judged_cases(cases)
    table = Table("prompts", "language", "agree", title="which prompts need reasoning", title_justify="left")
    for split in dict.fromkeys(case.split for case in found):
        for language in ("en", "zh"):
            mine = [case for case in found if (case.split, case.language) == (split, language)]
            if mine:
                table.add_row(split, language, f"{sum(case.agrees for case in mine)} of {len(mine)}")
    console = Console()
    console.print(table)
    for case in found if show_faults else ():
        if not case.agrees:
            told = f"{case.category}: {'thinks' if case.said.needed else 'does not think'} ({case.said.reason}): "
            console.print(Text(told + case.question))


def _show_filters(result: filters.Benchmark, console: Console) -> None:
    title = f"filters on {len(result.judged):,} labelled replies"
    table = Table("filter", "flawed", "precision", "recall", "light found", "heavy found", "false alarms",
                  title=title, title_justify="left")  # fmt: skip
    for column in table.columns[1:6]:
        column.justify = "right"
    for found in result.rates:
        alarms = ", ".join(f"{count} {kind}" for kind, count in found.false_alarms.items())
        table.add_row(
            found.filter.value, f"{found.light + found.heavy}", f"{found.precision:.3f}", f"{found.recall:.3f}",
            f"{found.light_found} of {found.light}", f"{found.heavy_found} of {found.heavy}",
            f"{sum(found.false_alarms.values())} of {found.clean}{f': {alarms}' if alarms else ''}",
            style="bold" if found.filter in filters.R1_FILTERS else "",
        )  # fmt: skip
    console.print(table)
    clean = sum(not one.case.labels for one in result.judged)
    console.print(f"of {clean:,} replies without any flaw, {result.clean_lost} are lost", soft_wrap=True)


def _show_misjudged(result: filters.Benchmark, console: Console) -> None:
    for one in result.judged:
        for name in one.faults():
            label = one.case.labels.get(name)
            wanted = "false alarm" if label is None else f"{label} flaw missed"
            heard = {column: one.measures[column] for column in filters.SPEAKING[name]}
            said = f"{name.value}: {wanted}: {one.case.id} ({one.case.language}, {one.case.note}): {heard}"
            console.print(Text(said), soft_wrap=True)


@bench.command()
def contamination(
    cases: Annotated[Path, typer.Option(help="A folder of items and labelled texts, JSONL.")] = CONTAMINATION,
    show_faults: Annotated[bool, typer.Option("--faults", help="List every text that was judged otherwise.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Print how many planted items are found, and how many texts without one are accused."""
    result = run_contamination(cases)
    if as_json:
        typer.echo(json.dumps(result.as_dict(), ensure_ascii=False))
        return
    table = Table("texts", "kind", "cases", "said to hold an item", title="contamination", title_justify="left")
    for rate in [*result.rates, result.total(True), result.total(False)]:
        kind = "planted" if rate.planted else "look-alike"
        table.add_row(kind, rate.kind, f"{rate.cases:,}", f"{rate.found:,} ({rate.share:.1%})")
    Console().print(table)
    for case in result.missed if show_faults else []:
        Console().print(Text(f"missed {case['item']} ({case['kind']}): {case['text'][:200]!r}"), soft_wrap=True)
    for hit in result.accused if show_faults else []:
        said = (
            f"accused ({hit['kind']}) of {hit['item']} by {hit['method']}: {hit['text']!r}; item: {hit['item_text']!r}"
        )
        Console().print(Text(said), soft_wrap=True)


def _show(result: Benchmark, console: Console) -> None:
    table = Table("verifier", "version", "cases", "as labelled", "false accepts", "false rejects", "undecided",
                  title="verifiers on labelled cases", title_justify="left")  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for rates in result.rates:
        table.add_row(
            rates.verifier, str(rates.version), f"{rates.cases:,}", f"{rates.as_labelled / rates.cases:.1%}",
            f"{rates.false_accepts} of {rates.wrong_answers} ({rates.false_accept_rate:.2%})",
            f"{rates.false_rejects} of {rates.right_answers} ({rates.false_reject_rate:.2%})", str(rates.undecided),
        )  # fmt: skip
    console.print(table)
    if result.agreement is not None and result.agreement.counts:
        share = f"{result.agreement.share:.1%}"
        console.print(
            f"the two checkers of mathematics agree on {share} of the pairs that both can read", soft_wrap=True
        )
        both = result.agreement
        accepted = f"{both.accepted_by_second} of {both.wrong_answers} wrong answers"
        rejected = f"{both.rejected_by_second} of {both.right_answers} right ones"
        console.print(f"math-verify alone would accept {accepted} and reject {rejected}", soft_wrap=True)
        crossed = Table("first checker", "math-verify", "pairs")
        crossed.columns[2].justify = "right"
        for (one, other), count in sorted(result.agreement.counts.items(), key=lambda entry: -entry[1]):
            crossed.add_row(one, other, f"{count:,}", style="" if one == other else "bold")
        console.print(crossed)


def _show_faults(result: Benchmark, console: Console) -> None:
    for case, found in faults(result.cases, result.verdicts):
        wanted = " or ".join(case.expected)
        said = (
            f"{case.check.completion_id}: {wanted} expected, {found.outcome} found; reference {case.check.reference!r}"
        )
        console.print(Text(f"{said}, answer {found.extracted!r}: {found.detail} ({case.reason})"), soft_wrap=True)
