"""Phrases: answers in words, folded to one spelling. East is east; tea is not eat."""

from __future__ import annotations

import re
import unicodedata

from r1data.verifiers.math.evaluation import Answer, different

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
COMMANDS = re.compile(r"\\[A-Za-z]+")
LONGEST = 2000
MARKS = {"√": "yes", r"\sqrt": "yes", r"\surd": "yes", "*": "no", r"\times": "no", "×": "no", "✗": "no",
         ">": ">", "<": "<",          "=": "=", r"\ge": r"\ge", r"\le": r"\le", r"\checkmark": "yes"}  # fmt: skip
"""Single marks that are a whole answer."""
SPOKEN = {r"\parallel": "parallel", "∥": "parallel", r"\perp": "perpendicular",
          "⊥": "perpendicular", r"\angle": "angle",
          "∠": "angle", r"\triangle": "triangle", "△": "triangle", r"\cong": "congruent", "≌": "congruent",
          r"\land": "and", "∧": "and", r"\lor": "or", "∨": "or", r"\lnot": "not", r"\neg": "not", "¬": "not",
          r"\rightarrow": "implies", r"\to": "implies", r"\Rightarrow": "implies", r"\implies": "implies"}  # fmt: skip
"""Signs that make a text a statement rather than an expression, as words."""
STATEMENT = re.compile("|".join(re.escape(s) + ("(?![A-Za-z])" if s[0] == "\\" else "") for s in SPOKEN))
WORDY = 4
"""So many words may say the same in another way."""
NEGATION = re.compile(r"\b(?:not|no|non|never)\b|不|非|无")
HEDGED = re.compile(r"\b(?:yes|no|true|false|or|but|only|unless|if|wait|maybe|sometimes)\b")
SUFFIXES = ("条件", "个", "数", "人", "三角形", "函数")
SHORT_WORDS = frozenset(("no", "up", "ok", "dne"))
WORD = re.compile(r"[A-Za-z]{3,}")
SAME = {"true": "yes", "false": "no", "是": "yes", "是的": "yes", "对": "yes", "正确": "yes",
        "否": "no", "不是": "no", "不对": "no", "错误": "no", "错": "no",
        "does not exist": "dne", "不存在": "dne", "undefined": "dne", "无解": "no solution",
        "没有解": "no solution", "no solutions": "no solution", "there is no solution": "no solution",
        "no real solutions": "no real solution", "无实数解": "no real solution", "无实根": "no real solution",
        "空集": "empty set", "all reals": "all real numbers", "全体实数": "all real numbers",
        "实数集": "all real numbers", "一切实数": "all real numbers", "任意实数": "all real numbers",
        "所有实数": "all real numbers", "any real number": "all real numbers", "无穷多": "infinitely many",
        "无数": "infinitely many", "无数个": "infinitely many", "无穷多个": "infinitely many",
        "无限多": "infinitely many",
        "infinite": "infinitely many", "an infinite number": "infinitely many",
        "无穷": "infinity", "偶": "even", "奇": "odd"}  # fmt: skip
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
for _day, _name in zip("一二三四五六日", WEEKDAYS, strict=True):
    SAME |= {f"{_week}{_day}": _name for _week in ("星期", "周", "礼拜")}
SAME |= {f"{_week}天": "sunday" for _week in ("星期", "周", "礼拜")}
NOTHING = frozenset(("no solution", "no real solution", "empty set", "none"))


def fold(text: str, *, strict: bool = True) -> str | None:
    """The words of a text in one spelling; None where it is (or, not `strict`, where there are none).

    In strict reading only what is plainly words counts: three letters or more and nothing else, or Chinese without
    digits. Otherwise any text with a word in it.
    """
    if strict and text.strip() in MARKS:
        return MARKS[text.strip()]
    plain = WRAPPED.sub(r"\1", text).strip()
    if STATEMENT.search(plain):
        plain = STATEMENT.sub(lambda m: f" {SPOKEN[m[0]]} ", plain)
        return " ".join(COMMANDS.sub(" ", plain).split())
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
    elif not (WORD.search(COMMANDS.sub(" ", plain)) or CHINESE.search(plain)) or len(plain) > LONGEST:
        return None
    folded = unicodedata.normalize("NFKC", plain).casefold()
    folded = re.sub(r"\\[a-z]+", " ", folded)
    folded = " ".join(PUNCTUATION.sub(" ", folded).split()).strip(" .,:")
    folded = ARTICLES.sub("", folded)
    return SAME.get(folded, folded) or None


def same_words(one: str, other: str) -> Answer:
    """Whether two folded texts say the same; other wordings of several words are for the judge."""
    if one == other or one.replace(" ", "") == other.replace(" ", ""):
        return Answer(True, True, "the same words")
    heads = {"yes", "no", "true", "false"}
    short, long = sorted((one, other), key=len)
    if {one, other} <= heads:
        return different("yes against no")
    if short in heads and re.match(rf"{short}\b", long):
        if HEDGED.search(long[len(short) :]) or (short in ("yes", "true") and NEGATION.search(long)):
            return Answer(None, False, "yes or no with a condition", final=True)
        return Answer(True, True, "the same yes or no")
    first, _, rest = long.partition(" ")
    if short in heads and first.strip(",.;:") in heads - {short} and not HEDGED.search(rest):
        return different("yes against no")
    ours, theirs = set(one.split()), set(other.split())
    if "implies" in ours & theirs:
        return Answer(None, False, "statements that may be equivalent", final=True)
    if len(one) > 1 and len(other) > 1 and (ours <= theirs or theirs <= ours or one in other or other in one):
        negated = bool((ours ^ theirs) & {"not", "no", "never", "non"}) or ("不" in one) != ("不" in other)
        return different("negated") if negated else Answer(None, False, "one has more words than the other", True)
    if any(long == short + suffix for suffix in SUFFIXES):
        return Answer(True, True, "the same words")
    related = (ours & theirs) if (one + other).isascii() else len(set(one) & set(other)) > 1
    if bool(NEGATION.search(one)) != bool(NEGATION.search(other)) or (related and min(len(ours), len(theirs)) > 1):
        return Answer(None, False, "another wording", final=True)
    if not (one + other).isascii() and related and min(len(one), len(other)) >= WORDY:
        return Answer(None, False, "another wording", final=True)
    if min(len(ours), len(theirs)) >= WORDY or (min(len(one), len(other)) >= 2 * WORDY and not (one + other).isascii()):
        return Answer(None, False, "another wording", final=True)
    return different("other words")
