"""Command: a flow on the command line, with its parameters as arguments and options."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import typer
from prefect import Flow

from r1data.errors import R1dataError


def run_as_command(flow: Flow[..., Any], done: Callable[[Any], str]) -> None:
    """Run a flow once with what the command line says; `done` tells a person what came of it."""

    @functools.wraps(flow.fn)
    def main(*arguments: object, **options: object) -> None:
        try:
            result = flow(*arguments, **options)
        except R1dataError as error:
            typer.echo(f"error: {error}\n  fix: {error.remedy}" if error.remedy else f"error: {error}", err=True)
            raise typer.Exit(1) from None
        typer.echo(done(result))

    typer.run(main)
