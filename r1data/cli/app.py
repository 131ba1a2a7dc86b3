"""The commands on one screen, and the one place where errors become messages."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Annotated

import typer

from r1data import __version__
from r1data.cli import (
    audit,
    bench,
    benchmarks,
    explain,
    models,
    plan,
    prompts,
    refine,
    status,
    suspects,
    verify,
    whatif,
)
from r1data.cli import judge as judge_commands
from r1data.cli import run as run_command
from r1data.cli import tests as tests_command
from r1data.cli.doctor import doctor
from r1data.errors import R1dataError

app = typer.Typer(
    help="A factory for verified reasoning data: prompts and a model in, a dataset out.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.command()(run_command.run)
app.command()(plan.plan)
app.command()(verify.verify)
app.command()(refine.refine)
app.command()(whatif.whatif)
app.command()(status.status)
app.command()(explain.explain)
app.command()(audit.audit)
app.command()(suspects.suspects)
app.command()(doctor)
app.command()(prompts.prompts)
app.command()(benchmarks.benchmarks)
app.add_typer(models.models)
app.add_typer(bench.bench)
app.add_typer(judge_commands.judge)
app.add_typer(tests_command.tests)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"r1data {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What all commands share."""


def main() -> None:
    """Run the command line. An error that a person can mend is a message and exit status 1, never a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except R1dataError as error:
        typer.echo(f"error: {error}", err=True)
        if error.remedy:
            typer.echo(f"  fix: {error.remedy}", err=True)
        raise SystemExit(1) from None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
