"""The sampler keeps what is finished, whatever ends it, never waits for ever, and asks for nothing twice."""

import asyncio
import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from r1data.engines import Failure, Load, Reply, Request
from r1data.errors import EngineError, VerifierError
from r1data.model import LoadedModel
from r1data.progress import Progress, Silence
from r1data.prompts import Rendered
from r1data.recipe import Recipe
from r1data.sampling import Heard, Pursuit, Sampler, seed_of
from r1data.store import Journal
from schemas import Completion, FinishReason, StopReason

MODEL = LoadedModel("m", "./m", None, "f" * 32, None)
SLOTS = 16
Act = Callable[[Request], Reply | Failure | Exception]


def recipe(**sampling: object) -> Recipe:
    return Recipe.model_validate(
        {"name": "t", "model": "./m", "prompts": [{"kind": "shipped", "dataset": "x"}], "sampling": sampling}
    )


class Scripted:
    """Engine that does what a function says for each request, and remembers what was asked."""

    name = "test 1"
    load = Load()

    def __init__(self, act: Act, seconds: float = 0.001) -> None:
        self.act = act
        self.seconds = seconds
        self.seen: list[Request] = []
        self.in_flight = self.most_in_flight = 0

    async def complete(self, request: Request) -> Reply | Failure:
        self.seen.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.in_flight -= 1
        result = self.act(request)
        if isinstance(result, Exception):
            raise result
        return result


class TestShard:
    """Prompts whose completions are good when `good` says so; grading takes a moment, in another thread."""

    __test__ = False

    def __init__(self, path: Path, pursuits: list[Pursuit], good: Callable[[Completion], bool], delay: float) -> None:
        self.path = path
        self.journal = Journal(path)
        self.pursuits = pursuits
        self.good = good
        self.delay = delay
        self.sealed = 0

    def grade(self, completions: list[Completion], heard: Heard) -> None:
        there = set(Journal(self.path).read()["completion_id"])
        assert {c.completion_id for c in completions} <= there, "graded before it was durable"

        def tell() -> None:
            time.sleep(self.delay)
            for completion in completions:
                heard(completion.completion_id, completion.completion_id if self.good(completion) else None)

        threading.Thread(target=tell).start()

    def seal(self) -> None:
        assert all(pursuit.stop is not None for pursuit in self.pursuits)
        self.sealed += 1


def reply(request: Request) -> Reply:
    return Reply(f"reply {request.seed}", FinishReason.STOP, 2, 3, (1, 2, 3))


def shards(
    folder: Path, what: Recipe, count: int, prompts: int, good: Callable[[Completion], bool] = lambda c: True,
    delay: float = 0.0,
) -> list[TestShard]:  # fmt: skip
    return [
        TestShard(
            folder / f"{number}.sqlite",
            [
                Pursuit(f"{number:016x}{n:016x}", Rendered("2+2", (1, 2), "r"), what.sampling.draws)
                for n in range(prompts)
            ],
            good,
            delay,
        )
        for number in range(count)
    ]


def sample(what: Recipe, engine: Scripted, opened: list[TestShard], slots: int = SLOTS) -> None:
    sampler = Sampler(what, MODEL, "route", engine, slots, Progress(Silence()))
    asyncio.run(sampler.run(iter(opened)))


def rows(opened: list[TestShard]) -> list[dict[str, object]]:
    return [row for shard in opened for row in Journal(shard.path).read().to_dicts()]


def test_every_draw_is_asked_once_and_every_shard_sealed_once(tmp_path: Path) -> None:
    what, engine = recipe(draws=5), Scripted(reply)
    opened = shards(tmp_path, what, 4, 25)
    sample(what, engine, opened)
    wanted = {seed_of(0, p.prompt_id, n) for s in opened for p in s.pursuits for n in range(5)}
    assert sorted(r.seed for r in engine.seen) == sorted(wanted) and len(wanted) == 500
    assert [s.sealed for s in opened] == [1] * 4
    assert {row["text"] for row in rows(opened)} == {f"reply {seed}" for seed in wanted}
    assert {p.stop for s in opened for p in s.pursuits} == {StopReason.LIMIT}


def test_a_failure_is_a_row(tmp_path: Path) -> None:
    what = recipe(draws=5)
    opened = shards(tmp_path, what, 1, 100)
    sample(what, Scripted(lambda r: Failure("broken") if r.seed % 10 == 0 else reply(r)), opened)
    failed = [row for row in rows(opened) if row["finish_reason"] == "error"]
    assert len(rows(opened)) == 500 and len(failed) == sum(row["seed"] % 10 == 0 for row in rows(opened))  # type: ignore[operator]
    assert {row["error"] for row in failed} == {"broken"} and {row["text"] for row in failed} == {None}


