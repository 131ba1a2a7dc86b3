"""A metered engine: what is asked of it is counted, so that the judge's tokens are paid for too."""

from __future__ import annotations

from collections.abc import Callable

from r1data.engines.protocol import Engine, Failure, Load, Reply, Request


class Metered:
    """Another engine, whose replies are counted: `count` is told the tokens sent and the tokens written of each."""

    def __init__(self, engine: Engine, count: Callable[[int, int], None]) -> None:
        self._engine = engine
        self._count = count

    @property
    def name(self) -> str:
        """The other engine's."""
        return self._engine.name

    @property
    def load(self) -> Load:
        """The other engine's."""
        return self._engine.load

    async def complete(self, request: Request) -> Reply | Failure:
        """Have the other engine answer."""
        reply = await self._engine.complete(request)
        if isinstance(reply, Reply):
            self._count(reply.prompt_tokens, reply.completion_tokens)
        return reply
