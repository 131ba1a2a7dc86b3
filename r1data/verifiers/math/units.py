"""Units: what stands behind a number, as a factor to a common unit and the powers of its dimensions.

A word that is no known unit ("apples", "ways") is a dimension of its own, in the singular, so that 12 apples are not 12
oranges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from r1data.verifiers.units import KNOWN
from r1data.verifiers.units import read_unit as scientific


@dataclass(frozen=True, slots=True)
class Unit:
    """`factor` times the base units of `powers`; None as the factor of a degree, which is pi/180."""

    factor: Fraction
    powers: tuple[tuple[str, int], ...]
    known: bool


def _table() -> dict[str, tuple[Fraction, str, int]]:
    """Name to (factor, dimension, power)."""
    lines = """
    length 1: m meter metre meters metres 米 公尺
    length 1/100: cm centimeter centimetre centimeters centimetres 厘米 公分
    length 1/10: dm decimeter decimetre decimeters decimetres 分米
    length 1/1000: mm millimeter millimetre millimeters millimetres 毫米
    length 1/1000000: um micrometer micrometers micrometre micrometres microns 微米
    length 1/1000000000: nm nanometer nanometers nanometre nanometres 纳米
    length 500: 里
    length 1000: km kilometer kilometre kilometers kilometres 千米 公里
    length 127/5000: in. inch inches 英寸
    length 381/1250: ft foot feet 英尺
    length 1143/1250: yd yard yards 码
    length 201168/125: mi mile miles 英里
    mass 1: kg kilogram kilograms kilo kilos 千克 公斤
    mass 1/1000: g gram grams 克
    mass 1/1000000: mg milligram milligrams 毫克
    mass 1000: t ton tons tonne tonnes 吨
    mass 45359237/100000000: lb lbs pound pounds 磅
    mass 45359237/1600000000: oz ounce ounces 盎司
    mass 1/2: 斤
    time 1: s sec secs second seconds 秒 秒钟
    time 60: min mins minute minutes 分钟
    time 3600: h hr hrs hour hours 小时 时
    time 86400: day days 天 日
    time 604800: week weeks 周 星期
    time 1/1000: ms millisecond milliseconds 毫秒
    year 1: year years yr yrs 年 岁
    year 1/12: month months 月 个月
    volume 1: L l liter liters litre litres 升
    volume 1/1000: mL ml milliliter milliliters millilitre millilitres 毫升
    celsius 1: °C ℃ 摄氏度
    fahrenheit 1: °F ℉ 华氏度
    angle 1: rad radian radians 弧度
    degree 1: ° degree degrees deg 度
    dollar 1: $ dollar dollars usd USD 美元
    dollar 1/100: cent cents ¢ 美分
    yuan 1: ¥ 元 块 块钱 元钱 人民币 yuan RMB rmb CNY cny
    yuan 1/10: 角 毛
    yuan 1/100: 人民币分
    euro 1: € euro euros EUR eur 欧元
    sterling 1: £ GBP gbp 英镑
    rupee 1: ₹ rupee rupees Rs Rs. INR
    """
    table: dict[str, tuple[Fraction, str, int]] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        head, _, names = line.partition(":")
        dimension, factor = head.split()
        for name in names.split():
            table[name] = Fraction(factor), dimension, 1
    table["mph"] = Fraction("201168/125") / 3600, "speed", 1
    table["kmh"] = table["kph"] = Fraction(1000, 3600), "speed", 1
    table["hectare"] = table["hectares"] = table["公顷"] = Fraction(10000), "length", 2
    table["acre"] = table["acres"] = Fraction("40468564224/10000000"), "length", 2
    table["亩"] = Fraction(2000, 3), "length", 2
    return table


TABLE = _table()
SPLIT_SPEED = {"speed": (("length", 1), ("time", -1)), "volume": (("length", 3),)}
LITRE = Fraction(1, 1000)
POWER_WORDS = {"square": 2, "squared": 2, "sq": 2, "sq.": 2, "cubic": 3, "cubed": 3, "cu": 3}
NOISE = frozenset(("of", "the", "in", "a", "an", "total", "unit", "units", "单位", "each"))
PIECE = re.compile(
    r"(?P<chinese>[\u4e00-\u9fff]+)|(?P<name>°[CF]?|℃|℉|[A-Za-zΩ]+\.?|[$¥€£₹¢])"
    r"|(?P<power>\^?\s*\{?\s*(?P<digits>-?\d)\s*\}?)|(?P<over>/|每)|(?P<times>[*\s()'-]+)|(?P<other>.)"
)
MULTIPLES: Mapping[str, int] = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "千": 10**3,
    "万": 10**4, "亿": 10**8, "百": 100, "dozen": 12,
}  # fmt: skip
MISSPELT = frozenset("Kg KG Km KM Cm CM MM Ml ML Min Hr Hrs Sec Lb Lbs Ft Oz".split())
MEGA = re.compile(r"M[a-z]|[A-Z]")
"""Mg is no mg, and S no s."""
CLASSIFIERS = frozenset("个只条本张件名位人头棵辆次种组块场道题页层排袋瓶杯盒支枚根颗对双座间台套份面倍")


@lru_cache(maxsize=4096)
def read_unit(text: str) -> Unit:
    """The unit that a text names. Nothing makes it raise: what is not known is a dimension of that name."""
    factor, powers, known = Fraction(1), dict[str, int](), True
    sign, pending, last = 1, 1, None
    for match in PIECE.finditer(text):
        if match["over"] or (match["name"] or "").lower() == "per":
            sign, last = -1, None
        elif match["power"] and last is not None:
            extra = int(match["digits"]) - 1
            factor *= last[0] ** extra
            for dimension, power in last[1]:
                powers[dimension] = powers.get(dimension, 0) + power * extra
            last = None
        elif match["chinese"] or match["name"]:
            for name, power in _names(match["chinese"] or match["name"]):
                if name.lower() in POWER_WORDS:
                    if name.lower() in ("squared", "cubed") and last is not None:
                        for dimension, old in last[1]:
                            powers[dimension] = powers.get(dimension, 0) + old * (POWER_WORDS[name.lower()] - 1)
                        factor *= last[0] ** (POWER_WORDS[name.lower()] - 1)
                    else:
                        pending = POWER_WORDS[name.lower()]
                    continue
                if name.lower() in NOISE:
                    continue
                one, dimensions, is_known = _base(name)
                known &= is_known
                exponent = sign * pending * power
                pending = 1
                last = (one**sign, tuple((d, p * sign) for d, p in dimensions))
                factor *= one**exponent
                for dimension, own in dimensions:
                    powers[dimension] = powers.get(dimension, 0) + own * exponent
    return Unit(factor, tuple(sorted((d, p) for d, p in powers.items() if p)), known)


def _base(name: str) -> tuple[Fraction, tuple[tuple[str, int], ...], bool]:
    other_case = None if MEGA.fullmatch(name) else TABLE.get(name.lower())
    found = TABLE.get(name) or other_case or TABLE.get(name.rstrip("."))
    measured = _of_science(name) if found is None else None
    if measured is not None:
        return measured
    if found is None:
        word = name.lower().rstrip(".")
        singular = word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") else word
        return Fraction(1), ((singular, 1),), False
    factor, dimension, power = found
    if dimension == "volume":
        factor *= LITRE
    return factor, SPLIT_SPEED.get(dimension, ((dimension, power),)), True


BASES = {"m": "length", "kg": "mass", "s": "time"}


def _of_science(name: str) -> tuple[Fraction, tuple[tuple[str, int], ...], bool] | None:
    """A unit that science knows, such as eV or kPa, in base units; None for one with an offset, or for a word."""
    unit = scientific(name)
    if unit.kind is not KNOWN or unit.offset or not unit.dimension:
        return None
    return unit.factor, tuple(sorted((BASES.get(base, base), power) for base, power in unit.dimension)), True


def _names(text: str) -> list[tuple[str, int]]:
    """A Latin name as it is; a Chinese one in its parts: 平方厘米 is 厘米 squared, 千米每小时 is split before."""
    if text.isascii() or text in TABLE:
        return [(text, 1)]
    for prefix, power in (("平方", 2), ("立方", 3)):
        if text.startswith(prefix) and text[2:] in TABLE:
            return [(text[2:], power)]
    if "每" in text:
        before, _, behind = text.partition("每")
        return [*_names(before), *((name, -power) for name, power in _names(behind))]
    return [(text, 1)]


def is_measure(word: str) -> bool:
    """Whether a word is the name of a unit or a currency."""
    return word in TABLE or _of_science(word) is not None


def is_unit_word(word: str) -> bool:
    """Whether a word that stands right behind a number is a unit, a currency or a counting word."""
    if word in TABLE or word in MISSPELT or word.lower() in POWER_WORDS or word.lower() in ("per", "unit", "units"):
        return True
    if _of_science(word) is not None:
        return True
    if re.search(r"[*/^]", word):  # m*s^{-1}, written as one text
        return read_unit(word).known
    if word.isascii():
        return False
    return all(name in TABLE or set(name) <= CLASSIFIERS for name, _ in _names(word)) or word in ("单位", "平方单位")
