"""Settings that hold for every test: quiet, offline, and nothing written outside the test's own folder."""

import os
import tempfile

os.environ.update(
    DO_NOT_TRACK="1",
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED="false",
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="90",
    PREFECT_HOME=tempfile.mkdtemp(prefix="r1data-prefect-"),
)

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes, or takes to be made, is no promise of ours.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The tiny model's folder."""
    return REPOSITORY / "data" / "models" / "tiny"
