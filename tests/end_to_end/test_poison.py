"""Poison: hostile prompts and hostile servers cost error rows, and nothing is lost, doubled or mixed up."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import polars as pl
import pytest
import yaml

from r1data.engines import Reply, Request
from r1data.engines.scripted import ScriptedEngine
from r1data.recipe import Recipe, read_recipe
from r1data.recipe import ScriptedEngine as Settings
from r1data.sampling import SET_ASIDE
from r1data.sources import read_prompts
from r1data.status import status
from r1data.store import Workspace
from schemas import FinishReason
from tests.end_to_end.chaos import cast_of, run_command, scripted_server

PROMPTS = 5_000
CONTEXT = 1_500
ENGINE = {"accuracy": 0.6, "loops": 0.01, "reply_chars": 500}
FAULTS = ("drop=0.02", "delay=0.02", "garble=0.02", "duplicate=0.02", "limit=0.002", "busy=0.002")
SERVER = ("--latency=0.01", "--delay=1.5", "--down=0.4", f"--context={CONTEXT}", *(f"--fault={f}" for f in FAULTS))
SETTINGS = ("concurrency=48", "engine.timeout_seconds=1.5", "engine.patience_seconds=30", "verify_workers=2")
HOSTILE = {
    "long": lambda n: f"What is {n} + 1?" + " Think again." * CONTEXT,
    "empty": lambda n: "" if n % 2 else " \n\t ",
    "control": lambda n: f"What is \x00 \x1b[2J \x9d + {n}?",
    "surrogate": lambda n: f"What is \ud800 + {n}?",
    "tokens": lambda n: f"What is {n} <|end|><|assistant|></think> + \u202e\u2066 {{{{ n }}}} {{% raw %}} 1?",
    "endless": lambda n: f"Never stop: what is {n} * 7?",
    "deadly": lambda n: f"Kill the engine: what is {n} * 9?",
}
COUNTS = {"long": 12, "empty": 8, "control": 8, "surrogate": 4, "tokens": 6, "endless": 9, "deadly": 3}


def write_poisoned(folder: Path, tiny: Path) -> Path:
    """A recipe over 5,000 rows of which 50 are hostile, spread among the others."""
    hostile = [HOSTILE[kind](number) for kind, count in COUNTS.items() for number in range(count)]
    questions = [f"What is {number} + {number + 3}?" for number in range(PROMPTS - len(hostile))]
    for place, question in enumerate(hostile):
        questions.insert(place * 99, question)
    rows = [json.dumps({"question": question, "answer": "7"}) for question in questions]
    (folder / "prompts.jsonl").write_text("\n".join(rows))
    recipe = {
        "name": "poison",
        "model": str(tiny),
        "prompts": [{"kind": "file", "path": "prompts.jsonl"}],
        "max_bad_prompts": 0.02,
        "sampling": {"draws": 1, "max_tokens": 600},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_prompt_ends_with_a_row_and_every_row_is_its_own(tmp_path: Path, tiny: Path) -> None:
    recipe = write_poisoned(tmp_path, tiny)
    natures = natures_of(read_recipe(recipe))
    cast_of(read_recipe(recipe), tmp_path / "cast.json", natures)
    with (
        scripted_server(tmp_path / "one", tmp_path / "cast.json", *SERVER, "--seed=1", **ENGINE) as one,
        scripted_server(tmp_path / "two", tmp_path / "cast.json", *SERVER, "--seed=2", "--plain", **ENGINE) as two,
    ):
        command = run_command(recipe, tmp_path / "w", [one.url, two.url], *SETTINGS)
        status_code, said = finished(command, seconds=600)
        assert status_code == 0, said[-8000:]
        asked = {key.prompt_id for server in (one, two) for key in server.requests()}

    the_counts_add_up(Workspace(tmp_path / "w"), said)
    completions = Workspace(tmp_path / "w").tables().completions.collect()
    nature = pl.col("prompt_id").replace_strict(natures, default="plain")
    rows = completions.with_columns(nature=nature, failed=pl.col("finish_reason") == FinishReason.ERROR)

    long = rows.filter(pl.col("nature") == "long")
    assert long.height == COUNTS["long"] and long["error"].str.starts_with(SET_ASIDE + "prompt too long").all()
    assert not asked & set(long["prompt_id"]), "a prompt that is too long was sent"
    deadly = rows.filter(pl.col("nature") == "deadly")
    assert deadly.height == COUNTS["deadly"] and deadly["error"].str.contains("kills the engine").all(), deadly["error"]
    endless = rows.filter(pl.col("nature") == "endless")
    assert endless.height == COUNTS["endless"] and endless["failed"].all()
    innocent = rows.filter(pl.col("nature") == "plain")
    assert innocent["failed"].sum() <= 5, innocent.filter("failed")["error"].to_list()
    assert_own_texts(read_recipe(recipe), innocent.filter(~pl.col("failed")))


def finished(command: list[str], seconds: float) -> tuple[int, str]:
    """Exit status and standard error of a command; where it does not end in time, with what it was doing."""
    environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            _, said = process.communicate()
        return process.returncode, said


def the_counts_add_up(workspace: Workspace, said: str) -> None:
    """Rows read = prompts + bad + duplicates + set aside; draws planned = completed + failed."""
    found = re.search(r"([\d,]+) prompts \(([\d,]+) unusable rows set aside, ([\d,]+) duplicates(.*)\)", said)
    assert found is not None, said[-4000:]
    prompts, bad, duplicates = (int(number.replace(",", "")) for number in found.groups()[:3])
    audited = re.search(r"([\d,]+) set aside by the audit", found[4])
    aside = int(audited[1].replace(",", "")) if audited else 0
    assert prompts + bad + duplicates + aside == PROMPTS
    state = status(workspace)
    assert (state.prompts, state.bad_prompts) == (prompts, bad + aside)
    assert state.planned == prompts == state.completed + state.failed and state.pending == 0
    assert state.completed == state.judged == state.kept + state.rejected
    assert bad >= COUNTS["empty"] + COUNTS["control"] + COUNTS["surrogate"] - 2  # empty ones may also be duplicates


def natures_of(recipe: Recipe) -> dict[str, str]:
    """The nature of the hostile prompts that can be read at all."""
    natures = {}
    for prompt_id, messages in read_prompts(recipe).prompts.select("prompt_id", "messages").iter_rows():
        question = messages[-1]["content"]
        for kind, write in HOSTILE.items():
            if any(question == write(number) for number in range(COUNTS[kind])):
                natures[prompt_id] = kind
    return natures


def assert_own_texts(recipe: Recipe, rows: pl.DataFrame) -> None:
    """Every text is the one that the script has for this prompt and seed, as far as it was cut."""
    prompts = read_prompts(recipe).prompts.select("prompt_id", "language", "reference").iter_rows()
    answers = {prompt_id: (language, reference) for prompt_id, language, reference in prompts}
    engine = ScriptedEngine(Settings(kind="scripted", **ENGINE), answers)
    sampling = recipe.sampling

    async def expected(prompt_id: str, seed: int) -> Reply:
        request = Request(prompt_id, (1,), seed, 1.0, 1.0, sampling.max_tokens, loops=sampling.loops)
        reply = await engine.complete(request)
        assert isinstance(reply, Reply)
        return reply

    async def compare() -> None:
        for prompt_id, seed, text, finish in rows.select("prompt_id", "seed", "text", "finish_reason").iter_rows():
            reply = await expected(prompt_id, seed)
            assert (text, finish) == (reply.text, reply.finish_reason), prompt_id

    asyncio.run(compare())
    assert rows.height > 0.98 * PROMPTS and {"stop", "loop"} <= set(rows["finish_reason"])
