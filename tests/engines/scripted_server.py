"""A server that misbehaves on request: OpenAI-compatible completions, told by the scripted engine. Run as a process.

    python -m tests.engines.scripted_server --cast CAST --folder FOLDER --port PORT [--fault drop=0.02 ...]

It speaks as vLLM does, with streams and token ids, or with `--plain` as others do. `CAST` (see `write_cast`) says which
tokens belong to which prompt.
The first process is a keeper that serves nothing: it forks the one that does, and forks another when that one dies, so
that a server that was killed is back on its port at once. `FOLDER/pid` holds the number of the one that serves, and
`FOLDER/log` a line for every request before it is answered (`+`), and one when it has been or nobody listens (`-`).

A prompt has a nature: `plain`; `endless`, whose replies never end, whatever the tokens allowed; `deadly`, which kills
the server. Faults come at a rate and are the same for the same seed: the number of the request decides.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import hashlib
import json
import os
import random
import signal
import time
from array import array
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from aiohttp import web

from r1data.engines.client.completions_api import STREAM_INTERVAL, seed_of
from r1data.engines.protocol import Failure, Reply, Request
from r1data.engines.scripted import CHARACTERS, ScriptedEngine
from r1data.recipe import ScriptedEngine as Settings

MODEL = "tiny"
VOCABULARY = 50_000
CANARY = [1]
"""What a client sends to see whether anything is answered."""
PR_SET_PDEATHSIG = 1
FAULTS = ("drop", "delay", "garble", "duplicate", "limit", "busy")
RECENT = 10
"""So many replies may not have been read yet: whoever got one of them too could not know that it is not the first."""
MOST_EVENTS = 100_000
"""Of a reply that never ends: nobody should listen for so long."""


@dataclass(frozen=True, slots=True)
class Part:
    """Whom a prompt's tokens belong to, and the seeds of its draws."""

    prompt_id: str
    language: str
    reference: str | None
    seeds: tuple[int, ...]
    nature: str = "plain"


@dataclass(frozen=True, slots=True)
class Key:
    """What a request asks for: the draw, by its prompt and seed, from so many tokens of its own on."""

    prompt_id: str
    seed: int
    start: int


def digest(tokens: Sequence[int]) -> str:
    """By which a prompt's tokens are known."""
    return hashlib.blake2b(array("I", tokens).tobytes(), digest_size=12).hexdigest()


def write_cast(path: Path, parts: Iterable[tuple[Sequence[int], Part]]) -> None:
    """Write down which tokens belong to which prompt."""
    parts = list(parts)
    lengths = sorted({len(tokens) for tokens, _ in parts}, reverse=True)
    path.write_text(json.dumps({"lengths": lengths, "parts": {digest(t): asdict(part) for t, part in parts}}))


class Cast:
    """Who is who; see `write_cast`."""

    def __init__(self, path: Path) -> None:
        stored = json.loads(path.read_text())
        self._lengths: list[int] = stored["lengths"]
        self._parts = {key: Part(**part) for key, part in stored["parts"].items()}

    @property
    def answers(self) -> Mapping[str, tuple[str, str | None]]:
        """For the scripted engine."""
        return {part.prompt_id: (part.language, part.reference) for part in self._parts.values()}

    def find(self, tokens: Sequence[int], seed: int) -> tuple[Part, Key] | None:
        """The prompt with which the tokens begin, and the draw that has this seed in one of its stages."""
        for length in (len(tokens), *self._lengths):
            part = self._parts.get(digest(tokens[:length])) if length <= len(tokens) else None
            if part is None:
                continue
            start = len(tokens) - length
            own = [own for own in part.seeds if seed == own or (start and seed in _later_seeds(own))]
            return (part, Key(part.prompt_id, own[0], start)) if own else None
        return None


def _later_seeds(seed: int) -> set[int]:
    return {seed_of(Request("", (), seed, 1.0, 1.0, 1, stage=stage)) for stage in range(1, 8)}


# --- what has been asked ----------------------------------------------------------------------------------------------


