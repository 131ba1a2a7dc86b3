"""Bad input gets one clear message that names place and remedy, no traceback, and the right exit status."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import PATIENT
from tests.end_to_end.rehearsal import SCRIPTED, write_recipe

SCRIPTED_ARGS = [part for setting in SCRIPTED for part in ("--set", f"runtime.{setting}")]


def r1data(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "150"}
    return subprocess.run(
        [sys.executable, "-m", "r1data", *arguments],
        capture_output=True, text=True, cwd=cwd, env=environment, timeout=PATIENT,
    )  # fmt: skip


def refused(process: subprocess.CompletedProcess[str], *words: str) -> None:
    assert process.returncode == 1, process.stderr
    assert "Traceback" not in process.stderr and "error: " in process.stderr
    for word in words:
        assert word in process.stderr, process.stderr


def test_an_unknown_key(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny, samplig={"draws": 1})
    refused(r1data("run", "recipe.yaml", cwd=tmp_path), "recipe.yaml: samplig", "did you mean 'sampling'")


def test_a_missing_recipe(tmp_path: Path) -> None:
    refused(r1data("run", "nothing.yaml", cwd=tmp_path), "nothing.yaml: no such file", "fix:")


def test_a_missing_prompt_file(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny)
    (tmp_path / "prompts.jsonl").unlink()
    refused(r1data("run", "recipe.yaml", *SCRIPTED_ARGS, cwd=tmp_path), str(tmp_path / "prompts.jsonl"), "fix:")


@pytest.mark.slow
def test_an_empty_prompt_file(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny)
    (tmp_path / "prompts.jsonl").write_text("")
    refused(r1data("run", "recipe.yaml", *SCRIPTED_ARGS, cwd=tmp_path), "no prompts")


@pytest.mark.slow
def test_too_many_bad_rows_stop_the_run_and_are_written_down(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny)
    with (tmp_path / "prompts.jsonl").open("a") as file:
        file.write('\n{"question": ""}\nnot json\n{"answer": "4"}\n')
    refused(r1data("run", "recipe.yaml", *SCRIPTED_ARGS, cwd=tmp_path), "max_bad_prompts", "prompts.jsonl")
    assert (tmp_path / "runs" / "rehearsal" / "bad_prompts.parquet").is_file()


@pytest.mark.slow
def test_a_few_bad_rows_do_not_stop_the_run(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny, max_bad_prompts=0.2)
    with (tmp_path / "prompts.jsonl").open("a") as file:
        file.write('\n{"question": ""}\nnot json\n')
    process = r1data("run", "recipe.yaml", "--json", *SCRIPTED_ARGS, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout)["planned"] == 160
    state = json.loads(r1data("status", "--json", cwd=tmp_path).stdout)
    assert state["bad_prompts"] == 2 and state["pending"] == 0


def test_a_model_folder_without_weights(tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "model").mkdir()
    write_recipe(tmp_path, tiny, model="./model")
    refused(r1data("run", "recipe.yaml", cwd=tmp_path), str(tmp_path / "model"), "config.json")
    (tmp_path / "model" / "config.json").write_text("{}")
    refused(r1data("run", "recipe.yaml", cwd=tmp_path), "has no weights", "fix:")


@pytest.mark.slow
def test_a_port_in_use(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = r1data("run", "recipe.yaml", "--set", f"runtime.engine.port={port}", cwd=tmp_path)
    refused(process, f"port {port} is in use", "fix:")


@pytest.mark.slow
def test_an_endpoint_that_refuses(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    engine = yaml.safe_dump({"kind": "server", "endpoints": [address]}, default_flow_style=True).strip()
    refused(r1data("run", "recipe.yaml", "--set", f"runtime.engine={engine}", cwd=tmp_path), address, "fix:")


@pytest.mark.slow
def test_a_prompt_longer_than_the_context_is_one_failed_row(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny)
    with (tmp_path / "prompts.jsonl").open("a") as file:
        file.write("\n" + json.dumps({"question": "Take your time. " * 2000 + "What is 2 + 2?", "answer": "4"}))
    small = ("--set", "runtime.engine.context_tokens=1024")
    process = r1data("run", "recipe.yaml", "--json", *SCRIPTED_ARGS, *small, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    funnel = json.loads(process.stdout)
    assert (funnel["planned"], funnel["failed"], funnel["pending"]) == (164, 4, 0)


def test_status_and_explain_without_a_run(tmp_path: Path) -> None:
    refused(r1data("status", cwd=tmp_path), "no run in runs/")
    refused(r1data("explain", "0123456789", "-w", ".", cwd=tmp_path), "is no workspace")


@pytest.mark.slow
def test_a_dry_run_writes_nothing(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny)
    process = r1data("run", "recipe.yaml", "--dry-run", "--json", cwd=tmp_path)
    assert json.loads(process.stdout)["pending"] == 160
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_explain_shows_control_characters_instead_of_obeying_them(tmp_path: Path, tiny: Path) -> None:
    write_recipe(tmp_path, tiny)
    with (tmp_path / "prompts.jsonl").open("a") as file:
        file.write("\n" + json.dumps({"question": "\u202eWhat is [red]2 + 2[/red]?\u200b", "answer": "4"}))
    r1data("run", "recipe.yaml", *SCRIPTED_ARGS, cwd=tmp_path)
    import polars as pl

    prompts = pl.read_parquet(tmp_path / "runs" / "rehearsal" / "prompts.parquet")
    hostile = prompts.filter(pl.col("messages").list.first().struct.field("content").str.contains("red"))
    shown = r1data("explain", hostile["prompt_id"][0], cwd=tmp_path).stdout
    assert "\\u202eWhat is [red]2 + 2[/red]?\\u200b" in shown and "\u202e" not in shown


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "status", "explain", "doctor", "models", "prompts"])
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    process = r1data(command, "--help", cwd=tmp_path)
    assert process.returncode == 0 and "Usage" in process.stdout
