"""Option letters in the forms that models write, science quantities with units, and texts."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.verifiers import choice
from r1data.verifiers.check import BadTask, Check
from r1data.verifiers.quantities import read_quantity
from schemas import Outcome
from tests.effort import takes_at_most

OPTIONS = {"A": "3 m/s", "B": "6 m/s", "C": "12 m/s", "D": "24 m/s"}
WORDS = {"A": "a red fox", "B": "the moon", "C": "gravity", "D": "none of the above"}
C, X, N, B, U = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.BAD_REFERENCE, Outcome.UNDECIDED


def judge(answer, reference="C", question=None, **task) -> Outcome:
    check = Check("0" * 32, "choice", reference, json.dumps(task) if task else None, "en", answer, question)
    try:
        return choice.verify(check).outcome
    except BadTask:
        return Outcome.BAD_REFERENCE


FORMS = r"""
\boxed{C}
\boxed{c}
\boxed{(C)}
\boxed{\text{C}}
\boxed{\text{(C)}}
\boxed{\textbf{(C)}\ 12}
\boxed{C. 12 m/s}
\boxed{C) 12 m/s}
\boxed{12 m/s}
\boxed{12\ \text{m/s}}
\boxed{12\,\mathrm{m/s}}
$\boxed{\mathrm{C}}$
\boxed{Option C}
\boxed{The answer is C}
\boxed{答案是C}
\boxed{Ｃ}
<answer>C</answer>
<answer>(c)</answer>
The answer is (C)
The answer is (c).
The answer is **C**.
**The answer is C**
**Answer:** C
**Answer: C**
Answer: C
ANSWER: C
Final answer: c
The correct answer is option C.
The correct option is C.
The correct choice is (C) 12 m/s.
The best answer is C because the speed doubles twice.
The answer should be C, not A.
The answer is not A but C.
I would choose C.
I'd go with option C here.
So it's C.
Therefore, C.
C is correct.
Option C is the correct answer.
A is wrong because it is too slow, so it's C.
A is wrong and B is wrong. So C is the right answer.
The answer is A. Wait, that is too slow. The answer is C.
The answer is A. Wait, actually it's C.
The answer is C.\n\nA) is too slow.\nD) is too fast.
#### C
C
c)
(C)
**C**
C.
C) 12 m/s
C. 12 m/s
Option C
Thus answer C.
I'm going with C
It has to be C.
Correct Answer: Option C - 12 m/s
The final answer is \( C \).
Therefore the answer is \(\text{(C)}\).
The answer is most likely C.
The best choice is option C, since D violates energy conservation.
A and B are wrong, D is wrong, leaving C.
答案是C
答案：C
答案为 C。
正确答案是：C
答案是（C）
故选：C。
故选C
因此选C。
应选 C
本题选择C选项。
选项 C
所以C选项正确。
答案不是A而是C。
The answer is 12 m/s.
It cannot be A or B; the answer is Ｃ.
I think A good guess is a start, but the answer is C.
"""


@pytest.mark.parametrize("form", FORMS.strip().splitlines())
def test_every_form_of_the_right_letter(form: str) -> None:
    answer = form.replace(r"\n", "\n")
    assert judge(f"We look at each option.\n\n{answer}", options=OPTIONS) == C
    assert judge(f"We look at each option.\n\n{answer}", "D", options=OPTIONS) == X


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (None, N, "no answer part at all"),
        ("", N, "an empty one"),
        ("I am not sure what to say.", N, "I is a pronoun here, a an article elsewhere"),
        ("A train is a thing that moves.", N, "A is an article"),
        ("The answer is a matter of taste.", N, "an article behind the trigger"),
        ("The answer is A matter of taste.", N, "the same with a capital"),
        ("The answer is not A.", N, "excluding chooses nothing"),
        ("答案不是A。", N, "excluding chooses nothing, in Chinese"),
        ("不选C。", N, "a refusal is no choice"),
        ("不能选C。", N, "another refusal"),
        ("若选C则错误，故选B。", X, "a hypothesis, then the choice"),
        ("C is tempting, but B is right.", X, "the letter that is called right"),
        ("C is not correct.", N, "denied"),
        ("I wouldn't go with C.", N, "declined"),
        ("Is the answer C? The options are A, B and C.", X, "three letters are no single choice"),
        ("The answer is C or D.", X, "two letters where one is asked"),
        ("\\boxed{C, D}", X, "two letters in a box"),
        ("\\boxed{C} \\boxed{D}", X, "two boxes side by side"),
        ("\\boxed{C}\n\nThe answer is D.", C, "a box beats prose"),
        ("\\boxed{D} wait\n\n\\boxed{C}", C, "of two boxes the last"),
        ("\\boxed{E}", X, "no such option"),
        ("\\boxed{13 m/s}", X, "a number that is none of the options"),
        ("\\boxed{fast}", U, "words that are none of the options may describe one"),
        ("\\boxed{C. 24 m/s}", U, "letter and text disagree"),
        ("The answer is not A but B or C.", U, "excludes one and names two"),
        ("The answer is C, I think.", C, "I behind a comma is a pronoun"),
        ("The answer is C, A is too slow.", C, "the second letter begins a clause"),
        ("The answer is B and C.", X, "two letters"),
    ],
)
def test_final_statements(answer: str | None, outcome: Outcome, reason: str) -> None:
    assert judge(answer, options=OPTIONS) == outcome, reason


@pytest.mark.parametrize(
    ("reference", "task", "answer", "outcome"),
    [
        ("(C)", {"options": OPTIONS}, "\\boxed{C}", C),
        ("C. 12 m/s", {"options": OPTIONS}, "\\boxed{C}", C),
        ("12 m/s", {"options": OPTIONS}, "\\boxed{C}", C),
        ("12 m/s", {"options": list(OPTIONS.values())}, "\\boxed{C}", C),
        ("gravity", {"options": WORDS}, "\\boxed{Gravity}", C),
        ("C. 24 m/s", {"options": OPTIONS}, "\\boxed{C}", B),
        ("E", {"options": OPTIONS}, "\\boxed{C}", B),
        ("99 m/s", {"options": OPTIONS}, "\\boxed{C}", B),
        ("x", {"options": {"A": "x", "B": "x"}}, "\\boxed{A}", B),
        ("A", {"options": {"A": "x"}}, "\\boxed{A}", B),
        ("A", {"options": "A"}, "\\boxed{A}", B),
        (None, {"options": OPTIONS}, "\\boxed{A}", B),
        ("A,C", {"options": OPTIONS}, "\\boxed{A, C}", C),
        ("AC", {"options": OPTIONS}, "\\boxed{C, A}", C),
        ("AC", {"options": OPTIONS}, "\\boxed{AC}", C),
        ("A and C", {"options": OPTIONS}, "The answers are A and C.", C),
        ("AC", {"options": OPTIONS}, "\\boxed{A}, \\boxed{C}", C),
        ("AC", {"options": OPTIONS}, "答案是AC。", C),
        ("AC", {"options": OPTIONS}, "故选：A、C", C),
        ("AC", {"options": OPTIONS}, "\\boxed{A}", X),
        ("AC", {"options": OPTIONS}, "\\boxed{ABC}", X),
        ("A", {"options": OPTIONS, "accepted": ["C"]}, "\\boxed{C}", C),
        ("A", {"options": OPTIONS, "accepted": ["C"]}, "\\boxed{AC}", X),
        ("J", {}, "The answer is J.", C),
        ("I", {}, "The answer is I.", C),
        ("I", {}, "I think it is late.", N),
        ("C", {}, "\\boxed{C}", C),
    ],
)
def test_references(reference: str | None, task: dict, answer: str, outcome: Outcome) -> None:
    assert judge(answer, reference, **task) == outcome


def test_options_are_read_from_the_question() -> None:
    question = "How fast?\nA. 3 m/s\nB. 6 m/s\nC. 12 m/s"
    assert judge("\\boxed{12 m/s}", "C", question) == C
    assert judge("\\boxed{6 m/s}", "C", question) == X
    assert judge("\\boxed{12 m/s}", "12 m/s", question) == C


@pytest.mark.parametrize(
    ("reference", "answer", "task", "outcome", "reason"),
    [
        ("9.81 m/s^2", "9.81 m/s²", {}, C, "two ways of writing a square"),
        ("9.81 m/s^2", r"9.81\ \mathrm{m\,s^{-2}}", {}, C, "LaTeX with negative exponents"),
        ("9.81 m/s^2", "9.8066", {}, C, "rounds to the reference, and a missing unit is accepted"),
        ("9.81 m/s^2", "9.8 m/s²", {}, U, "the reference, rounded to fewer digits"),
        ("9.81 m/s^2", "9.8 m/s²", {"tolerance": {"relative": 0.01}}, C, "within a given tolerance"),
        ("9.81 m/s^2", "9.6 m/s²", {"tolerance": {"relative": 0.01}}, X, "outside of it"),
        ("9.81 m/s^2", "9.7", {"tolerance": {"absolute": 0.2}}, C, "an absolute one"),
        ("9.81 m/s^2", "9.81 m/s", {}, X, "another dimension"),
        ("5 km", "5000 m", {}, C, "a prefix"),
        ("5 km", "5 m", {}, X, "the wrong prefix"),
        ("25 °C", "298.15 K", {}, C, "an offset"),
        ("77 °F", "25 °C", {}, C, "another offset"),
        ("1.6e-19 J", "1.0 eV", {}, C, "electronvolts"),
        ("1.5 h", "90 min", {}, C, "minutes"),
        ("1.0 atm", "101.3 kPa", {}, C, "pressure"),
        ("2.0 L", "0.002 m^3", {}, C, "litres"),
        ("8.314 J/(mol·K)", "8.314 J mol^-1 K^-1", {}, C, "a bracket below the line"),
        ("8.85e-12 C^2/(N m^2)", "8.85e-12 F/m", {}, C, "the same dimension by other names"),
        ("2.5 μF", r"2.5\ \mu\text{F}", {}, C, "micro in LaTeX"),
        ("5 J", "5 N·m", {}, C, "a product"),
        ("50%", "0.5", {}, C, "per cent"),
        ("50%", r"50\%", {}, C, "escaped per cent"),
        ("6.02 × 10^23", r"6.022 \times 10^{23}", {}, C, "powers of ten"),
        ("3", "3.4", {}, X, "a count is exact"),
        ("3 m", "3.4 m", {}, X, "one digit without a point is no licence to round"),
        ("5 apples", "5 apples", {}, C, "a unit that we do not know, but the same"),
        ("72 km/h", "20 m/s", {}, C, "speed"),
        ("5 千米", "5000米", {}, C, "Chinese units"),
        ("5 m", "5 m", {"tolerance": {"relative": "x"}}, B, "a broken tolerance"),
        ("gravity", "5 m", {"tolerance": {"relative": 0.1}}, B, "a tolerance for a word"),
        ("helium", "Helium.", {}, C, "the same word"),
        ("氦气", "氦气。", {}, C, "the same Chinese word"),
        ("helium", "He", {}, U, "words may mean the same"),
        ("9.81 m/s^2", "very fast", {}, N, "no number to compare"),
        ("9 m/s", "nine metres per second", {}, U, "a number in words"),
    ],
)
def test_quantities_and_texts(reference: str, answer: str, task: dict, outcome: Outcome, reason: str) -> None:
    assert judge(f"\\boxed{{{answer}}}", reference, **task) == outcome, reason
    assert judge(f"So we get\n{answer}", reference, **task) == outcome, reason


def test_a_sentence_with_one_quantity() -> None:
    assert judge("So the speed is 9.81 m/s.", "9.81 m/s") == C
    assert judge("Therefore $v = 9.81\\,\\text{m/s}$", "9.81 m/s") == C


PLANETS = {"A": "Mercury", "B": "Venus", "C": "Earth", "D": "Mars"}
PLANETS_OR_NONE = {**PLANETS, "D": "None of the above"}
CITIES = {"A": "北京", "B": "上海", "C": "广州", "D": "深圳"}


@pytest.mark.parametrize(
    ("options", "reference", "answer", "outcome"),
    [
        (CITIES, "A", "【答案】A", C),
        (CITIES, "A", "【答案】：A", C),
        (CITIES, "A", "【答案】B", X),
        (CITIES, "A", "【正确答案】A", C),
        (CITIES, "A", "**【答案】** A", C),
        (CITIES, "A", "【答案】A【解析】北京是首都，B、C、D错误。", C),
        (PLANETS, "A", "So only A remains.", C),
        (PLANETS, "A", "This leaves only A.", C),
        (PLANETS, "A", "B, C and D can be ruled out, leaving A.", C),
        (PLANETS, "A", "Only C fits.", X),
        (CITIES, "A", "排除B、C、D，只剩A。", C),
        (CITIES, "A", "只有A正确。", C),
        (CITIES, "A", "只有A不正确。", N),
        (PLANETS, "A", "The answer is A) Venus.", U),
        (PLANETS, "A", "The answer is (A) Mercury.", C),
        (PLANETS, "A", "The answer is B: Mercury.", U),
        (PLANETS, "A", "The answer is A, not Venus.", C),
        (PLANETS, "A", "The answer is A because Venus is further away.", C),
        (PLANETS, "A", "A Venus", U),
        (PLANETS, "A", "A Mercury", C),
        (CITIES, "A", "A 北京", C),
        (PLANETS, "A", "The answer is **A) Mercury**, since Venus is further.", C),
        (PLANETS, "A", "The answer is A - Mercury.", C),
        (CITIES, "A", "答案是A或B。", X),
        (CITIES, "A", "答案是A或者B。", X),
        (CITIES, "A", "答案是A还是B？", X),
        (PLANETS, "A", "\\boxed{A \\text{ or } B}", X),
        (PLANETS, "A", "\\boxed{A/B}", X),
        (PLANETS, "A", "The answer is either A or B.", X),
        (PLANETS, "A", "None of the options is right.", X),
        (PLANETS_OR_NONE, "D", "None of these options are correct.", C),
        (PLANETS_OR_NONE, "A", "None of the above is correct.", X),
        (CITIES, "A", "四个选项都不对。", X),
        (CITIES, "A", "B、C、D 都不对。", N),
        (PLANETS, "A", "\\boxed{}", N),
        (PLANETS, "A", "\\boxed{?}", N),
        (PLANETS, "A", "\\boxed{ }\nThe answer is A.", N),
        (PLANETS, "A", "The answer is Pluto.", X),
        (PLANETS, "A", "The answer is the planet Mercury.", U),
        (CITIES, "A", "答案是南京。", U),
        (CITIES, "A", "答案是武汉。", X),
        (CITIES, "A", "答案是北京市。", U),
        (PLANETS, "A", "The answer is obvious.", N),
        (PLANETS, "A", "The answer is simple.", N),
        (PLANETS, "A", "C is wrong. The answer is A.", C),
        (PLANETS, "A", "I choose (A) over (B).", C),
        (PLANETS, "A", "Answer: A (Mercury)", C),
        (PLANETS, "A", "Answer: A (Venus)", U),
        (PLANETS, "A", "**A. Mercury**", C),
        (PLANETS, "A", "**B. Mercury**", U),
        (OPTIONS, "A", "Correct option: A) 3 m/s", C),
        (OPTIONS, "A", "The answer is A) 6 m/s.", U),
        (OPTIONS, "A", "A. 6 m/s", U),
        (PLANETS, "A", "A is correct. B is incorrect.", C),
        (PLANETS, "A", "B is incorrect. A is correct.", C),
        (PLANETS, "C", "Neither A nor B is correct; the answer is C.", C),
        (PLANETS, "AC", "A and C are correct.", C),
        (CITIES, "AC", "A、C正确", C),
        (CITIES, "ABD", "ABD", C),
        (CITIES, "ABD", "选ABD。", C),
        (CITIES, "A", "故答案为：A", C),
        (CITIES, "A", "故答案选A", C),
        (CITIES, "A", "答案应为A", C),
        (CITIES, "A", "所以本题答案为A选项", C),
        (PLANETS, "A", "The answer is not A.", N),
        (PLANETS, "A", "It can't be A; it's B.", X),
        (PLANETS, "A", "If the answer is A, we get a contradiction. So the answer is B.", X),
        (PLANETS, "A", "Final Answer: (A)", C),
        (PLANETS, "A", "## Answer\n\nA", C),
        (PLANETS, "A", "### Final answer\n**A**", C),
        (PLANETS, "A", "Answer:\n\nA", C),
    ],
)
def test_letters_against_texts(options: dict, reference: str, answer: str, outcome: Outcome) -> None:
    assert judge(answer, reference, options=options) == outcome


@pytest.mark.parametrize(
    ("reference", "task", "answer", "outcome"),
    [
        ("1.5708", {}, "\\boxed{\\frac{\\pi}{2}}", C),
        ("1.5", {"tolerance": {"relative": 0.01}}, "\\boxed{\\frac{\\pi}{2}}", X),
        ("6.28 m", {"tolerance": {"relative": 0.01}}, "\\boxed{2\\pi}", C),
        ("1.414 m", {}, "\\boxed{\\sqrt{2}\\text{ m}}", C),
        ("1.414 m", {}, "\\boxed{\\sqrt{2}\\text{ s}}", X),
        ("2\\pi", {}, "\\boxed{2\\pi}", C),
        ("2\\pi", {}, "\\boxed{6.283}", C),
        ("\\pi", {}, "\\boxed{3}", X),
        ("5", {}, "\\boxed{x+1}", X),
        ("5", {}, "\\boxed{\\infty}", U),
        ("5 m", {}, "It is not possible to say.", N),
        ("0.5", {}, "\\boxed{\\text{half}}", C),
        ("2.718", {}, "\\boxed{e}", C),
        ("5", {}, "\\boxed{10^{500}}", U),
        ("5 m", {}, "\\boxed{\\text{unknown}}", N),
        ("9 m/s", {}, "九米每秒", U),
        ("5 m", {}, "The answer is 5 meters.", C),
        ("0.5", {}, "\\boxed{1/2}", C),
        ("helium", {}, "\\boxed{helium}", C),
        ("helium", {}, "\\boxed{neon}", U),
    ],
)
def test_closed_expressions_and_what_holds_no_number(reference: str, task: dict, answer: str, outcome: Outcome) -> None:
    assert judge(answer, reference, **task) == outcome


HOSTILE = [
    "A" * 1_000_000,
    "(" * 1_000_000,
    "answer is " * 100_000,
    "A, " * 300_000,
    "选" * 1_000_000,
    "it's A" * 160_000,
    "\n" * 1_000_000,
    "A and " * 160_000,
    "not A " * 160_000,
    "9" * 1_000_000,
    "1,234" * 200_000,
    "\\text{" * 160_000,
    " " * 1_000_000 + "C",
    "answer" + " " * 1_000_000,
    "<answer>" * 100_000,
    "A、" * 300_000,
    "only A " * 140_000,
    "none of the " * 80_000,
    "\\sqrt{" * 160_000,
    "2^" * 400_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
@pytest.mark.parametrize("reference", ["C", "9.81 m/s"])
def test_a_megabyte_of_nonsense_is_judged_quickly(text: str, reference: str) -> None:
    with takes_at_most(60):
        judge(text, reference)
        judge("\\boxed{" + text + "}", reference)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ABCIac ()[]{}.,:\\=$boxedtext答案是选不/^-0123456789eE°%\n*#<>"), max_size=99))
def test_nothing_raises(text: str) -> None:
    for reference in ("C", "9.81 m/s^2", "gravity"):
        judge(text, reference, options=OPTIONS)
        judge(f"\\boxed{{{text}}}", reference)
    read_quantity(text)
