"""Style: each principle is seen to be broken and kept, in both languages; texts of any kind are borne."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.recipe import Rewrite, Style
from r1data.selection import NAMES
from r1data.style import (
    Asked,
    boxed,
    columns,
    flaws,
    new_numbers,
    numbers_of,
    summary_flaws,
    thought_flaws,
    widest_line,
)
from schemas import STYLE_CHECKS

LIMITS = Style()
EN = Asked("What is 17 + 25?", "en", easy=False, verifier="math")
ZH = Asked("17 加 25 等于多少？", "zh", easy=False, verifier="math")
GOOD = {
    "en": "The question asks for a sum, and I have both numbers.\n\nI add 17 and 25 and get 42.\n\n"
    "Let me check: 42 - 25 is 17, so 42 it is.",
    "zh": "题目要求两个数的和，两个数都已知。\n\n我把 17 和 25 相加，得到 42。\n\n检查一下：42 减 25 是 17，没有错。",
}
SOLUTION = {"en": "$17 + 25 = \\boxed{42}$", "zh": "$17+25=\\boxed{42}$。"}


def asked(language: str, *, easy: bool = False, verifier: str = "math") -> Asked:
    return Asked((EN if language == "en" else ZH).question, language, easy, verifier)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_good_reply_breaks_no_principle(language: str) -> None:
    assert flaws(f"<think>\n{GOOD[language]}\n</think>\n\n{SOLUTION[language]}", asked(language), LIMITS) == ()


@pytest.mark.parametrize(
    ("language", "change", "broken"),
    [
        ("en", lambda t: t.replace("\n\n", " ") * 5, "paragraphs"),
        ("zh", lambda t: t.replace("\n\n", "") * 9, "paragraphs"),
        ("en", lambda t: t.replace("I add", "we add"), "person"),
        ("en", lambda t: t + " Let's stop.", "person"),
        ("zh", lambda t: t.replace("我把", "我们把"), "person"),
        ("en", lambda t: t.replace("and I have", "with").replace("I add", "Adding").replace("Let me c", "C"), "person"),
        ("zh", lambda t: t.replace("我", ""), "person"),
        ("en", lambda t: "## Plan\n\n" + t, "markdown"),
        ("en", lambda t: t.replace("I add", "**I add**"), "markdown"),
        ("en", lambda t: t + "\n- So the sum is 42", "markdown"),
        ("en", lambda t: t + "\n1. So the sum is 42", "markdown"),
        ("en", lambda t: t + "\n```\n17 + 25\n```", "markdown"),
        ("en", lambda t: t + "\n| a | b |", "markdown"),
        ("zh", lambda t: t + "\n- 所以和是 42", "markdown"),
        ("en", lambda t: "I add 17 and 25. " + "I get 42, and 42 is right. " * 16 + "\n\n" + t, "opening"),
        ("en", lambda t: t.partition("\n\n")[2], "opening"),
        ("zh", lambda t: t.partition("\n\n")[2], "opening"),
        ("en", lambda t: t.rpartition("\n\n")[0], "reflection"),
        ("zh", lambda t: t.rpartition("\n\n")[0], "reflection"),
        ("en", lambda t: "", "opening"),
    ],
)  # fmt: skip
def test_a_thought_that_breaks_a_principle(language, change, broken) -> None:
    assert broken in thought_flaws(change(GOOD[language]), asked(language), LIMITS)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", GOOD["en"] + "\n\nThe letter says \"we are many\", and I leave it."),
        ("en", GOOD["en"] + "\n\n- 3 + 5 is 2, so I am careful with signs."),
        ("en", GOOD["en"] + "\n\n1.5 is not whole, which I do not need."),
        ("en", GOOD["en"] + "\n\n$we$ is a product here."),
        ("zh", GOOD["zh"] + "\n\n“我们”是题目里的词。"),
        ("en", GOOD["en"] + "\n\n$$" + "x + " * 300 + "x$$"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_flaw(language: str, text: str) -> None:
    assert thought_flaws(text, asked(language), LIMITS) == ()


def test_a_very_easy_question_wants_a_short_thought_and_nothing_else() -> None:
    assert thought_flaws("6 plus 7 is 13.", asked("en", easy=True), LIMITS) == ()
    assert thought_flaws("6 加 7 是 13。", asked("zh", easy=True), LIMITS) == ()
    assert thought_flaws("It is 13. " * 4, asked("en", easy=True), LIMITS) == ("brief",)
    assert thought_flaws("是 13。" * 4, asked("zh", easy=True), LIMITS) == ("brief",)
    assert thought_flaws("It is 3.14. It is 2.71. It is 1.41.", asked("en", easy=True), LIMITS) == ()


@pytest.mark.parametrize(
    ("language", "solution", "broken"),
    [
        ("en", "As my reasoning above shows, $17 + 25 = \\boxed{42}$.", "mentions_thought"),
        ("en", "From the thought process: \\boxed{42}", "mentions_thought"),
        ("zh", "根据上面的思考，答案是 \\boxed{42}。", "mentions_thought"),
        ("zh", "思考过程表明 \\boxed{42}", "mentions_thought"),
        ("en", "Sure! $17 + 25 = \\boxed{42}$", "straight"),
        ("en", "Here is the solution: \\boxed{42}", "straight"),
        ("zh", "好的，$17+25=\\boxed{42}$。", "straight"),
        ("en", "$17 + 25 = 30 + 12 = \\boxed{42}$", "unsupported"),
        ("zh", "$17+25=30+12=\\boxed{42}$", "unsupported"),
        ("en", "The sum is 42.", "conclusion"),
        ("en", "$\\boxed{42}$ is the sum, since 17 and 25 are 42, as everybody knows who adds.", "conclusion"),
        ("en", "The sum is \\boxed{42", "conclusion"),
        ("en", "", "conclusion"),
    ],
)  # fmt: skip
def test_a_summary_that_breaks_a_principle(language: str, solution: str, broken: str) -> None:
    assert summary_flaws(solution, GOOD[language], asked(language)) == (broken,)


@pytest.mark.parametrize(
    "solution",
    [
        "The sum is $\\boxed{42}$ metres.",
        "**Step 1.** Add 17 and 25.\n\n**Step 2.** The sum is \\boxed{42}.",
        "1. Add 17 and 25.\n2. The sum is \\boxed{42}.",
        "The answer is $\\boxed{\\frac{42}{1}}$.",
        "\\[\n17 + 25 = \\boxed{42}\n\\]",
    ],
)
def test_a_summary_that_keeps_to_them(solution: str) -> None:
    assert summary_flaws(solution, GOOD["en"], EN) == ()


@pytest.mark.parametrize(
    ("solution", "inside"),
    [
        ("\\boxed{1} or $\\boxed{\\frac{1}{2}}$.", "\\frac{1}{2}"),
        ("\\boxed{", None),
        ("12", None),
        ("\\boxed{}", ""),
    ],
)
def test_what_stands_in_the_last_box(solution: str, inside: str | None) -> None:
    assert boxed(solution) == inside


def test_only_answers_that_stand_in_a_box_need_one() -> None:
    program = "Add them.\n\n```python\nprint(17 + 25)\n```"
    assert summary_flaws(program, GOOD["en"], asked("en", verifier="code")) == ()
    assert summary_flaws("Dear Sir, it is 42.", GOOD["en"], asked("en", verifier="judge")) == ()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,200 and 1{,}200 and 1200.0 and 01200", {"1200"}),
        ("1, 2,3", {"1", "2", "3"}),
        ("\\frac12 and \\frac{3}{4}", {"1", "2", "3", "4"}),
        ("2.50", {"2.5"}),
        ("\N{FULLWIDTH DIGIT FOUR}\N{FULLWIDTH DIGIT TWO}", {"42"}),
        ("9:40", {"9", "40"}),
        ("0.0", {"0"}),
        ("none", set()),
    ],
)
def test_numbers_are_spelt_alike(text: str, numbers: set[str]) -> None:
    assert numbers_of(text) == numbers


def test_what_counts_parts_and_exponents_are_no_new_numbers() -> None:
    summary = "Step 2: x^2 + x^{12} + m³.\n3) Case 4 and 第 5 步 and 情况 6. \\tag{7} Half is \\frac12 of 2."
    assert new_numbers(summary, "x is 2") == frozenset()
    assert new_numbers("x is 9", "x is 2") == {"9"}


TEXT = st.text(st.sampled_from(string.printable + "我们题检查。，“”\\{}$*#0123456789"), max_size=200)


@given(TEXT, TEXT, st.sampled_from(["en", "zh", "fr"]), st.booleans(), st.sampled_from(["math", "code", "judge"]))
def test_any_text_is_borne_and_every_flaw_has_its_name(thought, summary, language, easy, verifier) -> None:
    told = Asked("?", language, easy, verifier)
    found = flaws(f"<think>{thought}</think>{summary}", told, LIMITS)
    assert set(found) <= set(STYLE_CHECKS)
    assert len(set(found)) == len(found)


@given(TEXT)
def test_a_text_has_no_number_that_it_has_not(text: str) -> None:
    assert new_numbers(text, text) == frozenset()
    assert numbers_of(text + " " + text) == numbers_of(text)


@given(st.lists(st.integers(0, 10**9), min_size=1), st.integers(0, 10**9))
def test_a_new_number_is_found_wherever_it_stands(known: list[int], new: int) -> None:
    thought = ", then ".join(map(str, known))
    expected = set() if new in {*known, 0, 1} else {str(new)}
    assert new_numbers(f"{thought} so {new}", thought) == expected


@given(TEXT)
def test_widths_add_up(text: str) -> None:
    assert len(text) <= columns(text) <= 2 * len(text)
    assert widest_line(text) <= columns(text)
    assert widest_line(text + "\n" + text) == widest_line(text)


def test_every_check_is_a_finding() -> None:
    assert {f"style/{name}" for name in STYLE_CHECKS} <= set(NAMES)


def test_the_documentation_names_every_principle_and_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cold-start.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in page for name in STYLE_CHECKS)
    assert all(f"`{name}`" in page for name in Rewrite.model_fields if name != "seed")
    assert f"`longest_paragraph: {LIMITS.longest_paragraph}`" in page
