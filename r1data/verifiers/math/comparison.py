"""Comparison: whether two answers say the same, form by form. The policies on units, percent signs and order are here.

- *Units.* A unit that one side omits is taken as understood. Two known units are converted; two different words behind
  equal numbers cannot be told apart for sure.
- *Percent.* p% equals p/100, and it equals a bare p, since a question that asks for a percentage leaves the sign out.
- *Degrees.* 30° equals a bare 30, and pi/6.
- *Order.* Tuples and sequences have one; sets, solutions joined by "or", and ± have none. A bare list has one if the
  question speaks of a sequence, none if it asks for solutions; with neither, another order is left undecided.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from r1data.verifiers.math.evaluation import SAME, UNKNOWN, Answer, compare, differ_by_constant, exact, size
from r1data.verifiers.math.expression import (
    INFINITY,
    Apply,
    Expression,
    Form,
    Grid,
    Interval,
    Listing,
    Named,
    Number,
    Phrase,
    Reals,
    Relation,
    Scalar,
    Symbol,
    number,
    symbols,
    variables,
)
from r1data.verifiers.math.numerals import numeral
from r1data.verifiers.math.phrases import NOTHING, SUFFIXES
from r1data.verifiers.math.reals import ordered
from r1data.verifiers.math.units import is_measure, read_unit

MOST_ITEMS = 60
WORDY = 4
"""So many words may say the same in another way."""
RENAMED = (("i", "j"), ("C", "c"), ("C", "K"), ("c", "C"), ("k", "n"), ("n", "k"), ("k", "m"), ("n", "m"))
"""The imaginary unit, the constant of integration, and the integer of a general solution."""
WHOLE_NUMBERS = frozenset("kmn")
HOW_MANY = {"infinitely many": INFINITY, "none": number(0)}
PLACE = re.compile(r"第([一二三四五六七八九十]+)[\u4e00-\u9fff]{1,3}")
HEDGED = re.compile(r"\b(?:yes|no|true|false|or|but|only|unless|if|wait|maybe|sometimes)\b")
DERIVATIVE = re.compile(r"\\frac\{d([a-z])\}\{d[a-z]\}|d([a-z])/d[a-z]")
COUNTS = {"C": "binom", "P": "perm", "A": "perm"}
"""C(5,2) may be a number of ways, where a number is compared with it."""
NEGATION = re.compile(r"\b(?:not|no|non|never)\b|不|非|无")
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
ALTERING = re.compile(
    r"^(?:squared|cubed)$|\b(?:factorial|wrong|incorrect|not|(?:hal[fv]e|third|fourth|fifth|sixth|eighth|tenth"
    r"|hundredth|thousandth)s?)\b|倍数|以上|以下|平方$|立方$",
    re.IGNORECASE,
)
"""What stands where a unit does and says another number."""
COUNTED = re.compile(r"how many|number of|count|多少|几|个数", re.IGNORECASE)
LONE_LETTER = re.compile(r"(?<![A-Za-z\\])[kmn](?![A-Za-z])")
"""The letters of whole numbers that a question speaks of: they are not the answer's to name."""
RADIANS = Apply("/", (Symbol("pi"), number(180)))


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far an answer may be off: by a share of the reference, or by so much in its unit."""

    relative: float | None = None
    absolute: float | None = None


class Comparison:
    """Compares a reference with an answer, knowing the question if there is one."""

    def __init__(self, question: str | None, tolerance: Tolerance | None = None) -> None:
        asked = question or ""
        self.tolerance = tolerance
        self.percentage = not asked or bool(PERCENT.search(asked))
        self.which = "第几" in asked
        self.base = bool(BASE.search(asked))
        self.interval = bool(INTERVAL.search(asked))
        self.factored = bool(FACTOR.search(asked))
        self.counted = bool(COUNTED.search(asked))
        self.letters = frozenset(LONE_LETTER.findall(asked))
        self.unit = _asked_unit(asked)
        self.ordered = bool(ORDERED.search(asked))
        self.unordered = bool(UNORDERED.search(asked)) and not self.ordered

    def forms(self, one: Form, other: Form) -> Answer:
        """Whether the two say the same; `one` is the reference."""
        if one == other and not isinstance(one, Phrase):
            return SAME
        match one, other:
            case Phrase(), Phrase():
                return _phrases(one.text, other.text)
            case (Named(name, value), Named(other_name, other_value)):
                return self._named(name, value, other_name, other_value)
            case Named(_, Interval() | Reals() as value), _:
                return self._inequality_and(value, other, self.forms(value, other))
            case _, Named(_, Interval() | Reals() as value):
                return self._inequality_and(value, one, self.forms(one, value))
            case (Named() as named, Relation() as relation) | (Relation() as relation, Named() as named):
                return _equations(_as_relation(named), relation)
            case (Named(name, Listing("paren", (Scalar(n), Scalar(k)))), Scalar() as scalar) | (
                Scalar() as scalar,
                Named(name, Listing("paren", (Scalar(n), Scalar(k)))),
            ) if name in COUNTS:
                return compare(Apply(COUNTS[name], (n, k)), scalar.value)
            case Named(_, value), _:
                return self.forms(value, other)
            case _, Named(_, value):
                return self.forms(one, value)
            case Relation(), Relation():
                return _equations(one, other)
            case (Phrase(), _) | (_, Phrase()):
                return self._phrase_and_form(one, other)
            case Scalar(), Scalar():
                return self._scalars(one, other)
            case Grid(), Grid():
                return _grids(one, other)
            case (Grid() as grid, Listing() as listing) | (Listing() as listing, Grid() as grid):
                return self._grid_and_listing(grid, listing)
            case (Interval() | Reals(), _) | (_, Interval() | Reals()):
                return _sets_of_reals(one, other)
            case Listing("ratio", ours), Listing("ratio", theirs):
                return self._ratios(ours, theirs)
            case (Listing("ratio", items), Scalar() as scalar) | (Scalar() as scalar, Listing("ratio", items)):
                return (
                    self._scalars(_quotient(items), scalar)
                    if len(items) == 2
                    else _different("a ratio against a value")
                )
            case Listing(), Listing():
                return self._listings(one, other)
            case (Listing() as listing, Scalar() as scalar) | (Scalar() as scalar, Listing() as listing):
                return self._one_and_several(scalar, listing)
            case (Grid(rows), Scalar(Symbol(name))) | (Scalar(Symbol(name)), Grid(rows)) if name in ("I", "E"):
                return _all_of([compare(cell, number(int(n == m))) for n, row in enumerate(rows)
                                for m, cell in enumerate(row)])  # fmt: skip
            case _:
                return _different("of different kinds")

    def _inequality_and(self, interval: Form, other: Form, answer: Answer) -> Answer:
        """(1, 2) against 1 < x < 2: without a question the one may be a point."""
        point = isinstance(other, Listing) and isinstance(interval, Interval) and _is_bounded(interval)
        if answer.same and point and not self.interval:
            return Answer(True, False, "an interval, or a point with these coordinates", final=True)
        return answer

    def _named(self, name: str, value: Form, other_name: str, other_value: Form) -> Answer:
        name, other_name = _derivative(name), _derivative(other_name)
        if name == other_name:
            return self.forms(value, other_value)
        if isinstance(value, Interval | Reals):
            return _different(f"{other_name} against {name}")
        if isinstance(value, Scalar) and isinstance(other_value, Scalar):
            straight = self._scalars(value, other_value)
            if variables(value.value) or variables(other_value.value):
                if straight.same and _is_head(name) and _is_head(other_name):
                    return straight if _may_be_one(name, other_name) else _of_another_name(name, other_name)
                return _equations(_as_relation(Named(name, value)), _as_relation(Named(other_name, other_value)))
            if len(name) == len(other_name) == 1 or straight.same is False:
                return _different(f"{name} is not {other_name}") if straight.same else straight
            return Answer(straight.same, False, f"{name} against {other_name}")
        answer = self.forms(value, other_value)
        return Answer(answer.same, False, answer.why) if answer.same else answer

    def _phrase_and_form(self, one: Form, other: Form) -> Answer:
        phrase, form = (one, other) if isinstance(one, Phrase) else (other, one)
        assert isinstance(phrase, Phrase)
        if isinstance(form, Scalar) and HOW_MANY.get(phrase.text) == form.value:
            return Answer(True, self.counted, "a count in words", final=True)
        if isinstance(form, Scalar) and isinstance(form.value, Symbol) and form.unit is None:
            if form.value.name.casefold() == phrase.text.casefold():
                return Answer(True, True, "the same letter")
            return _different("another letter")
        if isinstance(form, Listing) and not form.items:
            return SAME if phrase.text in NOTHING else _different("words against a set")
        place = PLACE.fullmatch(phrase.text)
        if place and isinstance(form, Scalar) and numeral(place[1]) == exact(form.value):
            return Answer(True, self.which, "its number only")
        wordy = len(phrase.text.split()) > 2 if phrase.text.isascii() else len(phrase.text) > WORDY
        if wordy and isinstance(form, Named | Scalar | Relation) and _has_variables(form):
            return Answer(None, False, "a description against a formula", final=True)
        if re.search(r"\d", phrase.text):
            return Answer(None, False, "words with numbers in them", final=True)
        return _different("words against mathematics")

    def _one_and_several(self, scalar: Scalar, listing: Listing) -> Answer:
        """A set of one is that one, 2 and 2 are 2, and 3i - 4j is (3, -4)."""
        if len(listing.items) == 1:
            return self.forms(scalar, listing.items[0])
        coordinates = _coordinates(scalar.value, len(listing.items))
        if coordinates is not None and listing.kind != "set":
            return self._in_order(tuple(map(Scalar, coordinates)), listing.items)
        if len(listing.items) > MOST_ITEMS:
            return _different("one value against many")
        distinct = _distinct(self, listing.items)
        if len(distinct) == 1 and listing.kind in ("bare", "joined", "set"):
            answer = self.forms(scalar, distinct[0])
            return Answer(answer.same, answer.certain and self.unordered, answer.why)
        return _different("one value against several")

    def _scalars(self, one: Scalar, other: Scalar) -> Answer:
        answer = self._values(one, other)
        if answer.same is not None and (one.ambiguous or other.ambiguous):
            return Answer(answer.same, False, answer.why + ", though it can be read in two ways")
        return answer

    def _values(self, one: Scalar, other: Scalar) -> Answer:
        if one.percent or other.percent:
            return self._percentages(one, other)
        if _is_based(one.value) != _is_based(other.value):
            return self._in_a_base(one.value, other.value)
        if self.factored and _is_product(one.value) and isinstance(other.value, Apply) and other.value.head == "+":
            return _different("not factored")
        other = self._as_asked(other)
        if self.unit and one.unit is None and other.unit and read_unit(other.unit).known:
            asked = read_unit(self.unit)
            if asked.known and asked.powers == read_unit(other.unit).powers:
                one = Scalar(one.value, self.unit)
        answer = _measured(one, other)
        if answer.same is False and self.tolerance is not None and _within(one, other, self.tolerance):
            return Answer(True, True, "within the tolerance")
        if answer.same is False:
            if {"C"} <= symbols(one.value) & symbols(other.value) and differ_by_constant(one.value, other.value):
                return Answer(True, True, "antiderivatives that differ by a constant")
            renamed = _renamed(one.value, other.value)
            if renamed is not None and _measured(one, Scalar(renamed, other.unit)).same:
                return self._but_for_a_name(one.value, other.value)
        return answer

    def _but_for_a_name(self, one: Expression, other: Expression) -> Answer:
        """Two values that differ in a letter only. That of a period may be any; that of a sum is the question's."""
        ours, theirs = symbols(one) - symbols(other), symbols(other) - symbols(one)
        whole = (ours | theirs) & WHOLE_NUMBERS
        if whole and theirs <= self.letters:
            return _different(f"{' '.join(theirs)} for {' '.join(ours)}")
        free = not whole or ("pi" in symbols(one) and not ours & self.letters)
        return Answer(True, free, "equal but for the name of a constant", final=True)

    def _as_asked(self, scalar: Scalar) -> Scalar:
        """分 as what it is a part of in the question: cents where it asks for yuan, minutes where for hours."""
        asked = read_unit(self.unit).powers if self.unit and scalar.unit == "分" else ()
        name = {"yuan": "人民币分", "time": "分钟"}.get(asked[0][0]) if asked else None
        return Scalar(scalar.value, name) if name else scalar

    def _in_a_base(self, one: Expression, other: Expression) -> Answer:
        """101_2 is 5; but where the question asks for a base, 101 is the answer and 5 is not."""
        based, plain = (one, other) if _is_based(one) else (other, one)
        assert isinstance(based, Apply)
        digits = compare(based.arguments[1], plain)
        if digits.same:
            return Answer(True, self.base, "the same digits, the base left out")
        value = compare(based.arguments[0], plain)
        return (
            Answer(False, True, "in another base")
            if value.same and self.base
            else Answer(value.same, not value.same, value.why)
        )

    def _percentages(self, one: Scalar, other: Scalar) -> Answer:
        if one.percent and other.percent:
            return compare(one.value, other.value)
        straight = compare(one.value, other.value)
        if straight.same and self.percentage:
            return straight
        share, bare = (one, other) if one.percent else (other, one)
        return compare(Apply("/", (share.value, number(100))), bare.value)

    def _ratios(self, ours: tuple[Form, ...], theirs: tuple[Form, ...]) -> Answer:
        """Proportional; but 6:40 and 3:20 may be times of day."""
        straight = self._in_order(ours, theirs)
        if straight.same or len(ours) != len(theirs):
            return straight
        answers = [self._scalars(_quotient(a), _quotient(b)) for a, b in zip(_pairs(ours), _pairs(theirs), strict=True)]
        answer = _all_of(answers)
        clock = len(ours) == 2 and all(_is_minutes(items[1]) for items in (ours, theirs))
        return Answer(answer.same, False, "equal as ratios, not as times") if answer.same and clock else answer

    def _listings(self, one: Listing, other: Listing) -> Answer:
        if max(len(one.items), len(other.items)) > MOST_ITEMS:
            return self._in_order(one.items, other.items)
        kinds = {one.kind, other.kind}
        if one.kind == "set" or other.kind == "set":
            if kinds & {"paren"} or (kinds == {"set", "bracket"}):
                same = self._any_order(_distinct(self, one.items), _distinct(self, other.items))
                return Answer(False, True, "a set against a tuple") if same.same else same
            return self._any_order(_distinct(self, one.items), _distinct(self, other.items))
        if self._by_name(one.items) and self._by_name(other.items):
            if _same_name(one.items) and _same_name(other.items):  # x_1 = 2, x_2 = 3 are roots, numbered as one likes
                return self._any_order(_sorted_by_name(one.items), _sorted_by_name(other.items))
            return self._any_order(one.items, other.items)
        if self._by_name(one.items) or self._by_name(other.items):
            ours, theirs = (_sorted_by_name(items) for items in (one.items, other.items))
            if _same_name(one.items) or _same_name(other.items):
                return self._any_order(ours, theirs)
            return self._in_order(ours, theirs)
        if kinds == {"paren", "bracket"} and len(one.items) == len(other.items) == 2:
            same = self._in_order(one.items, other.items)
            return Answer(False, True, "other brackets") if same.same else same
        straight = self._in_order(one.items, other.items)
        if straight.same is not False or len(one.items) != len(other.items):
            return straight
        if kinds & {"paren", "bracket"}:
            return straight
        crossed = self._any_order(one.items, other.items)
        if crossed.same is not True:
            return crossed
        if "joined" in kinds or self.unordered or self._tuples(one.items):
            return Answer(True, crossed.certain and not self.ordered, "equal in any order")
        if self.ordered:
            return Answer(False, True, "in another order")
        return Answer(False, False, "the same values in another order")

    @staticmethod
    def _by_name(items: tuple[Form, ...]) -> bool:
        return all(isinstance(item, Named) for item in items)

    @staticmethod
    def _tuples(items: tuple[Form, ...]) -> bool:
        """A list of points has no order of its own."""
        return all(isinstance(item, Listing) for item in items)

    def _in_order(self, ours: tuple[Form, ...], theirs: tuple[Form, ...]) -> Answer:
        if len(ours) != len(theirs):
            return _different(f"{len(theirs)} values against {len(ours)}")
        return _all_of([self.forms(a, b) for a, b in zip(ours, theirs, strict=True)])

    def _any_order(self, ours: tuple[Form, ...], theirs: tuple[Form, ...]) -> Answer:
        if len(ours) != len(theirs):
            return _different(f"{len(theirs)} values against {len(ours)}")
        left = list(theirs)
        found: list[Answer] = []
        for item in ours:
            answers = [self.forms(item, candidate) for candidate in left]
            best = next((n for n, a in enumerate(answers) if a.same), None)
            if best is None:
                unsure = any(a.same is None or not a.certain for a in answers)
                return UNKNOWN if unsure else _different("a value is missing")
            found.append(answers[best])
            left.pop(best)
        return _all_of(found)

    def _grid_and_listing(self, grid: Grid, listing: Listing) -> Answer:
        """A column or a row as a tuple; a matrix as a list of lists."""
        if len(grid.rows) == 1 or len(grid.rows[0]) == 1:
            items = tuple(Scalar(cell) for row in grid.rows for cell in row)
            if listing.kind != "set":
                return self._in_order(items, listing.items)
        rows = tuple(Listing("bracket", tuple(map(Scalar, row))) for row in grid.rows)
        if listing.kind == "bracket" and all(isinstance(item, Listing) for item in listing.items):
            return self._in_order(rows, listing.items)
        return _different("a matrix against a list")


