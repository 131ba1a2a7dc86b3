"""The prompts that come with r1data: enough of each kind, readable, answerable, and no two alike."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from r1data.sources.shipped import FOLDER, list_shipped
from r1data.verifiers import Check, verify
from schemas import Outcome
from tests.sources.reading import read
from tests.verifiers.code.samples import fenced, needs_sandbox

LANGUAGES = ("en", "zh")
CATEGORIES = ("writing", "factual_qa", "self_cognition", "translation", "role_play", "open_questions",
              "software_engineering")  # fmt: skip
GENERAL = [f"general-{category}-{language}" for category in CATEGORIES for language in LANGUAGES]
CHECKED = [f"{kind}-{language}" for kind in ("code", "stem", "logic") for language in LANGUAGES]
SOLUTIONS = Path(__file__).parent / "solutions"
STEM_SHARES = {"chemistry": 0.465, "biology": 0.307, "physics": 0.155, "other": 0.073}
"""R1's, of its STEM prompts."""
NEAR = 0.6
"""Of the runs of four characters in either of two prompts so many may be in both: a form may be shared, a task not."""

Row = dict[str, Any]


def rows_of(name: str) -> list[Row]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def turns(row: Row) -> list[Row]:
    return row.get("messages") or [{"role": "user", "content": row["question"]}]


def text(row: Row) -> str:
    return "\n".join(turn["content"] for turn in turns(row))


def judged(row: Row, answer: str) -> Outcome:
    task = {key: row[key] for key in ("options", "tests", "constraints", "accepted") if key in row}
    task_json = json.dumps(task) if task else None
    question = turns(row)[-1]["content"]
    check = Check("0" * 32, row["verifier"], row.get("answer"), task_json, row["language"], answer, question)
    return verify(check).outcome


def han(words: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in words)


@pytest.mark.parametrize("name", GENERAL)
def test_of_each_category_there_are_sixty_in_each_language(name: str, tmp_path: Path) -> None:
    rows = rows_of(name)
    _, category, language = name.split("-")
    assert len(rows) >= 60
    assert {row["licence"] for row in rows} == {"Apache-2.0"}
    ingested = read(tmp_path, {"kind": "shipped", "dataset": name}, bad=0)
    assert ingested.prompts.height == len(rows) and ingested.duplicates == 0
    assert set(ingested.prompts["category"]) == {category} and set(ingested.prompts["domain"]) == {"general"}
    assert set(ingested.prompts["verifier"]) <= {"constraints", "quality"}
    if category == "translation":  # the language is that of the translation
        assert 25 <= sum(row["language"] == "en" for row in rows) <= len(rows) - 20
        assert sum(row["language"] == "zh" for row in rows) >= 20
    else:
        assert {row["language"] for row in rows} == {language}
        assert all(han(text(row)) == (language == "zh") for row in rows if not (language == "en" and "慢" in text(row)))


def test_every_set_is_listed_with_what_it_asks_first() -> None:
    sets = {shipped.name: shipped for shipped in list_shipped()}
    assert set(GENERAL) | set(CHECKED) <= set(sets)
    assert all(shipped.first_question.strip() for shipped in sets.values())
    assert sets["general-role_play-en"].first_question == "Good morning! What do you have today?"


def test_prompts_differ_in_length_and_form() -> None:
    for category in CATEGORIES:
        for language in LANGUAGES:
            rows = rows_of(f"general-{category}-{language}")
            lengths = sorted(len(text(row)) for row in rows)
            assert lengths[-6] >= 2 * lengths[5]
    scenes = [row for name in GENERAL if "role_play" in name for row in rows_of(name)]
    assert sum(turns(row)[0]["role"] == "system" for row in scenes) > 60
    assert sum(len(turns(row)) > 2 for name in GENERAL for row in rows_of(name)) >= 10
    repairs = [row for name in GENERAL if "software" in name for row in rows_of(name)]
    assert sum("```" in text(row) for row in repairs) > 60


@pytest.mark.parametrize("name", GENERAL + CHECKED)
def test_no_two_prompts_of_a_set_are_near_copies(name: str) -> None:
    grams = [frozenset(_runs("".join(text(row).lower().split()))) for row in rows_of(name)]
    unframed = [own - _frame(grams) for own in grams]
    alike = [
        (one + 1, other + 1)
        for (one, left), (other, right) in combinations(enumerate(unframed), 2)
        if left == right or len(left & right) > NEAR * len(left | right)
    ]
    assert not alike


def _runs(letters: str) -> set[str]:
    return {letters[start : start + 4] for start in range(max(1, len(letters) - 3))}


