"""A hosted teacher, from recipe to dataset: messages go out, reasoning comes in a field of its own, no key leaks."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from r1data.progress import Progress, Silence
from r1data.recipe import read_recipe, read_runtime
from r1data.run import run
from r1data.stages import open_job
from tests.conftest import PATIENT
from tests.end_to_end.rehearsal import contents

KEY = "sk-very-secret-4711"


async def teach(request: web.Request, seen: list[dict[str, object]]) -> web.StreamResponse:
    """Add two numbers, thinking first; every fifth request is refused, with a pause."""
    body = await request.json()
    seen.append(body | {"authorization": request.headers.get("Authorization")})
    if len(seen) % 5 == 0:
        return web.Response(status=429, text="slow down", headers={"retry-after-ms": "20"})
    one, other = map(int, re.findall(r"\d+", body["messages"][-1]["content"])[:2])
    thought, answer = f"I add {one} and {other}.", f"The answer is \\boxed{{{one + other}}}."
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    usage = {"prompt_tokens": 11, "completion_tokens": 17, "total_tokens": 28}
    deltas = [{"reasoning_content": thought[:8]}, {"reasoning_content": thought[8:]}, {"content": answer}]
    events = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    events.append({"choices": [], "usage": usage})
    for event in events:
        await response.write(f"data: {json.dumps({'id': f'chat-{len(seen)}', **event})}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    return response


@contextmanager
def teacher() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A chat service in a thread; gives its address and what it was asked."""
    app = web.Application()
    seen: list[dict[str, object]] = []
    app.router.add_post("/v1/chat/completions", partial(teach, seen=seen))
    app.router.add_get("/v1/models", lambda request: web.json_response({"data": [{"id": "teacher"}]}))
    loop, ready = asyncio.new_event_loop(), threading.Event()
    address: list[str] = []

    async def serve() -> None:
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address.append(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
        ready.set()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(PATIENT)
    yield address[0], seen
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENT)


def test_a_hosted_teacher_makes_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", KEY)
    rows = [{"question": f"What is {n} + {n + 7}?", "answer": str(2 * n + 7)} for n in range(20)]
    (tmp_path / "prompts.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        yaml.safe_dump({
            "name": "taught", "model": {"id": "teacher", "api": "chat"},
            "template": {"system": "Answer in {language}."}, "sampling": {"draws": 2, "max_tokens": 100},
            "prompts": [{"kind": "file", "path": "prompts.jsonl"}],
        })
    )  # fmt: skip
    with teacher() as (url, seen):
        settings = ["engine.kind=server", f"engine.endpoints=[{url}]", "engine.api_key_env=TEACHER_KEY",
                    "price.prompt_tokens=1", "price.completion_tokens=2", "verify_workers=1"]  # fmt: skip
        job = open_job(read_recipe(recipe), read_runtime(None, settings), tmp_path / "w", Progress(Silence()))
        result = run(job)
    assert (result.funnel.planned, result.funnel.completed, result.funnel.correct) == (40, 40, 40)
    completions = contents(tmp_path / "w")["completions"]
    assert completions["text"].str.starts_with("<think>\nI add ").all()
    assert set(completions["prompt_tokens"]) == {11} and set(completions["completion_tokens"]) == {17}
    assert {str(body["authorization"]) for body in seen} == {f"Bearer {KEY}"}
    first = seen[0]["messages"]
    assert isinstance(first, list) and first[0] == {"role": "system", "content": "Answer in English."}
    session = json.loads((tmp_path / "w" / "sessions.jsonl").read_text().splitlines()[-1])
    assert session["money"] == pytest.approx(40 * (11 * 1 + 17 * 2) / 1e6)
    for path in (tmp_path / "w").rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), f"{path} holds the key"
