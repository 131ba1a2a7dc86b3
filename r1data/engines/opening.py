"""Opening an engine: what the runtime names becomes something that completes requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from r1data.engines.local import LocalServer
from r1data.engines.protocol import Engine
from r1data.engines.scripted import ScriptedEngine
from r1data.engines.server import ServerEngine
from r1data.model import LoadedModel
from r1data.recipe import LocalEngine, Runtime
from r1data.recipe import ScriptedEngine as ScriptedSettings
from r1data.recipe import ServerEngine as ServerSettings

LOCAL_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """What a whole run shares: the runtime, the model, and the local server if we run one."""

    runtime: Runtime
    model: LoadedModel
    server: LocalServer | None

    @property
    def slots(self) -> int:
        """Requests to keep in flight."""
        match self.runtime.engine:
            case ServerSettings(endpoints=endpoints):
                return self.runtime.concurrency * len(endpoints)
            case _:
                return self.runtime.concurrency


@contextmanager
def serving(runtime: Runtime, model: LoadedModel, log: Path, notify: Callable[[str], None]) -> Iterator[Service]:
    """Start what must run for the whole of a run, and stop it at the end of the block."""
    match runtime.engine:
        case LocalEngine():
            with LocalServer(runtime.engine, model, log, notify) as server:
                yield Service(runtime, model, server)
        case _:
            yield Service(runtime, model, None)


@asynccontextmanager
async def connected(service: Service, answers: Mapping[str, tuple[str, str | None]]) -> AsyncIterator[Engine]:
    """Connect to the engine from the running event loop. `answers` is for the scripted engine only."""
    match service.runtime.engine:
        case ScriptedSettings() as settings:
            yield ScriptedEngine(settings, answers)
        case ServerSettings() as settings:
            name = settings.model or service.model.name
            async with ServerEngine(settings, name, service.runtime.concurrency) as engine:
                yield engine
        case LocalEngine():
            assert service.server is not None
            server = service.server

            async def revive() -> None:
                try:
                    await asyncio.to_thread(server.revive)
                except asyncio.CancelledError:
                    server.abandon()
                    raise

            settings = ServerSettings(kind="server", endpoints=(server.url,), patience_seconds=LOCAL_PATIENCE_SECONDS)
            async with ServerEngine(settings, service.model.name, service.runtime.concurrency, revive) as engine:
                yield engine
