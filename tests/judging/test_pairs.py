"""`r1data judge pairs`: every row of the input is in the output, and a second run judges what is missing."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from r1data.cli.app import app
from r1data.engines import serving
from r1data.engines.scripted import ScriptedEngine
from r1data.errors import SourceError
from r1data.judging import open_judge
from r1data.progress import Progress, Silence
from r1data.recipe import JudgeSettings, read_runtime
from r1data.stages.pairs import SCHEMA, Counts, judge_pairs
from tests.judging.bench import model

GOOD = [
    {"id": f"p{n}", "question": f"What is {n}?", "first": f"It is {n}.", "second": "I do not know.", "language": "en"}
    for n in range(30)
]
BAD = [
    {"question": "q", "first": "a"},
    {"question": " ", "first": "a", "second": "b"},
    {"question": "q", "first": "<think>no end", "second": "b"},
    {"question": "q", "first": ["a"], "second": "b"},
    {"question": "\ud800", "first": "a", "second": "b"},
    {"id": "p0", "question": "another", "first": "a", "second": "b"},
]


def write(folder: Path, rows: list[dict[str, object]], *lines: str) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("\n".join([*map(json.dumps, rows), *lines]))
    return path


def judged(tiny: Path, source: Path, *runtime: str, seed: int = 0) -> tuple[Counts, pl.DataFrame]:
    judge = open_judge(model(tiny), JudgeSettings())
    out = source.with_name("out.parquet")
    where = read_runtime(None, ["engine.kind=scripted", *runtime])
    with serving(where, judge.model, source.with_name("log"), print) as service:
        return judge_pairs(source, out, judge, service, Progress(Silence()), seed), pl.read_parquet(out)


def test_every_row_is_accounted_for(tmp_path: Path, tiny: Path) -> None:
    counts, table = judged(tiny, write(tmp_path, [*GOOD, *BAD], "{no json"), "engine.flaws=0")
    assert table.schema == SCHEMA and table.height == 37 == counts.preferred + counts.even + counts.failed
    assert table["id"].is_unique().all()
    assert counts.failed == 7 == table["error"].is_not_null().sum()
    assert all("pairs.jsonl:" in error for error in table["error"].drop_nulls())
    fine = table.filter(pl.col("error").is_null())
    assert (fine["scores"].list.len() == 4).all() and (fine["swapped"].list.sum() == 2).all()
    assert fine.filter(pl.col("preferred").is_not_null() != (pl.col("difference").abs() > 1)).height == 0
    assert 0 < counts.preferred < 30, "made-up verdicts agree by chance only"


def test_a_second_run_judges_only_what_is_missing(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    complete = ScriptedEngine.complete

    async def listen(self, request):  # type: ignore[no-untyped-def]
        asked.append(request.prompt_id)
        return await complete(self, request)

    monkeypatch.setattr(ScriptedEngine, "complete", listen)
    source = write(tmp_path, GOOD[:20])
    _, first = judged(tiny, source, "engine.flaws=0")
    asked.clear()
    counts, second = judged(tiny, write(tmp_path, GOOD), "engine.flaws=0")
    assert counts.resumed == 20 and set(asked) == {f"p{n}" for n in range(20, 30)}
    assert second.filter(pl.col("id").is_in(first["id"].to_list())).sort("id").equals(first.sort("id"))
    asked.clear()
    judged(tiny, source := write(tmp_path, [GOOD[0] | {"first": "It is zero."}, *GOOD[1:]]), "engine.flaws=0")
    assert set(asked) == {"p0"}, "a pair whose text has changed is another pair"
    asked.clear()
    judged(tiny, source, "engine.flaws=0", seed=1)
    assert len(set(asked)) == 30, "another seed is another order"


def test_failed_pairs_are_judged_again(tmp_path: Path, tiny: Path) -> None:
    source = write(tmp_path, GOOD)
    counts, table = judged(tiny, source, "engine.failures=1")
    assert counts.failed == 30 and table["preferred"].null_count() == 30 == table["difference"].null_count()
    counts, table = judged(tiny, source, "engine.flaws=0")
    assert (counts.failed, counts.resumed) == (0, 0) and table["error"].null_count() == 30


def test_the_reasoning_is_not_judged(tmp_path: Path, tiny: Path) -> None:
    _, table = judged(tiny, write(tmp_path, [GOOD[0] | {"first": "<think>secret</think>It is 0."}]))
    assert table["first"].to_list() == ["It is 0."]


def test_another_file_is_not_overwritten(tmp_path: Path, tiny: Path) -> None:
    pl.DataFrame({"precious": [1]}).write_parquet(tmp_path / "out.parquet")
    with pytest.raises(SourceError, match="no table of preferences"):
        judged(tiny, write(tmp_path, GOOD))
    (tmp_path / "out.parquet").write_text("precious")
    with pytest.raises(SourceError, match="cannot be gone on with"):
        judged(tiny, write(tmp_path, GOOD))
    assert (tmp_path / "out.parquet").read_text() == "precious"


def test_the_command(tmp_path: Path, tiny: Path) -> None:
    source, out = write(tmp_path, GOOD), tmp_path / "preferences.parquet"
    result = CliRunner().invoke(
        app,
        ["judge", "pairs", str(source), "--model", str(tiny), "--out", str(out), "--set", "engine.kind=scripted"],
    )
    assert result.exit_code == 0, result.output
    assert pl.read_parquet(out).height == 30 and "preferred" in result.output
