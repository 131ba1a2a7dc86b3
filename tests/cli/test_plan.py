"""`r1data plan` says what is measured and what is assumed, spends nothing twice, and owns up to how far off it was."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from r1data.cli.app import app
from r1data.errors import WorkspaceError
from r1data.store import Workspace
from r1data.store.sessions import read_sessions
from tests.end_to_end.rehearsal import SCRIPTED, rehearse, write_recipe

PRICED = ("price.gpu_hour=3600", "gpus=1", "price.currency=EUR")
SETTINGS = [part for setting in (*SCRIPTED, *PRICED) for part in ("--set", f"runtime.{setting}")]
ADAPTIVE = {"draws": {"target": 2, "max": 12}, "max_tokens": 400}


def plan(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["plan", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def drawn(root: Path) -> pl.DataFrame:
    columns = ("completion_id", "prompt_id", "draw", "text")
    return Workspace(root).scan_all_completions().select(columns).sort("completion_id").collect()


@pytest.mark.slow
def test_without_draws_everything_is_assumed_and_said_to_be(tmp_path: Path, tiny: Path) -> None:
    recipe, root = write_recipe(tmp_path, tiny, prompts=30, sampling=ADAPTIVE), tmp_path / "w"
    given = ("--pass-rate", "0.1", "--tokens", "100", "--tokens-per-second", "50")
    foreseen = json.loads(plan(str(recipe), "-w", str(root), *SETTINGS, *given, "--json"))
    whole = foreseen["whole"]
    assert whole["prompts"] == 30 and whole["basis"] == "assumed: pass rate 0.1, 100 tokens a draw"
    assert foreseen["basis"]["tokens per second"].startswith("given")
    assert foreseen["basis"]["disk"].startswith("assumed")
    assert whole["draws"]["low"] < whole["draws"]["mean"] < whole["draws"]["high"] <= 30 * 12
    assert whole["money"]["mean"] == pytest.approx(3600 * whole["gpu_hours"]["mean"])
    easier = json.loads(plan(str(recipe), "-w", str(root), *SETTINGS, "--pass-rate", "0.9", "--json"))
    assert easier["whole"]["draws"]["mean"] < whole["draws"]["mean"]
    assert easier["whole"]["basis"] == "assumed: pass rate 0.9, 400 tokens a draw"  # no draw is longer than max_tokens
    assert [path.name for path in root.iterdir()] == ["estimate.json"]


@pytest.mark.slow
def test_a_pilot_is_part_of_the_run_and_the_estimate_is_held_against_it(tmp_path: Path, tiny: Path) -> None:
    recipe, root = write_recipe(tmp_path, tiny, prompts=60, sampling=ADAPTIVE), tmp_path / "w"
    foreseen = json.loads(plan(str(recipe), "-w", str(root), *SETTINGS, "--pilot", "12", "--json"))
    pilot = drawn(root)
    assert pilot["prompt_id"].n_unique() == 12 and foreseen["draws_there"] == pilot.height
    assert foreseen["whole"]["basis"] == f"measured on {pilot.height} draws of 12 prompts"
    assert foreseen["basis"]["tokens per second"].startswith("measured")
    shown = plan(str(recipe), "-w", str(root), *SETTINGS, "--pilot", "12")
    assert drawn(root).equals(pilot) and "tokens written" in shown and "EUR" in shown
    assert len(read_sessions(root)) == 1  # the second pilot had nothing to do and started no engine

    result = rehearse(recipe, root, runtime=PRICED)
    everything = drawn(root)
    assert result.sampled == everything.height - pilot.height
    assert everything.join(pilot, on=pilot.columns, how="semi").height == pilot.height
    compared = json.loads(plan("-w", str(root), "--json"))
    rows = {row["name"]: row for row in compared["rows"]}
    assert compared["same"]
    assert rows["draws"]["actual"] == everything.height
    assert rows["draws"]["ratio"] == pytest.approx(everything.height / foreseen["whole"]["draws"]["mean"])
    assert rows["cost"]["unit"] == "EUR" and rows["cost"]["actual"] == pytest.approx(3600 * rows["GPU-hours"]["actual"])
    assert rows["disk"]["actual"] > 0 and "estimated" in plan("-w", str(root))

    state = json.loads(CliRunner().invoke(app, ["status", "-w", str(root), "--json"]).stdout)
    assert state["money"]["EUR"] == pytest.approx(rows["cost"]["actual"]) and not state["alive"]
    assert state["money_per_kept"]["EUR"] == pytest.approx(state["money"]["EUR"] / state["kept"])
    assert sum(state["stopped"].values()) == 60 and state["completion_tokens"] == rows["tokens written"]["actual"]
    table = CliRunner().invoke(app, ["status", "-w", str(root)]).stdout
    assert "stopped: enough" in table and "per kept row" in table and "estimate of" in table


def test_domains_are_estimated_apart_and_named_as_text(tmp_path: Path, tiny: Path) -> None:
    recipe, root = write_recipe(tmp_path, tiny, prompts=20, sampling=ADAPTIVE), tmp_path / "w"
    hard = [{"question": f"Name a prime above {n}.", "answer": "7", "domain": "[red]hard\u202e"} for n in range(9)]
    with (tmp_path / "prompts.jsonl").open("a") as file:
        file.write("".join("\n" + json.dumps(row) for row in hard))
    shown = plan(str(recipe), "-w", str(root), *SETTINGS)
    assert "[red]hard[U+202E]: assumed" in shown and "\u202e" not in shown and "means by domain" in shown
    stored = json.loads((root / "estimate.json").read_text())
    assert {one["domain"]: one["prompts"] for one in stored["domains"]} == {"math": 20, "[red]hard\u202e": 9}


def test_no_estimate_is_said_to_be_missing(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(WorkspaceError, match="is no workspace"):
        plan("-w", str(tmp_path))
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(WorkspaceError, match="has no estimate"):
        plan("-w", str(tmp_path))


def test_an_estimate_of_other_settings_says_so(tmp_path: Path, tiny: Path) -> None:
    recipe, root = write_recipe(tmp_path, tiny, prompts=12, sampling=ADAPTIVE), tmp_path / "w"
    plan(str(recipe), "-w", str(root), *SETTINGS)
    rehearse(recipe, root, "sampling.draws.max=5")
    assert not json.loads(plan("-w", str(root), "--json"))["same"]
    assert "other settings" in plan("-w", str(root)).replace("\n", " ")