def _pairs(items: tuple[Form, ...]) -> list[tuple[Form, ...]]:
    """Each part with the first."""
    return [(item, items[0]) for item in items[1:]]


def _quotient(items: tuple[Form, ...]) -> Scalar:
    top, bottom = (item.value if isinstance(item, Scalar) else Symbol("?") for item in items)
    return Scalar(Apply("/", (top, bottom)))


def _is_minutes(item: Form) -> bool:
    return isinstance(item, Scalar) and isinstance(item.value, Number) and 10 <= item.value.value < 60


# --- values ----------------------------------------------------------------------------------------------------------


def _measured(one: Scalar, other: Scalar) -> Answer:
    ours, theirs = _degrees(one), _degrees(other)
    if ours.unit is None and theirs.unit is None:
        return compare(ours.value, theirs.value)
    if ours.unit is None or theirs.unit is None:
        bare, measured = (ours, theirs) if ours.unit is None else (theirs, ours)
        straight = compare(ours.value, theirs.value)
        if straight.same and ALTERING.search(measured.unit or ""):
            return Answer(None, False, f"{measured.unit} may change the value", final=True)
        if straight.same or measured.unit is None or read_unit(measured.unit).powers != (("degree", 1),):
            return straight
        return compare(bare.value, Apply("*", (measured.value, RADIANS)))
    return _with_units(ours, theirs)


