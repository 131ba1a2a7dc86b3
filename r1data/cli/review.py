"""`r1data review`: people read what a run has made, in their browser."""

from __future__ import annotations

import getpass
import json
import socket
import time
import webbrowser
from dataclasses import asdict
from typing import Annotated, Any

import typer
import uvicorn

from r1data.cli.workspaces import WorkspaceOption, find_workspace
from r1data.errors import WorkspaceError
from r1data.review import gate
from r1data.review.doors import Doors, is_name
from r1data.review.plans import Plan
from r1data.review.room import Room
from r1data.review.server import make_app

LOCAL = ("127.0.0.1", "localhost", "::1")

review = typer.Typer(name="review", help="Have people read what a run has made.", invoke_without_command=True)
ReviewerOption = Annotated[
    list[str] | None, typer.Option("--reviewer", help="Who reads; repeat it for several people. By default your login.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


@review.callback()
def _serve(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    plan: Annotated[Plan, typer.Option(help="Which samples come first.")] = "random",
    second_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the samples that a second person reads too.")
    ] = 0.1,
    reviewer: ReviewerOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; with another one, other machines can come in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8719,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
) -> None:
    """Serve the page in which people read samples one by one, until you stop it with Ctrl+C."""
    if context.invoked_subcommand is not None:
        return
    root = find_workspace(workspace, mixes=True).root
    names = reviewer or [getpass.getuser()]
    for name in names:
        if not is_name(name):
            raise WorkspaceError(f"--reviewer {name!r} is no name", "use up to 60 printable characters")
    with _listening(host, port) as listener, Room(root, plan, second_share) as room:
        port = listener.getsockname()[1]
        doors = Doors(names, port, () if host in LOCAL else (host,))
        room.get_ready()
        counts = room.counts()
        typer.echo(f"{counts['samples']:,} samples to read, {counts['pending']:,} of them not decided yet")
        shown = host if host not in ("0.0.0.0", "::") else socket.gethostname()
        links = {name: f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/enter#{token}"
                 for name, token in doors.tokens.items()}  # fmt: skip
        for name, link in links.items():
            typer.echo(f"{name}: {link}")
        if host not in LOCAL:
            typer.echo("everybody who has a link can read and decide, and the links travel unencrypted", err=True)
        typer.echo("Ctrl+C stops it; every decision is on disk by then")
        config = uvicorn.Config(
            make_app(room, doors), log_level="warning", access_log=False, server_header=False, ws="none", lifespan="off"
        )
        if browser and len(links) == 1:
            webbrowser.open(links[names[0]])
        uvicorn.Server(config).run(sockets=[listener])


@review.command("status")
def status(workspace: WorkspaceOption = None, plan: Plan = "random", as_json: JsonOption = False) -> None:
    """Show how far the review is, how far two readers agree, and whether it is signed off."""
    root = find_workspace(workspace, mixes=True).root
    with Room(root, plan) as room:
        told: dict[str, Any] = room.counts() | {"agreement": asdict(room.agreement()), "signed_off": room.signed()}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    actions = ", ".join(f"{count:,} {action}" for action, count in told["actions"].items()) or "none decided"
    typer.echo(f"samples    {told['samples']:,}: {actions}; {told['pending']:,} to go")
    readers = ", ".join(f"{name} {count:,}" for name, count in told["readers"].items())
    typer.echo(f"readers    {readers or 'nobody yet'}")
    typer.echo(f"read twice {told['second_done']:,} of {told['second_due']:,}; {told['contested']:,} seen differently")
    typer.echo(f"agreement  {_kappa(told['agreement']['kept'])}")
    typer.echo(f"signed off {_signed(told['signed_off'])}")


@review.command("sign-off")
def sign_off(
    workspace: WorkspaceOption = None,
    reviewer: Annotated[str | None, typer.Option(help="Who signs; by default your login.")] = None,
    note: Annotated[str | None, typer.Option(help="What else is to be said.")] = None,
    back: Annotated[bool, typer.Option("--take-back", help="Take it back.")] = False,
) -> None:
    """Say that the review is finished, as the page's button does; a flow that waits for it goes on."""
    root = find_workspace(workspace, mixes=True).root
    typer.echo(gate.sign_off(root, reviewer or getpass.getuser(), time.time(), note, signed=not back))


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        WorkspaceError: somebody else does.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise WorkspaceError(
            f"cannot listen on {host}, port {port}: {error.strerror}", "choose another --port"
        ) from None
    listener.listen(64)
    return listener


def _kappa(kept: dict[str, Any]) -> str:
    if kept["value"] is None:
        return "kappa says nothing: only one answer was given" if kept["pairs"] else "nobody has read anything twice"
    interval = f"{kept['low']:.2f} to {kept['high']:.2f}"
    return f"kappa {kept['value']:.2f} ({interval}), {kept['observed']:.0%} alike over {kept['pairs']:,} read twice"


def _signed(last: dict[str, Any] | None) -> str:
    if last is None or not last["signed"]:
        return "no"
    return f"by {last['reviewer']}, {last['at']}" + ("" if last["current"] else ", but of what was there before")
