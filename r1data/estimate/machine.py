"""The machine: how fast a workspace's sessions wrote and what its rows take, measured where they did enough."""

from __future__ import annotations

import polars as pl

from r1data.cost import gpus_of
from r1data.estimate.belief import Amount
from r1data.estimate.forecast import Machine
from r1data.recipe import Runtime
from r1data.store import Workspace
from r1data.store.sessions import Spent, read_sessions
from r1data.store.size import size_of

TOKENS_PER_SECOND = 1000.0
"""Assumed, of each GPU, where nothing else is known: one that serves a model of middling size to many requests."""
TOKEN_BYTES, DRAW_BYTES = 1.6, 200.0
"""Assumed: English reasoning under zstd, with four characters a token; verdicts and measures of a draw."""
FEWEST_TOKENS, FEWEST_DRAWS = 1000, 200
"""Less than this measures nothing: a file's own overhead, or the first reply's delay."""
SHORT_SECONDS = 60.0
MEASURED_DOUBT, SHORT_DOUBT, ASSUMED_DOUBT = 0.1, 0.3, 0.6


def machine_of(workspace: Workspace, runtime: Runtime, tokens_per_second: float | None = None) -> Machine:
    """What the workspace tells of speed and size; `tokens_per_second` stands in where it has not sampled yet."""
    spent = Spent.over(session for session in read_sessions(workspace.root) if session.draws)  # the judge's are not
    gpus = gpus_of(runtime)
    pace, pace_basis = _pace(spent, gpus, tokens_per_second)
    token_bytes, draw_bytes, disk_basis = _bytes(workspace)
    # What was spent on starting engines is spent, and one more start is to come.
    starting = max(spent.engine_seconds - spent.seconds, 0.0)
    startup = starting + starting / spent.sessions if spent.sessions else 0.0
    return Machine(
        tokens_per_second=pace, startup_seconds=startup, gpus=gpus, price=runtime.price,
        token_bytes=token_bytes, draw_bytes=draw_bytes, basis={"tokens per second": pace_basis, "disk": disk_basis},
    )  # fmt: skip


def _pace(spent: Spent, gpus: int, given: float | None) -> tuple[Amount, str]:
    tokens, seconds = spent.usage.completion_tokens, spent.seconds
    if tokens >= FEWEST_TOKENS and seconds > 0:
        pace = tokens / seconds
        basis = f"measured: {pace:,.0f} tokens/s over {seconds:,.0f} s of sampling"
        if seconds >= SHORT_SECONDS:
            return Amount(pace, MEASURED_DOUBT), basis
        return Amount(pace, SHORT_DOUBT), f"{basis}, too short to have filled the engine: a long run is faster"
    if given is not None:
        return Amount(given, MEASURED_DOUBT), f"given: {given:,.0f} tokens/s"
    pace = TOKENS_PER_SECOND * max(gpus, 1)
    basis = f"assumed: {pace:,.0f} tokens/s; measure it with --pilot, or give --tokens-per-second"
    return Amount(pace, ASSUMED_DOUBT), basis


def _bytes(workspace: Workspace) -> tuple[float, float, str]:
    drawn = workspace.scan_all_completions().select(
        pl.len().alias("draws"), pl.col("completion_tokens").cast(pl.Int64).sum().alias("tokens")
    )
    draws, tokens = drawn.collect().row(0)
    size = size_of(workspace.root)
    if draws >= FEWEST_DRAWS and tokens >= FEWEST_TOKENS and size.grades:
        measured = size.completions / tokens, size.grades / draws
        return *measured, f"measured: {measured[0]:.2f} bytes a token and {measured[1]:,.0f} more a draw"
    return TOKEN_BYTES, DRAW_BYTES, f"assumed: {TOKEN_BYTES} bytes a token and {DRAW_BYTES:,.0f} more a draw"
