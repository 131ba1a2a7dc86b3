"""Near-duplicate prompts: other wordings of one question are found, other questions are not."""

import json
from pathlib import Path

import polars as pl
import pytest

from r1data.duplicates import prompt_twins
from r1data.duplicates.prompts import calculating
from tests.effort import takes_at_most

DATA = Path(__file__).parents[2] / "data" / "prompts"
STORY = (
    "A baker sells {n} loaves of bread every morning and {m} rolls every afternoon. A loaf costs 3 dollars and a roll "
    "costs 1 dollar. How many dollars does the baker take in a week of 7 days?"
)
BASE = STORY.format(n=40, m=65)
ZH = "一个面包师每天早上卖出 40 个面包，每天下午卖出 65 个小面包。一个面包 3 元，一个小面包 1 元。"
ZH += "他一周 7 天一共收入多少元？"

SAME = [
    (BASE, BASE.replace("A baker sells", "The village baker sells").replace("How many dollars", "How much in dollars")),
    (BASE, BASE.replace("bread ", "").replace("does the baker take in", "does the baker earn in")),
    (BASE, BASE.replace("A loaf costs", "Each loaf costs").replace("a roll costs", "each roll costs")),
    (ZH, ZH.replace("卖出", "售出").replace("收入", "能卖")),
    (ZH, ZH.replace("一个面包师", "村里的一个面包师")),
]
OTHER = [
    (BASE, STORY.format(n=41, m=65)),
    (BASE, STORY.format(n=65, m=40)),
    (BASE, BASE.replace("7 days", "seven days")),
    (BASE, BASE.replace("every morning", "never")),
    (ZH, ZH.replace("65", "56")),
    (ZH, ZH.replace("下午", "上午")),
    ("Simplify the expression x^2 + 3x - 4 for all real x.", "Simplify the expression x^2 - 3x + 4 for all real x."),
    ("What is the value of \\sin 30 in the usual notation?", "What is the value of \\cos 30 in the usual notation?"),
    ("Find the value of f at the point p where it is least.", "Find the value of f at the point p where it is most."),
    ("Find the value of p at the point where it is flat.", "Find the value of q at the point where it is flat."),
    ("!", "?"),
    ("", ""),
]


def frame(texts: list[str], references: list[str | None] | None = None, tasks: list[str | None] | None = None):
    return pl.DataFrame(
        {
            "prompt_id": [f"{n}" for n in range(len(texts))],
            "text": texts,
            "verifier": ["math"] * len(texts),
            "reference": references or ["7"] * len(texts),
            "task": tasks or [None] * len(texts),
        },
        schema_overrides=dict.fromkeys(("prompt_id", "text", "verifier", "reference", "task"), pl.String),
    )


@pytest.mark.parametrize(("one", "other"), SAME)
def test_another_wording_is_found_and_names_its_twin(one, other):
    found = prompt_twins(frame([one, "something else altogether is asked here", other]))
    assert found.select("prompt_id", "twin").rows() == [("2", "0")] and 0.7 <= found["similarity"][0] < 1


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_question_is_not(one, other):
    assert prompt_twins(frame([one, other])).height == 0


def test_another_reference_or_other_tests_make_another_question():
    one, other = SAME[2]
    assert prompt_twins(frame([one, other], ["1155", "1155 "])).height == 1
    for references in (["1155", "1156"], ["1155", None]):
        assert prompt_twins(frame([one, other], references)).height == 0
    assert prompt_twins(frame([one, other], tasks=["{}", '{"tests": 1}'])).height == 0
    nearer = one.replace("bread ", "")
    assert prompt_twins(frame([one, nearer], [None, None])).height == 1
    assert prompt_twins(frame(list(SAME[0]), [None, None])).height == 0  # nothing says that the answer is the same


def test_every_twin_stays_and_comes_before():
    variants = [BASE, *(other for one, other in SAME if one == BASE)] * 3
    found = prompt_twins(frame(variants))
    follows = dict(found.select("prompt_id", "twin").iter_rows())
    assert len(follows) == len(variants) - 1 and not set(follows) & set(follows.values())
    assert all(int(twin) < int(prompt) for prompt, twin in follows.items())
    assert prompt_twins(frame([])).height == 0


def asked(row: dict) -> str:
    return row.get("question") or "\n\n".join(turn["content"] for turn in row["messages"])


def test_no_prompt_of_ours_is_a_twin():
    rows = [json.loads(line) for path in sorted(DATA.glob("*.jsonl")) for line in path.read_text().splitlines()]
    assert len(rows) > 100
    texts = list({asked(row): row.get("answer") for row in rows}.items())
    assert prompt_twins(frame([text for text, _ in texts], [answer for _, answer in texts])).rows() == []
    assert prompt_twins(frame([text for text, _ in texts], [None] * len(texts))).rows() == []


def test_templates_with_other_numbers_take_no_square_of_time():
    texts = [STORY.format(n=n, m=m) for n in range(100) for m in range(200)]
    with takes_at_most(40):
        assert prompt_twins(frame(texts, ["1"] * len(texts))).height == 0
        assert prompt_twins(frame([BASE] * 20_000)).height == 19_999


def test_what_calculates():
    texts = ["Tom's well-known 1,000 cats - x_1 = \\frac{1}{2}, don't", "a I b not THREE", "三个数"]
    found = pl.DataFrame({"text": texts}).select(calculating("text"))["calculating"].to_list()
    assert found == ["1,000 - _ 1 = \\frac { 1 } { 2 }", "b not three", "三"]
