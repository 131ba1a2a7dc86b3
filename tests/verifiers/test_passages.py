"""Answers in prose: the last passage with the structure of the reference counts, in whatever syntax it is written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.verifiers import logic
from r1data.verifiers.check import BadTask, Check
from r1data.verifiers.literals import OBJECT, SET, bracketed, read_literal
from schemas import Outcome
from tests.effort import takes_at_most

C, X, N, B = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.BAD_REFERENCE
PETS = '{"Ann": "cat", "Bob": "dog", "Cem": "fish"}'
JOBS = '{"甲": "医生", "乙": "教师", "丙": "律师"}'
ORDER = '["Ann", "Bob", "Cem"]'
GRID = "[[1, 2], [2, 1]]"
KNIGHTS = "Zoey is a knight, and Oliver is a knave."


def judge(answer: str | None, reference: str) -> Outcome:
    try:
        return logic.verify(Check("0" * 32, "logic", reference, None, "en", answer)).outcome
    except BadTask:
        return B


@pytest.mark.parametrize(
    ("reference", "answer", "outcome"),
    [
        (PETS, "Ann: cat\nBob: dog\nCem: fish\n\nCorrection: Ann: dog, Bob: cat", X),
        (PETS, "Ann: dog, Ann: cat, Bob: dog, Cem: fish", X),
        (PETS, "Suppose Ann = cat, Bob = dog, Cem = fish. Contradiction.", N),
        ("[1, 2]", "The output is [1, 2], not [2, 1].", C),
        ("[2, 1]", "The output is [1, 2], not [2, 1].", X),
        (PETS, "Ann sits next to the cat, Bob is next to the dog, Cem is near the fish", X),
        (PETS, 'Not {"Ann": "cat", "Bob": "dog", "Cem": "fish"}', X),
        (PETS, "Ann owns the cat, Bob owns the dog and Cem owns the fish.", C),
        (PETS, "| Person | Pet |\n|---|---|\n| Ann | cat |\n| Bob | dog |\n| Cem | fish |", C),
        (PETS, "| Person | Pet |\n|---|---|\n| Ann | dog |\n| Bob | cat |\n| Cem | fish |", X),
        (PETS, "**Pets**\n\n1. **Ann**: cat\n2. **Bob**: dog\n3. **Cem**: fish\n\nAll clues hold: Ann has no dog.", C),
        (PETS, "So Ann → cat, Bob → dog, Cem → fish.", C),
        (PETS, "Ann: cat\nBob: dog\nCem: fish\nDan: bird", X),
        (PETS, "- Ann: cat\n- Bob: dog\n- Cem: fish\n\nCheck: all clues hold.", C),
        (PETS, "If Ann owns the cat, Bob owns the dog and Cem owns the fish. But it cannot be decided.", N),
        (PETS, "Suppose Ann is a cat. Bob is a dog. Cem is a fish. Contradiction.", X),
        (PETS, "Ann: cat, Bob: dog, Cem: fish breaks clue 1. So:\n\nAnn: dog\nBob: cat\nCem: fish", X),
        (PETS, "Ann: dog, Bob: cat, Cem: fish breaks clue 1. So:\n\nAnn: cat\nBob: dog\nCem: fish", C),
        (PETS, "\\boxed{\\text{Ann} = \\text{cat}, \\text{Bob} = \\text{dog}, \\text{Cem} = \\text{fish}}", C),
        (PETS, "\\boxed{\\text{Ann: cat, Bob: dog, Cem: fish}}", C),
        (PETS, "Ann: \\boxed{cat}, Bob: \\boxed{dog}, Cem: \\boxed{fish}", C),
        (PETS, "Ann: cat\nBob: dog\nCem: fish\n\n\\boxed{\\text{No solution}}", X),
        (PETS, "The cat belongs to Ann, the dog belongs to Bob, the fish belongs to Cem.", C),
        (PETS, '<answer>{"Ann": "cat", "Bob": "dog", "Cem": "fish"}</answer>', C),
        (PETS, "<answer>Ann has the cat, Bob has the dog, and Cem has the fish.</answer>", C),
        (PETS, '{\n "Ann": "cat",\n "Bob": "dog",\n "Cem": "fish",\n}', C),
        (PETS, "Ann does not own the cat, Bob owns the dog, Cem owns the fish.", N),
        (PETS, "Ann: cat or dog, Bob: dog, Cem: fish", X),
        (PETS, "Ann: not cat, Bob: dog, Cem: fish", X),
        (PETS, "Ann - cat\nBob - dog\nCem - fish", C),
        (PETS, "Ann's pet: cat\nBob's pet: dog\nCem's pet: fish", C),
        (PETS, "Ann (cat), Bob (dog), Cem (fish)", C),
        (PETS, "Person: Pet\nAnn: Cat\nBob: Dog\nCem: Fish", C),
        (PETS, "- **Ann** has the **cat**.\n- **Bob** has the **dog**.\n- **Cem** has the **fish**.", C),
        (PETS, "- Ann: cat\n  - because clue 1 says so\n- Bob: dog\n  - the only one left\n- Cem: fish", C),
        (JOBS, "甲是医生，乙是教师，丙是律师。", C),
        (JOBS, "所以甲是医生，乙是教师，丙是律师。", C),
        (JOBS, "因此甲的职业是医生，乙的职业是教师，丙的职业是律师。", C),
        (JOBS, "若甲是医生，乙是教师，则丙是律师，矛盾。", N),
        (JOBS, "甲不是医生，乙是教师，丙是律师。", N),
        (JOBS, "| 人 | 职业 |\n|---|---|\n| 甲 | 医生 |\n| 乙 | 教师 |\n| 丙 | 律师 |", C),
        (JOBS, "{'甲': '医生', '乙': '教师', '丙': '律师'}", C),
        (JOBS, "甲→医生；乙→教师；丙→律师", C),
        (JOBS, "医生是甲，教师是乙，律师是丙。", C),
        (KNIGHTS, "Zoey is a knight and Oliver is a knave.", C),
        (KNIGHTS, "Therefore, Oliver is a knave and Zoey is a knight.", C),
        (KNIGHTS, "So **Zoey is a knight**, and **Oliver is a knave**.", C),
        (KNIGHTS, '{"Zoey": "knight", "Oliver": "knave"}', C),
        (KNIGHTS, "Zoey is a knave and Oliver is a knave.", X),
        (KNIGHTS, "Zoey is a knight.", N),
        (KNIGHTS, "If Zoey is a knight, then Oliver is a knave. So both are knights.", N),
        (KNIGHTS, "Zoey is a knight, and Oliver is a knave. No! Zoey is a knave and Oliver is a knight.", X),
        (KNIGHTS, "Zoey = knight\nOliver = knave", C),
        (KNIGHTS, "- Zoey is a knight.\n- Oliver is a knave.", C),
        (KNIGHTS, "Final answer: Zoey is a knight, Oliver is a knave", C),
        (KNIGHTS, "**Final Answer:**\nZoey is a **knight**, and Oliver is a **knave**.", C),
        (KNIGHTS, "Zoey must be a knight, so Oliver is a knave.", C),
        (KNIGHTS, "Zoey is not a knight, and Oliver is not a knave.", N),
        (ORDER, "1. Ann\n2. Bob\n3. Cem\n\nThis satisfies all the clues.", C),
        (ORDER, "The order from left to right is Ann, Bob, Cem.", C),
        (ORDER, "The order from left to right is **Ann, Bob, and Cem**.", C),
        (ORDER, "Final order: Ann → Bob → Cem", C),
        (ORDER, "Final order: Cem → Bob → Ann", X),
        (ORDER, "The order is not Ann, Bob, Cem.", N),
        (ORDER, "First guess: Ann, Bob, Cem. That is wrong.\n\nCorrect: Bob, Ann, Cem", X),
        (ORDER, "First: Ann\nSecond: Bob\nThird: Cem", C),
        (ORDER, "1st: Cem\n2nd: Bob\n3rd: Ann", X),
        (ORDER, "1. **Ann** (leftmost)\n2. **Bob**\n3. **Cem**", C),
        (ORDER, "['Ann', 'Bob', 'Cem']", C),
        (ORDER, "[Ann, Bob, Cem]", C),
        (ORDER, "Ann < Bob < Cem", N),
        (ORDER, "The friends are Bob, Cem and Ann. We find that the order is: Ann, Bob, Cem.", C),
        (ORDER, "I cannot say.", N),
        (ORDER, '[["Ann", "Bob", "Cem"]]', X),
        (ORDER, "Ann\nBob\nCem", C),
        (ORDER, "Cem\nBob\nAnn", X),
        (ORDER, "Answer: Ann, Bob, Cem, Dan", X),
        (ORDER, "<answer>The order is Ann, Bob, Cem.</answer>", C),
        (ORDER, "| Position | Name |\n|---|---|\n| 1 | Ann |\n| 2 | Bob |\n| 3 | Cem |", C),
        ("[1, 2, 3]", "The output is [1, 2, 3].", C),
        ("[1, 2, 3]", "For [3, 2, 1] the function returns [1, 2, 3].", C),
        ("[1, 2, 3]", "1 2 3", C),
        ("[1, 2, 3]", "`[1, 2, 3]`", C),
        ("[1, 2, 3]", "$[1, 2, 3]$", C),
        ("[1, 2, 3]", "\\[ [1, 2, 3] \\]", C),
        ("[1, 2, 3]", "\\boxed{\\{1, 2, 3\\}}", X),
        ('["a", "b"]', "The answer is (a, b).", C),
        ('["赵", "钱", "孙"]', "顺序为：赵 → 钱 → 孙", C),
        ('["赵", "钱", "孙"]', "顺序是赵，钱，孙。满足所有条件。", C),
        ('["赵", "钱", "孙"]', "1. 赵\n2. 钱\n3. 孙", C),
        ('["赵", "钱", "孙"]', "1、孙\n2、钱\n3、赵", X),
        (GRID, "The solved grid:\n\n1 2\n2 1\n\nEach row and column has 1 and 2.", C),
        (GRID, "[1, 2]\n[2, 1]", C),
        (GRID, "[[1 2]\n [2 1]]", C),
        (GRID, "Row 1: 1 2\nRow 2: 2 1", C),
        (GRID, "Row 1: 2 1\nRow 2: 1 2", X),
        (GRID, "┌───┬───┐\n│ 1 │ 2 │\n├───┼───┤\n│ 2 │ 1 │\n└───┴───┘", C),
        (GRID, "1 2\n2 1\n1 2", X),
        (GRID, "\\boxed{\\begin{pmatrix}1 & 2\\\\2 & 1\\end{pmatrix}}", C),
        (GRID, "\\[\\begin{bmatrix}1 & 2\\\\2 & 1\\end{bmatrix}\\]", C),
        (GRID, "no grid exists", N),
        (GRID, "```\n12\n21\n```", C),
        (GRID, "Before:\n1 _\n_ 1\n\nAfter:\n1 2\n2 1", C),
        (GRID, "After:\n1 2\n2 1\n\nOriginal:\n1 _\n_ 1", X),
        ("The Dane", "The fish belongs to the Dane.", X),
        ("The Dane", "So the owner is the Dane.", C),
        ("Dane", "The owner of the fish is **the Dane**.", C),
        ("Dane", "The owner is not the Dane.", X),
        ("Dane", "The owner is either the Swede or the Dane.", X),
        ("Dane", "The owner might be the Dane.", X),
        ("Dane", "Is the owner the Dane?", X),
        ("Dane", "If the Swede lies, the owner is the Dane.", X),
        ("乙", "说谎的人不是乙。", X),
        ("乙", "没有人能确定说谎的人是乙。", X),
        ("乙", "说谎的人是甲或乙。", X),
        ("乙", "说谎的是**乙**。", C),
        ("乙", "【答案】乙", C),
        ("乙", "因此说谎者为乙", C),
        ("unknown", "无法确定。", X),
        ("Unknown", "The answer is unknown.", C),
        ("Unknown", "**Answer: Unknown**", C),
        ("No", "So the conclusion does not follow. The answer is no.", C),
        ("False", "The statement is not true.", C),
        ("False", "The statement is false.", C),
        ("True", "It is not the case that the claim is true.", X),
        ("True", "The conclusion is true.", C),
        ("True", "Therefore, the statement is **True**.", C),
        ("no", "Yes, there is no doubt.", X),
        ("是", "不能说结论是是。", X),
        ("否", "结论不成立。", C),
        ("knave", "Bob is a knave.", C),
        ("knave", "Bob is not a knave.", X),
        ("SECRET", 'The decoded message is "SECRET".', C),
        ("HELLO WORLD", "The plaintext is: HELLO WORLD", C),
        ("HELLO WORLD", "\\boxed{\\text{The plaintext is HELLO WORLD}}", C),
        ('{"A": true, "B": false}', '{"A": "yes", "B": "no"}', C),
        ('{"A": true, "B": false}', '{"A": "no", "B": "no"}', X),
        ('{"A": true, "B": false}', "A is true, B is false", C),
        ('{"A": null}', '{"A": None}', C),
        ('{"a": [1, 2], "b": 3}', 'Result: {"a": [1, 2], "b": 3}', C),
        ('{"a": [1, 2], "b": 3}', "Not JSON", N),
        ('{"a": [1, 2], "b": 3}', "\\boxed{a}", X),
        ('["a", "b', "x", B),
    ],
)
def test_an_answer_in_prose(reference: str, answer: str, outcome: Outcome) -> None:
    assert judge(answer, reference) == outcome


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{\"a\": 1, 'b': “c”}", (OBJECT, ("a", "1"), ("b", "c"))),
        ("{a: [1, 2,], b: None}", (OBJECT, ("a", ("1", "2")), ("b", "null"))),
        ('{"a": "x, [y"}', (OBJECT, ("a", "x, [y"))),
        ('{"a": 1, "a": 2}', (OBJECT, ("a", "1"), ("a", "2"))),
        ("[[1, 2]\n [2, 1]]", (("1", "2"), ("2", "1"))),
        ("{2, 1}", (SET, "1", "2")),
        ("[]", ()),
        ("{}", (OBJECT,)),
        ("[1, 2", None),
        ("[1, 2] and more", None),
        ("[1,, 2]", None),
        ("[1}", None),
        ("word", None),
        ("[" * 60 + "]" * 60, None),
    ],
)
def test_literals(text: str, value: object) -> None:
    assert read_literal(text) == value


def test_brackets_that_close_and_one_that_never_does() -> None:
    text = 'x [1] (a [b) {"c": {"}": 1}} "[2]" {"e": [1'
    outer, cut = bracketed(text)
    assert [text[span.start : span.end] for span in outer] == ["[1]", "(a [b)", '{"c": {"}": 1}}', "[2]"]
    assert text[cut:] == '{"e": [1'


FORMS = {
    "object": lambda pairs: json.dumps(pairs),
    "python": lambda pairs: str(pairs),
    "lines": lambda pairs: "\n".join(f"- **{name}**: {value}" for name, value in pairs.items()),
    "signs": lambda pairs: ", ".join(f"{name} = {value}" for name, value in pairs.items()),
    "table": lambda pairs: "| Who | What |\n|---|---|\n" + "\n".join(f"| {n} | {v} |" for n, v in pairs.items()),
    "clauses": lambda pairs: ", ".join(f"{name} is a {value}" for name, value in pairs.items()) + ".",
    "sentences": lambda pairs: " ".join(f"{name} has the {value}." for name, value in pairs.items()),
    "box": lambda pairs: "\\boxed{\\text{" + ", ".join(f"{name}: {value}" for name, value in pairs.items()) + "}}",
}
PEOPLE, ANIMALS = ["Ann", "Bob", "Cem", "Dora", "Eli"], ["cat", "dog", "fish", "owl", "red fox"]


@settings(max_examples=50, deadline=None)
@given(st.permutations(ANIMALS), st.permutations(PEOPLE), st.integers(2, 5), st.sampled_from(sorted(FORMS)), st.data())
def test_every_form_of_an_assignment_and_no_other_assignment(
    animals: list[str], people: list[str], size: int, form: str, data: st.DataObject
) -> None:
    right = dict(zip(people[:size], animals[:size], strict=True))
    shuffled = {name: right[name] for name in data.draw(st.permutations(people[:size]))}
    wrong = dict(zip(right, data.draw(st.permutations(animals[:size])), strict=True))
    write = FORMS[form]
    assert judge(f"We go through the clues.\n\n{write(shuffled)}", json.dumps(right)) == C
    assert judge(f"First guess:\n{write(wrong)}\n\nThe answer:\n\n{write(right)}", json.dumps(right)) == C
    if wrong != right:
        assert judge(f"First guess:\n{write(right)}\n\nNo. In the end:\n\n{write(wrong)}", json.dumps(right)) == X


@settings(max_examples=50, deadline=None)
@given(st.permutations(PEOPLE), st.permutations(PEOPLE), st.sampled_from([", ", " > ", " → ", "\n", "、", "\n- "]))
def test_a_list_is_right_in_its_own_order_only(right: list[str], said: list[str], joint: str) -> None:
    written = joint.join(["", *said] if joint[0] == "\n" else said)
    assert judge(f"We look at the clues.\n\n{written}", json.dumps(right)) == (C if right == said else X)


LONG = [
    "Ann is a cat, " * 80_000,
    "Ann: cat\n" * 100_000,
    "| Ann | cat |\n" * 80_000,
    "Ann > Bob > " * 80_000,
    "1. Ann\n" * 150_000,
    "a" + " " * 500_000 + "b",
    "[1, " * 250_000,
    "[1], " * 200_000,
    "{'a': '" * 150_000,
    "'\\'" * 300_000,
    "=" * 1_000_000,
    '{"' + '\\"' * 400_000,
    '[ "a' * 250_000,
    "is " * 300_000,
    "甲是" * 400_000,
    "是" * 1_000_000,
    "**" * 500_000,
    "(" * 500_000 + ")" * 500_000,
    "and " * 250_000,
    "- - " * 250_000,
]


@pytest.mark.parametrize("text", LONG, ids=lambda text: repr(text[:8]))
def test_a_megabyte_is_read_in_no_time(text: str) -> None:
    with takes_at_most(60):
        for reference in (PETS, JOBS, ORDER, GRID, KNIGHTS, "Dane", "yes", '{"a": [1]}'):
            judge(text, reference)
            judge(f"<answer>{text[:15_000]}</answer>", reference)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("AnBob cat\n,:=|-[]{}()\"'“”*>.是不甲乙1"), max_size=80))
def test_nothing_raises(text: str) -> None:
    for reference in (PETS, JOBS, ORDER, GRID, KNIGHTS, "Dane"):
        judge(text, reference)
        judge(f"<answer>{text}</answer>", reference)
    judge(text, text)
