"""Who may ask for what: without the token, from another site, by another name, nothing is to be had."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from r1data.review.doors import POLICY, is_own
from r1data.store import Workspace
from r1data.store.reviews import read_reviews
from tests.conftest import PATIENT
from tests.review.serving import Served, served
from tests.review.workspaces import sums, workspace_of


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Workspace:
    return workspace_of(tmp_path_factory.mktemp("served"), tiny, sums(12))


@pytest.fixture(scope="module")
def server(workspace: Workspace) -> Iterator[Served]:
    with served(workspace.root, "ann", "bob", second_share=1.0) as running:
        yield running


def ask(server: Served, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENT)
    sent = {"Host": f"127.0.0.1:{server.port}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    connection.request(method, path, content, sent)
    answer = connection.getresponse()
    content = answer.read()
    kind = answer.headers.get("Content-Type", "")
    told = json.loads(content) if kind.startswith("application/json") else content.decode()
    return answer.status, dict(answer.headers.items()), told


def own(server: Served, **headers: str) -> dict[str, str]:
    return {"Origin": server.url, "Content_Type": "application/json"} | headers


def cookie(server: Served, who: str) -> str:
    status, headers, _ = ask(server, "POST", "/api/enter", {"token": server.doors.tokens[who]}, **own(server))
    assert status == 200
    said = headers["set-cookie"]
    assert "HttpOnly" in said and "SameSite=Strict" in said
    return said.partition(";")[0]


def call(server: Served, who: str, what: str, told: object = None) -> tuple[int, Any]:
    status, _, said = ask(server, "POST", f"/api/{what}", told or {}, **own(server, Cookie=cookie(server, who)))
    return status, said


def test_nothing_without_the_token(server: Served) -> None:
    name = server.doors.cookie
    for path in ("/", "/assets/review.js", "/nothing"):
        assert ask(server, "GET", path)[0] == 401
        assert ask(server, "GET", path, Cookie=f"{name}=guess")[0] == 401
        assert ask(server, "GET", path, Cookie=f"{name}={server.doors.tokens['ann']}")[0] == 401
    for what in ("next", "decide", "text", "about", "agreement", "sign_off", "whole", "check", "undo", "keep"):
        assert ask(server, "POST", f"/api/{what}", {}, **own(server))[0] == 401
    assert ask(server, "POST", "/api/enter", {"token": "guess"}, **own(server))[0] == 403
    assert ask(server, "POST", "/api/enter", {"token": None}, **own(server))[0] == 403
    assert ask(server, "GET", "/", Cookie=cookie(server, "ann"))[0] == 200


def test_only_the_page_itself_may_change_anything(server: Served) -> None:
    mine = cookie(server, "ann")
    good = own(server, Cookie=mine)
    assert ask(server, "POST", "/api/about", {}, **good)[0] == 200
    for origin in (
        "http://evil.example",
        f"http://localhost:{server.port}",
        "null",
        f"https://127.0.0.1:{server.port + 1}",
    ):
        assert ask(server, "POST", "/api/about", {}, **(good | {"Origin": origin}))[0] == 403
    without = {name: value for name, value in good.items() if name != "Origin"}
    assert ask(server, "POST", "/api/about", {}, **without)[0] == 403
    assert ask(server, "POST", "/api/about", {}, **(good | {"Content_Type": "text/plain"}))[0] == 403
    assert ask(server, "GET", "/api/about", Cookie=mine)[0] == 405


def test_a_name_that_points_here_is_refused(server: Served) -> None:
    mine = cookie(server, "ann")
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", ""):
        assert ask(server, "GET", "/", Cookie=mine, Host=host)[0] == 421
    for host in (f"localhost:{server.port}", "127.0.0.1:9000", f"[::1]:{server.port}", "10.1.2.3:80"):
        assert ask(server, "GET", "/", Cookie=mine, Host=host)[0] == 200
    assert not is_own("http://evil.example", None) and not is_own(None, "127.0.0.1")


def test_every_answer_carries_the_policy(server: Served) -> None:
    for method, path in (("GET", "/"), ("GET", "/enter"), ("GET", "/nothing"), ("POST", "/api/about")):
        headers = ask(server, method, path)[1]
        assert headers["content-security-policy"] == POLICY and headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY and "default-src 'none'" in POLICY


def test_what_makes_no_sense_is_an_answer_and_no_crash(server: Served) -> None:
    status, told = call(server, "ann", "next", {"count": 1})
    key = told["sheets"][0]["key"]
    for what, body in (
        ("decide", {"key": "/nothing", "reading": 1, "action": "approved"}),
        ("decide", {"key": key, "reading": 1, "action": "loved"}),
        ("decide", {"key": key, "reading": 3, "action": "approved"}),
        ("decide", {"key": key, "reading": 1, "action": "rejected", "reason": "<b>"}),
        ("decide", {"key": key, "reading": 1, "action": "edited"}),
        ("decide", {"key": key, "reading": 1, "action": "approved", "text": "x"}),
        ("decide", {"key": ["x"]}), ("next", {"holding": "x", "count": 1}), ("next", {"count": -1}),
        ("whole", {"key": key, "place": "../recipe.yaml"}), ("text", {"key": "../recipe.yaml"}),
        ("check", {"key": key, "text": " "}),
    ):  # fmt: skip
        status, told = call(server, "ann", what, body)
        assert status == 400 and told["error"], (what, body)
    good = own(server, Cookie=cookie(server, "ann"))
    for raw in (b"{", b"[1]", b"[" * 5000, b"\xff"):
        assert ask(server, "POST", "/api/next", raw, **good)[0] == 400
    call(server, "ann", "decide", {"key": key, "reading": 1, "action": "skipped"})


def test_a_token_is_its_owners(server: Served, workspace: Workspace) -> None:
    """What a page says of itself does not matter: the cookie says who decides, and who may not."""
    told = call(server, "ann", "next", {"count": 1})[1]["sheets"][0]
    taken = {"key": told["key"], "reading": told["reading"], "action": "approved", "reviewer": "bob"}
    assert call(server, "bob", "decide", taken)[0] == 409
    assert call(server, "ann", "decide", taken)[0] == 200
    assert read_reviews(workspace.root)["reviewer"][-1] == "ann"
    again = call(server, "bob", "next", {"count": 1})[1]["sheets"][0]
    assert (again["key"], again["reading"]) == (told["key"], 2), "a second reading comes first"
    assert again["earlier"] == [], "and is blind"


def test_the_second_reader_sees_the_edited_text(server: Served, workspace: Workspace) -> None:
    told = call(server, "ann", "next", {"count": 1})[1]["sheets"][0]
    text = "<think>\nI count on my fingers, and it is 42.\n</think>\n\n\\boxed{42}"
    status, said = call(server, "ann", "decide", {**_of(told), "action": "edited", "text": text})
    assert status == 200 and said["graded"] == {
        "outcome": "correct",
        "extracted": "42",
        "detail": said["graded"]["detail"],
        "findings": [],
    }
    seen = {}
    while told["key"] not in seen:
        sheets = call(server, "bob", "next", {"count": 12, "holding": list(seen)})[1]["sheets"]
        assert sheets
        seen |= {sheet["key"]: sheet for sheet in sheets}
    assert "fingers" in seen[told["key"]]["reasoning"]["html"] and seen[told["key"]]["reading"] == 2


def _of(told: dict[str, Any]) -> dict[str, Any]:
    return {"key": told["key"], "reading": told["reading"]}
