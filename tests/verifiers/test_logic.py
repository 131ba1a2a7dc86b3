"""Structured answers: the same content in another notation is right, another structure is wrong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.verifiers import logic
from r1data.verifiers.check import BadTask, Check
from r1data.verifiers.structured import Shape, read_reference
from schemas import Outcome
from tests.effort import takes_at_most

C, X, N, B = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.BAD_REFERENCE


def judge(answer, reference, **task) -> Outcome:
    try:
        return logic.verify(Check("0" * 32, "logic", reference, json.dumps(task), "en", answer)).outcome
    except BadTask:
        return Outcome.BAD_REFERENCE


@pytest.mark.parametrize(
    ("reference", "shape"),
    [
        ("[1, 2]", Shape.LIST),
        ('{"a": [1]}', Shape.JSON),
        ('{"a": 1}', Shape.ASSIGNMENT),
        ("[[1, 2], [2, 1]]", Shape.GRID),
        ("[[1, 2], [2]]", Shape.JSON),
        ("[]", Shape.JSON),
        ("Zoey is a knight, and Oliver is a knave.", Shape.ASSIGNMENT),
        ("甲是骑士，乙是无赖", Shape.ASSIGNMENT),
        ("Zoey is a knight.", Shape.TEXT),
        ("Ann > Bob", Shape.LIST),
        ("1 2\n3 4", Shape.GRID),
        ("12\n34", Shape.GRID),
        ("Alice: red, Bob: blue", Shape.ASSIGNMENT),
        ("Alice=red", Shape.ASSIGNMENT),
        ("a, b, c", Shape.LIST),
        ("红、蓝", Shape.LIST),
        ("Yes", Shape.TRUTH),
        ("否", Shape.TRUTH),
        ("knight", Shape.TEXT),
        ("今天下雨", Shape.TEXT),
    ],
)
def test_the_shape_of_a_reference(reference: str, shape: Shape) -> None:
    assert read_reference(reference).shape is shape


@pytest.mark.parametrize(
    ("reference", "answer", "outcome", "reason"),
    [
        ("[1, 2, 3]", "\\boxed{[1, 2, 3]}", C, "JSON in a box"),
        ("[1, 2, 3]", "\\boxed{1, 2, 3}", C, "a flat list needs no brackets"),
        ("[1, 2, 3]", "```json\n[1,2,3]\n```", C, "a fenced block"),
        ("[1, 2, 3]", "\\boxed{[1, 3, 2]}", X, "order matters"),
        ("[1, 2, 3]", "\\boxed{[[1, 2, 3]]}", X, "another structure"),
        ('["a", "b"]', "The answer is ['a', 'b']", C, "as Python writes it"),
        ('{"a": 1, "b": [2, 3]}', '```\n{"b": [2, 3.0], "a": "1"}\n```', C, "keys have no order, 3.0 is 3"),
        ('{"a": 1, "b": [2, 3]}', '```\n{"b": [3, 2], "a": 1}\n```', X, "lists inside have one"),
        ('{"a": 1}', '\\boxed{\\{"a": 1\\}}', C, "braces escaped for LaTeX"),
        ("1 2\n3 4", "So:\n\n1 2\n3 4", C, "the last lines"),
        ("1 2\n3 4", "```\n12\n34\n```", C, "without spaces"),
        ("1 2\n3 4", "\\boxed{\\begin{matrix}1 & 2 \\\\ 3 & 4\\end{matrix}}", C, "a matrix"),
        ("1 2\n3 4", "<answer>[[1, 2], [3, 4]]</answer>", C, "as JSON"),
        ("1 2\n3 4", "<answer>1 2\n4 3</answer>", X, "another cell"),
        ("1 2\n3 4", "<answer>1 2 3 4</answer>", X, "no rows"),
        ("1 2\n3 4", "```\n| 1 | 2 |\n|---|---|\n| 3 | 4 |\n```", C, "a table"),
        ("a, b, c", "\\boxed{a, b, c}", C, "a list"),
        ("a, b, c", "The final answer is A, B, and C.", C, "and, and case"),
        ("a, b, c", "\\boxed{a \\to b \\to c}", C, "arrows"),
        ("a, b, c", "\\boxed{a b c}", C, "only spaces between words"),
        ("3, 4", "Answer: 3 and 4", C, "and alone"),
        ("salt and pepper, bread", "\\boxed{salt and pepper, bread}", C, "and within an entry"),
        ("a, b, c", "\\boxed{c, b, a}", X, "order matters"),
        ("a, b, c", "\\boxed{a, b}", X, "one is missing"),
        ("a, b, c", "<answer>1. a\n2. b\n3. c</answer>", C, "numbered lines"),
        ("红、蓝", "答案是红，蓝。", C, "Chinese commas"),
        ("Alice: red, Bob: blue", "\\boxed{Bob: blue, Alice: red}", C, "no order in an assignment"),
        ("Alice: red, Bob: blue", "Thus\n\n- Alice = red\n- Bob = Blue", C, "lines with equals signs"),
        ("Alice: red, Bob: blue", '```json\n{"Bob": "blue", "Alice": "red"}\n```', C, "an object"),
        ("Alice: red, Bob: blue", "\\boxed{Alice: blue, Bob: red}", X, "exchanged"),
        ("Alice: red, Bob: blue", "\\boxed{red, blue}", X, "without names"),
        ("yes", "\\boxed{\\text{Yes}}", C, "case"),
        ("yes", "The answer is true.", C, "true is yes"),
        ("yes", "答案：是", C, "Chinese"),
        ("no", "答案是否", C, "Chinese no"),
        ("no", "Yes", X, "the opposite"),
        ("no", "\\boxed{No, because it rains}", C, "a reason behind it"),
        ("yes", "\\boxed{perhaps}", X, "neither"),
        ("Knight", "\\boxed{knight}", C, "a word"),
        ("Knight", "\\boxed{knave}", X, "another word"),
        ("The cat sat.", 'The answer is "the cat sat".', C, "a sentence with outer marks"),
        ("今天下雨", "答案是“今天下雨”。", C, "Chinese quotes"),
        ("17", "\\boxed{17.0}", C, "a number is its value"),
        ("1" * 40, f"\\boxed{{{'1' * 39}2}}", X, "long numbers differ in their last digit"),
        ("0.50", "\\boxed{.5}", X, "a number without its zero is not read as one"),
        ("-0.0", "\\boxed{0}", C, "zero has no sign"),
        ("-3", "\\boxed{3}", X, "the sign counts"),
        ("yes", None, N, "nothing"),
        ("yes", "  ", N, "blank"),
        ("", "\\boxed{yes}", B, "no reference"),
        ("...", "\\boxed{yes}", X, "punctuation is a text of its own"),
    ],
)
def test_answers(reference: str, answer: str | None, outcome: Outcome, reason: str) -> None:
    assert judge(answer, reference) == outcome, reason


def test_more_accepted_answers() -> None:
    assert judge("\\boxed{b, a}", "a, b", accepted=["b, a"]) == C


def test_a_family_goes_to_its_scorer() -> None:
    task = {"family": "gcd", "config": {}, "entry": {"answer": "4", "metadata": {}}}
    assert judge("\\boxed{4}", "4", **task) == C
    assert judge("\\boxed{x}", "4", **task) == X
    assert judge("\\boxed{4}", "4", **(task | {"family": "none"})) == B


HOSTILE = [
    "[" * 1_000_000,
    "{" * 1_000_000,
    "a, " * 300_000,
    "a: " * 300_000,
    "```\n" * 250_000,
    "\n" * 1_000_000,
    "1 2\n" * 250_000,
    "1" * 1_000_000,
    " " * 1_000_000,
    "->" * 500_000,
    "(((" * 300_000,
    "\\text{" * 150_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:8]))
def test_a_megabyte_of_nonsense_is_judged_quickly(text: str) -> None:
    with takes_at_most(60):
        for reference in ('{"a": [1]}', "1 2\n3 4", "a, b", "a: b", "yes", "word"):
            judge(text, reference)
        judge(f"<answer>{text}</answer>", "a: b")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab1 ,:=\n[]{}()\"'\\&|->.是否`"), max_size=80))
def test_nothing_raises_and_every_reference_accepts_itself(text: str) -> None:
    for reference in ('{"a": [1]}', "1 2\n3 4", "a, b", "a: b", "yes", "word"):
        judge(f"<answer>{text}</answer>", reference)
    judge("x", text)