class Log:
    """The file of requests: a process that is killed loses no line of it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def begin(self, name: str, key: Key) -> None:
        """A request has come."""
        os.write(self._file, f"+\t{name}\t{key.prompt_id}\t{key.seed}\t{key.start}\n".encode())

    def end(self, name: str) -> None:
        """It has been answered, or nobody listens any more."""
        os.write(self._file, f"-\t{name}\n".encode())


def read_log(path: Path) -> tuple[list[Key], dict[int, set[Key]]]:
    """All requests in their order; and by server process, those that it has not answered and that still wait for it, or
    did when it ended.
    """
    begun: dict[str, Key] = {}
    ended: set[str] = set()
    for line in path.read_text().splitlines() if path.exists() else ():
        mark, name, *key = line.split("\t")
        if mark == "+":
            begun[name] = Key(key[0], int(key[1]), int(key[2]))
        else:
            ended.add(name)
    waiting: dict[int, set[Key]] = {}
    for name in begun.keys() - ended:
        waiting.setdefault(int(name.split(".")[0]), set()).add(begun[name])
    return list(begun.values()), waiting


# --- what is answered -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """An answer as bytes, in the pieces in which it is sent."""

    pieces: tuple[bytes, ...]
    content_type: str

    @property
    def counted(self) -> bool:
        """Whether it names its tokens: only then can anybody notice that a piece is missing, or is there twice."""
        return b'"token_ids"' in self.pieces[0]


def token_ids(seed: int, start: int, count: int) -> list[int]:
    """The tokens of a draw from this one on: any will do, if a continuation can be told by them."""
    return [(seed + place) % VOCABULARY for place in range(start, start + count)]


def whole(body: Mapping[str, Any], key: Key, reply: Reply, name: str) -> Sheet:
    """The reply at once."""
    choice = _choice(reply.text, str(reply.finish_reason))
    if body.get("return_token_ids"):
        ids = token_ids(key.seed, key.start, reply.completion_tokens)
        choice |= {"prompt_token_ids": body["prompt"], "token_ids": ids}
    payload = _envelope(name) | {"choices": [choice], "usage": _usage(reply.prompt_tokens, reply.completion_tokens)}
    return Sheet((json.dumps(payload).encode(),), "application/json")


def stream(body: Mapping[str, Any], key: Key, reply: Reply, name: str) -> Sheet:
    """The reply as events."""
    interval = body.get("stream_interval", STREAM_INTERVAL)
    options = body.get("stream_options") or {}
    events = []
    for first in range(0, max(1, reply.completion_tokens), interval):
        count = min(interval, reply.completion_tokens - first)
        last = first + count >= reply.completion_tokens
        text = reply.text[first * CHARACTERS : None if last else (first + count) * CHARACTERS]
        choice = _choice(text, str(reply.finish_reason) if last else None)
        if body.get("return_token_ids"):
            choice |= {"token_ids": token_ids(key.seed, key.start + first, count)}
            choice |= {"prompt_token_ids": body["prompt"]} if not first else {}
        event = _envelope(name) | {"choices": [choice]}
        if options.get("continuous_usage_stats"):
            event |= {"usage": _usage(reply.prompt_tokens, first + count)}
        events.append(event)
    if options.get("include_usage"):
        usage = _usage(reply.prompt_tokens, reply.completion_tokens)
        events.append(_envelope(name) | {"choices": [], "usage": usage})
    pieces = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    return Sheet((*pieces, b"data: [DONE]\n\n"), "text/event-stream")


def _envelope(name: str) -> dict[str, Any]:
    return {"id": name, "object": "text_completion", "created": 0, "model": MODEL}


def _choice(text: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    total = prompt_tokens + completion_tokens
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": total}


# --- what goes wrong --------------------------------------------------------------------------------------------------


def garbled(sheet: Sheet, dice: random.Random) -> Sheet:
    """The answer, spoilt in one of the ways in which one cannot read it."""
    place = dice.randrange(len(sheet.pieces))
    piece = sheet.pieces[place]
    ways: list[Sequence[bytes]] = [
        [b"<html><body>502 Bad Gateway</body></html>"],
        [*sheet.pieces[:place], piece[: len(piece) // 2]],
        [*sheet.pieces[:place], piece.replace(b'"text": "', b'"text": 5, "was": "'), b"\xff\xfe\x00"],
        [piece.replace(b'"completion_tokens": ', b'"completion_tokens": -1') for piece in sheet.pieces],
        [piece.replace(b'"choices": [', b'"choices": [7, ') for piece in sheet.pieces],
        [piece.replace(b'"stop"', b'"why not"').replace(b'"length"', b"[]") for piece in sheet.pieces],
        [b"[1, 2]"],
        [],
    ]
    if len(sheet.pieces) > 2:
        ways += [sheet.pieces[:-1]]
    if sheet.counted and place < len(sheet.pieces) - 2:
        ways += [[*sheet.pieces[:place], *sheet.pieces[place + 1 :]]]
    return Sheet(tuple(dice.choice(ways)), sheet.content_type)


def doubled(sheet: Sheet, others: Sequence[Sheet], dice: random.Random) -> Sheet:
    """Something that came before comes again: all of the answer, a part of it, or another request's answer."""
    alike = [other for other in others if other.content_type == sheet.content_type]
    match dice.choice(("body", "event", "other", "other")):
        case "other" if alike:
            return dice.choice(alike)
        case "event" if len(sheet.pieces) > 2 and sheet.counted:
            place = dice.randrange(len(sheet.pieces) - 2)
            return Sheet(sheet.pieces[: place + 1] + sheet.pieces[place:], sheet.content_type)
        case _:
            ended = sheet.pieces[:-1] if len(sheet.pieces) > 1 else sheet.pieces
            return Sheet(ended + sheet.pieces, sheet.content_type)


