"""The server of the review page: requests in, the room's answers out. The web is here and in `doors`, nowhere else."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from r1data.errors import R1dataError
from r1data.review.doors import HEADERS, Doors, is_own
from r1data.review.reasons import REASONS
from r1data.review.room import BadRequest, Room
from r1data.store.reviews import NotYours

ASSETS = Path(__file__).parent / "assets"
FILES = {
    "/": ("review.html", "text/html; charset=utf-8"),
    "/enter": ("enter.html", "text/html; charset=utf-8"),
    "/assets/enter.js": ("enter.js", "text/javascript; charset=utf-8"),
    "/assets/review.js": ("review.js", "text/javascript; charset=utf-8"),
    "/assets/review.css": ("review.css", "text/css; charset=utf-8"),
    "/favicon.ico": ("icon.svg", "image/svg+xml"),
}
OPEN_TO_ALL = ("/enter", "/api/enter", "/assets/enter.js", "/assets/review.css", "/favicon.ico")
"""What one needs in order to get in; nothing of the workspace is in it."""
LONGEST_BODY = 16 << 20
MOST_AT_ONCE = 12
"""Samples that a page may have ahead."""

Answer = Callable[[str, dict[str, Any]], object]


def make_app(room: Room, doors: Doors) -> ASGIApp:
    """The application: pages and files, and the questions that the page asks."""
    answers: dict[str, Answer] = {
        "next": lambda who, told: {
            "sheets": room.hand_out(who, _keys(told), min(_number(told, "count"), MOST_AT_ONCE)),
            "counts": room.counts(),
        },
        "keep": lambda who, told: room.keep(who, _keys(told)),
        "decide": lambda who, told: _decided(room, who, told),
        "check": lambda who, told: asdict(room.check(_text(told, "key"), _text(told, "text"))),
        "undo": lambda who, told: {"sheet": room.take_back(who), "counts": room.counts()},
        "text": lambda who, told: {"text": room.text(_text(told, "key"))},
        "whole": lambda who, told: {"html": room.whole(_text(told, "key"), _text(told, "place"))},
        "about": lambda who, told: _about(room, who),
        "agreement": lambda who, told: {
            "agreement": asdict(room.agreement()), "counts": room.counts(), "signed": room.signed(),
        },
        "sign_off": lambda who, told: {
            "said": room.sign_off(who, _note(told), signed=told.get("signed") is not False), "signed": room.signed(),
        },
    }  # fmt: skip
    routes = [Route(path, _file(*file)) for path, file in FILES.items()]
    routes += [Route(f"/api/{name}", _answering(answer), methods=["POST"]) for name, answer in answers.items()]
    routes.append(Route("/api/enter", _entering(doors), methods=["POST"]))
    return Guarded(Starlette(routes=routes), doors)


class Guarded:
    """Lets in what may come in, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; websockets are none of ours."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        await (self._app if refusal is None else refusal)(scope, receive, sending)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host")
        if not self._doors.is_addressed(host):
            return PlainTextResponse("This is not the address that r1data review was started with.", 421)
        if scope["method"] not in ("GET", "HEAD") and not (
            is_own(headers.get("origin"), host) and headers.get("content-type", "").startswith("application/json")
        ):
            return PlainTextResponse("Only the page itself may ask for this.", 403)
        scope["reviewer"] = self._doors.reviewer(headers.get("cookie"))
        if scope["reviewer"] is None and path not in OPEN_TO_ALL:
            return PlainTextResponse("Open the link that r1data review has printed: it lets you in.", 401)
        return None


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = (ASSETS / name).read_bytes()

    async def give(request: Request) -> Response:
        return Response(content, media_type=kind)

    return give


def _entering(doors: Doors) -> Callable[[Request], Awaitable[Response]]:
    async def enter(request: Request) -> Response:
        try:
            told = await _body(request)
        except BadRequest as error:
            return JSONResponse({"error": str(error)}, 400)
        cookie = doors.enter(told.get("token"))
        if cookie is None:
            return JSONResponse({"error": "this link is not, or no longer, valid"}, 403)
        return JSONResponse({"ok": True}, headers={"Set-Cookie": cookie})

    return enter


def _answering(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """Answers in a thread, as the room reads files and waits for verifiers."""

    async def give(request: Request) -> Response:
        try:
            told = await _body(request)
            made = await anyio.to_thread.run_sync(answer, request.scope["reviewer"], told)
        except NotYours as error:
            return JSONResponse({"error": str(error), "remedy": error.remedy}, 409)
        except R1dataError as error:
            return JSONResponse({"error": str(error), "remedy": error.remedy}, 400)
        return JSONResponse(made)

    return give


async def _body(request: Request) -> dict[str, Any]:
    """The request's JSON object.

    Raises:
        BadRequest: it is none, or too long.
    """
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > LONGEST_BODY:
            raise BadRequest("the request is too long")
    try:
        told = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the request is no JSON: {error}") from None
    if not isinstance(told, dict):
        raise BadRequest("the request is no JSON object")
    return told


def _decided(room: Room, who: str, told: Mapping[str, Any]) -> dict[str, Any]:
    made = room.decide(
        who, _text(told, "key"), _number(told, "reading"), _text(told, "action"), reason=_maybe(told, "reason"),
        note=_note(told), text=_maybe(told, "text"),
    )  # fmt: skip
    graded = None if made.graded is None else asdict(made.graded)
    return {"review_id": made.review_id, "graded": graded, "counts": room.counts()}


def _about(room: Room, who: str) -> dict[str, Any]:
    return {"reviewer": who, "workspace": room.root.name, "plan": room.plan, "reasons": REASONS,
            "counts": room.counts(), "signed": room.signed()}  # fmt: skip


def _keys(told: Mapping[str, Any]) -> list[str]:
    keys = told.get("holding", [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise BadRequest("`holding` should be a list of keys")
    return keys


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"`{name}` should be a text")
    return value


def _number(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    if not isinstance(value, int) or value < 1:
        raise BadRequest(f"`{name}` should be a number from 1 on")
    return value


def _maybe(told: Mapping[str, Any], name: str) -> str | None:
    return None if told.get(name) is None else _text(told, name)


def _note(told: Mapping[str, Any]) -> str | None:
    return _maybe(told, "note")
