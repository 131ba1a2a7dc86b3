"""Opening an engine: what the runtime names becomes something that completes requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from r1data.engines.client.chat_api import ChatApi
from r1data.engines.client.completions_api import CompletionsApi
from r1data.engines.client.server import ServerEngine
from r1data.engines.local import LocalServer
from r1data.engines.protocol import Engine
from r1data.engines.scripted import ScriptedEngine
from r1data.engines.standby import Standby
from r1data.model import LoadedModel
from r1data.recipe import LocalEngine, Runtime
from r1data.recipe import ScriptedEngine as ScriptedSettings
from r1data.recipe import ServerEngine as ServerSettings

LOCAL_PATIENCE_SECONDS = 60.0
LOCAL_TIMEOUT_SECONDS = 7200.0
"""For one reply of a server of ours, which may queue requests: what hangs is noticed by the silence of all of them."""
Notify = Callable[[str], None]


def _say_nothing(line: str) -> None:
    """For those who do not listen."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a whole run shares: the runtime, the model, and the local server if we run one. `notify` is told what a
    person should know about the engine while the run goes on.
    """

    runtime: Runtime
    model: LoadedModel
    server: LocalServer | None
    notify: Notify = _say_nothing

    @property
    def slots(self) -> int:
        """Requests to keep in flight."""
        match self.runtime.engine:
            case ServerSettings(endpoints=endpoints):
                return self.runtime.concurrency * len(endpoints)
            case _:
                return self.runtime.concurrency


@contextmanager
def serving(
    runtime: Runtime, model: LoadedModel, log: Path, notify: Notify, standby: Standby | None = None
) -> Iterator[Service]:
    """Start what must run for the whole of a run, and stop it at the end of the block; with `standby`, when that ends
    or wants another model.
    """
    match runtime.engine:
        case LocalEngine() if standby is not None:
            yield Service(runtime, model, standby.server(runtime.engine, model, log, notify), notify)
        case LocalEngine():
            with LocalServer(runtime.engine, model, log, notify) as server:
                yield Service(runtime, model, server, notify)
        case _:
            yield Service(runtime, model, None, notify)


@asynccontextmanager
async def connected(service: Service, answers: Mapping[str, tuple[str, str | None]]) -> AsyncIterator[Engine]:
    """Connect to the engine from the running event loop. `answers` is for the scripted engine only."""
    match service.runtime.engine:
        case ScriptedSettings() as settings:
            yield ScriptedEngine(settings, answers)
        case ServerSettings() as settings:
            name = settings.model or service.model.name
            api = ChatApi() if service.model.api == "chat" else CompletionsApi()
            limit = service.runtime.concurrency
            async with ServerEngine(settings, name, limit, api, notify=service.notify) as engine:
                yield engine
        case LocalEngine():
            assert service.server is not None
            settings = ServerSettings(
                kind="server", endpoints=(service.server.url,),
                patience_seconds=LOCAL_PATIENCE_SECONDS, timeout_seconds=LOCAL_TIMEOUT_SECONDS,
            )  # fmt: skip
            async with ServerEngine(
                settings, service.model.name, service.runtime.concurrency,
                keeper=service.server, notify=service.notify,
            ) as engine:  # fmt: skip
                yield engine