class Faults:
    """Which fault a request meets, if any: the same for the same seed and number."""

    def __init__(self, rates: Mapping[str, float], seed: str) -> None:
        self._seed = seed
        self._limits = list(zip(accumulate(rates.values()), rates, strict=True))

    def pick(self, number: int) -> tuple[str | None, random.Random]:
        """The fault, and the dice for what else it leaves open."""
        dice = random.Random(f"{self._seed}/{number}")
        roll = dice.random()
        return next((name for limit, name in self._limits if roll < limit), None), dice


# --- the server -------------------------------------------------------------------------------------------------------


class Server:
    """What one process serves."""

    def __init__(self, options: argparse.Namespace, generation: int) -> None:
        self._cast = Cast(options.cast)
        self._log = Log(options.folder / "log")
        self._latency: float = options.latency
        self._delay: float = options.delay
        self._context: int = options.context
        self._plain: bool = options.plain
        self._place = f"{options.port}.{generation}"
        settings = json.loads(options.engine)
        self._engine = ScriptedEngine(
            Settings(kind="scripted", context_tokens=options.context, **settings), self._cast.answers
        )
        self._faults = Faults(dict(options.fault), f"{options.seed}/{generation}")
        self._sent: deque[tuple[Sheet, asyncio.Transport | None]] = deque(maxlen=50)
        self._number = 0

    async def serve(self, port: int) -> None:
        """Serve until killed."""
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        if not self._plain:
            app.router.add_get("/version", self._version)
        app.router.add_get("/health", self._health)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": MODEL, "max_model_len": self._context}]})

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "scripted"})

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["prompt"] == CANARY:
            return web.json_response(_envelope("canary") | {"choices": [_choice("ok", "stop")], "usage": _usage(1, 1)})
        found = self._cast.find(body["prompt"], body["seed"])
        if found is None:
            return _refusal(400, "nobody wrote this prompt, or not with this seed")
        part, key = found
        number = self._number = self._number + 1
        name = f"{os.getpid()}.{number}"
        self._log.begin(name, key)
        try:
            if part.nature == "deadly":
                os._exit(1)
            fault, dice = self._faults.pick(number)
            await asyncio.sleep(self._latency * dice.uniform(0.5, 1.5))
            mark = None if self._plain else request.headers.get("X-Request-Id")  # as vLLM does
            reply_id = f"cmpl-{mark or f'{self._place}.{number}'}"
            return await self._answer(request, body, part, key, reply_id, fault, dice)
        finally:
            self._log.end(name)

    async def _answer(
        self,
        request: web.Request,
        body: dict[str, Any],
        part: Part,
        key: Key,
        name: str,
        fault: str | None,
        dice: random.Random,
    ) -> web.StreamResponse:
        if fault == "limit":
            return _refusal(429, "slow down", {"Retry-After": dice.choice(("0", "1"))})
        if fault == "busy":
            return _refusal(503, "the engine is busy")
        reply = await self._reply(body, key)
        if isinstance(reply, Failure):
            return _refusal(400, reply.error)
        sheet = (stream if body.get("stream") else whole)(body, key, reply, name)
        if part.nature == "endless":
            return await _send_for_ever(request, sheet)
        spoilt = sheet
        if fault == "garble":
            spoilt = garbled(sheet, dice)
        elif fault == "duplicate":
            spoilt = doubled(sheet, self._taken(), dice)
        elif fault == "delay":
            await asyncio.sleep(self._delay * dice.uniform(0.5, 1.5))
        response = await _send(request, spoilt, dropped=dice.randrange(len(sheet.pieces)) if fault == "drop" else None)
        if fault in (None, "delay"):
            self._sent.append((sheet, request.transport))
        return response

    def _taken(self) -> list[Sheet]:
        """Replies that can be sent to others too. A client that is told nothing by their ids must have taken them once:
        one that gave up has closed its connection.
        """
        return [
            sheet
            for sheet, connection in list(self._sent)[:-RECENT]
            if not self._plain or (connection is not None and not connection.is_closing())
        ]

    async def _reply(self, body: Mapping[str, Any], key: Key) -> Reply | Failure:
        """What follows on what the draw has written so far, which must be what this server said."""
        said = body["prompt"][len(body["prompt"]) - key.start :]
        if said != token_ids(key.seed, 0, key.start):
            return Failure("the prompt goes on with tokens that are not the draw's own")
        prompt = tuple(body["prompt"][: len(body["prompt"]) - key.start])
        request = Request(key.prompt_id, prompt, key.seed, 1.0, 1.0, max_tokens=max(1, key.start))
        written = ""
        if key.start:
            before = await self._engine.complete(request)
            assert isinstance(before, Reply)
            written = before.text
        return await self._engine.complete(
            Request(
                key.prompt_id, tuple(body["prompt"]), key.seed, 1.0, 1.0,
                max_tokens=body["max_tokens"], written=written, written_tokens=key.start,
            )
        )  # fmt: skip


