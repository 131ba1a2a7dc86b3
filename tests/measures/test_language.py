import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.measures import language_share, language_shares
from r1data.measures.language import speech
from r1data.measures.masking import words_only

FRENCH = (
    "Donc nous devons calculer la somme des nombres entiers de un à dix, ce qui donne cinquante-cinq, puisque la "
    "formule est connue depuis longtemps et que chacun la sait."
)
ENGLISH = (
    "So we need to find the sum of the numbers from one to ten. Wait, let me check this again: the formula says that "
    "it is half of ten times eleven, which gives fifty-five, and that looks right to me."
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
        ("zh", "我们使用 Python 的 list 来存储所有已经访问过的节点，然后检查它们的邻居是否已经处理过。", 0.9, 0.95),
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


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a `code` b\\frac{x{y}}{z} tail", ["tail"]),
        ("head $$x\n+y$$ tail", ["head", "tail"]),
        ("head \\[ x \\] \\begin{align*} text &= x \\end{align*} tail", ["head", "tail"]),
        ("head <think> tail</think> https://example.org/some-words?a=b", ["head", "tail"]),
        ("head\n```\nnever closed words", ["head"]),
        ("head\n~~~ py\nwords\n~~~\ntail", ["head", "tail"]),
        ("three < four and five > four", ["three", "<", "four", "and", "five", ">", "four"]),
    ],
)
def test_notation_is_masked(text: str, rest: list[str]) -> None:
    frame = pl.DataFrame({"text": [text]})
    assert frame.select(words_only(pl.col("text"))).item().split() == rest


def test_the_detected_language_is_named() -> None:
    texts = pl.Series([ENGLISH, FRENCH, CHINESE, CARRYING, None], dtype=pl.String)
    heard = speech(texts, pl.Series(["en", "en", "en", "en", "en"]))
    assert heard.language.to_list() == ["en", "fr", "zh", None, None]
    assert heard.probability.is_null().to_list() == [False, False, False, True, True]


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
