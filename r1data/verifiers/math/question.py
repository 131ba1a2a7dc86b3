"""The question: what its wording says about the answer, where a form alone could be read in two ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from r1data.verifiers.math.units import is_measure

ORDERED = re.compile(
    r"sequence|in order|order(?:ed)? (?:from|by|the)|ascending|descending|increasing order|decreasing order|sort"
    r"|arrange|terms of|next (?:two|three|four|few|\d) (?:terms|numbers)|respectively|ordered (?:pair|triple)"
    r"|coordinates"
    r"|permutation|from (?:least|smallest|largest|greatest)"
    r"|数列|顺序|从小到大|从大到小|排列|依次|前.{1,3}项|分别|坐标",
    re.IGNORECASE,
)
UNORDERED = re.compile(
    r"solve|solutions?\b|roots?\b|zeros?\b|find all|all (?:the )?(?:real |integer |positive |possible |prime )*"
    r"(?:values|numbers|integers|solutions|pairs|primes|factors|divisors)|factors of|divisors of|prime factors"
    r"|解方程|的解|的根|所有|全部|哪些|求根|因数|约数",
    re.IGNORECASE,
)
PERCENT = re.compile(r"percent|%|百分|几成|折", re.IGNORECASE)
BASE = re.compile(r"\bbase\b|binary|octal|hexadecimal|ternary|进制", re.IGNORECASE)
INTERVAL = re.compile(
    r"interval|inequalit|domain|range|solve|solution|for which|values of|set of|区间|不等式|范围|定义域|值域|解集|单调",
    re.IGNORECASE,
)
FACTOR = re.compile(r"\bfactor(?:ise|ize|ed|ing)?\b(?! of)|因式分解|分解因式", re.IGNORECASE)
ASKED_UNIT = re.compile(
    r"how many (?P<many>[a-z]+)|\bin (?P<unit>[a-z]+)\b|多少(?P<chinese>[\u4e00-\u9fff]{1,4})", re.IGNORECASE
)
COUNTED = re.compile(r"how many|number of|count|多少|几|个数", re.IGNORECASE)
LONE_LETTER = re.compile(r"(?<![A-Za-z\\])[kmn](?![A-Za-z])")
"""The letters of whole numbers that a question speaks of: they are not the answer's to name."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a question asks for, as far as its words tell."""

    percentage: bool
    """A percentage; also where there is no question."""
    which: bool
    """Which one of a row (第几)."""
    base: bool
    interval: bool
    factored: bool
    counted: bool
    ordered: bool
    """A sequence, or coordinates."""
    unordered: bool
    """All solutions, roots or values."""
    letters: frozenset[str]
    """The letters k, m, n that it speaks of: they are not the answer's to name."""
    unit: str | None
    """The unit that it asks for."""


@lru_cache(maxsize=4096)
def read_question(text: str | None) -> Question:
    """The hints of a question; most draws of a run share theirs."""
    asked = text or ""
    ordered = bool(ORDERED.search(asked))
    return Question(
        percentage=not asked or bool(PERCENT.search(asked)),
        which="第几" in asked,
        base=bool(BASE.search(asked)),
        interval=bool(INTERVAL.search(asked)),
        factored=bool(FACTOR.search(asked)),
        counted=bool(COUNTED.search(asked)),
        ordered=ordered,
        unordered=bool(UNORDERED.search(asked)) and not ordered,
        letters=frozenset(LONE_LETTER.findall(asked)),
        unit=_asked_unit(asked),
    )


def _asked_unit(question: str) -> str | None:
    """The unit that a question asks for: "how many minutes", 多少元."""
    for match in ASKED_UNIT.finditer(question):
        word = match["many"] or match["unit"] or match["chinese"]
        for length in range(len(word), 0, -1):
            name = word if match["chinese"] is None else word[:length]
            if is_measure(name) and len(name) > (match["chinese"] is None):
                return name
    return None
