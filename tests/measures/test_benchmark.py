"""The labelled replies: that they are what they should be, and that the filters keep to their rates on them."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from r1data.cli.app import app
from r1data.measures.benchmark import CASES, EITHER, FILTERS, HEAVY, LIGHT, CaseError, read_cases, run_benchmark
from schemas import FinishReason, Reason

LEAST = {
    Reason.MIXED_LANGUAGE: (0.97, 0.80),
    Reason.LONG_PARAGRAPH: (0.98, 0.95),
    Reason.MESSY_CODE: (0.98, 0.95),
    Reason.REPETITION: (0.96, 0.95),
    Reason.TRUNCATED: (0.98, 0.95),
    Reason.FORMAT: (0.72, 0.95),
}
"""Precision and recall that are reached. The aim is 0.98 and 0.95 for each."""


def test_there_are_cases_of_every_kind_and_each_says_why() -> None:
    cases = read_cases(CASES)
    clean = [case for case in cases if not case.labels]
    assert len(cases) >= 600
    assert len(clean) >= 250
    assert all(case.note.strip() and case.kind for case in cases)
    hard = Counter(case.kind for case in clean)
    assert {"quoted-foreign", "translation", "english-terms", "code", "latex", "derivation", "table", "poem", "list",
            "numbers", "self-correction", "short", "foreign", "markdown", "names",
            "loan-words"} <= set(hard)  # fmt: skip
    assert sum(count for kind, count in hard.items() if kind != "plain") >= 200
    languages = Counter(case.language for case in cases)
    assert languages["en"] >= 300 and languages["zh"] >= 200 and len(languages) >= 10


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("flaw", FILTERS)
def test_every_flaw_is_there_light_and_heavy(flaw: Reason, language: str) -> None:
    weights = Counter(case.labels.get(flaw) for case in read_cases(CASES) if case.language == language)
    assert weights[LIGHT] >= 6, weights
    assert weights[HEAVY] >= 6, weights


def test_the_replies_are_real_looking_and_no_two_are_the_same() -> None:
    cases = read_cases(CASES)
    assert len({(case.response, case.finish_reason) for case in cases}) == len(cases)
    sizes = sorted(len(case.response) for case in cases)
    assert sizes[0] >= 50 and sizes[len(sizes) // 2] >= 700 and sizes[-1] >= 8000
    for case in cases:
        if Reason.FORMAT not in case.labels:
            assert case.response.startswith("<think>") and case.response.count("</think>") == 1, case.id
        if case.finish_reason == FinishReason.LENGTH:
            assert case.labels[Reason.TRUNCATED] != EITHER, case.id


@pytest.fixture(scope="module")
def judged():
    return run_benchmark(CASES)


@pytest.mark.parametrize("flaw", FILTERS)
def test_the_filters_keep_to_their_rates(judged, flaw: Reason) -> None:
    rates = next(one for one in judged.rates if one.filter == flaw)
    precision, recall = LEAST[flaw]
    assert rates.precision >= precision, rates.as_dict()
    assert rates.recall >= recall, rates.as_dict()


def test_rates_are_counted_right(tmp_path: Path) -> None:
    whole = "<think>\nFirst we add the two numbers and then we halve the sum.\n</think>\n\nIt is three."
    rows = [
        {"id": "a", "response": whole, "labels": {}, "kind": "plain"},
        {"id": "b", "response": whole, "labels": {"format": "light"}},
        {"id": "c", "response": "It is three.", "labels": {"format": "heavy"}},
        {"id": "d", "response": "It is four.", "labels": {}, "kind": "short"},
        {"id": "e", "response": "It is five.", "labels": {"format": "either"}},
        {"id": "f", "response": whole, "labels": {"truncated": "heavy"}, "finish_reason": "length"},
    ]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row | {"language": "en"}) + "\n" for row in rows))
    result = run_benchmark(tmp_path)
    found = {one["filter"]: one for one in result.as_dict()["filters"]}
    assert found["format"] == {
        "filter": "format", "flawed": 2, "clean": 3, "precision": 0.5, "recall": 0.5, "light": 1, "light_found": 0,
        "heavy": 1, "heavy_found": 1, "false_alarms": {"short": 1},
    }  # fmt: skip
    assert found["truncated"]["recall"] == 1.0 and found["truncated"]["clean"] == 5
    assert result.clean_lost == 1
    assert [(one.case.id, list(one.faults())) for one in result.judged if list(one.faults())] == [
        ("b", [Reason.FORMAT]), ("d", [Reason.FORMAT]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("{}", "KeyError"),
        ("nonsense", "JSONDecodeError"),
        ('{"id": "1", "language": "en", "response": "", "labels": {"format": "odd"}}', "odd"),
        ('{"id": "1", "language": "en", "response": "", "labels": {"ugly": "light"}}', "ugly"),
        ('{"id": "1", "language": "en", "response": "", "labels": {"incorrect": "light"}}', "no filter of texts"),
    ],
)
def test_a_case_that_is_none_is_named(tmp_path: Path, line: str, trouble: str) -> None:
    (tmp_path / "some.jsonl").write_text(line + "\n")
    with pytest.raises(CaseError, match=r"some\.jsonl:1: .*") as caught:
        read_cases(tmp_path)
    assert trouble in str(caught.value)


def test_a_folder_without_cases_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="holds no cases"):
        read_cases(tmp_path)


def test_the_command_prints_rates_and_faults(tmp_path: Path) -> None:
    rows = [{"id": "odd-one", "language": "en", "response": "It is three.", "labels": {}, "note": "no tags"}]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = CliRunner().invoke(app, ["bench", "measures", "--cases", str(tmp_path), "--faults"])
    assert said.exit_code == 0, said.output
    assert "odd-one" in said.output and "false alarm" in said.output and "1 are lost" in said.output
    as_json = CliRunner().invoke(app, ["bench", "measures", "--cases", str(tmp_path), "--json"])
    assert json.loads(as_json.output)["clean_lost"] == 1
