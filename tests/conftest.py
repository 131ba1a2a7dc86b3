"""Settings that hold for every test: quiet, offline, and nothing written outside the test's own folder."""

import atexit
import os
import shutil
import tempfile

os.environ.update(
    DO_NOT_TRACK="1",
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED="false",
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="300",
    PREFECT_HOME=tempfile.mkdtemp(prefix="r1data-prefect-"),
)

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes, or takes to be made, is no promise of ours.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

REPOSITORY = Path(__file__).parents[1]
PATIENT = 300.0
"""Seconds after which what ought to end is given up: many times what it takes. A machine that stalls is no fault."""
HOME, OWNER = os.environ["PREFECT_HOME"], os.getpid()


@atexit.register
def tidy() -> None:
    """Leave nothing behind; processes that were forked from this one leave it to this one."""
    if os.getpid() == OWNER:
        shutil.rmtree(HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put engines first, then files that are slow: at the end, what is left is short."""
    engines = {item.path for item in items if item.get_closest_marker("engine")}
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in engines, item.path not in slow))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Say what one process of several has to run: a file, for its fixtures' sake, and all real engines, since two of
    them at once would each want every core. (xdist 3.8 has marks for that, which pytest 9.2 does not hear.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "engines" if "pytest.mark.engine" in (config.rootpath / file).read_text() else file

    return ByFile(config, log)


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The tiny model's folder."""
    return REPOSITORY / "data" / "models" / "tiny"
