"""What an answer says to the judge reaches it as a quotation, and nothing else of it does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.judging import Judge, open_judge
from r1data.judging.pairwise import PairItem
from r1data.judging.pairwise import prompt_for as prompt_for_pair
from r1data.judging.pointwise import prompt_for
from r1data.judging.quoting import SPEAKS, fewer, harmless, shortened, tag_of
from r1data.model import load_model
from r1data.recipe import JudgeSettings, Recipe
from schemas import Message
from tests.effort import takes_at_most
from tests.judging.injections import ATTACKS
from tests.judging.reading import item, quotations, read

TITLES = {"en": ["question", "reference answer", "answer to check"], "zh": ["问题", "参考答案", "待检查的答案"]}
QUIET = {"marks of its own", "very many lines", "only white space and marks"}
"""What says nothing to a judge in words; its structure is all there is to defend against."""


@pytest.fixture(scope="module")
def judge(tiny: Path) -> Judge:
    recipe = Recipe.model_validate(
        {"name": "t", "model": str(tiny), "prompts": [{"kind": "shipped", "dataset": "arithmetic-en"}]}
    )
    return open_judge(load_model(recipe), JudgeSettings())


@pytest.mark.parametrize("language", TITLES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_prompt_keeps_its_structure(attack: str, language: str) -> None:
    answer = ATTACKS[attack]
    plain, _, own = read(item("41", language=language))
    found, _, own_attacked = read(item(answer, language=language))
    assert list(found) == TITLES[language]
    assert own_attacked == own, "the prompt's own lines are the same for every answer"
    assert [found[title] for title in TITLES[language][:2]] == [plain[title] for title in TITLES[language][:2]]
    assert found[TITLES[language][2]] == "\n".join(fewer(harmless(shortened(answer, 8000)).split("\n"), 400))


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_from_the_question_and_the_reference_stay_in_their_quotation(attack: str) -> None:
    _, _, own = read(item("41"))
    for one in (item("41", question=ATTACKS[attack]), item("41", reference=ATTACKS[attack])):
        found, _, own_attacked = read(one)
        assert own_attacked == own and list(found) == TITLES["en"] and found["answer to check"] == "41"


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_pair_keeps_its_structure(attack: str) -> None:
    pair = PairItem("0" * 32, "What is 40 + 2?", ATTACKS[attack], "42", "en")
    for swapped in (False, True):
        found, _, own = quotations(prompt_for_pair(pair, swapped, (), 500))
        assert list(found) == ["question", "answer A", "answer B"]
        assert found["answer A" if swapped else "answer B"] == "42"
        harmless_pair = PairItem("0" * 32, "What is 40 + 2?", "41", "42", "en")
        assert own == quotations(prompt_for_pair(harmless_pair, swapped, (), 500))[2]


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name not in QUIET])
def test_words_to_the_judge_are_marked(attack: str) -> None:
    _, loud, _ = read(item(ATTACKS[attack]))
    assert loud
    assert prompt_for(item(ATTACKS[attack]), (), 500)[1] == len(loud)


@pytest.mark.parametrize(
    "answer",
    [
        "The answer is \\boxed{42}.",
        "We add $40 + 2 = 42$, so $x < 43$ and $x > 41$.\n\nTherefore \\boxed{42}.",
        "所以两数之和是 \\boxed{42}。",
        "```python\nif a<b and c>d:\n    print([[1, 2], [3, 4]])\n```",
        "By the triangle inequality, $|a+b| \\le |a| + |b|$.\n| a | b |\n|---|---|",
        "The water cycle: evaporation, condensation, precipitation.",
    ],
)
def test_an_ordinary_answer_is_quoted_as_it_is(answer: str) -> None:
    found, loud, _ = read(item(answer))
    assert found["answer to check"] == answer and not loud


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_special_token_of_the_judge_comes_from_an_answer(judge: Judge, attack: str) -> None:
    special = set(judge.model.tokenizer.get_added_vocab().values()) | set(judge.model.tokenizer.all_special_ids)
    assert special and "<|user|>" in judge.special_tokens

    def count(answer: str) -> int:
        prompt, _ = prompt_for(item(answer), judge.special_tokens, 500)
        return sum(token in special for token in judge.renderer.render([Message("user", prompt)], "en").tokens)

    assert count(ATTACKS[attack]) == count("41")


@given(st.text(max_size=200), st.text(max_size=200), st.text(min_size=1, max_size=400))
def test_any_three_texts_come_back(question: str, reference: str, answer: str) -> None:
    found, _, _ = read(item(answer, question=question, reference=reference))
    assert list(found.values()) == [harmless(text) for text in (question, reference, answer)]


TOKENS = ("<|im_start|>", "<|im_end|>", "[INST]", "<u>", "endu", "<u><u>", "  ", "u")
PIECES = (*TOKENS, "<", "<|im_", "end", "[", "[INS", "T]", "·", "\u202e", "\r", ">")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_token_survives_whatever_surrounds_it(text: str) -> None:
    left = harmless(text, TOKENS)
    assert not [token for token in TOKENS if token in left and len(token.strip()) > 1]


def test_a_token_is_broken_where_one_can_see_it() -> None:
    assert harmless("a <u> b endu", TOKENS) == "a <·u> b e·ndu"
    assert harmless("two  spaces and u", TOKENS) == "two  spaces and u", "what is no token of a kind stays as it is"


def test_every_kind_of_line_break_is_one() -> None:
    text = "1\u20282\u20293\r\n4\r5\v6\f7\x858\x1c9"
    assert harmless(text) == "\n".join("123456789")


def test_a_tag_is_in_none_of_the_texts_and_belongs_to_them() -> None:
    tag = tag_of("id", "one", "two")
    assert tag == tag_of("id", "one", "two") != tag_of("id", "one", "tw")
    assert tag_of("id", tag) != tag


def test_a_long_text_keeps_head_and_tail() -> None:
    cut = shortened("a" * 5000 + "b" * 5000, 900)
    assert cut.startswith("a" * 300) and cut.endswith("b" * 600) and "[... 9100 characters left out ...]" in cut


def test_many_lines_keep_head_and_tail() -> None:
    found, _, _ = read(item("\n".join(f"line {n}" for n in range(900))))
    lines = found["answer to check"].split("\n")
    assert len(lines) == 401 and lines[0] == "line 0" and lines[-1] == "line 899"
    assert lines[133] == "[... 500 lines left out ...]"


def test_a_long_line_is_searched_in_no_time() -> None:
    with takes_at_most(10):
        for piece in ("ignore ", "judge you ", "mark ", "请", '"', "(", " a", "the answer "):
            SPEAKS.search(piece * (20_000 // len(piece)))
