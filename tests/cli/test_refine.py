"""`r1data refine`: a row for every row, with its reasons; what is decided does not hang on how the file is read."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import PATIENT

LINES = (
    "I want the number of ways to seat {n} guests at a round table, so I fix one of them first.",
    "The remaining {m} guests can be arranged freely, which leaves the factorial of {m}.",
    "Two arrangements that differ by a rotation are the same, and fixing a seat removes exactly that freedom.",
    "Let me check the case of three guests by hand: there are two ways, clockwise and anticlockwise.",
    "That agrees with the factorial of two, so the formula survives its first test.",
    "If mirror images were the same as well, half of them would remain, but the question does not say so.",
    "For {n} guests I would multiply the whole numbers from one to {m} one after the other.",
    "Before I write the answer down I look at the question again, which asks for people and not for chairs.",
)
ITEM = (
    "A lighthouse keeper paints {a} identical railings in a row with three colours so that no two neighbouring "
    "railings match and both ends are white. In how many ways can the keeper do that?"
)
ODD = (
    "The ferry leaves at dawn, and its captain counts barrels of herring while the tide is still low over the wall.",
    "A baker who owns nine ovens wants each loaf to rest as long as the one before, whatever the weather brings.",
)


def reply(number: int, *, thought: str | None = None, answer: str | None = None) -> str:
    lines = [line.format(n=number, m=number - 1) for line in LINES]
    said = thought if thought is not None else "\n\n".join(lines[number % 8 :] + lines[: number % 8])
    return f"<think>\n{said}\n</think>\n\n" + (answer or f"There are $\\boxed{{{number}}}$ of them.")


def row(name: str, number: int, *, prompt: str | None = None, **more: object) -> dict[str, object]:
    question = (
        prompt or f"Question {number} of the seating plan: {ODD[number % 2]} How many guests are {number} guests?"
    )
    return {"id": name, "prompt": question, "response": reply(number), "language": "en"} | more


UNLIKE = "\n\n".join(
    f"{who} {does} {n} times, since the {what} of {n + 3} {of}s is known by now."
    for n, (who, does, what, of) in enumerate(
        product(("Nobody", "Everyone", "Somebody"), ("counts", "paints", "moves"), ("sum", "colour"), ("boat", "lamp"))
    )
)
TWICE = "How many loaves does she bake with her nine ovens in three days if each oven holds twelve loaves at a time?"
CHINESE = "所以我们先把第一个人固定下来，然后计算剩下的人有多少种排法。"
BROKEN = "```python\nfor x in range(3)\n    y = = 2\n```"
ROWS: list[tuple[dict[str, object], set[str]]] = [
    (row("clean", 20), set()),
    (row("mixed", 21, response=reply(21, thought=UNLIKE[:900] + "\n\n" + CHINESE)),
     {"mixed_language"}),
    (row("wall", 22, response=reply(22, thought=UNLIKE.replace("\n\n", " ") * 2)), {"long_paragraph", "repetition"}),
    (row("code", 23, response=reply(23, thought=UNLIKE[900:1800] + "\n\n" + BROKEN)),
     {"messy_code"}),
    (row("loop", 24, response=reply(24, thought=UNLIKE[1800:2600] + "\n\n" + "And again. " * 150)), {"repetition"}),
    (row("cut", 25, response="<think>\n" + UNLIKE[300:1100]), {"format", "truncated"}),
    (row("long", 26, response=reply(26, thought=UNLIKE[500:1700]), finish_reason="length"), {"truncated"}),
    (row("tags", 27, response="No thought at all, but $\\boxed{27}$."), {"format"}),
    (row("copy", 20), {"duplicate"}),
    (row("near", 20, response=reply(20).replace("by hand", "with my hands")), {"duplicate"}),
    (row("leak", 28, prompt=ITEM.format(a=9), response=reply(28, thought=UNLIKE[1200:2500])), {"contaminated"}),
    (row("renumbered", 29, prompt="Hello! " + ITEM.format(a=14), response=reply(29, thought=UNLIKE[100:1400])),
     {"contaminated"}),
    (row("wrong", 30, response=reply(30, thought=UNLIKE[700:2100]), reference="31"), {"incorrect"}),
    (row("asked twice", 34, prompt=f"{ODD[0]} {TWICE}", response=reply(34, thought=UNLIKE[200:1600])), set()),
    (row("asked again", 35, prompt=f"{ODD[0]} {TWICE} Tell me.", response=reply(35, thought=UNLIKE[1000:2400])),
     {"duplicate"}),
    (row("right", 32, response=reply(32, thought=UNLIKE[1500:2900]), reference="32"), set()),
]  # fmt: skip


def r1data(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "r1data", *map(str, arguments)],
        capture_output=True, text=True, cwd=folder, env={**os.environ, "COLUMNS": "150"}, timeout=PATIENT,
    )  # fmt: skip


def write(folder: Path, kind: str = "parquet", rows: list[dict[str, object]] | None = None) -> Path:
    path = folder / f"replies.{kind}"
    rows = rows if rows is not None else [given for given, _ in ROWS]
    if kind == "parquet":
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
    else:
        path.write_text("".join(json.dumps(given) + "\n" for given in rows))
    return path


def benchmarks(folder: Path) -> Path:
    path = folder / "contest.jsonl"
    path.write_text(json.dumps({"id": "railings-9", "text": ITEM.format(a=9), "solution": "42"}) + "\n")
    return path


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_every_row_comes_out_with_its_reasons(tmp_path: Path, kind: str) -> None:
    source, out, kept = write(tmp_path, kind), tmp_path / "out.parquet", tmp_path / f"kept.{kind}"
    done = r1data(
        tmp_path, "refine", source, "--out", out, "--benchmarks", benchmarks(tmp_path), "--kept", kept, "--report",
        tmp_path / "page.html", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = pl.read_parquet(out)
    found = {name: set(reasons) for name, reasons in table.select("id", "reasons").iter_rows()}
    assert found == {str(given["id"]): reasons for given, reasons in ROWS}
    assert table["id"].to_list() == [given["id"] for given, _ in ROWS]
    assert (table["kept"] == (table["reasons"].list.len() == 0)).all()
    twins = dict(table.filter(pl.col("duplicate_of").is_not_null()).select("id", "duplicate_of").iter_rows())
    assert twins == {"copy": "clean", "near": "clean", "asked again": "asked twice"}
    assert table.filter(id="copy")["similarity"].item() == 1.0 > table.filter(id="near")["similarity"].item() > 0.7
    leaks = table.filter(pl.col("contaminated_by").is_not_null())
    assert set(leaks["contaminated_by"]) == {"railings-9"} and set(leaks["benchmark"]) == {"contest"}
    assert all("lighthouse" in hit["text"] for hit in leaks["contamination"])
    rest = pl.read_parquet(kept) if kind == "parquet" else pl.read_ndjson(kept)
    assert rest["id"].to_list() == table.filter("kept")["id"].to_list()
    counts = json.loads(done.stdout)
    assert counts["rows"] == len(ROWS) == counts["kept"] + counts["rejected"]
    assert counts["checked"] == {"contest": 1}
    assert "railings" in (tmp_path / "page.html").read_text()
    assert not list(tmp_path.glob(".staging*"))


def test_threads_and_formats_decide_nothing(tmp_path: Path) -> None:
    many = [given | {"id": f"{given['id']}-{turn}"} for turn in range(60) for given, _ in ROWS]
    tables = []
    for kind, workers in (("parquet", 1), ("parquet", 3), ("jsonl", 2)):
        out = tmp_path / f"{kind}-{workers}.parquet"
        done = r1data(
            tmp_path, "refine", write(tmp_path, kind, many), "--out", out, "--workers", str(workers), "--no-verify"
        )
        assert done.returncode == 0, done.stderr
        tables.append(pl.read_parquet(out))
    assert tables[0].equals(tables[1]) and tables[0].equals(tables[2])
    assert tables[0].height == len(many)


def test_bad_rows_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_bytes(b'{"id": "a", "response": null}\n{broken\n{"id": "c", "response": "\\ud800"}\n'
                     + json.dumps(row("fine", 20)).encode() + b"\n")  # fmt: skip
    done = r1data(tmp_path, "refine", path, "--out", tmp_path / "out.parquet", "--json")
    assert done.returncode == 0, done.stderr
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert table["kept"].to_list() == [False, False, False, True]
    assert table["findings"].to_list()[:3] == [["format/unreadable"]] * 3
    assert table["trouble"].is_not_null().to_list() == [True, True, True, False]


def test_errors_name_the_place_and_the_remedy(tmp_path: Path) -> None:
    source = write(tmp_path)
    missing = r1data(tmp_path, "refine", tmp_path / "replys.parquet", "--out", tmp_path / "out.parquet")
    assert missing.returncode == 1 and "did you mean 'replies.parquet'" in missing.stderr
    kind = r1data(tmp_path, "refine", source, "--out", tmp_path / "out.parquet", "--kept", tmp_path / "kept.jsonl")
    assert kind.returncode == 1 and "kept.parquet" in kind.stderr
    gone = r1data(
        tmp_path, "refine", source, "--out", tmp_path / "out.parquet", "--benchmarks", tmp_path / "none.jsonl"
    )
    assert gone.returncode != 0 and "none.jsonl" in gone.stderr
    key = r1data(tmp_path, "refine", source, "--out", tmp_path / "out.parquet", "--set", "selection.longest_paragraf=3")
    assert key.returncode == 1 and "did you mean 'longest_paragraph'" in key.stderr
    assert not (tmp_path / "out.parquet").exists()


def test_an_empty_file_gives_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "replies.jsonl").write_text("")
    done = r1data(tmp_path, "refine", tmp_path / "replies.jsonl", "--out", tmp_path / "out.parquet")
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(tmp_path / "out.parquet").height == 0


def test_stopped_it_leaves_nothing_half_done(tmp_path: Path) -> None:
    many = [given | {"id": f"{given['id']}-{turn}"} for turn in range(4000) for given, _ in ROWS]
    source, out = write(tmp_path, "parquet", many), tmp_path / "out.parquet"
    command = [sys.executable, "-m", "r1data", "refine", str(source), "--out", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"})
    deadline = time.monotonic() + PATIENT
    while not list(tmp_path.glob(".staging-*/signatures/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, news = process.communicate(timeout=PATIENT)
    assert process.returncode == 130, news
    assert "Traceback" not in news
    assert not out.exists() and not list(tmp_path.glob(".staging*"))
