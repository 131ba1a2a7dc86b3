from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.measures import VERSION, measure
from schemas import Measures
from tests.effort import takes_at_most

BITS = [
    "<think>",
    "</think>",
    "```",
    "~~~",
    "$",
    "\\[",
    "\\boxed{",
    "{",
    "}",
    "|",
    "\n",
    "\r",
    " ",
    "é",
    "好",
    "the sum ",
]
HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.sampled_from(BITS), max_size=30).map("".join)
)
PROSE = "I add the numbers, one after the other, and find that they come to four.\n"


def rows(texts: list[str], language: str = "en") -> pl.DataFrame:
    ids = [f"{number:032x}" for number in range(len(texts))]
    return measure(
        pl.DataFrame(
            {"completion_id": ids, "language": [language] * len(texts), "text": texts},
            schema=dict.fromkeys(("completion_id", "language", "text"), pl.String),
        )
    )


def row(text: str) -> dict[str, Any]:
    return rows([text]).row(0, named=True)


def thought(text: str) -> dict[str, Any]:
    return row(f"<think>\n{text}\n</think>\n\nIt is \\boxed{{4}}.")


def test_a_proper_reply() -> None:
    measured = thought("First I add.\n\nThen I check: 2 + 2 = 4.")
    expected = {
        "completion_id": "0" * 32,
        "version": VERSION,
        "tokens": None,
        "reasoning_chars": 38,
        "answer_chars": 16,
        "think_opens": 1,
        "think_closes": 1,
        "think_in_order": True,
        "has_box": True,
        "answers_agree": None,
        "template_tokens": 0,
        "self_reference": 0,
        "cut_off": False,
        "language_share": 1.0,
        "answer_language_share": 1.0,
        "longest_paragraph": 24,
        "mean_paragraph": 18.0,
        "paragraphs": 2,
        "code_fences": 0,
        "fence_unclosed": False,
        "code_in_reasoning": False,
        "code_unparsed": 0,
        "code_misindented": 0,
        "prose_in_code": 0,
        "bare_code": 0,
        "repeated_lines": 0.0,
        "repeated_paragraphs": 0.0,
        "repeated_ngrams": 0.0,
        "tail_repeats": 1,
        "looping_tail": 0,
        "folded": row("<think> First I add. Then I check: 2 + 2 = 4. </think> It is \\boxed{4}. ")["folded"],
    }
    assert {name: measured[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "in_order"),
    [
        ("<think>a</think>b", True),
        ("\n<think>\na\n</think>\n\nb\n", True),
        ("a</think>b", False),
        ("<think>a", False),
        ("<think>a</think>", False),
        ("<think></think>b", False),
        ("Well, <think>a</think>b", False),
        ("<think>a</think>b<think>c</think>d", False),
        ("<think>a</think>b</think>c", False),
        ("</think>a<think>b", False),
        ("b", False),
    ],
)
def test_order_of_the_parts(text: str, in_order: bool) -> None:
    assert row(text)["think_in_order"] is in_order


@pytest.mark.parametrize(
    ("reasoning", "longest", "number"),
    [
        ("word " * 600, 2999, 1),
        ("word " * 100 + "\n" + "word " * 100, 499, 2),
        ("short\r\nlonger one\r\n\r\nx", 10, 3),
        ("short\n```\n" + "x" * 3000 + "\n```\ntail", 5, 2),
        ("short\n```\n" + "x" * 3000, 5, 1),
        ("short\n| " + "x | " * 900, 5, 1),
        ("答案是四", 8, 1),
        ("", 0, 0),
    ],
)
def test_paragraphs(reasoning: str, longest: int, number: int) -> None:
    measured = thought(reasoning)
    assert (measured["longest_paragraph"], measured["paragraphs"]) == (longest, number)