def _frame(grams: list[frozenset[str]]) -> frozenset[str]:
    """What a third of a set's prompts have in common: "Translate into English", "Choose one option"."""
    counts = Counter(run for own in grams for run in own)
    return frozenset(run for run, count in counts.items() if 3 * count > len(grams))


def test_no_prompt_stands_in_two_sets() -> None:
    asked = [text(row) for name in GENERAL + CHECKED for row in rows_of(name)]
    assert len(asked) == len(set(asked))


def test_constraints_can_be_checked_and_known_answers_keep_them() -> None:
    rows = [row for name in GENERAL for row in rows_of(name) if "constraints" in row]
    assert len(rows) > 150 and {row["verifier"] for row in rows} == {"constraints"}
    assert all(judged(row, "As you like it, 好, and 7 , no more.") is not Outcome.BAD_REFERENCE for row in rows)
    questions = [row for row in rows if "answer" in row]
    assert len(questions) >= 100
    for row in questions:
        for answer in (row["answer"], f"The answer is {row['answer']}.", f"答案是{row['answer']}。"):
            assert judged(row, answer) is Outcome.CORRECT, row
        assert judged(row, "Nobody knows. 不知道。") is Outcome.INCORRECT


@pytest.mark.parametrize("language", LANGUAGES)
def test_stem_has_the_shares_of_the_paper(language: str) -> None:
    rows = rows_of(f"stem-{language}")
    assert len(rows) >= 60
    families = Counter(row["family"] for row in rows)
    assert all(abs(families[family] / len(rows) - share) < 0.02 for family, share in STEM_SHARES.items())


@pytest.mark.parametrize("name", [name for name in CHECKED if not name.startswith("code")])
def test_answers_are_accepted_and_others_are_not(name: str) -> None:
    for row in rows_of(name):
        wrapped = "<answer>{}</answer>" if row["verifier"] == "logic" else "\\boxed{{{}}}"
        assert all(judged(row, wrapped.format(answer)) is Outcome.CORRECT for answer in accepted(row))
        if row["verifier"] != "choice":
            wrong = "41" if row["verifier"] == "math" else "zebra"
            assert judged(row, wrapped.format(wrong)) is not Outcome.CORRECT
            continue
        assert 4 <= len(row["options"]) <= 8 and all(f"\n{a}. {b}" in text(row) for a, b in row["options"].items())
        for letter, option in row["options"].items():
            wanted = Outcome.CORRECT if letter == row["answer"] else Outcome.INCORRECT
            assert judged(row, f"\\boxed{{{letter}}}") is wanted
            assert judged(row, f"The answer is {letter}. {option}") is wanted
    letters = Counter(row["answer"] for row in rows_of(name) if row["verifier"] == "choice")
    assert max(letters.values()) <= 0.3 * letters.total()  # always the same letter is no good guess


def accepted(row: Row) -> list[str]:
    return [row["answer"], *row.get("accepted", [])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_forty_of_logic_and_code_in_several_forms(language: str) -> None:
    logic, code = rows_of(f"logic-{language}"), rows_of(f"code-{language}")
    assert len(logic) >= 40 and {row["verifier"] for row in logic} == {"choice", "logic", "math"}
    assert len(code) >= 40
    assert min(Counter(row["family"] for row in code).values()) >= 10
    assert {row["family"] for row in code} == {"stdin", "function", "repair"}
    for row in code:
        assert len(row["tests"]["inputs"]) == len(row["tests"]["outputs"]) >= 3
        assert (row["tests"]["fn_name"] is None) == (row["family"] == "stdin")
        assert "```python" in row["question"] if row["family"] == "repair" else "Python" in row["question"]


@pytest.mark.slow
@needs_sandbox
@pytest.mark.parametrize("language", LANGUAGES)
def test_tests_of_code_accept_a_right_program_and_refuse_a_wrong_one(language: str) -> None:
    lines = (SOLUTIONS / f"code-{language}.jsonl").read_text(encoding="utf-8").splitlines()
    solutions = {solution["id"]: solution for solution in map(json.loads, lines)}
    rows = {row["id"]: row for row in rows_of(f"code-{language}")}
    assert set(solutions) == set(rows)
    right = {name: judged(row, fenced(solutions[name]["right"])) for name, row in rows.items()}
    assert {name: outcome for name, outcome in right.items() if outcome != "correct"} == {}
    wrong = {name: judged(row, fenced(solutions[name]["wrong"])) for name, row in rows.items()}
    assert {name: outcome for name, outcome in wrong.items() if outcome != "incorrect"} == {}
