"""`r1data verify`: a verdict for every row, whatever stands in it; nothing is lost when it is stopped."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from tests.cli.test_messages import r1data
from tests.conftest import PATIENT
from tests.end_to_end.rehearsal import contents, rehearse, write_recipe

COLUMNS = ["id", "verifier", "version", "outcome", "extracted", "detail", "seconds"]
WORDS = '[{"kind": "words", "max": 2}]'
ROWS: list[tuple[dict[str, object], str]] = [
    ({"verifier": "math", "response": "<think>5</think>\\boxed{\\frac{1}{2}}.", "reference": ["2", "0.5"]}, "correct"),
    ({"verifier": "math", "response": "<think>\\boxed{4}", "reference": "4"}, "no_answer"),
    ({"verifier": "math", "response": "\\boxed{4}", "reference": "1/0"}, "bad_reference"),
    ({"verifier": "math", "response": "\\boxed{9^{9^{9^{9}}}}", "reference": "5"}, "undecided"),
    ({"verifier": "math", "response": "\\boxed{\\sum_{n=1}^{9^{9^{9}}} n}", "reference": "x+1"}, "timeout"),
    ({"verifier": "math", "response": "\\boxed{9.80}", "reference": 9.81, "tolerance": {"relative": 0.01}}, "correct"),
    ({"verifier": "math", "response": "\\boxed{9.6}", "reference": 9.81, "tolerance": {"relative": 0.01}}, "incorrect"),
    ({"verifier": "choice", "response": "It is (B).", "reference": "B", "options": {"A": "1", "B": "2"}}, "correct"),
    ({"verifier": "logic", "response": "\\boxed{yes}", "reference": "No"}, "incorrect"),
    ({"verifier": "constraints", "response": "three small words", "reference": WORDS}, "incorrect"),
    ({"verifier": "judge", "response": "a poem", "reference": "a poem", "prompt": "Write one."}, "verifier_error"),
    ({"verifier": "astrology", "response": "a poem", "reference": "a poem"}, "verifier_error"),
    ({"verifier": "math", "response": 7, "reference": "7"}, "bad_reference"),
    ({"verifier": "math", "response": None, "reference": "7"}, "no_answer"),
    ({"response": "答案是 \ud800 ４２。", "reference": "42"}, "correct"),
]  # fmt: skip


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def test_every_row_has_its_verdict_in_its_place(tmp_path: Path) -> None:
    rows = [{"id": f"row {n}", **row} for n, (row, _) in enumerate(ROWS)]
    source = write(tmp_path / "in.jsonl", rows)
    with source.open("a") as file:
        file.write("this is no JSON\n[1, 2]\n")
    done = r1data("verify", str(source), "--out", "out.parquet", "--deadline", "5", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found.columns == COLUMNS
    names = [row["id"] for row in rows] + [str(len(rows) + 1), str(len(rows) + 2)]
    assert found["id"].to_list() == names
    wanted = [outcome for _, outcome in ROWS] + ["bad_reference"] * 2
    assert found["outcome"].to_list() == wanted, found.select("id", "outcome", "detail").to_dicts()
    summary = json.loads(done.stdout)
    assert summary["rows"] == len(names) == sum(n for per in summary["outcomes"].values() for n in per.values())
    assert all(found["detail"].str.len_chars() > 0)


@pytest.mark.slow
def test_parquet_with_structures_that_most_rows_lack(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "verifier": "choice", "response": "选 B。", "reference": "B", "options": {"A": "一", "B": "二"}},
        {"id": 2, "verifier": "choice", "response": "C", "reference": "C", "options": {"A": "x", "C": "y"}},
        {"id": 3, "verifier": "math", "response": "\\boxed{7}", "reference": "7", "options": None},
    ]
    pl.DataFrame(rows, strict=False).write_parquet(tmp_path / "in.parquet")
    done = r1data("verify", "in.parquet", "--out", "out.parquet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(tmp_path / "out.parquet")["outcome"].to_list() == ["correct"] * 3


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_it_keeps_what_it_has_and_goes_on_from_there(tmp_path: Path, number: signal.Signals) -> None:
    dice = random.Random(5)
    # Some rows cost their deadline, so that there is something to interrupt; it is long, so that on a busy machine no
    # others miss it.
    costly = set(range(49, 1500, 400))
    hard = {"response": "\\boxed{\\sum_{n=1}^{9^{9^{9}}} n}", "reference": "x+1"}
    easy = [{"response": f"\\boxed{{{n}}}", "reference": str(n + dice.randint(0, 1))} for n in range(1500)]
    rows = [{"id": str(n), **(hard if n in costly else easy[n])} for n in range(1500)]
    source = write(tmp_path / "in.jsonl", rows)
    command = [sys.executable, "-m", "r1data", "verify", str(source), "--out", "out.parquet", "--deadline", "5"]
    # A shell starts background jobs with SIGINT ignored; the process here should hear it.
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + PATIENT
    while not list((tmp_path / "out.parquet.partial").glob("0*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=PATIENT)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130), said
    assert "Traceback" not in said and ("stopped" in said or number == signal.SIGKILL)
    assert not (tmp_path / "out.parquet").exists()
    before = pl.read_parquet(tmp_path / "out.parquet.partial" / "*.parquet")
    assert 0 < before.height < 1500
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENT)
    assert again.returncode == 0 and "going on" in again.stderr, again.stderr
    after = pl.read_parquet(tmp_path / "out.parquet")
    assert sorted(after["id"].to_list(), key=int) == [row["id"] for row in rows]
    assert after.head(before.height).equals(before)
    assert not (tmp_path / "out.parquet.partial").exists()
    outcomes = dict(after.select("id", "outcome").iter_rows())
    assert {int(row) for row, outcome in outcomes.items() if outcome == "timeout"} == costly


def test_what_is_wrong_with_the_command_is_said(tmp_path: Path) -> None:
    neither = r1data("verify", cwd=tmp_path)
    assert neither.returncode == 2 and "INPUT" in neither.stderr
    missing = r1data("verify", "nothing.jsonl", "--out", "out.parquet", cwd=tmp_path)
    assert missing.returncode == 1 and "nothing.jsonl" in missing.stderr and "Traceback" not in missing.stderr


@pytest.mark.slow
def test_what_is_stored_is_verified_anew_and_the_change_is_told(tmp_path: Path, tiny: Path) -> None:
    recipe, root = write_recipe(tmp_path, tiny), tmp_path / "run"
    rehearse(recipe, root)
    right = contents(root)
    # An older verifier, as it were: every fourth verdict was the other way round.
    for path in (root / "verdicts").glob("*.parquet"):
        frame = pl.read_parquet(path)
        turned = pl.when(pl.col("outcome") == "correct").then(pl.lit("incorrect")).otherwise(pl.lit("correct"))
        fourth = pl.int_range(pl.len()) % 4 == 0
        frame.with_columns(pl.when(fourth).then(turned).otherwise("outcome").alias("outcome")).write_parquet(path)
    rehearse(recipe, root)
    assert not contents(root)["decisions"].equals(right["decisions"])
    kept = contents(root)["decisions"]
    shown = r1data("verify", "-w", str(root), "--dry-run", "--json", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert contents(root)["decisions"].equals(kept), "--dry-run writes nothing"
    done = r1data("verify", "-w", str(root), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told, first = json.loads(done.stdout), json.loads(shown.stdout)
    assert told["moved"] == first["moved"] and told["moved"]
    assert sum(row["rows"] for row in told["decisions"]) == right["decisions"].height == told["rows"]
    assert told["come"] > 0 and told["go"] > 0
    now = contents(root)
    for table in ("verdicts", "measures", "decisions", "examples"):
        assert now[table].equals(right[table]), table
    assert rehearse(recipe, root).sampled == 0
