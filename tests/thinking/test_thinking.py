"""The rule for reasoning: stated by clauses, measured on labelled prompts, and never in the way of a strange text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.judging.quality import CATEGORIES
from r1data.thinking import CLAUSES, Thinking, demands_in, needs_thinking, words_in
from r1data.thinking_benchmark import Case, judged_cases

CASES = judged_cases()


def agreement(*splits: str) -> float:
    mine = [case for case in CASES if case.split in splits]
    return sum(case.agrees for case in mine) / len(mine)


def test_the_cases_cover_both_languages_and_all_categories() -> None:
    assert len(CASES) >= 200 and {case.language for case in CASES} == {"en", "zh"}
    assert {case.category for case in CASES} == set(CATEGORIES)
    for category in CATEGORIES:
        mine = [case for case in CASES if case.category == category]
        assert len(mine) >= 15 and any(not case.thinking for case in mine)
    assert 0.4 < sum(case.thinking for case in CASES) / len(CASES) < 0.6


def test_agreement_is_what_the_docs_say() -> None:
    assert agreement("written_with_the_rule") == 1
    assert agreement("held_out") >= 0.98
    assert agreement("shipped") >= 0.85, "prompts that the rule had not seen when they were labelled"


@pytest.mark.parametrize(
    ("question", "category", "reason"),
    [
        ("Hello!", "open_questions", "greeting"),
        ("谢谢你的帮助。", None, "greeting"),
        ("Who are you?", None, "about_itself"),
        ("What is the capital of France?", "factual_qa", "lookup"),
        ("把“我想喝水”翻译成英文。", "translation", "short_translation"),
        ("Tell me a joke.", "writing", "short_text"),
        ("Compare tea and coffee.", "open_questions", "comparison"),
        ("帮我制定一个为期一个月的跑步计划。", "open_questions", "planning"),
        ("Fix this bug: `x = [1, 2`", "software_engineering", "repair"),
        ("Write a story in exactly 50 words without the letter e.", "writing", "several_demands"),
    ],
)
def test_the_reason_is_the_clause_that_holds(question: str, category: str | None, reason: str) -> None:
    said = needs_thinking(question, category)
    assert said == Thinking({name: needed for name, needed, _ in CLAUSES}[reason], reason)


@given(st.text(max_size=400), st.sampled_from([*CATEGORIES, None, "something else"]))
def test_any_text_gets_an_answer_and_the_same_again(question: str, category: str | None) -> None:
    said = needs_thinking(question, category)
    assert said == needs_thinking(f"  {question}\n", category)
    assert said.reason in {name for name, _, _ in CLAUSES} | {"long", "short"}
    assert words_in(question) >= 0 and 0 <= demands_in(question) <= 6


@given(st.sampled_from([case for case in CASES if case.said.reason == "several_demands"]), st.booleans())
def test_one_more_demand_never_takes_a_thought_away(case: Case, first: bool) -> None:
    more = "以表格列出，不要超过五行。" if case.language == "zh" else "Put it in a table, without any adjectives."
    question = f"{more} {case.question}" if first else f"{case.question} {more}"
    assert needs_thinking(question, case.category).needed
