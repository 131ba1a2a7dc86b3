"""A flow that waits for people is paused on a real Prefect server, and goes on when they sign off."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("prefect", reason="the flows extra is not installed")

from r1data.review.gate import sign_off, signed_off
from tests.conftest import PATIENT, REPOSITORY
from tests.flows.server import Server, prefect_server, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
FLOW = """
import sys
from pathlib import Path
from prefect import flow
from flows.review import reviewed

@flow(persist_result=False)
def waiting(root: str) -> bool:
    return reviewed([Path(root)])

assert waiting(sys.argv[1]) is True
"""


def states(server: Server) -> list[str]:
    return [run["state_type"] for run in server.ask("/flow_runs/filter", {"limit": 5})]


def test_a_paused_flow_goes_on_when_people_sign_off(tmp_path: Path) -> None:
    root = tmp_path / "w"
    root.mkdir()
    (root / "manifest.json").write_text(json.dumps({"recipe": "first"}))
    (tmp_path / "waiting.py").write_text(FLOW)
    with prefect_server(tmp_path) as server:
        environment = {**server.environment, "PYTHONPATH": str(REPOSITORY)}
        process = subprocess.Popen([sys.executable, str(tmp_path / "waiting.py"), str(root)], env=environment)
        try:
            wait_for("the flow is paused", lambda: states(server) == ["PAUSED"])
            assert process.poll() is None and not signed_off(root)
            assert "goes on" in sign_off(root, "ann", 1.0)
            assert process.wait(PATIENT) == 0
            assert states(server) == ["COMPLETED"]
        finally:
            process.kill()
            process.wait()