def _with_units(one: Scalar, other: Scalar) -> Answer:
    assert one.unit is not None and other.unit is not None
    if one.unit.startswith("mod ") or other.unit.startswith("mod "):
        return _modulo(one, other)
    ours, theirs = read_unit(one.unit), read_unit(other.unit)
    if ours.powers == theirs.powers:
        left = Apply("*", (one.value, Number(ours.factor)))
        right = Apply("*", (other.value, Number(theirs.factor)))
        return compare(left, right)
    angles = {(("degree", 1),), (("angle", 1),)}
    if {ours.powers, theirs.powers} == angles:
        degrees, radians = (one, other) if ours.powers == (("degree", 1),) else (other, one)
        return compare(Apply("*", (degrees.value, RADIANS)), radians.value)
    straight = compare(one.value, other.value)
    if ours.known and theirs.known and ours.powers and theirs.powers:
        return _different(f"{other.unit} against {one.unit}")
    if straight.same:
        if not ours.powers or not theirs.powers:
            return straight
        return Answer(True, False, f"equal numbers, {other.unit} against {one.unit}")
    return straight


def _has_variables(form: Form) -> bool:
    match form:
        case Scalar(value):
            return bool(variables(value))
        case Named(_, value):
            return _has_variables(value)
        case _:
            return isinstance(form, Relation)


