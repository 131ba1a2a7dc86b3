"""Whatever a file holds: rows in = rows out, or one SourceError."""

import csv
import gzip
import io
import json
import tempfile
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.errors import SourceError
from tests.sources.reading import ROWS, read

text = st.text(st.characters(exclude_categories=()), max_size=12)  # with halves of surrogate pairs
value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
turn = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system", "robot"]), "content": text})
keys = st.sampled_from(["question", "answer", "messages", "language", "domain", "licence"]) | text
rows = st.dictionaries(keys, value | st.lists(turn, max_size=3), max_size=6) | value


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, max_size=8), st.binary(max_size=60))
def test_every_line_is_counted(hostile: list[object], noise: bytes) -> None:
    content = b"\n".join([json.dumps(ROWS[0]).encode(), *(json.dumps(row).encode() for row in hostile), noise])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "p.jsonl").write_bytes(content)
        ingested = read(Path(folder), {"kind": "file", "path": "p.jsonl"})
    assert ingested.rows == sum(bool(line.strip()) for line in content.split(b"\n"))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=8))
def test_every_record_of_a_csv_is_counted(cells: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "p.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("question", "answer"), tuple(ROWS[0].values()), *cells])
        assert read(Path(folder), {"kind": "file", "path": "p.csv"}).rows == len(cells) + 1


def whole_files() -> dict[str, bytes]:
    lines = "\n".join(map(json.dumps, ROWS)).encode()
    table = io.BytesIO()
    pl.DataFrame([{**row, "answer": str(row["answer"])} for row in ROWS]).write_parquet(table)
    return {
        "p.jsonl": lines,
        "p.jsonl.gz": gzip.compress(lines, mtime=0),
        "p.json": json.dumps(ROWS).encode(),
        "p.json.gz": gzip.compress(json.dumps(ROWS).encode(), mtime=0),
        "p.csv": b'question,answer\n2+2?,4\n"a ""b""\nc",5\n',
        "p.parquet": table.getvalue(),
    }


WHOLE = whole_files()


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(set(WHOLE) - {"p.parquet"})), st.data())
def test_a_damaged_file_gives_counted_rows_or_one_error(name: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    torn = bytes(content[: data.draw(st.integers(0, len(content)))])
    with tempfile.TemporaryDirectory() as folder, suppress(SourceError):
        (Path(folder) / name).write_bytes(torn if data.draw(st.booleans()) else bytes(content))
        read(Path(folder), {"kind": "file", "path": name})


@pytest.mark.parametrize("part", [0, 0.3, 0.6, 0.99])
def test_a_torn_parquet_is_one_error(tmp_path: Path, part: float) -> None:
    (tmp_path / "p.parquet").write_bytes(WHOLE["p.parquet"][: int(len(WHOLE["p.parquet"]) * part)])
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path, {"kind": "file", "path": "p.parquet"})


def test_a_quote_that_is_never_closed_does_not_swallow_the_file_unseen(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text('question,answer\n2+2?,4\n3+3?,"6\n4+4?,8\n')
    bad = read(tmp_path, {"kind": "file", "path": "p.csv"}).bad
    assert bad.select("row", "rule").rows() == [("p.csv:3", "invalid_csv")]


def test_a_csv_goes_on_behind_a_bad_record(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(
        b'\xef\xbb\xbfquestion,answer\r\na\rb,1\r\n"x\r\ny",2\r\nonly one\r\n\xff,3\r\nz,4\r\n'
    )
    ingested = read(tmp_path, {"kind": "file", "path": "p.csv"})
    assert sorted(ingested.prompts["reference"]) == ["2", "4"]
    found = [("p.csv:2", "invalid_csv"), ("p.csv:5", "csv_width"), ("p.csv:6", "invalid_utf8")]
    assert ingested.bad.select("row", "rule").rows() == found


def test_a_replacement_character_that_stands_in_the_file_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("question,answer\nWhat is \N{REPLACEMENT CHARACTER}?,4\n", "utf-8")
    assert read(tmp_path, {"kind": "file", "path": "p.csv"}).prompts.height == 1


def test_one_value_that_is_no_utf8_costs_one_row_of_a_parquet(tmp_path: Path) -> None:
    ends = b"".join(end.to_bytes(4, "little") for end in (0, 2, 4, 6))
    questions = pa.Array.from_buffers(pa.string(), 3, [None, pa.py_buffer(ends), pa.py_buffer(b"ab\xff\xfecd")])
    pq.write_table(pa.table({"question": questions, "answer": ["1", "2", "3"]}), tmp_path / "p.parquet")
    ingested = read(tmp_path, {"kind": "file", "path": "p.parquet"})
    assert sorted(ingested.prompts["reference"]) == ["1", "3"]
    assert ingested.bad.select("row", "rule").rows() == [("p.parquet:2", "invalid_utf8")]


@pytest.mark.parametrize("name", ["p.jsonl", "p.json", "p.csv"])
def test_a_byte_order_mark_is_no_content(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + WHOLE[name])
    assert read(tmp_path, {"kind": "file", "path": name}).bad.is_empty()


def test_a_key_that_the_first_row_lacks_is_a_bad_row_not_a_wrong_mapping(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"note": 1}\n{"problem": "2+2?", "answer": "4"}')
    ingested = read(tmp_path, {"kind": "file", "path": "p.jsonl", "columns": {"question": "problem"}})
    assert (ingested.prompts.height, ingested.bad["row"].to_list()) == (1, ["p.jsonl:1"])


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder, row in zip(("a", "b"), ROWS, strict=False):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "p.jsonl").write_text(json.dumps(row))
    prompts = read(tmp_path, {"kind": "file", "path": "*/p.jsonl"}).prompts
    assert sorted(prompts["source_row"]) == ["a/p.jsonl:1", "b/p.jsonl:1"]


def test_brackets_in_the_folder_of_the_recipe_are_no_wildcards(tmp_path: Path) -> None:
    folder = tmp_path / "set [1]"
    folder.mkdir()
    (folder / "p.jsonl").write_text(json.dumps(ROWS[0]))
    assert read(folder, {"kind": "file", "path": "*.jsonl"}).prompts["source_row"].to_list() == ["p.jsonl:1"]


@pytest.mark.parametrize(
    "path", ["x" * 300 + ".jsonl", "a\0.jsonl", "~nobody-here/x.jsonl", "a**.jsonl", ".", "*.jsonl"]
)
def test_a_path_that_cannot_be_one_is_an_error_with_a_remedy(tmp_path: Path, path: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, {"kind": "file", "path": path})
    assert caught.value.remedy


def test_a_missing_file_is_answered_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text("")
    with pytest.raises(SourceError, match=str(tmp_path / "prompt.jsonl")) as caught:
        read(tmp_path, {"kind": "file", "path": "prompt.jsonl"})
    assert "did you mean 'prompts.jsonl'" in str(caught.value.remedy)
