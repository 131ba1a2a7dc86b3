"""A part of replies that exist: every row is accounted for, twice is once, and the rest is the same code."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from r1data.errors import ModelError, R1dataError
from r1data.given_run import GivenResult, run_given
from r1data.progress import Progress, Silence
from r1data.recipe import Replies, read_runtime
from r1data.stages import GivenJob, open_given
from r1data.store import Workspace
from schemas import Completions, Prompts

RUNTIME = ["engine.kind=scripted", "engine.flaws=0", "verify_workers=1"]
GOOD = "<think>\nTwo and two are four.\n</think>\n\nThe answer is \\boxed{4}."


def row(question: str, reply: str, **more: Any) -> dict[str, Any]:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]
    return {"messages": turns, "licence": "MIT"} | more


MATH = [
    row("What is 2 + 2?", GOOD, answer="4", verifier="math"),
    row("What is 2 + 2?", GOOD.replace("Two and two", "Twice two"), answer="4", verifier="math", model="someone/else"),
    row("What is 2 + 2?", GOOD, answer="4", verifier="math"),  # once more
    row("What is 2 + 3?", GOOD, answer="5", verifier="math"),  # wrong
    {"messages": [{"role": "user", "content": "And?"}]},  # unusable
    row("What is 1 + 3?", GOOD, answer="4", verifier="math", licence=None),
]


def part(folder: Path, rows: list[dict[str, Any]], **settings: Any) -> tuple[Replies, Path]:
    path = folder / "set.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    source = {"kind": "file", "path": path.name, "domain": "general", "verifier": "quality"}
    return Replies.model_validate({"sources": [source], "max_bad_prompts": 0.5} | settings), folder


def opened(settings: Replies, folder: Path, *overrides: str) -> GivenJob:
    runtime = read_runtime(None, [*RUNTIME, *overrides])
    return open_given(settings, "given", folder, runtime, folder / "workspace", Progress(Silence()))


def made(settings: Replies, folder: Path, *overrides: str) -> GivenResult:
    return run_given(opened(settings, folder, *overrides))


def files(root: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in sorted((root / "workspace" / "completions").iterdir())}


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    source = {"kind": "file", "path": "set.jsonl", "verifier": "math"}
    settings, folder = part(tmp_path, MATH, sources=[source])
    result = made(settings, folder)
    taken = result.taken
    assert (taken.rows, taken.prompts, taken.replies, taken.bad, taken.duplicates) == (6, 3, 4, 1, 1)
    assert taken.rows == taken.replies + taken.bad + taken.duplicates + taken.set_aside
    assert taken.unlicensed == 1 and taken.fresh == 4
    assert (result.funnel.planned, result.funnel.completed, result.funnel.kept) == (4, 4, 3)
    examples = Workspace(folder / "workspace").tables().examples.collect()
    assert set(examples["model"]) == {"unknown", "someone/else"} and set(examples["licence"]) == {"MIT", None}
    assert examples["messages"][0][-1]["role"] == "assistant"

    before = files(folder)
    again = made(settings, folder)
    assert again.taken.fresh == 0 and files(folder) == before and again.funnel.kept == result.funnel.kept


def test_a_run_that_was_killed_takes_over_the_rest(tmp_path: Path) -> None:
    source = {"kind": "file", "path": "set.jsonl", "verifier": "math"}
    rows = [row(f"What is {n} + 2?", GOOD, answer=str(n + 2), verifier="math") for n in range(9)]
    settings, folder = part(tmp_path, rows, sources=[source])
    first = made(settings, folder)
    (sealed,) = (folder / "workspace" / "completions").iterdir()
    whole = pl.read_parquet(sealed)
    sealed.unlink()
    Workspace(folder / "workspace").seal_completions(Completions.validate(whole.head(4)))
    again = made(settings, folder)
    assert again.taken.fresh == 5 and again.funnel == first.funnel
    ids = Workspace(folder / "workspace").scan_drawn().select("completion_id").collect()["completion_id"]
    assert sorted(ids) == sorted(whole["completion_id"])


def test_general_answers_are_rated_by_the_judge(tmp_path: Path, tiny: Path) -> None:
    rows = [row(f"Tell me about the number {n}, please.", f"It is a number, and it is {n}.") for n in range(30)]
    verification = {"judge": {"model": str(tiny)}, "quality": {"threshold": 6}}
    settings, folder = part(tmp_path, rows, verification=verification)
    result = made(settings, folder)
    verdicts = Workspace(folder / "workspace").tables().verdicts.collect()
    assert set(verdicts["verifier"]) == {"quality"} and verdicts.height == 30
    points = verdicts["extracted"].cast(pl.Int32)
    assert ((points >= 6) == (verdicts["outcome"] == "correct")).all() and 0 < result.funnel.kept < 30

    stored = {path: path.stat().st_mtime_ns for path in (folder / "workspace" / "verdicts").iterdir()}
    stricter = settings.model_copy(
        update={"verification": settings.verification.model_copy(
            update={"quality": settings.verification.quality.model_copy(update={"threshold": 9.0})})}
    )  # fmt: skip
    fewer = made(stricter, folder, "engine.failures=1")  # an engine that would fail is not even asked
    now = Workspace(folder / "workspace").tables().verdicts.collect()
    assert ((now["extracted"].cast(pl.Int32) >= 9) == (now["outcome"] == "correct")).all()
    assert fewer.funnel.kept < result.funnel.kept
    assert stored.keys() == set((folder / "workspace" / "verdicts").iterdir())


def test_without_a_judge_it_says_so_before_reading(tmp_path: Path) -> None:
    settings, folder = part(tmp_path, MATH)
    with pytest.raises(ModelError, match="no model that could"):
        opened(settings, folder)


def test_a_licence_can_be_required(tmp_path: Path) -> None:
    source = {"kind": "file", "path": "set.jsonl", "verifier": "math"}
    settings, folder = part(tmp_path, MATH, sources=[source], licence=True)
    result = made(settings, folder)
    bad = Workspace(folder / "workspace").tables().bad_prompts.collect()
    assert sorted(bad["rule"]) == ["last_turn_is_the_assistants", "licence_missing"] and result.taken.unlicensed == 0


def test_too_many_unusable_rows_end_it(tmp_path: Path) -> None:
    settings, folder = part(tmp_path, [{"messages": "none"}] * 9 + MATH[:1], verification={"policy": "rule"},
                            sources=[{"kind": "file", "path": "set.jsonl", "verifier": "math"}])  # fmt: skip
    with pytest.raises(R1dataError, match="9 of 10 rows"):
        made(settings, folder)


def test_the_prompts_keep_their_schema(tmp_path: Path) -> None:
    source = {"kind": "file", "path": "set.jsonl", "verifier": "math", "thinking": "rule", "category": "factual_qa"}
    settings, folder = part(tmp_path, MATH, sources=[source])
    made(settings, folder)
    prompts = Workspace(folder / "workspace").read_prompts()
    Prompts.validate(prompts)
    assert set(prompts["category"]) == {"factual_qa"} and prompts["thinking"].null_count() == 0