def _refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    error = {"message": message, "type": "BadRequestError", "code": status}
    return web.json_response({"error": error}, status=status, headers=headers)


async def _send(request: web.Request, sheet: Sheet, *, dropped: int | None) -> web.StreamResponse:
    """Send the pieces one by one; where one is to be dropped, the connection goes with it."""
    response = web.StreamResponse(headers={"Content-Type": sheet.content_type})
    await response.prepare(request)
    for place, piece in enumerate(sheet.pieces):
        if place == dropped:
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(piece)
    await response.write_eof()
    return response


async def _send_for_ever(request: web.Request, sheet: Sheet) -> web.StreamResponse:
    """A reply that does not know its end; what it says differs from line to line, so that it is no loop."""
    response = web.StreamResponse(headers={"Content-Type": sheet.content_type})
    await response.prepare(request)
    pattern = sheet.pieces[0].replace(b'"finish_reason": "stop"', b'"finish_reason": null')
    pattern = pattern.replace(b'"finish_reason": "length"', b'"finish_reason": null')
    head, _, tail = pattern.partition(b'"text": "')
    for number in range(MOST_EVENTS):
        line = b" ".join(b"%d" % (number * step % 9973) for step in range(1, 30))
        await response.write(head + b'"text": "' + line + tail)
        await asyncio.sleep(0.001)
    await response.write_eof()
    return response


# --- processes --------------------------------------------------------------------------------------------------------


def keep(options: argparse.Namespace) -> None:
    """Fork a server, and another whenever one dies, until this process is killed."""
    _die_with(os.getppid())
    generation = 0
    while True:
        keeper = os.getpid()
        child = os.fork()
        if not child:
            _die_with(keeper)
            asyncio.run(Server(options, generation).serve(options.port))
            os._exit(0)
        staging = options.folder / ".pid"
        staging.write_text(str(child))
        staging.rename(options.folder / "pid")
        os.waitpid(child, 0)
        time.sleep(options.down)
        generation += 1


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _rate(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f"{name!r} is no fault; known: {', '.join(FAULTS)}")
    return name, float(rate)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="A scripted server for fault injection.")
    parser.add_argument("--cast", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--plain", action="store_true", help="be no vLLM: tell neither a version nor token ids")
    parser.add_argument("--context", type=int, default=32768)
    parser.add_argument("--engine", default="{}", help="settings of the scripted engine, as JSON")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that a reply takes, half as much at least")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds of a delay")
    parser.add_argument("--down", type=float, default=0.1, help="seconds until a dead server is back")
    parser.add_argument("--fault", type=_rate, action="append", default=[], help=f"NAME=RATE of {', '.join(FAULTS)}")
    with contextlib.suppress(KeyboardInterrupt):
        keep(parser.parse_args())


if __name__ == "__main__":
    main()
