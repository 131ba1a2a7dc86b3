"""The sampler keeps what is finished, whatever ends it, and never waits for ever."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from r1data.engines import Failure, Reply, Request
from r1data.errors import EngineError
from r1data.model import LoadedModel
from r1data.prompts import Rendered
from r1data.recipe import Recipe
from r1data.sampling import Draw, Sampler
from r1data.store import Journal
from schemas import Completion, FinishReason

RECIPE = Recipe.model_validate({"name": "t", "model": "./m", "prompts": [{"kind": "shipped", "dataset": "x"}]})
MODEL = LoadedModel("m", "./m", None, "f" * 32, None)
DRAWS = [Draw(f"{n:032x}", "a" * 32, n, n, Rendered("2+2", (1, 2), "r")) for n in range(500)]


class Scripted:
    """Engine that does what a function says for each seed."""

    name = "test 1"

    def __init__(self, act: Callable[[int], Reply | Failure | Exception]) -> None:
        self.act = act
        self.seen: list[int] = []

    async def complete(self, request: Request) -> Reply | Failure:
        await asyncio.sleep(0.001)
        self.seen.append(request.seed)
        result = self.act(request.seed)
        if isinstance(result, Exception):
            raise result
        return result


def reply(seed: int) -> Reply:
    return Reply(f"reply {seed}", FinishReason.STOP, 2, 3)


def sample(path: Path, engine: Scripted, on_commit: Callable[[list[Completion]], None] = lambda batch: None) -> None:
    journal = Journal(path)
    try:
        asyncio.run(Sampler(RECIPE, MODEL, "route", engine).run(DRAWS, journal, 16, on_commit))
    finally:
        journal.close()


def test_every_draw_is_asked_once_and_committed_before_it_is_announced(tmp_path: Path) -> None:
    path, engine, announced = tmp_path / "j.sqlite", Scripted(reply), []

    def on_commit(batch: list[Completion]) -> None:
        there = set(Journal(path).read()["completion_id"])
        assert {c.completion_id for c in batch} <= there
        announced.extend(c.draw for c in batch)

    sample(path, engine, on_commit)
    assert sorted(engine.seen) == sorted(announced) == list(range(500))
    assert Journal(path).read()["text"].to_list() == [f"reply {n}" for n in range(500)]


def test_a_failure_is_a_row(tmp_path: Path) -> None:
    sample(tmp_path / "j", Scripted(lambda seed: Failure("broken") if seed % 10 == 0 else reply(seed)))
    rows = Journal(tmp_path / "j").read()
    failed = rows.filter(rows["finish_reason"] == "error")
    assert rows.height == 500 and failed.height == 50
    assert failed["error"].unique().to_list() == ["broken"] and failed["text"].null_count() == 50


def test_a_dead_engine_ends_the_run_and_loses_only_what_was_in_flight(tmp_path: Path) -> None:
    engine = Scripted(lambda seed: EngineError("dead") if seed >= 200 else reply(seed))
    with pytest.raises(EngineError, match="dead"):
        sample(tmp_path / "j", engine)
    kept = Journal(tmp_path / "j").read().height
    assert 200 - 16 <= kept <= 200


def test_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    def full(batch: list[Completion]) -> None:
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        sample(tmp_path / "j", Scripted(reply), full)


def test_cancelling_keeps_what_is_finished(tmp_path: Path) -> None:
    async def go(engine: Scripted, journal: Journal) -> None:
        run = asyncio.create_task(Sampler(RECIPE, MODEL, "r", engine).run(DRAWS, journal, 16, lambda batch: None))
        while len(engine.seen) < 100:
            await asyncio.sleep(0.001)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    engine, journal = Scripted(reply), Journal(tmp_path / "j")
    asyncio.run(go(engine, journal))
    assert len(engine.seen) - 16 <= journal.read().height <= len(engine.seen) < 500
