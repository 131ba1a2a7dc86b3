"""Adaptive draws from recipe to dataset: the same draws on any machine, none twice, and a reason for each stop."""

import json
from pathlib import Path

import polars as pl
import pytest

from r1data.progress import Progress, Silence
from r1data.recipe import read_recipe, read_runtime
from r1data.run import Result, run
from r1data.stages import open_job
from r1data.status import status
from r1data.store import Workspace
from tests.end_to_end.rehearsal import SCRIPTED, assert_same, contents, rehearse, write_recipe

ADAPTIVE = {"draws": {"target": 2, "max": 8, "budget": 5, "give_up_below": 0.45, "confidence": 0.9}, "max_tokens": 400}
HARD = ("engine.failures=0.05", "engine.accuracy=0.3")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> tuple[Path, Path]:
    """A recipe with adaptive draws and a budget, and its workspace."""
    folder = tmp_path_factory.mktemp("adaptive")
    # That a draw nearly says what another one says is told when all are there, and not while sampling.
    recipe = write_recipe(folder, tiny, prompts=60, sampling=ADAPTIVE, selection={"similarity": 1.0})
    rehearse(recipe, folder / "w", runtime=HARD)
    return recipe, folder / "w"


def top_up(recipe: Path, root: Path, *changes: str) -> Result:
    what, where = read_recipe(recipe, list(changes)), read_runtime(None, SCRIPTED)
    return run(open_job(what, where, root, Progress(Silence())), top_up=True)


def test_every_prompt_stops_for_a_reason_and_the_counts_add_up(finished: tuple[Path, Path]) -> None:
    workspace = Workspace(finished[1])
    stops, tables, state = workspace.read_stops().collect(), contents(finished[1]), status(workspace)
    assert stops.height == state.prompts == 60
    assert stops["draws"].sum() == state.planned == state.completed + state.failed and state.pending == 0
    assert stops["failed"].sum() == state.failed > 0
    assert stops["draws"].sum() <= 5 * 60, "the budget"
    made = tables["completions"].group_by("prompt_id").agg(made=pl.len(), last=pl.col("draw").max())
    assert stops.join(made, on="prompt_id").filter(
        (pl.col("made") != pl.col("draws")) | (pl.col("last") != pl.col("draws") - 1)
    ).is_empty()  # fmt: skip
    counted = tables["measures"].join(tables["completions"], on="completion_id")
    assert counted.height and (counted["tokens"] == counted["completion_tokens"]).all(), "as the engine counted them"
    kept = tables["decisions"].group_by("prompt_id").agg(kept=pl.col("kept").sum())
    both = stops.join(kept, on="prompt_id", how="left").with_columns(pl.col("kept").fill_null(0))
    assert (both["kept"] == both["accepted"]).all(), "what counts as acceptable while sampling is what is kept"
    enough = stops.filter(reason="enough")
    assert 10 < enough.height < 60 and (enough["accepted"] >= 2).all()
    assert (stops.filter(pl.col("reason") != "enough")["accepted"] < 2).all()
    assert set(stops["reason"]) >= {"enough", "hopeless", "budget"}
    assert stops["draws"].max() > 8, "what easy prompts left was spent on hard ones"


def test_the_runtime_changes_no_draw(finished: tuple[Path, Path], tmp_path: Path) -> None:
    recipe, root = finished
    rehearse(recipe, tmp_path / "w", runtime=(*HARD, "shard_prompts=7", "concurrency=3", "verify_workers=1"))
    assert_same(root, tmp_path / "w")
    one, other = (Workspace(at).read_stops().sort("prompt_id").collect() for at in (root, tmp_path / "w"))
    assert one.equals(other)