def test_what_is_wrong_with_a_prompt_is_not_tried_again(tmp_path: Path) -> None:
    what = recipe(draws=50)
    opened = shards(tmp_path, what, 1, 3)
    bad = opened[0].pursuits[1].prompt_id
    engine = Scripted(lambda r: Failure("too long", prompt_at_fault=True) if r.prompt_id == bad else reply(r))
    sample(what, engine, opened)
    assert len(rows(opened)) == 150
    assert sum(r.prompt_id == bad for r in engine.seen) <= SLOTS
    errors = [str(row["error"]) for row in rows(opened) if row["prompt_id"] == bad]
    assert len(errors) == 50 and all(error.startswith("prompt set aside: ") for error in errors)


def test_a_dead_engine_ends_the_run_and_loses_only_what_was_in_flight(tmp_path: Path) -> None:
    what = recipe(draws=5)
    opened, count = shards(tmp_path, what, 2, 50), Counter[str]()

    def act(request: Request) -> Reply | Exception:
        count["n"] += 1
        return EngineError("dead") if count["n"] > 200 else reply(request)

    engine = Scripted(act)
    with pytest.raises(EngineError, match="dead"):
        sample(what, engine, opened)
    assert len(engine.seen) - SLOTS <= len(rows(opened)) <= 200


def test_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    what = recipe(draws=5)
    opened = shards(tmp_path, what, 1, 50)

    def full(completions: object, cuts: object) -> None:
        raise OSError("No space left on device")

    opened[0].journal.commit = full  # type: ignore[method-assign,assignment]
    with pytest.raises(OSError, match="No space left"):
        sample(what, Scripted(reply), opened)


def test_cancelling_keeps_what_is_finished(tmp_path: Path) -> None:
    what = recipe(draws=5)
    opened, engine = shards(tmp_path, what, 2, 50), Scripted(reply)

    async def go() -> None:
        sampler = Sampler(what, MODEL, "r", engine, SLOTS, Progress(Silence()))
        run = asyncio.create_task(sampler.run(iter(opened)))
        while len(engine.seen) < 100:
            await asyncio.sleep(0.001)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(go())
    assert len(engine.seen) - SLOTS <= len(rows(opened)) <= len(engine.seen) < 500


def test_slow_verdicts_do_not_keep_the_engine_waiting(tmp_path: Path) -> None:
    """While each verdict takes 50 times as long as a reply, other prompts' draws fill the slots."""
    what = recipe(draws={"target": 1, "max": 4, "growth": 0})
    dice = random.Random(1)
    opened = shards(tmp_path, what, 20, 20, good=lambda c: dice.random() < 0.5, delay=0.05)
    engine = Scripted(reply)
    sample(what, engine, opened)
    assert engine.most_in_flight == SLOTS
    asked = Counter(r.seed for r in engine.seen)
    assert set(asked.values()) == {1}, "no draw twice"
    assert all(shard.sealed == 1 for shard in opened)


def test_draws_stop_when_there_are_enough(tmp_path: Path) -> None:
    what = recipe(draws={"target": 2, "max": 12})
    opened = shards(tmp_path, what, 3, 20, good=lambda c: c.seed % 3 == 0)
    sample(what, Scripted(reply), opened)
    for pursuit in (p for shard in opened for p in shard.pursuits):
        made = [row for row in rows(opened) if row["prompt_id"] == pursuit.prompt_id]
        good = [row for row in made if row["seed"] % 3 == 0]  # type: ignore[operator]
        assert sorted(row["draw"] for row in made) == list(range(pursuit.until))  # type: ignore[type-var]
        if pursuit.stop is StopReason.ENOUGH:
            assert len(good) >= 2
        else:
            assert pursuit.stop is StopReason.LIMIT and pursuit.until == 12 and len(good) < 2


