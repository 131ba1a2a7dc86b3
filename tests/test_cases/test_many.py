"""Files of problems: rows in are rows out, killed runs go on, and nothing else in a file is touched."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r1data.sources.formats import read_file
from r1data.test_cases import Settings, Summary, build_all
from r1data.test_cases.many import SandboxMissing
from r1data.test_cases.results import ResultsError
from r1data.verifiers.code import Limits, Run, Status
from tests.conftest import PATIENT
from tests.test_cases.problems import SUBARRAY, variant

PROBLEM = {"id": "p", "prompt": "?", "correct": ["right"], "wrong": ["wrong"], "generators": ["gen"]}


def fake(source: str, language: str, inputs: Sequence[str], limits: Limits) -> list[Run]:
    return [Run(Status.OK, text if source == "gen" else source) for text in inputs]


def write(path: Path, rows: Sequence[dict[str, Any] | str]) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def run_on(problems: Path, out: Path, run: Any = fake, **options: Any) -> Summary:
    return build_all(
        lambda: read_file(problems, problems.name), out, options.pop("settings", Settings()), run, **options
    )


def test_every_row_comes_out(tmp_path: Path) -> None:
    rows: list[dict[str, Any] | str] = [
        PROBLEM,
        PROBLEM,
        "{torn",
        "[1, 2]",
        variant(PROBLEM, id=None),
        variant(PROBLEM, id=12),
        variant(PROBLEM, prompt=" "),
        variant(PROBLEM, prompt="\ud800"),
        variant(PROBLEM, correct="right"),
        variant(PROBLEM, correct=[3]),
        variant(PROBLEM, correct=None),
        variant(PROBLEM, language="cobol"),
        variant(PROBLEM, time_limit=-1),
        variant(PROBLEM, tests={"inputs": ["1"], "outputs": []}),
        variant(PROBLEM, tests={"inputs": [[1]], "outputs": [[2]], "fn_name": "f"}),
        variant(PROBLEM, checker="print(1)"),
        variant(PROBLEM, correct='["right"]', wrong=json.dumps([{"source": "wrong", "language": "py"}])),
    ]
    problems = write(tmp_path / "problems.jsonl", rows)
    summary = run_on(problems, tmp_path / "out.jsonl", jobs=3)
    out = read(tmp_path / "out.jsonl")
    assert len(out) == len(rows) == summary.rows == summary.built
    unreadable = [row for row in out if "unreadable" in row["flags"]]
    assert len(unreadable) == 12 and all("problems.jsonl:" in row["notes"][0] for row in unreadable)
    assert sum("no_correct" in row["flags"] for row in out) == 1
    assert summary.unflagged == 4
    assert len({tuple(row) for row in out}) == 1, "every row has the same fields"


def test_parquet_as_well(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([variant(PROBLEM, tests={"inputs": ["5"], "outputs": ["right"]}), PROBLEM])
    pq.write_table(table, tmp_path / "problems.parquet")
    assert run_on(tmp_path / "problems.parquet", tmp_path / "out.jsonl").unflagged == 2
    assert [row["counts"]["given"] for row in read(tmp_path / "out.jsonl")] == [1, 0]


def test_what_is_finished_is_not_built_again(tmp_path: Path) -> None:
    problems = write(tmp_path / "problems.jsonl", [variant(PROBLEM, id=str(n)) for n in range(4)])
    out = tmp_path / "out.jsonl"
    run_on(problems, out)
    before = out.read_bytes()
    summary = run_on(problems, out, run=lambda source, language, inputs, limits: [Run(Status.OK)])
    assert (summary.built, summary.there_before) == (0, 4) and out.read_bytes() == before


@pytest.mark.parametrize("cut", [1, 40, 10_000])
def test_a_torn_last_line_is_made_again(tmp_path: Path, cut: int) -> None:
    problems = write(tmp_path / "problems.jsonl", [variant(PROBLEM, id=str(n)) for n in range(4)])
    out = tmp_path / "out.jsonl"
    run_on(problems, out)
    whole = out.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    out.write_bytes(whole[: max(last, len(whole) - cut)])
    summary = run_on(problems, out)
    assert (summary.built, summary.there_before) == (1, 3) and out.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "problems.jsonl"]


def test_a_problem_that_has_changed_is_built_again_and_others_stay(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run_on(write(tmp_path / "a.jsonl", [variant(PROBLEM, id="other")]), out)
    run_on(write(tmp_path / "b.jsonl", [PROBLEM, variant(PROBLEM, id="q")]), out)
    summary = run_on(write(tmp_path / "b.jsonl", [PROBLEM, variant(PROBLEM, id="q", prompt="new")]), out)
    assert (summary.built, summary.there_before) == (1, 1)
    assert [(row["id"], row["prompt"]) for row in read(out)] == [("other", "?"), ("p", "?"), ("q", "new")]
    assert [(row["id"], row["prompt"]) for row in read(tmp_path / "out.jsonl.old")] == [("q", "?")]


def test_what_our_sandbox_failed_is_tried_again(tmp_path: Path) -> None:
    def broken(source: str, language: str, inputs: Sequence[str], limits: Limits) -> list[Run]:
        if source == "wrong":
            return [Run(Status.SANDBOX_ERROR)] * len(inputs)
        return fake(source, language, inputs, limits)

    problems = write(tmp_path / "problems.jsonl", [PROBLEM, variant(PROBLEM, id="q", wrong=["other"])])
    out = tmp_path / "out.jsonl"
    assert run_on(problems, out, run=broken).flags == {"sandbox_error": 1, "cannot_tell": 1}
    said: list[str] = []
    summary = run_on(problems, out, say=said.append)
    assert (summary.built, summary.there_before) == (1, 1) and len(read(out)) == 2
    assert not any(row["flags"] for row in read(out)) and "1 rows taken out" in said[0]


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    problems = write(tmp_path / "problems.jsonl", [PROBLEM])
    with pytest.raises(ResultsError, match=r"problems.jsonl:1: is no row"):
        run_on(problems, problems)
    assert read(problems) == [PROBLEM]


def test_two_runs_do_not_write_into_one_file(tmp_path: Path) -> None:
    problems, out = write(tmp_path / "problems.jsonl", [PROBLEM]), tmp_path / "out.jsonl"

    def nested(line: str) -> None:
        with pytest.raises(ResultsError, match="another process"):
            run_on(problems, out)

    assert run_on(problems, out, say=nested).built == 1


def test_without_a_sandbox_nothing_is_written(tmp_path: Path) -> None:
    problems = write(tmp_path / "problems.jsonl", [PROBLEM])
    with pytest.raises(SandboxMissing, match="no namespaces"):
        run_on(problems, tmp_path / "out.jsonl", run=lambda *a: [Run(Status.SANDBOX_ERROR, stderr="no namespaces")])
    assert not (tmp_path / "out.jsonl").exists()


def test_a_fault_in_our_own_code_is_raised_and_what_was_finished_stays(tmp_path: Path) -> None:
    def faulty(source: str, language: str, inputs: Sequence[str], limits: Limits) -> list[Run]:
        if source == "boom":
            raise RuntimeError("a fault")
        return fake(source, language, inputs, limits)

    rows = [PROBLEM, variant(PROBLEM, id="q", correct=["boom"])]
    problems = write(tmp_path / "problems.jsonl", rows)
    with pytest.raises(RuntimeError, match="a fault"):
        run_on(problems, tmp_path / "out.jsonl", run=faulty)
    assert [row["id"] for row in read(tmp_path / "out.jsonl")] == ["p"]


# --- the command line, with the real sandbox


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "r1data", "tests", *map(str, arguments)]


def r1data(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "150"}
    return subprocess.run(command(*arguments), capture_output=True, text=True, env=environment, timeout=PATIENT)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_from_prompts_to_tests(tmp_path: Path) -> None:
    bare = {name: value for name, value in SUBARRAY.items() if name != "generators"}
    problems = write(tmp_path / "problems.jsonl", [bare, "no json"])
    asked = r1data("prompts", problems, "--out", tmp_path / "prompts.jsonl")
    assert asked.returncode == 0 and "problems.jsonl:2: left out" in asked.stderr
    [prompt] = read(tmp_path / "prompts.jsonl")
    assert bare["prompt"] in prompt["question"] and prompt["id"] == "subarray"

    reply = "<think>...</think>" + "".join(f"One:\n```python\n{source}```\n" for source in SUBARRAY["generators"])
    replies = write(tmp_path / "replies.jsonl", [{"id": "subarray", "response": reply}])
    arguments = ("build", problems, "--out", tmp_path / "out.jsonl", "--generators", replies)
    built = r1data(*arguments, "--json")
    assert built.returncode == 0, built.stderr
    summary = json.loads(built.stdout)
    assert (summary["rows"], summary["built"], summary["unflagged"]) == (2, 2, 1)
    assert summary["flags"] == {"unreadable": 1} and summary["caught"] == 3
    again = r1data(*arguments)
    assert "2 of 2 rows are there already" in again.stderr and "0 built + 2 there before" in again.stdout


@pytest.mark.slow
def test_messages_for_wrong_files(tmp_path: Path) -> None:
    problems = write(tmp_path / "problems.jsonl", [PROBLEM])
    for arguments, words in {
        ("build", tmp_path / "none.jsonl", "--out", tmp_path / "o"): "none.jsonl",
        ("build", problems, "--out", problems): "is no row that",
        ("build", problems, "--out", tmp_path / "o", "--generators", problems): "holds no replies",
        ("prompts", problems, "--out", problems / "x"): "cannot be written",
    }.items():
        refused = r1data(*arguments)
        assert refused.returncode == 1 and words in refused.stderr and "Traceback" not in refused.stderr, refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    slow = [*SUBARRAY["wrong"], "while True: pass"]
    rows = [variant(SUBARRAY, id=str(n), time_limit=0.1, **({"wrong": slow} if n % 6 == 5 else {})) for n in range(12)]
    problems, out = write(tmp_path / "problems.jsonl", rows), tmp_path / "out.jsonl"
    arguments = ("build", problems, "--out", out, "--jobs", 2)
    process = subprocess.Popen(command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: out.exists() and out.read_bytes().count(b"\n") >= 3)
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(how)
        message = process.communicate(timeout=PATIENT)[1]
    finally:
        process.kill()
    assert started, "the sandbox was running"
    wait_until(lambda: not any(child.is_running() for child in started))
    if how is signal.SIGINT:
        assert process.returncode == 130 and "stopped" in message and "Traceback" not in message
    there = len(read(out)) if out.read_bytes().endswith(b"\n") else out.read_bytes().count(b"\n")
    assert 3 <= there < 12
    finished = r1data(*arguments, "--json")
    summary = json.loads(finished.stdout)
    assert (summary["built"], summary["there_before"]) == (12 - there, there)
    whole = tmp_path / "whole.jsonl"
    assert r1data("build", problems, "--out", whole).returncode == 0

    def essence(path: Path) -> list[tuple[Any, ...]]:
        return sorted((row["id"], row["tests"]["inputs"], row["tests"]["outputs"], row["flags"]) for row in read(path))

    assert essence(out) == essence(whole)