def test_a_threshold_draws_nothing_until_it_is_asked_to(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(
        tmp_path, tiny, prompts=30, sampling={"draws": {"target": 2, "max": 12}, "max_tokens": 400},
        selection={"similarity": 1.0},
    )  # fmt: skip
    rehearse(recipe, tmp_path / "w")
    first = set(contents(tmp_path / "w")["completions"]["completion_id"])
    stricter = "selection.longest_paragraph=44"
    assert rehearse(recipe, tmp_path / "w", stricter).sampled == 0
    kept = status(Workspace(tmp_path / "w")).kept
    result = top_up(recipe, tmp_path / "w", stricter)
    assert result.sampled > 0
    assert first < set(contents(tmp_path / "w")["completions"]["completion_id"])
    assert status(Workspace(tmp_path / "w")).kept > kept
    whole = tmp_path / "whole"
    rehearse(recipe, whole, stricter)
    assert_same(tmp_path / "w", whole)


def test_a_threshold_draws_nothing_after_a_kill_either(tmp_path: Path, tiny: Path) -> None:
    """The table of stops is written at the end; until then they lie beside it, shard by shard."""
    recipe = write_recipe(tmp_path, tiny, prompts=30, sampling={"draws": {"target": 2, "max": 6}, "max_tokens": 400})
    rehearse(recipe, tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    stops = workspace.read_stops().collect()
    with workspace.locked():
        (tmp_path / "w" / "stops.parquet").unlink()
        for some in stops.iter_slices(10):
            workspace.add_stops(some)
    assert rehearse(recipe, tmp_path / "w", "selection.longest_paragraph=44").sampled == 0
    assert workspace.read_stops().collect().sort("prompt_id").equals(stops.sort("prompt_id"))


def test_what_the_judge_judges_ends_the_same_after_a_kill(tmp_path: Path, tiny: Path) -> None:
    """With correctness `any`, a draw is acceptable that nobody has judged."""
    recipe = write_recipe(
        tmp_path, tiny, prompts=10, sampling={"draws": {"target": 2, "max": 8}, "max_tokens": 400},
        selection={"correctness": "any"},
    )  # fmt: skip
    recipe.write_text(recipe.read_text().replace("kind: file", "kind: file\n  verifier: judge"))
    rehearse(recipe, tmp_path / "w")
    before = contents(tmp_path / "w")["completions"]
    (tmp_path / "w" / "stops.parquet").unlink()
    assert rehearse(recipe, tmp_path / "w").sampled == 0
    assert contents(tmp_path / "w")["completions"].equals(before) and before.height < 80


def test_another_number_for_prompts_without_a_reference_counts(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(
        tmp_path, tiny, prompts=6, sampling={"draws": {"target": 2, "max": 8, "unjudged": 2}, "max_tokens": 400},
        audit={"fill_references": {"min_answers": 4}},
    )  # fmt: skip
    rows = [
        {"question": json.loads(line)["question"]} for line in (tmp_path / "prompts.jsonl").read_text().splitlines()
    ]
    (tmp_path / "prompts.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert rehearse(recipe, tmp_path / "w").sampled == 24
    assert rehearse(recipe, tmp_path / "w", "audit.fill_references.min_answers=7").sampled == 18


def test_another_policy_keeps_what_was_drawn(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=30, sampling={"draws": 6, "max_tokens": 400})
    assert rehearse(recipe, tmp_path / "w").sampled == 180
    assert rehearse(recipe, tmp_path / "w", "sampling.draws={target: 2, max: 6}").sampled == 0
    state = status(Workspace(tmp_path / "w"))
    assert state.planned == state.completed < 180
    more = rehearse(recipe, tmp_path / "w", "sampling.draws={target: 4, max: 9}").sampled
    assert 0 < more <= 90
    rehearse(recipe, tmp_path / "new", "sampling.draws={target: 4, max: 9}")
    assert_same(tmp_path / "w", tmp_path / "new")


def test_a_template_draws_anew_exactly_what_it_touches(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=20)
    rows = [json.loads(line) for line in (tmp_path / "prompts.jsonl").read_text().splitlines()]
    for row in rows[:8]:  # these bring their own system message, so that the recipe's is not put in front
        row["messages"] = [{"role": "system", "content": "Be exact."}, {"role": "user", "content": row.pop("question")}]
    (tmp_path / "prompts.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert rehearse(recipe, tmp_path / "w").sampled == 80
    assert rehearse(recipe, tmp_path / "w", "template.system=Think first.").sampled == 48
    assert rehearse(recipe, tmp_path / "w").sampled == 0, "and back again costs nothing"


def test_caps_change_no_count_and_lose_no_text(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=20, sampling={"draws": 3, "max_tokens": 400, "caps": [30, 60]})
    rehearse(recipe, tmp_path / "cut")
    rehearse(recipe, tmp_path / "whole", "sampling.caps=[]")
    cut, whole = contents(tmp_path / "cut")["completions"], contents(tmp_path / "whole")["completions"]
    key = ["prompt_id", "draw"]
    both = cut.join(whole, on=key, suffix="_whole").sort(key)
    assert both.height == 60 and both["text"].equals(both["text_whole"].alias("text"))
    assert set(cut["stages"]) >= {1, 2, 3} and not list((tmp_path / "cut" / "cuts").glob("*"))
