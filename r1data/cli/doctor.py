"""`r1data doctor`: whether this machine has what a run needs."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from r1data.doctor import Finding, Status, examine

STYLES = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Check this machine. Exit status 1 when something is missing that a run needs."""
    findings = examine()
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _show_table(findings)
    else:
        _show_lines(findings)
    if any(finding.status is Status.FAIL for finding in findings):
        raise typer.Exit(1)


def _show_table(findings: list[Finding]) -> None:
    table = Table("check", "", "seen")
    for finding in findings:
        seen = Text(finding.detail)
        if finding.fix:
            seen.append(f"\nfix: {finding.fix}", style="bold")
        table.add_row(finding.name, Text(finding.status, style=STYLES[finding.status]), seen)
    console = Console()
    console.print(table)
    console.print(_summary(findings))


def _show_lines(findings: list[Finding]) -> None:
    for finding in findings:
        typer.echo(f"{finding.status:<4}  {finding.name:<15} {finding.detail}")
        if finding.fix:
            typer.echo(f"      {'':<15} fix: {finding.fix}")
    typer.echo(_summary(findings))


def _summary(findings: list[Finding]) -> str:
    count = Counter(finding.status for finding in findings)
    if count[Status.FAIL]:
        return f"{count[Status.FAIL]} of {len(findings)} checks fail: a run needs them."
    remarks = f"; {count[Status.WARN]} of {len(findings)} checks have a remark" if count[Status.WARN] else ""
    return f"ready{remarks}"
