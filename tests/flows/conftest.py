"""One Prefect server for the tests of flows that run in this process."""

from collections.abc import Iterator

import pytest

from tests.publishing.conftest import publisher as publisher


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """An ephemeral server, with its database."""
    testing = pytest.importorskip("prefect.testing.utilities", reason="the flows extra is not installed")
    with testing.prefect_test_harness(server_startup_timeout=300):
        yield
