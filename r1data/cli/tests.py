"""`r1data tests`: tests for code problems, made from generators, correct submissions and wrong ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from r1data.cli.output import PlainLines
from r1data.errors import R1dataError
from r1data.sources.formats import Unreadable, read_file
from r1data.test_cases import Settings, Summary, UnreadableProblem, build_all, generator_prompt, read_problems
from r1data.test_cases.prompting import Replies, collect_replies
from r1data.verifiers.code import run_program

ProblemsArgument = Annotated[
    Path, typer.Argument(help="JSONL or Parquet: id, prompt, language, correct, wrong; generators and tests if any.")
]
DEFAULTS = Settings()

tests = typer.Typer(name="tests", help="Make the tests of code problems, as R1 did.", no_args_is_help=True)


@tests.command()
def build(
    problems: ProblemsArgument,
    out: Annotated[Path, typer.Option(help="The JSONL to write: prompts with tests, flags and counts.")],
    generators: Annotated[
        Path | None, typer.Option(help="Replies to `r1data tests prompts`: {id, response}, or a dataset of r1data.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How often each generator is run.")] = DEFAULTS.seeds,
    min_tests: Annotated[
        int, typer.Option(min=0, help="Fill up to so many with valid tests that catch nothing.")
    ] = DEFAULTS.min_tests,
    max_tests: Annotated[int, typer.Option(min=1, help="Keep so many at most.")] = DEFAULTS.max_tests,
    min_wrong: Annotated[
        int, typer.Option(min=0, help="Flag a problem with fewer wrong submissions.")
    ] = DEFAULTS.min_wrong,
    jobs: Annotated[int | None, typer.Option(min=1, help="Problems at a time; one per core by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Keep the inputs that correct submissions agree on and that catch wrong ones. Run again, it goes on."""
    replies = None if generators is None else _replies(generators)
    settings = Settings(seeds, min_tests, max_tests, min_wrong)
    summary = Summary()
    try:
        build_all(
            lambda: read_file(problems, problems.name),
            out,
            settings,
            run_program,
            replies=replies,
            jobs=jobs or os.cpu_count() or 1,
            say=PlainLines().say,
            summary=summary,
        )
    except KeyboardInterrupt:
        left = summary.rows - summary.there_before - summary.built
        typer.echo(f"\nstopped, {left:,} rows to go. Run the same command again to go on with {out}.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(json.dumps({"out": str(out), **summary.as_dict()}))
    else:
        Console().print(_table(summary, str(out)))


@tests.command()
def prompts(
    problems: ProblemsArgument,
    out: Annotated[Path, typer.Option(help="The JSONL to write: one row {id, question} for each problem.")],
) -> None:
    """Write the prompts that ask a model for programs which print inputs, for `r1data run` or any other sampler."""
    say = PlainLines().say
    written = unreadable = 0
    part = out.with_name(f".{out.name}.new")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            for place, problem, _ in read_problems(read_file(problems, problems.name)):
                if isinstance(problem, UnreadableProblem):
                    say(f"{place}: left out: {problem}")
                    unreadable += 1
                    continue
                row = {"id": problem.id, "question": generator_prompt(problem.prompt)}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                written += 1
        part.replace(out)
    except OSError as error:
        raise R1dataError(f"{out}: cannot be written: {error.strerror}", "choose another --out") from None
    typer.echo(f"{out}: {written:,} prompts; {unreadable:,} rows are no problems")


def _replies(path: Path) -> Replies:
    useless = 0

    def readable() -> Iterator[Mapping[str, Any]]:
        nonlocal useless
        for _, raw in read_file(path, path.name):
            if isinstance(raw, Unreadable):
                useless += 1
            else:
                yield raw

    collected, without = collect_replies(readable())
    if not collected:
        raise R1dataError(f"{path}: holds no replies", "each row should be {id, response}, or have messages")
    if useless + without:
        PlainLines().say(f"{path}: {useless + without:,} rows hold no reply")
    return collected


def _table(summary: Summary, title: str) -> Table:
    table = Table("what", "count", "of which", title=title, title_justify="left")
    table.columns[1].justify = "right"
    counts = summary.counts
    table.add_row("problems", f"{summary.rows:,}", f"{summary.built:,} built + {summary.there_before:,} there before")
    flags = ", ".join(f"{flag} {count:,}" for flag, count in sorted(summary.flags.items()))
    table.add_row("built", f"{summary.built:,}", f"{summary.unflagged:,} without a flag" + (f"; {flags}" * bool(flags)))
    table.add_row(
        "candidates",
        f"{counts['candidates']:,}",
        f"{counts['kept']:,} kept + {counts['redundant']:,} redundant + {counts['invalid']:,} invalid"
        f" + {counts['duplicate']:,} duplicate",
    )
    table.add_row(
        "generator runs", f"{counts['generator_runs']:,}", f"{counts['failed_runs']:,} failed and gave no candidate"
    )
    table.add_row("wrong submissions", f"{counts['wrong']:,}", f"{counts['caught']:,} caught by what was kept")
    return table
