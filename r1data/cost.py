"""Cost: from tokens and seconds to GPU-hours and money. Pure; a price that is not known is None, never 0."""

from __future__ import annotations

from dataclasses import dataclass

from r1data.recipe import LocalEngine, Price, Runtime, ScriptedEngine, ServerEngine

MILLION = 1e6
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What sampling has used up. `gpu_seconds` run while the engine does, busy or not."""

    prompt_tokens: float = 0
    completion_tokens: float = 0
    gpu_seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.gpu_seconds + other.gpu_seconds,
        )


def money(price: Price, usage: Usage) -> float | None:
    """What the usage costs, in the price's currency; None where no price is given at all."""
    parts = [
        (price.gpu_hour, usage.gpu_seconds / HOUR),
        (price.prompt_tokens, usage.prompt_tokens / MILLION),
        (price.completion_tokens, usage.completion_tokens / MILLION),
    ]
    known = [each * amount for each, amount in parts if each is not None]
    return sum(known) if known else None


def per(amount: float | None, rows: int) -> float | None:
    """The share of an amount that falls on one row; None where there is no amount or no row."""
    return None if amount is None or rows <= 0 else amount / rows


def gpus_of(runtime: Runtime) -> int:
    """GPUs whose time is counted: what the runtime says, else what a local engine takes, or one per endpoint.

    None where the price is by the token alone, as the GPUs are somebody else's then; none for an engine that has none.
    """
    if runtime.gpus is not None:
        return runtime.gpus
    by_token = runtime.price.prompt_tokens is not None or runtime.price.completion_tokens is not None
    match runtime.engine:
        case ScriptedEngine():
            return 0
        case LocalEngine() as local:
            return local.gpus
        case ServerEngine() if by_token and runtime.price.gpu_hour is None:
            return 0
        case ServerEngine(endpoints=endpoints):
            return len(endpoints)
