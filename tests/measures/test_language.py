from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.measures import language_share, language_shares
from r1data.measures.block import Block
from r1data.measures.language import columns, foreign_spans
from r1data.texts import Cutter, Texts

FRENCH = (
    "Donc nous devons calculer la somme des nombres entiers de un à dix, ce qui donne cinquante-cinq, puisque la "
    "formule est connue depuis longtemps et que chacun la sait."
)
ENGLISH = (
    "So we need to find the sum of the numbers from one to ten. Wait, let me check this again: the formula says that "
    "it is half of ten times eleven, which gives fifty-five, and that looks right to me."
)
FINNISH = (
    "Ensin meidän täytyy laskea kaikkien lukujen summa, ja sitten voimme jakaa sen kahdella, jolloin saamme "
    "vastauksen, joka on yhtä suuri kuin viisikymmentäviisi, kuten edellä jo todettiin."
)
CARRYING = "Ones: 7 + 5 = 12, write 2 carry 1. Tens: 3 + 4 + 1 = 8."
CHINESE = "首先我们需要计算所有数字的总和，然后把它们相加，得到最后的答案，因此答案是十二。"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", ENGLISH),
        ("en", CARRYING),
        ("en", "\n".join([CARRYING + " Hundreds: 1 + 2 = 3. So 137 + 245 = 382."] * 20)),
        ("fr", FRENCH),
        ("de", "Zuerst zähle ich die beiden Zahlen zusammen."),
        ("zh", CHINESE),
        ("zh", "个位：7 + 5 = 12，写 2 进 1。"),
        ("zh", "在三角形ABC中，AB = 5 cm，所以 sin A = 3/5，由 $a^2 = b^2 \\text{ implies}$ 得到 \\boxed{five}。"),
        ("zh", "运行代码：\n```python\nfor number in numbers:\n    print(number)\n```\n得到答案。"),
        ("zh", "<think>调用 `print(value)` 即可，公式为 \\(x \\text{ mod } y\\)。"),
        ("ja", "まず、データの合計を計算します。次に答えを求めます。"),
        ("ja", "合計"),
        # Names and terms belong to no language: they are counted for none.
        ("zh", "我们使用 Python 的 list 来存储所有已经访问过的节点，然后检查它们的邻居是否已经处理过。"),
        ("zh", "用动态规划（dynamic programming）求解，Alice 和 Bob 的最大公约数是 GCD。"),
        ("en", "李明 has 3 apples, Mr. 王 has 2, and the character 不 means not."),
        ("en", 'The word "道" means way, and 清华大学 is in Beijing.'),
        ("en", "Schrödinger and José use an a priori ansatz, et al., vis-à-vis the van der Waals force."),
        ("ko", "먼저 숫자를 더합니다."),
        ("ru", "Сначала сложим числа и найдём сумму."),
        ("ar", "أولاً نجمع الأعداد"),
        ("hi", "पहले हम संख्याओं को जोड़ते हैं"),
        ("el", "Πρώτα προσθέτουμε τους αριθμούς"),
        ("he", "קודם נחבר את המספרים"),
        ("th", "ก่อนอื่นเราต้องหาผลรวมของตัวเลข"),
        ("bn", "প্রথমে আমরা সংখ্যাগুলি যোগ করি"),
        ("en", "It costs $5 for one and then $6 for the other."),
    ],
)
def test_one_language_is_one(language: str, text: str) -> None:
    assert language_share(text, language) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("language", "text", "low", "high"),
    [
        ("zh", "首先 we need to compute the sum of the digits, 然后得到答案", 0.3, 0.45),
        ("en", "首先 we need to compute the sum of the digits, 然后得到答案", 0.55, 0.7),
        ("en", ENGLISH + "所以答案是五十五。", 0.8, 0.95),
        ("zh", "まず、データの合計を計算します。次に答えを求めます。", 0.2, 0.6),
        ("ru", "Сначала we add числа.", 0.4, 0.6),
        ("zh", ENGLISH, 0, 0),
        ("en", CHINESE, 0, 0),
        ("en", FRENCH, 0, 0),
        ("fr", ENGLISH, 0, 0),
        ("ja", CHINESE, 0, 0),
        ("ko", CHINESE, 0, 0),
    ],
)
def test_a_mixture_is_a_share(language: str, text: str, low: float, high: float) -> None:
    share = language_share(text, language)
    assert share is not None
    assert low <= share <= high


@pytest.mark.parametrize("text", ["", "7 + 5 = 12", "$a + b$ \\boxed{4}", "x", "```\nprint(words)\n```", "<b></b>"])
def test_without_words_there_is_no_share(text: str) -> None:
    assert language_share(text, "en") is None


def thoughts(texts: list[str], languages: list[str]) -> dict[str, list[Any]]:
    """The columns of replies with these thoughts."""
    whole = Texts.of(pl.Series([f"<think>\n{text}\n</think>\n\n7" for text in texts]))
    block = Block.of(whole, pl.Series(languages), Cutter())
    return {name: column.to_list() for name, column in columns(block).items()}


def test_the_detected_language_is_named() -> None:
    texts = [ENGLISH, FRENCH, CHINESE, CARRYING, FINNISH, ""]
    heard = thoughts(texts, ["en"] * len(texts))
    assert heard["detected_language"] == ["en", "fr", "zh", None, "fi", None]
    assert [chance is None for chance in heard["detected_probability"]] == [False, False, False, True, False, True]