def test_a_cut_draw_goes_on_from_its_own_text(tmp_path: Path) -> None:
    """Ten tokens at a time; a reply is 25 tokens long."""
    what = recipe(draws=3, caps=[10, 20], max_tokens=40)

    def act(request: Request) -> Reply:
        length = min(25 - request.written_tokens, request.max_tokens)
        finish = FinishReason.STOP if request.written_tokens + length == 25 else FinishReason.LENGTH
        ids = tuple(range(request.written_tokens, request.written_tokens + length))
        return Reply("".join(chr(97 + i) for i in ids), finish, len(request.tokens), length, ids)

    opened, engine = shards(tmp_path, what, 1, 4), Scripted(act)
    sample(what, engine, opened)
    assert len(engine.seen) == 3 * 12
    for request in engine.seen:
        assert (
            request.tokens == (1, 2, *range(request.written_tokens)) and request.stage == request.written_tokens // 10
        )
    assert {row["text"] for row in rows(opened)} == {"abcdefghijklmnopqrstuvwxy"}
    assert {
        (row["stages"], row["completion_tokens"], row["max_tokens"], row["prompt_tokens"]) for row in rows(opened)
    } == {(3, 25, 40, 2)}


def test_a_cut_draw_stays_as_it_is_when_its_prompt_has_enough(tmp_path: Path) -> None:
    what = recipe(draws={"target": 2, "max": 8}, caps=[10], max_tokens=40)

    def act(request: Request) -> Reply:
        if request.seed % 2:
            return Reply("short", FinishReason.STOP, 2, 3, (1, 2, 3))
        length = request.max_tokens
        return Reply("x" * length, FinishReason.LENGTH, 2, length, tuple(range(length)))

    opened, engine = shards(tmp_path, what, 1, 40, good=lambda c: c.finish_reason == "stop"), Scripted(act)
    sample(what, engine, opened)
    by_prompt = {p.prompt_id: [r for r in rows(opened) if r["prompt_id"] == p.prompt_id] for p in opened[0].pursuits}
    went_on = {r.prompt_id for r in engine.seen if r.stage}
    assert went_on and len(went_on) < 40
    for prompt_id, made in by_prompt.items():
        cut = [row for row in made if row["finish_reason"] == "length"]
        assert len({row["draw"] for row in made}) == len(made)
        assert all(row["max_tokens"] in (10, 40) and row["completion_tokens"] == row["max_tokens"] for row in cut)
        if prompt_id not in went_on:
            assert all(row["max_tokens"] == 10 for row in cut)


def test_cuts_survive_in_the_journal(tmp_path: Path) -> None:
    what = recipe(draws=4, caps=[10], max_tokens=40)
    opened = shards(tmp_path, what, 1, 5)

    def act(request: Request) -> Reply | Exception:
        if request.stage:
            return EngineError("gone")
        return Reply("y" * 10, FinishReason.LENGTH, 2, 10, tuple(range(10)))

    with contextlib.suppress(EngineError):
        sample(what, Scripted(act), opened)
    cuts = Journal(opened[0].path).read_cuts()
    assert cuts.height > 0 and set(cuts["text"]) == {"y" * 10} and set(cuts["stages"]) == {1}


def test_verifiers_that_are_gone_end_the_run(tmp_path: Path) -> None:
    what = recipe(draws=5)
    opened = shards(tmp_path, what, 1, 50)
    opened[0].grade = lambda completions, heard: heard(None, "no more descriptors")  # type: ignore[method-assign]
    with pytest.raises(VerifierError, match="no more descriptors"):
        sample(what, Scripted(reply), opened)
    assert rows(opened), "what was finished is safe"


def test_a_draw_without_room_to_go_on_stays_as_it_is(tmp_path: Path) -> None:
    what = recipe(draws=2, caps=[10], max_tokens=40)

    def act(request: Request) -> Reply | Failure:
        if request.stage:
            return Failure("prompt too long", prompt_at_fault=True)
        return Reply("y" * 10, FinishReason.LENGTH, 2, 10, tuple(range(10)))

    opened = shards(tmp_path, what, 1, 3)
    sample(what, Scripted(act), opened)
    assert {(row["finish_reason"], row["text"], row["max_tokens"]) for row in rows(opened)} == {
        ("length", "y" * 10, 10)
    }
    assert len(rows(opened)) == 6


def test_a_failing_source_of_shards_ends_the_run(tmp_path: Path) -> None:
    def broken() -> Iterator[TestShard]:
        yield shards(tmp_path, recipe(draws=1), 1, 2)[0]
        raise OSError("prompts.parquet: cannot be read")

    sampler = Sampler(recipe(draws=1), MODEL, "r", Scripted(reply), SLOTS, Progress(Silence()))
    with pytest.raises(OSError, match="cannot be read"):
        asyncio.run(sampler.run(broken()))
