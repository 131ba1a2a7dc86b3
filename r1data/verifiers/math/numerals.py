"""Numerals: numbers written in words, in English and Chinese."""

from __future__ import annotations

import re
from fractions import Fraction

UNITS = {word: n for n, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen".split()
)}  # fmt: skip
TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
DENOMINATORS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
                "ninth": 9, "tenth": 10}  # fmt: skip
DIGITS = {digit: n for n, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
POWERS = {"十": 10, "百": 100, "千": 1000}
MYRIADS = {"万": 10**4, "亿": 10**8}
CHINESE = re.compile(r"[零〇一二三四五六七八九两十百千万亿]+")
HALVES = ("half", "a half", "one half", "一半")
ROMAN = re.compile(r"(?=.)M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
LONGEST = 60


def numeral(text: str) -> Fraction | None:
    """The number that a text spells out; None where it spells none. Percentages come as shares: 百分之五十 is 1/2."""
    text = text.strip().casefold()
    if len(text) > LONGEST:
        return None
    if text in HALVES:
        return Fraction(1, 2)
    return _english(text) if text.isascii() else _chinese(text)


def share(text: str) -> Fraction | None:
    """八折 and 三成 as shares of the whole: 4/5 and 3/10."""
    if len(text) not in (2, 3) or text[-1] not in "成折" or not all(d in DIGITS for d in text[:-1]):
        return None
    return Fraction(int("".join(str(DIGITS[d]) for d in text[:-1])), 10 ** (len(text) - 1))


def roman(text: str) -> int | None:
    """The value of a Roman numeral in capitals; None where it is none."""
    if not ROMAN.fullmatch(text):
        return None
    values = [dict(zip("IVXLCDM", (1, 5, 10, 50, 100, 500, 1000), strict=True))[c] for c in text]
    return sum(-v if v < max(values[n + 1 :], default=0) else v for n, v in enumerate(values))


def _english(text: str) -> Fraction | None:
    whole_part, mixed, part = text.rpartition(" and ")
    if mixed and part.rstrip("s").endswith(tuple(DENOMINATORS)):
        left, right = _english(whole_part), numeral(part)
        return left + right if left is not None and right is not None and left >= 1 > right else None
    words = text.replace("-", " ").replace(" and ", " ").split()
    if words and words[0] in ("negative", "minus"):
        value = _english(" ".join(words[1:]))
        return None if value is None else -value
    if len(words) >= 2 and (words[-1].rstrip("s") in DENOMINATORS or words[-1] == "halves"):
        top = _whole(words[:-1]) if words[:-1] != ["a"] else 1
        bottom = 2 if words[-1] == "halves" else DENOMINATORS[words[-1].rstrip("s")]
        return None if top is None else Fraction(top, bottom)
    whole = _whole(words)
    return None if whole is None else Fraction(whole)


def _whole(words: list[str]) -> int | None:
    total = current = 0
    if not words:
        return None
    for word in words:
        below = current % 100
        if word in UNITS and (below == 0 or (below >= 20 and below % 10 == 0 and UNITS[word] < 10)):
            current += UNITS[word]  # twenty-five is a number, ten five is none
        elif word in TENS and below == 0:
            current += TENS[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in SCALES:
            total += max(current, 1) * SCALES[word]
            current = 0
        else:
            return None
    return total + current


def _chinese(text: str) -> Fraction | None:
    if text.startswith("负"):
        value = _chinese(text[1:])
        return None if value is None else -value
    if "又" in text:
        whole, _, part = text.partition("又")
        left, right = _chinese(whole), _chinese(part)
        return None if left is None or right is None or right >= 1 else left + right
    if "分之" in text:
        bottom, _, top = text.partition("分之")
        low, high = _chinese_whole(bottom), _chinese_whole(top)
        return Fraction(high, low) if low and high is not None else None
    whole, point, digits = text.partition("点")
    integer = _chinese_whole(whole)
    if integer is None or (point and not all(d in DIGITS for d in digits)):
        return None
    if not digits:
        return None if point else Fraction(integer)
    return integer + Fraction(int("".join(str(DIGITS[d]) for d in digits)), 10 ** len(digits))


def _chinese_whole(text: str) -> int | None:
    if not CHINESE.fullmatch(text):
        return None
    if len(text) > 1 and all(c in DIGITS for c in text):  # digit by digit, as years are read
        return int("".join(str(DIGITS[c]) for c in text))
    total = section = digit = 0
    for character in text:
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in POWERS:
            section += (digit or 1) * POWERS[character]
            digit = 0
        else:
            total = (total + section + digit) * MYRIADS[character]
            section = digit = 0
    if len(text) > 2 and text[-1] in DIGITS and text[-2] in "百千万亿":  # 一百五 is 150
        digit *= (POWERS | MYRIADS)[text[-2]] // 10
    return total + section + digit