def _within(one: Scalar, other: Scalar, tolerance: Tolerance) -> bool:
    """Whether two real values differ by no more than a share of the reference, or by no more than so much."""
    factor = 1.0
    if one.unit and other.unit:
        ours, theirs = read_unit(one.unit), read_unit(other.unit)
        if ours.powers != theirs.powers:
            return False
        factor = float(theirs.factor / ours.factor)
    left, right = size(one.value), size(other.value)
    if left is None or right is None:
        return False
    most = tolerance.absolute if tolerance.absolute is not None else (tolerance.relative or 0.0) * abs(left)
    return abs(left - right * factor) <= most * (1 + 1e-12)


def _modulo(one: Scalar, other: Scalar) -> Answer:
    """3 mod 7 and 10 mod 7 are one class; another modulus is another thing."""
    ours, theirs = str(one.unit), str(other.unit)
    if ours != theirs:
        return _different(f"{theirs} against {ours}")
    difference = exact(Apply("+", (one.value, Apply("neg", (other.value,)))))
    if difference is None or difference.denominator != 1:
        return compare(one.value, other.value)
    return Answer(difference % int(ours.removeprefix("mod ")) == 0, True, f"compared {ours}")


def _degrees(scalar: Scalar) -> Scalar:
    """A value in degrees as a value with that unit."""
    value = scalar.value
    if isinstance(value, Apply) and value.head == "deg" and scalar.unit is None:
        return Scalar(value.arguments[0], "°", scalar.percent, scalar.ambiguous)
    if isinstance(value, Apply) and value.head == "neg" and isinstance(value.arguments[0], Apply):
        inner = value.arguments[0]
        if inner.head == "deg":
            return Scalar(Apply("neg", inner.arguments), "°", scalar.percent, scalar.ambiguous)
    return scalar


