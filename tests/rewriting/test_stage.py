"""A part that rewrites: which replies it takes, that nothing is lost or asked twice, and that no answer changes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from r1data.errors import WorkspaceError
from r1data.explain import DrawStory, explain
from r1data.progress import Progress, Silence
from r1data.recipe import Model, Rewrite, read_runtime
from r1data.rewrite_run import RewriteResult, run_rewrite
from r1data.stages import Origin, RewriteJob, open_rewrite, plan_rewrites
from r1data.store import Workspace
from r1data.store.rewriting import RewriteJournal
from tests.conftest import PATIENT
from tests.end_to_end.rehearsal import SCRIPTED, assert_same, contents, rehearse, write_recipe


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """A part with right replies, some of them in two languages."""
    folder = tmp_path_factory.mktemp("origin")
    rehearse(write_recipe(folder, tiny, prompts=24), folder / "few")
    return folder / "few"


def opened(root: Path, tiny: Path, latency: float = 0.0, **changes: object) -> RewriteJob:
    settings = Rewrite(model=Model(id=str(tiny)), **changes)  # type: ignore[arg-type]
    runtime = read_runtime(None, [*SCRIPTED, f"engine.latency_seconds={latency}"])
    return open_rewrite(settings, "cold", ["few"], root.parent, runtime, root, Progress(Silence()))


def rewritten(origin: Path, root: Path, tiny: Path, **changes: object) -> RewriteResult:
    return run_rewrite(opened(root, tiny, **changes), [Origin("few", Workspace(origin))])


@pytest.fixture(scope="module")
def cold(origin: Path, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RewriteResult]:
    root = tmp_path_factory.mktemp("cold") / "cold"
    return root, rewritten(origin, root, tiny)


def rewrites(root: Path) -> pl.DataFrame:
    return Workspace(root).read_rewrites().collect().sort("completion_id")


def test_every_original_becomes_one_row(origin: Path, cold: tuple[Path, RewriteResult]) -> None:
    root, result = cold
    result.funnel.check()
    known = contents(origin)["decisions"]
    mends = {"mixed_language", "long_paragraph"}
    wanted = {row["completion_id"] for row in known.to_dicts() if row["kept"] or set(row["reasons"]) <= mends}
    assert set(rewrites(root)["original_id"]) == wanted
    assert result.funnel.planned == len(wanted) == result.rewritten > known["kept"].sum() > 0
    assert result.funnel.pending == 0
    assert 0 < result.funnel.kept < result.funnel.planned


def test_no_answer_has_changed(cold: tuple[Path, RewriteResult]) -> None:
    tables = contents(cold[0])
    right = tables["verdicts"].filter(outcome="correct")["completion_id"]
    kept = tables["decisions"].filter("kept")["completion_id"]
    assert set(kept) <= set(right) and kept.len()


def test_before_and_after_are_both_there(origin: Path, cold: tuple[Path, RewriteResult]) -> None:
    rows = rewrites(cold[0])
    originals = contents(origin)["completions"].select(original_id="completion_id", before="text")
    assert (
        rows.select("original_id", "before")
        .sort("original_id")
        .equals(originals.join(rows, on="original_id", how="semi").sort("original_id"))
    )
    after = contents(cold[0])["completions"].join(rows, on="completion_id")
    assert (after["text"] != after["before"]).all()
    assert set(rows["origin"]) == {"few"}
    taken = [step for steps in rows["steps"] for step in steps]
    assert {step["step"] for step in taken} == {"translate", "thought", "summary", "brief"}
    assert all(1 <= step["tries"] <= 3 and "@" in step["template"] for step in taken)
    example = contents(cold[0])["examples"].join(rows, left_on="example_id", right_on="completion_id")
    assert example["rewritten_from"].equals(example["original_id"].rename("rewritten_from")) and example.height


def test_a_rewrite_can_answer_for_itself(cold: tuple[Path, RewriteResult]) -> None:
    row = rewrites(cold[0]).to_dicts()[0]
    story = explain(Workspace(cold[0]), row["completion_id"])
    assert isinstance(story, DrawStory) and story.planned is not None and story.rewrite == row


def test_only_what_strays_is_translated_and_comes_back_in_the_language(
    origin: Path, cold: tuple[Path, RewriteResult]
) -> None:
    rows = rewrites(cold[0]).with_columns(translated=pl.col("steps").list.eval(
        pl.element().struct.field("step") == "translate").list.any())  # fmt: skip
    mixed = contents(origin)["decisions"].filter(pl.col("reasons").list.contains("mixed_language"))["completion_id"]
    easy = rows.filter(pl.col("steps").list.len() == 1)
    assert set(rows.filter("translated")["original_id"]) == set(mixed) & (
        set(rows["original_id"]) - set(easy["original_id"])
    )
    reasons = contents(cold[0])["decisions"].filter(pl.col("reasons").list.contains("mixed_language"))
    assert reasons.height == 0


def test_a_second_run_asks_nothing(origin: Path, cold: tuple[Path, RewriteResult], tiny: Path) -> None:
    root, first = cold
    before = {path: path.stat().st_mtime_ns for path in (root / "completions").iterdir()}
    again = rewritten(origin, root, tiny)
    assert again.rewritten == 0 and again.funnel == first.funnel
    assert {path: path.stat().st_mtime_ns for path in (root / "completions").iterdir()} == before


def test_other_thresholds_ask_nothing_and_decide_anew(
    origin: Path, cold: tuple[Path, RewriteResult], tiny: Path
) -> None:
    root, first = cold
    lax = rewritten(origin, root, tiny, selection={"style": "optional"})
    assert lax.rewritten == 0 and lax.funnel.kept > first.funnel.kept
    assert rewritten(origin, root, tiny).funnel == first.funnel


def test_originals_are_kept_where_rewriting_fails(origin: Path, tmp_path: Path, tiny: Path) -> None:
    result = rewritten(origin, tmp_path / "cold", tiny, on_failure="keep_original", selection={"style": "optional"})
    rows = rewrites(tmp_path / "cold")
    kept = rows.filter(pl.col("steps").list.len() == 0)
    assert 0 < kept.height < rows.height
    texts = contents(tmp_path / "cold")["completions"].join(kept, on="completion_id")
    assert texts["text"].equals(texts["before"].rename("text"))
    assert result.funnel.correct == result.funnel.completed


def test_an_origin_must_have_been_decided(origin: Path, tmp_path: Path, tiny: Path) -> None:
    undecided = tmp_path / "few"
    subprocess.run(["cp", "-r", origin, undecided], check=True)
    (undecided / "decisions.parquet").unlink()
    with pytest.raises(WorkspaceError, match="nothing has been decided"):
        rewritten(undecided, tmp_path / "cold", tiny)


SLOW_RUN = """
import sys
from pathlib import Path
from r1data.rewrite_run import run_rewrite
from r1data.stages import Origin
from r1data.store import Workspace
from tests.rewriting.test_stage import opened
origin, root, tiny = map(Path, sys.argv[1:])
run_rewrite(opened(root, tiny, latency=0.15), [Origin("few", Workspace(origin))])
"""


@pytest.mark.slow
def test_killed_while_rewriting_it_goes_on_to_equal_tables(
    origin: Path, cold: tuple[Path, RewriteResult], tmp_path: Path, tiny: Path
) -> None:
    root = tmp_path / "cold"
    command = [sys.executable, "-c", SLOW_RUN, str(origin), str(root), str(tiny)]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2])
    end = time.monotonic() + PATIENT
    while _journalled(root) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    assert run.wait(PATIENT) != 0
    safe = _journalled(root)
    assert 3 <= safe < cold[1].originals
    job = opened(root, tiny)
    plan = plan_rewrites(job, [Origin("few", Workspace(origin))])
    assert plan.there == safe, "what was finished is not asked for again"
    assert run_rewrite(job, [Origin("few", Workspace(origin))]).rewritten == cold[1].originals - safe
    assert_same(cold[0], root)
    assert rewrites(cold[0]).equals(rewrites(root))


def _journalled(root: Path) -> int:
    if not (root / "rewrites.sqlite").is_file():
        return 0
    journal = RewriteJournal(root)
    try:
        return journal.rows
    finally:
        journal.close()


def test_the_journal_holds_any_text_and_keeps_the_first(tmp_path: Path, cold: tuple[Path, RewriteResult]) -> None:
    completion = contents(cold[0])["completions"].with_columns(seconds=0.0).to_dicts()[0]
    row = rewrites(cold[0]).filter(completion_id=completion["completion_id"]).to_dicts()[0]
    journal = RewriteJournal(tmp_path)
    journal.commit(completion | {"text": "half \ud83d of a pair \u202e\x00"}, row)
    journal.commit(completion | {"text": "later"}, row)
    completions, known = journal.read()
    assert completions["text"].to_list() == ["half ? of a pair \u202e\x00"]
    assert json.dumps(known.to_dicts()) == json.dumps([row])
    journal.clear()
    assert journal.rows == 0 and journal.read()[0].is_empty()
    journal.close()
