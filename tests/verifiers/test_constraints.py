"""Instruction constraints: each kind with a reply that follows it and one that does not, in both ways of writing it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.verifiers import constraints
from r1data.verifiers.check import BadTask, Check, Finding
from r1data.verifiers.constraints import CONSTRAINTS
from r1data.verifiers.constraints.prose import count_sentences, count_words
from r1data.verifiers.constraints.spec import IFEVAL
from schemas import Outcome
from tests.effort import takes_at_most


def find(answer, spec, question=None, reference=None) -> Finding:
    task = None if spec is None else json.dumps({"constraints": spec})
    try:
        return constraints.verify(Check("0" * 32, "constraints", reference, task, "en", answer, question))
    except BadTask as error:
        return Finding(Outcome.BAD_REFERENCE, detail=str(error))


ENGLISH = "The quick brown fox jumps over the lazy dog while the children watch it from the window of the house."
GERMAN = "Der schnelle braune Fuchs springt über den faulen Hund, während die Kinder aus dem Fenster zusehen."

IFEVAL_CASES = [
    ("keywords:existence", {"keywords": ["fox", "dog"]}, "A Fox and a dog.", "A fox."),
    ("keywords:existence", {"keywords": ["狐狸"]}, "一只狐狸。", "一只狗。"),
    ("keywords:frequency", {"keyword": "fox", "frequency": 2, "relation": "at least"}, "fox, Fox", "fox"),
    ("keywords:frequency", {"keyword": "fox", "frequency": 2, "relation": "less than"}, "fox", "fox fox"),
    ("keywords:frequency", {"keyword": "sea", "frequency": 2, "relation": "at least"}, "sea, seas, Sea", "sea, season"),
    ("keywords:frequency", {"keyword": "AI", "frequency": 2, "relation": "at least"}, "AI和AI技术", "AI said"),
    ("keywords:existence", {"keywords": ["caf"]}, "A caf.", "A café."),
    ("keywords:forbidden_words", {"forbidden_words": ["cat"]}, "A category.", "A Cat."),
    ("keywords:forbidden_words", {"forbidden_words": ["猫"]}, "一只狗", "一只猫跑"),
    ("keywords:letter_frequency", {"letter": "q", "let_frequency": 2, "let_relation": "at least"}, "Qq", "q"),
    ("keywords:letter_frequency", {"letter": "#", "let_frequency": 1, "let_relation": "less than"}, "q", "#"),
    ("language:response_language", {"language": "en"}, ENGLISH, GERMAN),
    ("language:response_language", {"language": "de"}, GERMAN, ENGLISH),
    ("language:response_language", {"language": "zh"}, "今天天气很好，我们去公园散步吧。", ENGLISH),
    ("language:response_language", {"language": "ja"}, "今日はとても良い天気ですね。", "今天天气很好。"),
    ("language:response_language", {"language": "hi"}, "आज मौसम बहुत अच्छा है और हम पार्क जा रहे हैं।", ENGLISH),
    ("length_constraints:number_sentences", {"num_sentences": 3, "relation": "at least"}, "A. B! C?", "Mr. A came. B."),
    ("length_constraints:number_sentences", {"num_sentences": 3, "relation": "less than"}, "一。二！", "一。二！三？"),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n\n***\n\nb", "a\n\nb"),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "***\na\n***\nb\n***", "a\n***\n***\nb"),
    ("length_constraints:number_words", {"num_words": 3, "relation": "at least"}, "one two three", "one two"),
    ("length_constraints:number_words", {"num_words": 4, "relation": "less than"}, "一二三", "一二三四"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "well"},
        'So.\n\n"Well, then"',
        "So.\n\nWellness",
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "well"},
        "So.\n\n\n\nwell",
        "So.\n\nwell\n\nyes",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[name] at [place]", "[name] at []"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Dear.\n\nP.S. I wait.", "Dear. It stops."),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "Dear.\n**P.P.S.** I wait.", "Dear.\nP.S. I"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b", "* a\n* b\n* c"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "**x**\n* a\n* b", "**x**\n* a"),
    ("detectable_format:constrained_response", {}, "I say: My answer is no.", "No."),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and **b**", "*a* and b"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        "SECTION 1\na\nSECTION 2\nb",
        "SECTION 1\na",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": [1]}\n```', '{"a": [1]'),
    ("detectable_format:json_format", {}, '{"a": 1}', 'Here: {"a": 1}'),
    ("detectable_format:title", {}, "<<Foxes>>\ntext", "<< >>\ntext"),
    ("detectable_format:title", {}, "<<狐狸>>\n正文", "《狐狸》\n正文"),
    ("combination:two_responses", {}, "one\n******\ntwo", "one\n******\none"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Write a poem."}, "Write a  poem.\nRoses", "Roses"),
    ("startend:end_checker", {"end_phrase": "Any questions?"}, "Yes. any questions?", "Any questions? Yes."),
    ("startend:quotation", {}, '"All of it."', '"Not" all of it.'),
    ("startend:quotation", {}, "“全部。”", "“一部”分"),
    ("change_case:english_capital", {}, "ALL OF IT.", "ALL of it."),
    ("change_case:english_lowercase", {}, "all of it.", "All of it."),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        "This is VERY BIG",
        "This is VERY big",
    ),
    ("punctuation:no_comma", {}, "No commas here.", "Well, one."),
    ("punctuation:no_comma", {}, "没有。", "有，一个。"),
]


@pytest.mark.parametrize(("name", "kwargs", "good", "bad"), IFEVAL_CASES)
def test_ifeval_instructions(name: str, kwargs: dict, good: str, bad: str) -> None:
    spec = {"instruction_id_list": [name], "kwargs": [{**kwargs, "unused": None}]}
    assert find(good, spec).outcome == Outcome.CORRECT
    assert find(bad, spec).outcome == Outcome.INCORRECT
    assert find(bad, [{"id": name, "kwargs": kwargs}]).outcome == Outcome.INCORRECT
    assert find(good, None, reference=json.dumps(spec)).outcome == Outcome.CORRECT


OWN_CASES = [
    ({"kind": "characters", "max": 5}, "一二三四五", "一二三四五六"),
    ({"kind": "words", "min": 2, "max": 3}, "one two", "one two three four"),
    ({"kind": "paragraphs", "exactly": 2}, "a\n\nb", "a\nb"),
    ({"kind": "opening", "phrase": "Dear"}, "dear Sir", "Hello"),
    ({"kind": "one_of", "options": ["red", "blue"]}, "It is red", "It is green"),
    ({"kind": "sections", "marker": "部分", "min": 2}, "第一部分\n第二部分", "第一部分"),
    ({"kind": "bullets", "min": 2}, "- a\n- b\n- c", "- a"),
    ({"kind": "language", "language": "zh"}, "我们用 Python 写代码。", "We write code."),
]


@pytest.mark.parametrize(("spec", "good", "bad"), OWN_CASES)
def test_our_own_form(spec: dict, good: str, bad: str) -> None:
    assert find(good, [spec]).outcome == Outcome.CORRECT
    assert find(bad, [spec]).outcome == Outcome.INCORRECT


def test_every_kind_has_a_case_and_ifeval_is_whole() -> None:
    assert len(IFEVAL) == 25
    assert {name for name, *_ in IFEVAL_CASES} == set(IFEVAL)
    assert {IFEVAL[name][0] for name in IFEVAL} | {case[0]["kind"] for case in OWN_CASES} == set(CONSTRAINTS)


def test_all_must_hold_and_what_failed_is_told() -> None:
    finding = find("One two, three.", [{"kind": "words", "exactly": 3}, {"kind": "no_comma"}, {"kind": "quoted"}])
    assert finding.outcome == Outcome.INCORRECT
    assert finding.extracted == "no_comma; quoted"
    assert finding.detail == "pass words(exactly=3); FAIL no_comma; FAIL quoted"


@pytest.mark.parametrize("answer", [None, "", " \n"])
def test_no_answer(answer: str | None) -> None:
    assert find(answer, [{"kind": "no_comma"}]).outcome == Outcome.NO_ANSWER


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ([{"kind": "word", "min": 1}], "did you mean words"),
        ([{"kind": ["words"]}], "no constraint"),
        ([{"kind": "words"}], "words"),
        ([{"kind": "words", "min": -1}], "min"),
        ([{"kind": "words", "min": 5, "max": 3}], "max"),
        ([{"kind": "words", "min": 5, "most": 3}], "most"),
        ([{"kind": "no_comma", "min": 5}], "min"),
        ([{"kind": "keywords", "words": "fox"}], "words"),
        ([{"kind": "letter_count", "letter": "ab", "min": 1}], "letter"),
        ([{"kind": "language", "language": "klingon"}], "klingon"),
        ([{"kind": "repeat_prompt"}], "prompt"),
        ([], "list"),
        ("no_comma", "list"),
        ([3], "object"),
        ({"instruction_id_list": ["punctuation:no_comma"], "kwargs": []}, "one length"),
        ([{"id": "punctuation:no_coma"}], "did you mean punctuation:no_comma"),
        ([{"id": "length_constraints:number_words", "kwargs": {"relation": "at least"}}], "num_words"),
        ([{"id": "length_constraints:number_words", "kwargs": {"num_words": 3, "relation": "around"}}], "around"),
        ([{"id": "length_constraints:number_words", "kwargs": {"num_words": "3"}}], "no count"),
        ([{"id": "punctuation:no_comma", "kwargs": {"x": 1}}], "'x'"),
        (None, "neither"),
    ],
)
def test_a_broken_spec_is_our_fault_and_named(spec: object, named: str) -> None:
    for answer in ("text", None):
        finding = find(answer, spec)
        assert finding.outcome == Outcome.BAD_REFERENCE
        assert named in finding.detail


def test_the_question_is_what_is_repeated() -> None:
    assert find("Say hello. Hello!", [{"kind": "repeat_prompt"}], "Say hello.").outcome == Outcome.CORRECT


@pytest.mark.parametrize(
    ("text", "sentences", "words"),
    [
        ("Dr. Who met Mr. X. They left.", 2, 7),
        ("It costs 3.50 dollars. Wow!!!", 2, 6),
        ("1. First point.\n2. Second point.", 2, 6),
        ('He said "Stop." Then left', 2, 5),
        ("今天下雨。我不出门！", 2, 8),
        ("No end", 1, 2),
        ("...", 0, 0),
        ("用 Python 写", 1, 3),
    ],
)
def test_prose(text: str, sentences: int, words: int) -> None:
    assert (count_sentences(text), count_words(text)) == (sentences, words)


EVERYTHING = [{"id": name, "kwargs": kwargs} for name, kwargs, *_ in IFEVAL_CASES] + [case[0] for case in OWN_CASES]
HOSTILE = [
    "." * 1_000_000 + "x",
    "*" * 1_000_000,
    "[" * 1_000_000,
    "<<" * 500_000,
    "Dr. " * 250_000,
    "\n \t" * 300_000,
    "\n" + " " * 1_000_000,
    "P.S" * 300_000,
    "\nP." * 300_000,
    "```json" * 140_000 + "```",
    "[" * 100_000 + "```",
    "1. " * 300_000,
    "字" * 1_000_000,
    '"' * 1_000_000,
    "- " * 500_000,
    "第" * 1_000_000,
    '."' * 500_000 + "x",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:8]))
def test_a_megabyte_of_nonsense_is_judged_quickly(text: str) -> None:
    with takes_at_most(60):
        assert find(text, EVERYTHING).outcome in (Outcome.INCORRECT, Outcome.NO_ANSWER)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from('aB1 .!?*-<>[]{}"\n\t,，。字PpSs#`第部分'), max_size=100))
def test_nothing_raises(text: str) -> None:
    find(text, EVERYTHING)
