"""What the mathematics verifier says, case by case. Cases that were once judged wrongly stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.verifiers import Check, verify
from schemas import Outcome, Verdict


def judge(reference: str | None, answer: str | None) -> Verdict:
    return verify(Check("0" * 32, "math", reference, None, "en", answer))


YES, NO, NONE, BAD = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.BAD_REFERENCE
BOXED = [
    # reference, what stands in the box, outcome
    ("4", "4", YES),
    ("4", "5", NO),
    ("4", " 4 ", YES),
    ("4", "4.", YES),
    ("4", "4.0", YES),
    ("4", "+4", YES),
    ("-3", "−3", YES),
    ("-3", "3", NO),
    ("1234567", "1,234,567", YES),
    ("1234567", "1{,}234{,}567", YES),
    ("1,234", "1234", YES),
    ("12", "1,2", NO),
    ("0.5", "1/2", YES),
    ("1/2", "\\frac{1}{2}", YES),
    ("1/2", "\\dfrac{2}{4}", YES),
    ("\\frac12", "\\frac{1}{2}", YES),
    ("1/3", "0.333", NO),
    ("-\\frac{1}{2}", "\\frac{-1}{2}", YES),
    ("2e3", "2000", YES),
    ("2\\times10^{3}", "2000", YES),
    ("2 \\cdot 10^3", "2001", NO),
    ("0.00000000000000000001", "0.00000000000000000002", NO),
    ("1e-20", "2e-20", NO),
    ("1e-20", "1e-20", YES),
    ("10000000000000000001", "10000000000000000002", NO),
    ("50%", "50\\%", YES),
    ("50\\%", "50%", YES),
    ("50%", "51%", NO),
    ("x = 5", "5", YES),
    ("5", "x=5", YES),
    ("5", "x = 6", NO),
    ("$7$", "7", YES),
    ("7", "\\text{7}", YES),
    ("４２", "42", YES),
    ("42", "４２", YES),
    ("(1,2)", "(1, 2)", YES),
    ("(1,2)", "(2,1)", NO),
    ("\\{1,2\\}", "\\{2,1\\}", YES),
    ("[0,1]", "[0,1)", NO),
    ("[0,1)", "[0, 1)", YES),
    ("\\left[0,1\\right)", "[0,1)", YES),
    ("\\sqrt{8}", "2\\sqrt{2}", YES),
    ("\\sqrt{8}", "2\\sqrt{3}", NO),
    ("x^2+2x+1", "(x+1)^2", YES),
    ("x^2+2x+1", "(x-1)^2", NO),
    ("\\pi", "\\pi", YES),
    ("2\\pi", "\\pi", NO),
    ("3+4i", "4i+3", YES),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", YES),
    ("\\boxed{9}", "9", YES),
    ("\\frac{3}{\\sqrt{2}}", "\\frac{3\\sqrt{2}}{2}", YES),
    ("4", "", NONE),
    ("4", "   ", NONE),
    ("", "4", BAD),
    ("   ", "4", BAD),
]
REPLIES = [
    # reference, the whole answer part, outcome
    ("4", "First \\boxed{3}, but wait: \\boxed{4}.", YES),
    ("3", "First \\boxed{3}, but wait: \\boxed{4}.", NO),
    ("\\frac{1}{2}", "So $\\boxed{\\frac{1}{2}}$.", YES),
    ("4", "The box \\boxed{4} is last, \\boxed{never closed", YES),
    ("4", "The answer is 4.", YES),
    ("4", "The answer is $4$.", YES),
    ("4", "**Final Answer:** 4", YES),
    ("4", "Answer: 4\nThanks!", YES),
    ("4.5", "The answer is 4.5.", YES),
    ("4", "#### 4", YES),
    ("4", "答案是 4。", YES),
    ("4", "最终答案为：4。", YES),
    ("4", "答案：５", NO),
    ("4", "答案：４", YES),
    ("4", "所以 \\boxed{4}。", YES),
    ("4", "I think 2 + 2 might be 4", NONE),
    ("4", "", NONE),
    ("4", None, NONE),
    (None, "\\boxed{4}", BAD),
]


@pytest.mark.parametrize(("reference", "content", "expected"), BOXED)
def test_what_stands_in_the_box(reference: str, content: str, expected: Outcome) -> None:
    verdict = judge(reference, f"It is \\boxed{{{content}}}.")
    assert verdict.outcome == expected, verdict


@pytest.mark.parametrize(("reference", "answer", "expected"), REPLIES)
def test_where_the_answer_stands(reference: str | None, answer: str | None, expected: Outcome) -> None:
    verdict = judge(reference, answer)
    assert verdict.outcome == expected, verdict


def test_a_verdict_tells_what_was_compared() -> None:
    verdict = judge("4", "so \\boxed{ 5 }")
    assert (verdict.extracted, verdict.verifier, verdict.version) == ("5", "math", 3)
    assert verdict.detail and verdict.seconds >= 0


@settings(max_examples=150, deadline=None)
@given(st.integers(), st.integers())
def test_integers_of_any_size_are_compared_exactly(one: int, other: int) -> None:
    assert judge(str(one), f"\\boxed{{{other}}}").outcome == (YES if one == other else NO)
    assert judge(str(one), f"\\boxed{{{one:,}}}").outcome == YES


@settings(max_examples=150, deadline=None)
@given(st.fractions(max_denominator=10**6), st.fractions(max_denominator=10**6))
def test_fractions_are_compared_exactly(one: object, other: object) -> None:
    assert judge(str(one), f"\\boxed{{{other}}}").outcome == (YES if one == other else NO)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), st.text(alphabet="\\boxed{}答案是:.0123456789$ \n", max_size=60) | st.text(max_size=60))
def test_no_text_makes_it_raise(reference: str, answer: str) -> None:
    assert judge(reference, answer).outcome in Outcome


def test_an_unknown_verifier_is_our_fault() -> None:
    assert verify(Check("0" * 32, "astrology", "4", None, "en", "4")).outcome == Outcome.VERIFIER_ERROR
