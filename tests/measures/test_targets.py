"""The language of a question, where nobody says it."""

import polars as pl
import pytest

from r1data.measures.targets import target_languages

QUESTIONS = {
    "en": "Find all integers $n$ such that $\\frac{n^2+1}{5}$ is a prime number.",
    "zh": "小明有 3 个苹果，Bob 又给了他 5 个。请问 $x+y$ 等于多少？",
    "ja": "次の方程式 $x^2 = 4$ を解きなさい。答えはいくつありますか。",
    "ko": "다음 방정식 $x^2 = 4$ 의 해를 모두 구하시오.",
    "fr": "Trouver tous les entiers naturels dont le carré est inférieur à cent.",
    "de": "Bestimme alle ganzen Zahlen, deren Quadrat kleiner als hundert ist.",
    "ru": "Найдите все целые числа, квадрат которых меньше ста.",
    "el": "Βρείτε όλους τους ακέραιους αριθμούς που είναι μικρότεροι από το εκατό.",
    "hi": "वे सभी पूर्णांक ज्ञात कीजिए जिनका वर्ग सौ से कम है।",
}


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_question_is_in_its_language(language):
    assert target_languages(pl.Series([QUESTIONS[language]])).to_list() == [language]


def test_little_text_is_english_and_no_text_is_nothing():
    texts = ["Solve: x = 3", "$x^2 = 4$", "", None, "12345", "Compute 7 x 8."]
    assert target_languages(pl.Series(texts)).to_list() == ["en", None, None, None, None, "en"]