def _asked_unit(question: str) -> str | None:
    """The unit that a question asks for: "how many minutes", 多少元."""
    for match in ASKED_UNIT.finditer(question):
        word = match["many"] or match["unit"] or match["chinese"]
        for length in range(len(word), 0, -1):
            name = word if match["chinese"] is None else word[:length]
            if is_measure(name) and len(name) > (match["chinese"] is None):
                return name
    return None


def _is_product(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.head in ("*", "^")


def _renamed(reference: Expression, answer: Expression) -> Expression | None:
    """The answer with j for i, or with the constant of integration called as in the reference."""
    ours, theirs = symbols(reference), symbols(answer)
    for name, other in RENAMED:
        if name in ours and other in theirs and name not in theirs and other not in ours:
            return _with_symbol(answer, other, Symbol(name))
    return None


def _with_symbol(expression: Expression, name: str, value: Expression) -> Expression:
    match expression:
        case Symbol(own):
            return value if own == name else expression
        case Apply(head, arguments):
            return Apply(head, tuple(_with_symbol(a, name, value) for a in arguments))
        case _:
            return expression


def _is_bounded(form: Form) -> bool:
    pieces = _pieces(form)
    return pieces is not None and all("infinity" not in symbols(p.low) | symbols(p.high) for p in pieces)


def _is_based(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.head == "based"


def _sorted_by_name(items: tuple[Form, ...]) -> tuple[Form, ...]:
    """Y = 2, x = 1 as the coordinates (1, 2)."""
    if not all(isinstance(item, Named) for item in items):
        return items
    named = sorted(items, key=lambda item: item.name if isinstance(item, Named) else "")
    return tuple(item.value for item in named if isinstance(item, Named))


def _same_name(items: tuple[Form, ...]) -> bool:
    """Whether all carry one letter, with a number or without: x_1 and x_2, or x twice."""
    names = [item.name.partition("_")[0] for item in items if isinstance(item, Named)]
    return len(names) == len(items) and len(set(names)) == 1


def _coordinates(expression: Expression, count: int) -> tuple[Expression, ...] | None:
    """The coefficients of the unit vectors i, j, k; None where there are none."""
    directions = [f"unit {letter}" for letter in "ijk"]
    if count not in (2, 3) or not symbols(expression) & set(directions):
        return None
    return tuple(
        _put(expression, {name: int(name == direction) for name in directions}) for direction in directions[:count]
    )


def _put(expression: Expression, values: dict[str, int]) -> Expression:
    match expression:
        case Symbol(name) if name in values:
            return number(values[name])
        case Apply(head, arguments):
            return Apply(head, tuple(_put(a, values) for a in arguments))
        case _:
            return expression


def _grids(one: Grid, other: Grid) -> Answer:
    if len(one.rows) != len(other.rows) or len(one.rows[0]) != len(other.rows[0]):
        return _different("matrices of different shapes")
    cells = [
        (a, b) for ours, theirs in zip(one.rows, other.rows, strict=True) for a, b in zip(ours, theirs, strict=True)
    ]
    return _all_of([compare(a, b) for a, b in cells])


def _distinct(comparison: Comparison, items: tuple[Form, ...]) -> tuple[Form, ...]:
    kept: list[Form] = []
    for item in items:
        if not any(comparison.forms(item, k).same for k in kept):
            kept.append(item)
    return tuple(kept)


# --- relations and sets of reals -------------------------------------------------------------------------------------


def _derivative(name: str) -> str:
    r"""dy/dx, \frac{dy}{dx} and y' are one name."""
    match = DERIVATIVE.fullmatch(name)
    return f"{match[1] or match[2]}'" if match else name


def _is_head(name: str) -> bool:
    """What functions are called: y, f(x), S_n, a_n."""
    return name in ("y", "z") or "(" in name or "_" in name


def _may_be_one(name: str, other: str) -> bool:
    """Whether two heads may stand for one function: y for f(x), but not f(x) for its derivative."""
    return name.count("'") == other.count("'") and bool({name.rstrip("'"), other.rstrip("'")} & {"y", "z"})


def _of_another_name(name: str, other: str) -> Answer:
    if name.count("'") != other.count("'") and name.replace("'", "") == other.replace("'", ""):
        return _different(f"{other} against {name}")
    return Answer(None, False, f"the same term for {other} and {name}", final=True)


def _as_relation(named: Named) -> Relation:
    value = named.value
    if not isinstance(value, Scalar):
        return Relation("?", Symbol(named.name), Symbol(named.name))
    return Relation("=", Symbol(named.name), value.value)


def _equations(one: Relation, other: Relation) -> Answer:
    """Two equations are one where their differences are proportional; two inequalities where the factor is positive."""
    if "?" in (one.sign, other.sign):
        return UNKNOWN
    if one.sign != other.sign:
        return _different(f"{other.sign} against {one.sign}")
    left, right = _difference(one), _difference(other)
    if variables(left) != variables(right):
        return _different("in other variables")
    ratio = Apply("/", (left, right))
    for factor in _factors(left, right):
        if one.sign in ("<", "<=") and factor <= 0:
            continue
        answer = compare(ratio, Number(factor))
        if answer.same:
            return Answer(True, answer.certain, "the same relation up to a factor")
    if _divides(left) or _divides(right):
        return UNKNOWN  # y = 2/x and xy = 2 are no multiples of each other
    return Answer(False, False, "different relations")


def _divides(expression: Expression) -> bool:
    """Whether it divides by a variable."""
    if not isinstance(expression, Apply):
        return False
    if expression.head == "/" and variables(expression.arguments[1]):
        return True
    return any(map(_divides, expression.arguments))


def _factors(left: Expression, right: Expression) -> list[Fraction]:
    """What the one could be, divided by the other: told from one rational point, where there is one."""
    from r1data.verifiers.math.evaluation import Undefined, exact

    names = sorted(symbols(left) | symbols(right))
    for attempt in range(4):
        point = {name: Fraction(7 * n + 3 + attempt, 2 + attempt) for n, name in enumerate(names, start=1)}
        try:
            top, bottom = exact(_at(left, point)), exact(_at(right, point))
        except (Undefined, ArithmeticError):
            continue
        if top is not None and bottom:
            return [top / bottom]
    return [Fraction(sign * n, d) for sign in (1, -1) for n in (1, 2, 3) for d in (1, 2, 3)]


def _at(expression: Expression, point: dict[str, Fraction]) -> Expression:
    match expression:
        case Symbol(name) if name in point and name not in ("pi", "e", "i"):
            return Number(point[name])
        case Apply(head, arguments):
            return Apply(head, tuple(_at(a, point) for a in arguments))
        case _:
            return expression


def _difference(relation: Relation) -> Expression:
    return Apply("+", (relation.left, Apply("neg", (relation.right,))))


def _sets_of_reals(one: Form, other: Form) -> Answer:
    ours, theirs = _pieces(one), _pieces(other)
    if ours is None or theirs is None:
        if isinstance(one, Relation) or isinstance(other, Relation):
            return UNKNOWN
        return _different("an interval against something else")
    if len(ours) != len(theirs):
        return _different(f"{len(theirs)} intervals against {len(ours)}")
    answers = []
    for a, b in zip(ours, theirs, strict=True):
        if (a.low_open, a.high_open) != (b.low_open, b.high_open):
            return _different("an end that belongs to one of them only")
        answers += [_ends(a.low, b.low), _ends(a.high, b.high)]
    return _all_of(answers)


def _ends(one: Expression, other: Expression) -> Answer:
    if one == other:
        return SAME
    infinite = {expression for expression in (one, other) if "infinity" in symbols(expression)}
    return _different("another end") if infinite else compare(one, other)


def _pieces(form: Form) -> list[Interval] | None:
    """The intervals of a form, from the left; None where it is no set of reals."""
    match form:
        case Interval():
            found = [form]
        case Reals(pieces):
            found = list(pieces)
        case Listing("paren", (Scalar(low), Scalar(high))):
            found = [Interval(low, high, True, True)]
        case Listing("bracket", (Scalar(low), Scalar(high))):
            found = [Interval(low, high, False, False)]
        case Scalar(Symbol("R")):
            infinity = Symbol("infinity")
            found = [Interval(Apply("neg", (infinity,)), infinity, True, True)]
        case Listing(_, items) if items and all(isinstance(i, Interval | Named | Listing) for i in items):
            found = []
            for item in items:
                inner = _pieces(item.value if isinstance(item, Named) else item)
                if inner is None:
                    return None
                found += inner
        case _:
            return None
    return list(ordered(tuple(found)))


# --- words -----------------------------------------------------------------------------------------------------------


def _phrases(one: str, other: str) -> Answer:
    if one == other or one.replace(" ", "") == other.replace(" ", ""):
        return Answer(True, True, "the same words")
    heads = {"yes", "no", "true", "false"}
    short, long = sorted((one, other), key=len)
    if {one, other} <= heads:
        return _different("yes against no")
    if short in heads and re.match(rf"{short}\b", long):
        if HEDGED.search(long[len(short) :]) or (short in ("yes", "true") and NEGATION.search(long)):
            return Answer(None, False, "yes or no with a condition", final=True)
        return Answer(True, True, "the same yes or no")
    first, _, rest = long.partition(" ")
    if short in heads and first.strip(",.;:") in heads - {short} and not HEDGED.search(rest):
        return _different("yes against no")
    ours, theirs = set(one.split()), set(other.split())
    if "implies" in ours & theirs:
        return Answer(None, False, "statements that may be equivalent", final=True)
    if len(one) > 1 and len(other) > 1 and (ours <= theirs or theirs <= ours or one in other or other in one):
        negated = bool((ours ^ theirs) & {"not", "no", "never", "non"}) or ("不" in one) != ("不" in other)
        return _different("negated") if negated else Answer(None, False, "one has more words than the other", True)
    if any(long == short + suffix for suffix in SUFFIXES):
        return Answer(True, True, "the same words")
    related = (ours & theirs) if (one + other).isascii() else len(set(one) & set(other)) > 1
    if bool(NEGATION.search(one)) != bool(NEGATION.search(other)) or (related and min(len(ours), len(theirs)) > 1):
        return Answer(None, False, "another wording", final=True)
    if not (one + other).isascii() and related and min(len(one), len(other)) >= WORDY:
        return Answer(None, False, "another wording", final=True)
    if min(len(ours), len(theirs)) >= WORDY or (min(len(one), len(other)) >= 2 * WORDY and not (one + other).isascii()):
        return Answer(None, False, "another wording", final=True)
    return _different("other words")


def _different(why: str) -> Answer:
    return Answer(False, True, why)


def _all_of(answers: list[Answer]) -> Answer:
    wrong = next((a for a in answers if a.same is False and a.certain), None)
    if wrong is not None:
        return wrong
    unsure = next((a for a in answers if a.same is None), None)
    if unsure is not None:
        return unsure
    doubtful = next((a for a in answers if not a.certain), None)
    if doubtful is not None:
        return Answer(all(a.same for a in answers), False, doubtful.why)
    return Answer(True, True, answers[0].why if len(answers) == 1 else "equal part by part")
