"""A sign-off counts for what was there, and lets a flow run go on that waits for it."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from r1data.review.gate import WAITING, resume_waiting, sign_off, signed_off, wait_for_review

RUN = str(uuid.uuid4())


def made_of(root: Path, recipe: str) -> None:
    (root / "manifest.json").write_text(json.dumps({"recipe": recipe}))


def sign(root: Path, *, signed: bool = True) -> None:
    sign_off(root, "ann", 1.0, signed=signed)


def test_a_sign_off_counts_for_what_was_there(tmp_path: Path) -> None:
    made_of(tmp_path, "first")
    assert not signed_off(tmp_path)
    sign(tmp_path)
    assert signed_off(tmp_path)
    made_of(tmp_path, "second")
    assert not signed_off(tmp_path), "what another recipe has made has not been looked at"
    sign(tmp_path)
    assert signed_off(tmp_path)
    sign(tmp_path, signed=False)
    assert not signed_off(tmp_path)


def test_a_mix_is_signed_off_with_its_parts(tmp_path: Path) -> None:
    for part in ("one", "two", "unused"):
        (tmp_path / "parts" / part).mkdir(parents=True)
        made_of(tmp_path / "parts" / part, part)
    (tmp_path / "manifest.json").write_text(json.dumps({"kind": "mix", "recipe": "mix", "parts": ["one", "two"]}))
    assert sign_off(tmp_path, "ann", 1.0) == "signed off"
    assert signed_off(tmp_path) and signed_off(tmp_path / "parts" / "one") and signed_off(tmp_path / "parts" / "two")
    assert not signed_off(tmp_path / "parts" / "unused")


@pytest.fixture
def prefect() -> Iterator[tuple[str, list[tuple[str, str | None]], dict[str, object]]]:
    """As much of Prefect's server as resuming needs: `said` is what it answers."""
    asked: list[tuple[str, str | None]] = []
    said: dict[str, object] = {"status": "ACCEPT"}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["Authorization"]))
            body = json.dumps(said).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api", asked, said
    server.shutdown()


def test_a_waiting_run_goes_on(
    tmp_path: Path,
    prefect: tuple[str, list[tuple[str, str | None]], dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, asked, said = prefect
    monkeypatch.setenv("PREFECT_API_KEY", "secret")
    assert resume_waiting(tmp_path) == "signed off" and asked == []
    wait_for_review(tmp_path, RUN, f"{url}/")
    said["status"] = "REJECT"
    assert "would not resume" in resume_waiting(tmp_path) and (tmp_path / WAITING).is_file()
    said["status"] = "ACCEPT"
    assert resume_waiting(tmp_path) == f"signed off, and flow run {RUN} goes on"
    assert asked == [(f"/api/flow_runs/{RUN}/resume", "Bearer secret")] * 2
    assert not (tmp_path / WAITING).exists() and resume_waiting(tmp_path) == "signed off"


def test_a_run_that_cannot_be_reached_does_not_undo_the_sign_off(tmp_path: Path) -> None:
    for told in ({"flow_run_id": RUN, "api_url": "http://127.0.0.1:9/api"}, {"flow_run_id": "../../x", "api_url": "http://127.0.0.1:9"},
                 {"flow_run_id": RUN, "api_url": "file:///etc/passwd"}, {}):  # fmt: skip
        (tmp_path / WAITING).write_text(json.dumps(told))
        assert "could not be resumed" in resume_waiting(tmp_path)