@pytest.mark.parametrize(
    ("text", "fences", "unclosed", "in_reasoning"),
    [
        ("<think>a\n```py\nx\n```\nb</think>c", 2, False, True),
        ("<think>a\n```py\nx\nb</think>c", 1, True, True),
        ("<think>a</think>c\n```\nx\n```", 2, False, False),
        ("<think>a</think>c\n  ```\nx", 1, True, False),
        ("<think>a\n```\n</think>c\n```", 2, True, True),
        ("<think>a\n```x``` is inline\n</think>c ``` d", 0, False, False),
        ("<think>a\n~~~\nx\n~~~\n</think>c", 2, False, True),
        ("<think>a\n~~~\nx\n```\n</think>c", 1, True, True),
    ],
)
def test_code(text: str, fences: int, unclosed: bool, in_reasoning: bool) -> None:
    measured = row(text)
    assert (measured["code_fences"], measured["fence_unclosed"], measured["code_in_reasoning"]) == (
        fences,
        unclosed,
        in_reasoning,
    )


@pytest.mark.parametrize(
    ("reasoning", "share"),
    [
        ("First line.\nSecond line.", 0.0),
        ("Wait, again.\n" * 4, 0.75),
        ("Wait, again.\n\n  Wait, again.  \nOther line.", 1 / 3),
        ("So\nSo\nSo\nSo\nFirst line.", 0.0),
        ("", 0.0),
    ],
)
def test_repeated_lines(reasoning: str, share: float) -> None:
    assert thought(reasoning)["repeated_lines"] == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("<think>\nSo it is \\boxed{12}.\n</think>\n\nThe answer is \\boxed{12}", 1, 2),
        ("<think>\nThe final answer is \\boxed{12}\n</think>\n\nThe final answer is \\boxed{12}", 2, 2),
        ("12", 1, 1),
        ("", 1, 1),
        ("a" * 23, 1, 1),
        ("a" * 240, 10, 10),
        ("<think>" + PROSE + "But wait. " * 50, 16, 17),
        ("<think>" + PROSE + "那么答案是十二吗？" * 30, 10, 30),
        ("<think>" + PROSE + "Let me check this step once more. " * 12, 12, 12),
    ],
)
def test_tail_repeats(text: str, low: int, high: int) -> None:
    assert low <= row(text)["tail_repeats"] <= high


def test_only_white_space_apart_is_the_same_text() -> None:
    same = rows(["a b\n\nc ", " a  b c", "ab c"])["folded"].to_list()
    assert same[0] == same[1] != same[2]


def test_no_rows_are_no_trouble() -> None:
    assert rows([]).height == 0


def test_shares_are_of_the_target_language() -> None:
    texts = ["<think>首先相加。</think>The sum is four.", "<think>First I add.</think>答案是四。"]
    shares = rows(texts, "zh").select("language_share", "answer_language_share").rows()
    assert shares == [(1.0, 0.0), (0.0, 1.0)]


@pytest.mark.parametrize(
    "turn", ["\\( and $x$ ", "\\[ $x$ \n", "\\begin{align} $x$ ", "$$ a$ x", "```\n", "\\frac{{ `a "]
)
def test_a_looping_reply_costs_time_in_proportion_to_its_length(turn: str) -> None:
    loop = "<think>" + turn * (1_000_000 // len(turn))
    with takes_at_most(15):  # a quarter of a second; more than a minute when it grew by the square
        rows([loop])


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, max_size=6), st.sampled_from(["en", "zh", "ja", "ru"]))
def test_hostile_text_is_a_row(texts: list[str], language: str) -> None:
    measured = rows(texts, language)
    assert Measures.is_valid(measured)
    assert measured["completion_id"].to_list() == [f"{number:032x}" for number in range(len(texts))]


@settings(max_examples=40, deadline=None)
@given(st.lists(HOSTILE, min_size=2, max_size=5))
def test_a_row_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    together = rows(texts).drop("completion_id")

    def alone() -> Iterator[pl.DataFrame]:
        for text in texts:
            yield rows([text]).drop("completion_id")

    assert together.equals(pl.concat(alone()))
