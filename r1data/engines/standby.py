"""Standby: a local server that stays on between runs, so that those in a row that want the same model share it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from r1data.engines.local import LocalServer
from r1data.model import LoadedModel
from r1data.recipe import LocalEngine

Wanted = tuple[LocalEngine, str, str]


class Standby:
    """Holds one server at a time, as a context manager: no machine must have room for two models. Not thread-safe."""

    def __init__(self) -> None:
        self._server: LocalServer | None = None
        self._wanted: Wanted | None = None

    def __enter__(self) -> Standby:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def server(
        self, settings: LocalEngine, model: LoadedModel, log: Path, notify: Callable[[str], None]
    ) -> LocalServer:
        """The server of this model: the one that is running, or a new one in its place.

        Raises:
            EngineError: it cannot be started.
        """
        wanted = (settings, model.source, model.fingerprint)
        if self._server is not None and wanted == self._wanted:
            notify(f"vLLM for {model.name} is still running")
            return self._server
        self.stop()
        server = LocalServer(settings, model, log, notify)
        self._server, self._wanted = server.__enter__(), wanted
        return server

    def stop(self) -> None:
        """Stop what is running."""
        server, self._server, self._wanted = self._server, None, None
        if server is not None:
            server.__exit__(None, None, None)
