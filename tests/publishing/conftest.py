"""The fake Hub, and a client that may ask it: all other tests forbid the network."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub.constants
import huggingface_hub.utils._http as client
import pytest

from r1data.store import Workspace
from tests.publishing.fake_hub import FakeHub
from tests.publishing.staging import Publisher, examples, stage


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Publisher]:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    hub = FakeHub()
    publisher = Publisher(hub)
    # The client waits between its own tries, too; how long is as good as having waited.
    monkeypatch.setattr(client, "time", SimpleNamespace(sleep=publisher.waits.append))
    yield publisher
    hub.close()


@pytest.fixture
def hub(publisher: Publisher) -> FakeHub:
    return publisher.hub


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return stage(tmp_path / "run", examples(40))
