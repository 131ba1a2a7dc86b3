"""Replies come out of a file as many as went in, whatever is in it."""

import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from r1data.errors import SourceError
from r1data.sources.replies_file import BATCH_ROWS, COLUMNS, read_replies, read_some

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"id": TEXT, "response": TEXT}, optional={"prompt": TEXT, "reference": TEXT, "language": TEXT}
    ),
    min_size=1, max_size=20,
)  # fmt: skip


def read(path):
    batches = list(read_replies(path))
    frame = pl.concat([batch.frame for batch in batches])
    return frame, [text for batch in batches for text in batch.responses.to_pylist()]


@given(ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_every_format_gives_the_same_rows(tmp_path, rows):
    lines = tmp_path / "rows.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in
                                                 ("id", "response", "prompt", "reference", "language")]))  # fmt: skip
    pq.write_table(table, tmp_path / "rows.parquet")
    (one, texts), (other, same) = read(lines), read(tmp_path / "rows.parquet")
    assert texts == same == [row["response"] for row in rows]
    assert one.equals(other)
    assert one["row"].to_list() == list(range(len(rows)))
    assert dict(one.schema) == dict(COLUMNS)


def test_rows_that_cannot_be_used_keep_their_place(tmp_path):
    path = tmp_path / "rows.jsonl"
    good = json.dumps({"id": 7, "response": "fine"})
    bad = [
        b"{broken",
        b'{"id": "b"}',
        b'{"response": "\\ud800"}',
        b'{"response": 3}',
        b'"text"',
        b'{"response": "\xff"}',
    ]
    path.write_bytes(b"\n".join([good.encode(), *bad, good.encode()]))
    frame, texts = read(path)
    assert frame["trouble"].is_null().to_list() == [True, False, False, False, False, False, False, True]
    assert (texts[0], texts[-1]) == ("fine", "fine") and set(texts[1:-1]) == {""}
    assert frame["id"].to_list()[0] == "7"


def test_invalid_bytes_in_parquet_cost_one_row(tmp_path):
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0"), pa.py_buffer(b"\xffab")]
    )
    pq.write_table(pa.table({"id": pa.array(["a", "b"]), "response": broken}), tmp_path / "rows.parquet")
    frame, texts = read(tmp_path / "rows.parquet")
    assert texts == ["", "ab"]
    assert frame["trouble"].to_list() == ["response is no valid UTF-8", None]


def test_conversations_and_typed_columns(tmp_path):
    talk = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "no"},
        {"role": "user", "content": "two"},
    ]
    rows = [{"id": 1, "response": "r", "prompt": talk, "reference": 4, "completion_tokens": 9}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    frame, _ = read(tmp_path / "rows.parquet")
    row = frame.row(0, named=True)
    assert (row["id"], row["prompt"], row["completion_tokens"]) == ("1", "one\n\ntwo", 9)
    assert json.loads(row["check"]) == {"reference": 4}


def test_more_rows_than_a_batch(tmp_path):
    count = 2 * BATCH_ROWS + 3
    pl.DataFrame({"id": range(count), "response": [f"reply {n}" for n in range(count)]}).write_parquet(
        tmp_path / "r.parquet"
    )
    frame, texts = read(tmp_path / "r.parquet")
    assert texts == [f"reply {n}" for n in range(count)]
    assert frame["row"].to_list() == list(range(count))


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_some_rows_are_read_alone(tmp_path, kind):
    path = tmp_path / f"rows.{kind}"
    table = pl.DataFrame({"id": range(40), "response": [f"reply {n}" for n in range(40)]})
    table.write_parquet(path, row_group_size=7) if kind == "parquet" else table.write_ndjson(path)
    assert read_some(path, {0, 6, 7, 39}) == {n: f"reply {n}" for n in (0, 6, 7, 39)}
    assert read_some(path, {3}, "prompt") == {}


def test_a_file_without_replies_says_what_it_has(tmp_path):
    pl.DataFrame({"id": ["a"], "responses": ["x"]}).write_parquet(tmp_path / "r.parquet")
    with pytest.raises(SourceError) as caught:
        read(tmp_path / "r.parquet")
    assert "did you mean 'responses'" in caught.value.remedy
    with pytest.raises(SourceError):
        read(tmp_path / "none.parquet")


def test_an_empty_file_has_no_rows(tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    frame, texts = read(tmp_path / "empty.jsonl")
    assert (frame.height, texts) == (0, [])
