"""Phrases: answers in words, folded to one spelling. East is east; tea is not eat."""

from __future__ import annotations

import re
import unicodedata

WRAPPED = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname)\s*\{([^{}]*)\}")
CHINESE = re.compile(r"[\u3400-\u9fff]")
DIGIT = re.compile(r"\d")
LETTERS_ONLY = re.compile(r"[^\W\d_]+(?:[ '\-][^\W\d_]+)*[.!?]?")
OPTION = re.compile(r"\(?([A-Za-z])\)")
ARTICLES = re.compile(r"^(?:the|a|an)\s+")
PUNCTUATION = re.compile(r"[^\w\s%+\-/=<>^.,:]|_")
MATHS_WORDS = frozenset(
    "pi infinity inf infty sin cos tan cot sec csc log ln exp sqrt alpha beta gamma delta theta lambda omega".split()
)
SHORT_WORDS = frozenset(("no", "up", "ok"))
WORD = re.compile(r"[A-Za-z]{3,}")
SAME = {"是的": "是", "对": "是", "正确": "是", "不是": "否", "不对": "否", "错误": "否", "错": "否", "true": "true",
        "yes": "yes", "does not exist": "dne", "none": "none", "无解": "无解", "no solutions": "no solution",
        "no real solutions": "no real solution"}  # fmt: skip


def fold(text: str, *, strict: bool = True) -> str | None:
    """The words of a text in one spelling; None where it is (or, not `strict`, where there are none).

    In strict reading only what is plainly words counts: three letters or more and nothing else, or Chinese without
    digits. Otherwise any text with a word in it.
    """
    plain = WRAPPED.sub(r"\1", text).strip()
    if option := OPTION.fullmatch(plain):
        return option[1].upper() if "(" in plain else None
    if strict:
        if CHINESE.search(plain):
            if DIGIT.search(plain) or re.search(r"[=<>\\^+*/(\[,]", plain) or re.search(r"[A-Za-z]", plain):
                return None
        elif plain.lower() in SHORT_WORDS:
            return plain.lower()
        elif (
            not LETTERS_ONLY.fullmatch(plain)
            or len(plain) < 3
            or plain.lower() in MATHS_WORDS
            or not WORD.search(plain)
            or (plain.isupper() and len(plain) <= 3)
        ):
            return None
    elif not (WORD.search(plain) or CHINESE.search(plain)):
        return None
    folded = unicodedata.normalize("NFKC", plain).casefold()
    folded = re.sub(r"\\[a-z]+", " ", folded)
    folded = " ".join(PUNCTUATION.sub(" ", folded).split()).strip(" .,:")
    folded = ARTICLES.sub("", folded)
    return SAME.get(folded, folded) or None
