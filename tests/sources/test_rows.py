"""What one row says, and what of it makes the prompt's identity."""

import json
import random
from pathlib import Path

import pytest

from r1data.errors import SourceError
from r1data.sources import TooManyBadPrompts
from r1data.sources.prompt_id import prompt_id
from r1data.sources.rows import language_of
from schemas import Message
from tests.sources.reading import ROWS, read, read_one

ANSWERS = [
    (7, "7"), (7.0, "7"), (-0.0, "0"), (0.5, "0.5"), (1e22, "1" + "0" * 22), (1e-7, "0.0000001"), (True, "True"),
    (" 4 ", "4"), ("a\r\nb", "a\nb"), (["4"], "4"), ([1, 2.0, "x"], "1, 2, x"), ("#### 42", "#### 42"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "reference"), ANSWERS)
def test_an_answer_has_one_spelling(tmp_path: Path, answer: object, reference: str) -> None:
    ingested = read_one(tmp_path, {"question": "Another?", "answer": answer})
    assert reference in ingested.prompts["reference"].to_list() and ingested.bad.is_empty()


def test_line_ends_of_windows_are_line_ends(tmp_path: Path) -> None:
    ingested = read_one(tmp_path, {"question": "One\r\ntwo?\t", "answer": "4"})
    assert "One\ntwo?" in [messages[0]["content"] for messages in ingested.prompts["messages"]]


@pytest.mark.parametrize(("tag", "language"), [("zh-CN", "zh"), ("EN", "en"), ("de_AT", "de"), (None, "fr"), (5, "fr")])
def test_the_column_says_the_language_then_the_source(tmp_path: Path, tag: object, language: str) -> None:
    ingested = read_one(tmp_path, {"question": "Another?", "answer": "1", "language": tag}, language="fr")
    assert sorted(ingested.prompts["language"]) == sorted(["fr", language])


def test_a_label_that_is_no_text_counts_only_where_its_column_is_mapped(tmp_path: Path) -> None:
    row = {"question": "Another?", "answer": "1", "domain": ["algebra"]}
    assert set(read_one(tmp_path, row).prompts["domain"]) == {"math"}
    assert read_one(tmp_path, row, columns={"domain": "domain"}).bad["rule"].to_list() == ["domain_type"]


def test_the_script_tells_the_language() -> None:
    assert [language_of(q) for q in ("2 + 2 = ?", "用 Python 计算 2 的平方", "What is 汉?", "")] == [
        "en",
        "zh",
        "en",
        "en",
    ]


def test_the_identity_is_what_is_asked_and_accepted() -> None:
    question = (Message("user", "2+2?"),)
    one = prompt_id(question, "math", "4", None)
    others = [
        prompt_id((Message("user", "2+3?"),), "math", "4", None),
        prompt_id((Message("system", "2+2?"),), "math", "4", None),
        prompt_id(question, "judge", "4", None),
        prompt_id(question, "math", "5", None),
        prompt_id(question, "math", None, "4"),
    ]
    assert len({one, *others}) == 6 and one == prompt_id(question, "math", "4", None)


def test_source_domain_licence_and_order_do_not_change_the_identity(tmp_path: Path) -> None:
    labelled = [{**row, "domain": "logic", "licence": "MIT", "extra": 1} for row in ROWS]
    random.Random(1).shuffle(labelled)
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, labelled)))
    a, b = ({"kind": "file", "path": f"{name}.jsonl"} for name in "ab")
    ids = read(tmp_path, a).prompts["prompt_id"].to_list()
    assert read(tmp_path, b | {"name": "other"}).prompts["prompt_id"].to_list() == ids
    for order in ((a, b), (b, a)):
        ingested = read(tmp_path, *order)
        assert (ingested.prompts["prompt_id"].to_list(), ingested.duplicates) == (ids, 3)
        assert set(ingested.prompts["source"]) == {order[0]["path"]}


def test_a_row_that_only_the_schema_refuses_is_a_bad_row(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, ROWS[:1])))
    nameless = {"kind": "file", "path": "p.jsonl", "domain": ""}
    ingested = read(tmp_path, nameless, {"kind": "file", "path": "q.jsonl"})
    assert (ingested.rows, ingested.prompts.height, ingested.duplicates) == (4, 1, 0)
    assert ingested.bad["rule"].to_list() == ["domain|min_length"] * 3


def test_where_nothing_is_usable_the_bad_rows_are_handed_on(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"question": "x"}\n{"question": "y"}')
    with pytest.raises(TooManyBadPrompts, match="there are no prompts") as caught:
        read(tmp_path, {"kind": "file", "path": "p.jsonl"}, bad=1.0)
    assert isinstance(caught.value, SourceError) and caught.value.bad.height == 2
    assert "2 x reference_missing, such as p.jsonl:1" in str(caught.value)
