"""Every row of a source becomes a prompt, a named bad row, or a counted duplicate."""

import csv
import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from r1data.errors import SourceError
from r1data.sources import TooManyBadPrompts, list_shipped
from tests.sources.reading import ROWS, read


def write_rows(path: Path) -> None:
    match "".join(path.suffixes):
        case ".jsonl":
            path.write_text("\n".join(map(json.dumps, ROWS)) + "\n")
        case ".jsonl.gz":
            path.write_bytes(gzip.compress("\n".join(map(json.dumps, ROWS)).encode()))
        case ".json":
            path.write_text(json.dumps(ROWS))
        case ".parquet":
            pl.DataFrame([{**row, "answer": str(row["answer"])} for row in ROWS]).write_parquet(path)
        case ".csv":
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, ["question", "answer"])
                writer.writeheader()
                writer.writerows(ROWS)


@pytest.mark.parametrize("name", ["p.jsonl", "p.jsonl.gz", "p.json", "p.parquet", "p.csv"])
def test_every_kind_of_file_gives_the_same_prompts(tmp_path: Path, name: str) -> None:
    write_rows(tmp_path / name)
    prompts = read(tmp_path, {"kind": "file", "path": name}).prompts
    assert sorted(prompts["reference"]) == ["0.5", "4", "7"]
    assert sorted(prompts["language"]) == ["en", "en", "zh"]
    write_rows(tmp_path / "other.jsonl")
    again = read(tmp_path, {"kind": "file", "path": "other.jsonl"}).prompts
    assert again["prompt_id"].equals(prompts["prompt_id"])


def test_wildcards_and_duplicates(tmp_path: Path) -> None:
    for name in ("a1.jsonl", "a2.jsonl", "b.jsonl"):
        write_rows(tmp_path / name)
    ingested = read(tmp_path, {"kind": "file", "path": "a*.jsonl"}, {"kind": "file", "path": "b.jsonl"})
    assert (ingested.rows, ingested.prompts.height, ingested.duplicates) == (9, 3, 6)


def test_columns_are_mapped_and_a_wrong_name_is_answered_with_a_guess(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(json.dumps({"problem": "2+2?", "solution": "4", "lang": "en"}))
    source = {"kind": "file", "path": "p.jsonl"}
    mapped = read(tmp_path, source | {"columns": {"question": "problem", "answer": "solution"}})
    assert mapped.prompts["reference"].to_list() == ["4"]
    with pytest.raises(SourceError) as caught:
        read(tmp_path, source | {"columns": {"question": "problm"}})
    assert "did you mean 'problem'" in str(caught.value.remedy)


BAD_LINES = {
    "{not json": "invalid_json",
    '{"question": "torn": ': "invalid_json",
    "[1, 2]": "not_an_object",
    "[" * 5000: "invalid_json",
    '{"answer": "4"}': "question_missing",
    '{"question": "  ", "answer": "4"}': "question_missing",
    '{"question": 5, "answer": "4"}': "question_type",
    '{"question": "2+2?"}': "reference_missing",
    '{"question": "2\\u0000?", "answer": "4"}': "control_characters",
    '{"question": "2 \\ud800?", "answer": "4"}': "control_characters",
    '{"messages": [], "answer": "4"}': "messages_type",
    '{"messages": [{"role": "robot", "content": "x"}], "answer": "4"}': "messages_type",
    '{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}], "answer": "4"}': (
        "last_turn_is_the_users"
    ),
    '{"question": "2+2?", "answer": "4", "language": "Klingon!"}': "language_unknown",
    '{"question": "2\\r?", "answer": "4"}': "control_characters",
    '{"question": "2?", "answer": "4", "domain": "\\ud800"}': "control_characters",
    '{"question": "2?", "answer": "4", "licence": "\\ud800"}': "control_characters",
    '{"question": "2?", "answer": NaN}': "reference_not_finite",
    '{"question": "2?", "answer": 1e999}': "reference_not_finite",
    '{"question": "2?", "answer": {"value": 4}}': "reference_type",
    '{"question": "2?", "answer": [[1], 2]}': "reference_type",
    '{"question": "2?", "answer": []}': "reference_missing",
    '{"question": "2?", "answer": ' + "[" * 500 + "]" * 500 + "}": "reference_type",
}


@pytest.mark.parametrize(("line", "rule"), BAD_LINES.items())
def test_a_bad_row_is_set_aside_with_place_and_rule(tmp_path: Path, line: str, rule: str) -> None:
    (tmp_path / "p.jsonl").write_text(f"{json.dumps(ROWS[0])}\n\n{line}\n{json.dumps(ROWS[1])}")
    ingested = read(tmp_path, {"kind": "file", "path": "p.jsonl"})
    assert ingested.prompts.height == 2
    assert ingested.bad.select("row", "rule").rows() == [("p.jsonl:3", rule)]


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_bytes(json.dumps(ROWS[0]).encode() + b'\n{"question": "\xff\xfe"}\n')
    assert read(tmp_path, {"kind": "file", "path": "p.jsonl"}).bad["rule"].to_list() == ["invalid_utf8"]


def test_too_many_bad_rows_stop_the_run_with_examples(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("\n".join([json.dumps(ROWS[0])] * 8 + ["{", '{"answer": 1}']))
    read(tmp_path, {"kind": "file", "path": "p.jsonl"}, bad=0.2)
    with pytest.raises(TooManyBadPrompts) as caught:
        read(tmp_path, {"kind": "file", "path": "p.jsonl"}, bad=0.19)
    assert "2 of 10 rows (20.0%)" in str(caught.value) and "p.jsonl:9" in str(caught.value)
    assert caught.value.bad.height == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.jsonl", None, "there is no file"),
        ("p.txt", b"x", "unknown kind"),
        ("p.parquet", b"PAR1 no", "cannot be read"),
        ("p.json", b"{", "no valid JSON"),
        ("p.json", b"{}", "a list of objects"),
        ("p.jsonl.gz", b"not gzip", "cannot be read"),
        ("p.jsonl", b"", "there are no prompts"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=words):
        read(tmp_path, {"kind": "file", "path": name})


def test_shipped_sets_are_listed_and_read(tmp_path: Path) -> None:
    sets = list_shipped()
    assert {"arithmetic-en", "arithmetic-zh"} <= {s.name for s in sets}
    for shipped in sets:
        ingested = read(tmp_path, {"kind": "shipped", "dataset": shipped.name}, bad=0)
        assert ingested.prompts.height == shipped.rows
        assert set(ingested.prompts["licence"]) == {"Apache-2.0"}
    with pytest.raises(SourceError) as caught:
        read(tmp_path, {"kind": "shipped", "dataset": "arithmetic-english"})
    assert "did you mean 'arithmetic-en'" in str(caught.value.remedy)
