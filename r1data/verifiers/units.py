"""Units of measurement: what they are made of, and how much of the base units they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction
from functools import lru_cache

Dimension = tuple[tuple[str, int], ...]
"""Exponents of the base units m, kg, s, A, K, mol and cd, sorted, without zeros."""


class Kind(Enum):
    """Whether we know what a unit is."""

    KNOWN = auto()
    OPAQUE = auto()


KNOWN = Kind.KNOWN


@dataclass(frozen=True, slots=True)
class Unit:
    """A value in this unit, times `factor` plus `offset`, is the value in base units. Unknown ones are only a text."""

    text: str
    kind: Kind
    dimension: Dimension
    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)


PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "d": -1, "c": -2, "m": -3,
    "u": -6, "μ": -6, "µ": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
PREFIX_NAMES = {
    "tera": 12, "giga": 9, "mega": 6, "kilo": 3, "hecto": 2, "deci": -1, "centi": -2, "milli": -3, "micro": -6,
    "nano": -9, "pico": -12, "femto": -15, "兆": 6, "千": 3, "厘": -2, "毫": -3, "微": -6, "纳": -9,
}  # fmt: skip
DERIVED = """
m m 1 meter meters metre metres 米
g kg 1/1000 gram grams gramme grammes 克
s s 1 sec secs second seconds 秒
A A 1 amp amps ampere amperes 安 安培
K K 1 kelvin kelvins 开 开尔文
mol mol 1 mole moles 摩尔
cd cd 1 candela
Hz s-1 1 hertz 赫兹
N kg,m,s-2 1 newton newtons 牛 牛顿
Pa kg,m-1,s-2 1 pascal pascals 帕 帕斯卡
J kg,m2,s-2 1 joule joules 焦 焦耳
W kg,m2,s-3 1 watt watts 瓦 瓦特
C A,s 1 coulomb coulombs 库仑
V kg,m2,s-3,A-1 1 volt volts 伏 伏特
F kg-1,m-2,s4,A2 1 farad farads 法拉
Ω kg,m2,s-3,A-2 1 ohm ohms Ohm Ω 欧 欧姆
S kg-1,m-2,s3,A2 1 siemens
Wb kg,m2,s-2,A-1 1 weber webers
T kg,s-2,A-1 1 tesla teslas 特斯拉
H kg,m2,s-2,A-2 1 henry henries
Bq s-1 1 becquerel becquerels
Gy m2,s-2 1 gray
Sv m2,s-2 1 sievert
L m3 1/1000 l liter liters litre litres ℓ 升
eV kg,m2,s-2 1602176634/10000000000000000000000000000 electronvolt electronvolts
cal kg,m2,s-2 4184/1000 calorie calories 卡
bar kg,m-1,s-2 100000 bars
M m-3,mol 1000 molar
t kg 1000 tonne tonnes 吨
Da kg 166053906660/100000000000000000000000000000000000000 dalton daltons
"""
PLAIN = """
min s 60 mins minute minutes 分钟 分
h s 3600 hr hrs hour hours 小时 时
d s 86400 day days 天 日
week s 604800 weeks 周
yr s 31557600 year years 年
atm kg,m-1,s-2 101325 atmosphere atmospheres 大气压
mmHg kg,m-1,s-2 133322387415/1000000000 torr Torr
psi kg,m-1,s-2 6894757293168/1000000000
% - 1/100 percent pct
rad - 1 radian radians 弧度
° - 314159265358979323846/18000000000000000000000 deg degree degrees 度
rev - 628318530717958647692/100000000000000000000 revolution revolutions
rpm s-1 628318530717958647692/6000000000000000000000
in m 254/10000 inch inches
ft m 3048/10000 foot feet
yd m 9144/10000 yard yards
mi m 1609344/1000 mile miles
公里 m 1000
公斤 kg 1
u kg 166053906660/100000000000000000000000000000000000000 amu
lb kg 45359237/100000000 lbs pound pounds
Å m 1/10000000000 Å angstrom angstroms
ly m 9460730472580800 light-year light-years
AU m 149597870700
mph m,s-1 44704/100000
kph m,s-1 10/36 kmh
hectare m2 10000 ha hectares
gal m3 3785411784/1000000000000 gallon gallons
erg kg,m2,s-2 1/10000000 ergs
dyn kg,m,s-2 1/100000 dyne dynes
hp kg,m2,s-3 7457/10 horsepower
Wh kg,m2,s-2 3600
kWh kg,m2,s-2 3600000
cc m3 1/1000000
ppm - 1/1000000
"""
TEMPERATURES = {
    "°C": (Fraction(1), Fraction(27315, 100)),
    "℃": (Fraction(1), Fraction(27315, 100)),
    "celsius": (Fraction(1), Fraction(27315, 100)),
    "摄氏度": (Fraction(1), Fraction(27315, 100)),
    "°F": (Fraction(5, 9), Fraction(45967, 180)),
    "℉": (Fraction(5, 9), Fraction(45967, 180)),
    "fahrenheit": (Fraction(5, 9), Fraction(45967, 180)),
    "华氏度": (Fraction(5, 9), Fraction(45967, 180)),
}
DEGREES = re.compile(r"^(?:°|degrees?|deg)\s*(C|F|[Cc]elsius|[Ff]ahrenheit)$")
PIECE = re.compile(r"\s*(?P<op>[*/.]|per\b|每)?\s*(?:(?P<open>\()|(?P<close>\))|(?P<name>[^\W\d_]+|[%°℃℉]C?)"
                   r"(?:\s*\^\s*(?:\{\s*(?P<braced>[+\-]?\d)\s*\}|(?P<caret>[+\-]?\d))"
                   r"|(?P<raised>-?\d)(?!\d))?)")  # fmt: skip
LONGEST_UNIT = 60

Scale = tuple[dict[str, int], Fraction]


def _rows(table: str) -> dict[str, Scale]:
    found: dict[str, Scale] = {}
    for line in table.strip().splitlines():
        symbol, bases, factor, *names = line.split()
        dimension: dict[str, int] = {}
        for base in [] if bases == "-" else bases.split(","):
            match = re.fullmatch(r"([A-Za-z]+)(-?\d)?", base)
            assert match
            dimension[match.group(1)] = int(match.group(2) or 1)
        for name in (symbol, *names):
            found[name] = dimension, Fraction(factor)
    return found


PREFIXABLE = _rows(DERIVED)
UNITS = {**PREFIXABLE, **_rows(PLAIN)}


def read_unit(text: str) -> Unit:
    """The unit at the start of a text, with words behind it left out; a text that is no unit becomes an opaque one."""
    text = " ".join(text[:LONGEST_UNIT].split()).strip(" .,;。")
    tokens = text.split(" ")
    for end in range(len(tokens), 0, -1):
        unit = _exact(" ".join(tokens[:end]))
        if unit is not None:
            return unit
    return Unit(text, Kind.OPAQUE, ((text.casefold(), 1),))


@lru_cache(maxsize=1024)
def _exact(text: str) -> Unit | None:
    match = DEGREES.match(text)
    name = "°" + match.group(1)[0].upper() if match else text if text in TEMPERATURES else text.lower()
    if name in TEMPERATURES:
        factor, offset = TEMPERATURES[name]
        return Unit(text, Kind.KNOWN, (("K", 1),), factor, offset)
    scale = _product(text.replace("°C", "K").replace("℃", "K"))
    if scale is None:
        return None
    dimension, factor = scale
    return Unit(text, Kind.KNOWN, tuple(sorted((k, v) for k, v in dimension.items() if v)), factor)


def _product(text: str) -> Scale | None:
    """Names with exponents, multiplied and divided; a division holds for one name or one bracket, as in J/(mol K)."""
    dimension: dict[str, int] = {}
    factor = Fraction(1)
    signs, position, pending = [1], 0, 1
    while position < len(text):
        match = PIECE.match(text, position)
        if match is None:
            return None
        position = match.end()
        if match["op"] in ("/", "per", "每"):
            pending = -1
        if match["open"]:
            signs.append(signs[-1] * pending)
            pending = 1
            continue
        if match["close"]:
            if len(signs) == 1:
                return None
            signs.pop()
            continue
        found = _named(match["name"])
        if found is None:
            return None
        power = signs[-1] * pending * int(match["braced"] or match["caret"] or match["raised"] or 1)
        pending = 1
        factor *= found[1] ** power
        for base, exponent in found[0].items():
            dimension[base] = dimension.get(base, 0) + exponent * power
    return (dimension, factor) if len(signs) == 1 else None


def _named(name: str) -> Scale | None:
    if name in UNITS:
        return UNITS[name]
    for prefixes in (PREFIXES, PREFIX_NAMES):
        for prefix, exponent in prefixes.items():
            rest = name[len(prefix) :]
            if name.startswith(prefix) and rest in PREFIXABLE:
                dimension, factor = PREFIXABLE[rest]
                return dimension, factor * Fraction(10) ** exponent
    return UNITS.get(name.lower()) if len(name) > 3 else None