@pytest.mark.parametrize(
    ("language", "text", "foreign"),
    [
        ("en", "So 我们 get 5, and then 但是 the sum is 7.", ["我们", "但是"]),
        ("en", "但是 the sum is 5", ["但是"]),
        ("en", "因为 x > 0, we have a sum.", ["因为"]),
        ("en", "We add them up. 所以答案是五十五。 That is it.", ["所以答案是五十五"]),
        ("zh", "wait, 我们再看一下。", ["wait"]),
        ("zh", "首先 let us compute the sum, 然后得到答案", ["let us compute the sum"]),
        ("en", "We have five. Donc nous devons calculer la somme. It is six.", ["Donc nous devons calculer la somme"]),
        ("de", "Zuerst zähle ich sie, because it is right.", ["because it is right"]),
        ("en", "Сначала we add числа, as Иван Петров said.", ["Сначала", "числа"]),
        ("ja", "まず合計を計算します。因此我们得到答案是五。", ["因此我们得到答案是五"]),
        ("en", "The 그래서 is 5, and 김민수 has 2.", ["그래서"]),
        ("en", "```\n因为\n```\n`但是` and $\\text{所以}$ are notation.", []),
    ],
)
def test_foreign_words_are_found_where_they_stand(language: str, text: str, foreign: list[str]) -> None:
    assert [text[slice(*place)] for place in foreign_spans(text, language)] == foreign


def test_other_languages_name_the_longest_passage_of_each() -> None:
    text = "So 但是 we add. 所以答案是五十五。Then we stop. Donc nous devons calculer la somme."
    found = thoughts([text, ENGLISH], ["en", "en"])
    assert found["foreign_words"] == [13, 0]
    assert found["foreign_passage"] == [6, 0]
    offset = len("<think>\n")
    chinese, french = text.index("所以"), text.index("Donc")
    assert found["other_languages"] == [
        [
            {
                "language": "fr",
                "part": "reasoning",
                "words": 6,
                "start": offset + french,
                "end": offset + len(text) - 1,
            },
            {"language": "zh", "part": "reasoning", "words": 7, "start": offset + chinese, "end": offset + chinese + 8},
        ],
        [],
    ]


def test_many_at_once_are_as_one_at_a_time() -> None:
    texts, languages = [ENGLISH, FRENCH, CHINESE, "", CARRYING], ["en", "en", "zh", "en", "zh"]
    alone = [language_share(text, language) for text, language in zip(texts, languages, strict=True)]
    assert language_shares(texts, languages) == alone


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["en", "zh", "ja", "fr", "ru", "th", "ta", "xx"]),
)
def test_a_share_is_a_share(text: str, language: str) -> None:
    share = language_share(text, language)
    assert share is None or 0 <= share <= 1


MONOLINGUAL = {
    "en": [
        "Let me think about this again, since the first try was wrong.",
        "The sum of the angles is 180 degrees, hence the third one is 60.",
        "Hmm, wait: is that right?",
        "Alice gives Bob two apples, and Carol eats one.",
        "Multiply both sides by three, then subtract $x$.",
        "Case 1: n is even.",
        "By the Cauchy-Schwarz inequality we are done.",
        "It costs $5 for one and then $6 for the other.",
    ],
    "zh": [
        "让我再想一想，因为第一次算错了。",
        "所以三角形 ABC 的面积是 12 平方厘米。",
        "用 Python 写一个 for 循环，调用 `print(x)` 即可。",
        "根据 Cauchy-Schwarz 不等式，结论成立。",
        "设 x 为苹果的数量，则 2x + 3 = 11。",
        "等等，这里需要检查一下。",
    ],
    "de": [
        "Zuerst berechnen wir die Summe der beiden Zahlen.",
        "Warte, das stimmt nicht, weil die dritte Zahl fehlt.",
        "Also ist die Antwort zwölf.",
    ],
    "fr": ["D'abord, on calcule la somme des deux nombres.", "Donc la réponse est douze, ce qui était attendu."],
    "ru": ["Сначала найдём сумму двух чисел.", "Значит, ответ равен двенадцати, и задача решена."],
    "ja": ["まず、二つの数の合計を計算します。", "したがって、答えは十二です。"],
}


@given(st.data())
def test_honest_text_of_one_language_holds_no_other(data: st.DataObject) -> None:
    language = data.draw(st.sampled_from(sorted(MONOLINGUAL)))
    sentences = data.draw(st.lists(st.sampled_from(MONOLINGUAL[language]), min_size=1, max_size=8))
    text = data.draw(st.sampled_from([" ", "\n", "\n\n"])).join(sentences)
    assert foreign_spans(text, language) == []
    assert language_share(text, language) == pytest.approx(1.0)


@given(
    st.lists(st.sampled_from(["we", "因为", "李明", "Donc nous", "。", ", ", "\n", " ", "(", ")", "の", "$x$"])),
    st.sampled_from(["en", "zh", "ja", "fi"]),
)
def test_foreign_words_lie_within_the_text(pieces: list[str], language: str) -> None:
    text = "".join(pieces)
    places = foreign_spans(text, language)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    found = thoughts([text], [language])
    assert found["foreign_passage"][0] <= found["foreign_words"][0]
    assert (found["foreign_words"][0] > 0) == bool(places)
