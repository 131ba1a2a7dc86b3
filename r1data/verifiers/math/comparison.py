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

from r1data.verifiers.math.evaluation import (
    SAME,
    UNKNOWN,
    Answer,
    all_of,
    compare,
    differ_by_constant,
    different,
    exact,
)
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
    substituted,
    symbols,
    variables,
)
from r1data.verifiers.math.numerals import numeral
from r1data.verifiers.math.phrases import NOTHING, WORDY, same_words
from r1data.verifiers.math.quantities import Tolerance, measured, within
from r1data.verifiers.math.question import Question
from r1data.verifiers.math.reals import is_bounded, same_reals
from r1data.verifiers.math.relations import as_relation, derivative, equations, is_head, may_be_one, of_another_name
from r1data.verifiers.math.units import read_unit

MOST_ITEMS = 60
RENAMED = (("i", "j"), ("C", "c"), ("C", "K"), ("c", "C"), ("k", "n"), ("n", "k"), ("k", "m"), ("n", "m"))
"""The imaginary unit, the constant of integration, and the integer of a general solution."""
WHOLE_NUMBERS = frozenset("kmn")
HOW_MANY = {"infinitely many": INFINITY, "none": number(0)}
PLACE = re.compile(r"第([一二三四五六七八九十]+)[\u4e00-\u9fff]{1,3}")
COUNTS = {"C": "binom", "P": "perm", "A": "perm"}
"""C(5,2) may be a number of ways, where a number is compared with it."""


class Comparison:
    """Compares a reference with an answer, knowing the question if there is one."""

    def __init__(self, question: Question, tolerance: Tolerance | None = None) -> None:
        self.asked = question
        self.tolerance = tolerance

    def forms(self, one: Form, other: Form) -> Answer:
        """Whether the two say the same; `one` is the reference."""
        if one == other and not isinstance(one, Phrase):
            return SAME
        match one, other:
            case Phrase(), Phrase():
                return same_words(one.text, other.text)
            case (Named(name, value), Named(other_name, other_value)):
                return self._named(name, value, other_name, other_value)
            case Named(_, Interval() | Reals() as value), _:
                return self._inequality_and(value, other, self.forms(value, other))
            case _, Named(_, Interval() | Reals() as value):
                return self._inequality_and(value, one, self.forms(one, value))
            case (Named() as named, Relation() as relation) | (Relation() as relation, Named() as named):
                return equations(as_relation(named), relation)
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
                return equations(one, other)
            case (Phrase(), _) | (_, Phrase()):
                return self._phrase_and_form(one, other)
            case Scalar(), Scalar():
                return self._scalars(one, other)
            case Grid(), Grid():
                return _grids(one, other)
            case (Grid() as grid, Listing() as listing) | (Listing() as listing, Grid() as grid):
                return self._grid_and_listing(grid, listing)
            case (Interval() | Reals(), _) | (_, Interval() | Reals()):
                return same_reals(one, other)
            case Listing("ratio", ours), Listing("ratio", theirs):
                return self._ratios(ours, theirs)
            case (Listing("ratio", items), Scalar() as scalar) | (Scalar() as scalar, Listing("ratio", items)):
                return (
                    self._scalars(_quotient(items), scalar) if len(items) == 2 else different("a ratio against a value")
                )
            case Listing(), Listing():
                return self._listings(one, other)
            case (Listing() as listing, Scalar() as scalar) | (Scalar() as scalar, Listing() as listing):
                return self._one_and_several(scalar, listing)
            case (Grid(rows), Scalar(Symbol(name))) | (Scalar(Symbol(name)), Grid(rows)) if name in ("I", "E"):
                return all_of([compare(cell, number(int(n == m))) for n, row in enumerate(rows)
                                for m, cell in enumerate(row)])  # fmt: skip
            case _:
                return different("of different kinds")

    def _inequality_and(self, interval: Form, other: Form, answer: Answer) -> Answer:
        """(1, 2) against 1 < x < 2: without a question the one may be a point."""
        point = isinstance(other, Listing) and isinstance(interval, Interval) and is_bounded(interval)
        if answer.same and point and not self.asked.interval:
            return Answer(True, False, "an interval, or a point with these coordinates", final=True)
        return answer

    def _named(self, name: str, value: Form, other_name: str, other_value: Form) -> Answer:
        name, other_name = derivative(name), derivative(other_name)
        if name == other_name:
            return self.forms(value, other_value)
        if isinstance(value, Interval | Reals):
            return different(f"{other_name} against {name}")
        if isinstance(value, Scalar) and isinstance(other_value, Scalar):
            straight = self._scalars(value, other_value)
            if variables(value.value) or variables(other_value.value):
                if straight.same and is_head(name) and is_head(other_name):
                    return straight if may_be_one(name, other_name) else of_another_name(name, other_name)
                return equations(as_relation(Named(name, value)), as_relation(Named(other_name, other_value)))
            if len(name) == len(other_name) == 1 or straight.same is False:
                return different(f"{name} is not {other_name}") if straight.same else straight
            return Answer(straight.same, False, f"{name} against {other_name}")
        answer = self.forms(value, other_value)
        return Answer(answer.same, False, answer.why) if answer.same else answer

    def _phrase_and_form(self, one: Form, other: Form) -> Answer:
        phrase, form = (one, other) if isinstance(one, Phrase) else (other, one)
        assert isinstance(phrase, Phrase)
        if isinstance(form, Scalar) and HOW_MANY.get(phrase.text) == form.value:
            return Answer(True, self.asked.counted, "a count in words", final=True)
        if isinstance(form, Scalar) and isinstance(form.value, Symbol) and form.unit is None:
            if form.value.name.casefold() == phrase.text.casefold():
                return Answer(True, True, "the same letter")
            return different("another letter")
        if isinstance(form, Listing) and not form.items:
            return SAME if phrase.text in NOTHING else different("words against a set")
        place = PLACE.fullmatch(phrase.text)
        if place and isinstance(form, Scalar) and numeral(place[1]) == exact(form.value):
            return Answer(True, self.asked.which, "its number only")
        wordy = len(phrase.text.split()) > 2 if phrase.text.isascii() else len(phrase.text) > WORDY
        if wordy and isinstance(form, Named | Scalar | Relation) and _has_variables(form):
            return Answer(None, False, "a description against a formula", final=True)
        if re.search(r"\d", phrase.text):
            return Answer(None, False, "words with numbers in them", final=True)
        return different("words against mathematics")

    def _one_and_several(self, scalar: Scalar, listing: Listing) -> Answer:
        """A set of one is that one, 2 and 2 are 2, and 3i - 4j is (3, -4)."""
        if len(listing.items) == 1:
            return self.forms(scalar, listing.items[0])
        coordinates = _coordinates(scalar.value, len(listing.items))
        if coordinates is not None and listing.kind != "set":
            return self._in_order(tuple(map(Scalar, coordinates)), listing.items)
        if len(listing.items) > MOST_ITEMS:
            return different("one value against many")
        distinct = _distinct(self, listing.items)
        if len(distinct) == 1 and listing.kind in ("bare", "joined", "set"):
            answer = self.forms(scalar, distinct[0])
            return Answer(answer.same, answer.certain and self.asked.unordered, answer.why)
        return different("one value against several")

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
        if (
            self.asked.factored
            and _is_product(one.value)
            and isinstance(other.value, Apply)
            and other.value.head == "+"
        ):
            return different("not factored")
        other = self._as_asked(other)
        if self.asked.unit and one.unit is None and other.unit and read_unit(other.unit).known:
            asked = read_unit(self.asked.unit)
            if asked.known and asked.powers == read_unit(other.unit).powers:
                one = Scalar(one.value, self.asked.unit)
        answer = measured(one, other)
        if answer.same is False and self.tolerance is not None and within(one, other, self.tolerance):
            return Answer(True, True, "within the tolerance")
        if answer.same is False:
            if {"C"} <= symbols(one.value) & symbols(other.value) and differ_by_constant(one.value, other.value):
                return Answer(True, True, "antiderivatives that differ by a constant")
            renamed = _renamed(one.value, other.value)
            if renamed is not None and measured(one, Scalar(renamed, other.unit)).same:
                return self._but_for_a_name(one.value, other.value)
        return answer

    def _but_for_a_name(self, one: Expression, other: Expression) -> Answer:
        """Two values that differ in a letter only. That of a period may be any; that of a sum is the question's."""
        ours, theirs = symbols(one) - symbols(other), symbols(other) - symbols(one)
        whole = (ours | theirs) & WHOLE_NUMBERS
        if whole and theirs <= self.asked.letters:
            return different(f"{' '.join(theirs)} for {' '.join(ours)}")
        free = not whole or ("pi" in symbols(one) and not ours & self.asked.letters)
        return Answer(True, free, "equal but for the name of a constant", final=True)

    def _as_asked(self, scalar: Scalar) -> Scalar:
        """分 as what it is a part of in the question: cents where it asks for yuan, minutes where for hours."""
        asked = read_unit(self.asked.unit).powers if self.asked.unit and scalar.unit == "分" else ()
        name = {"yuan": "人民币分", "time": "分钟"}.get(asked[0][0]) if asked else None
        return Scalar(scalar.value, name) if name else scalar

    def _in_a_base(self, one: Expression, other: Expression) -> Answer:
        """101_2 is 5; but where the question asks for a base, 101 is the answer and 5 is not."""
        based, plain = (one, other) if _is_based(one) else (other, one)
        assert isinstance(based, Apply)
        digits = compare(based.arguments[1], plain)
        if digits.same:
            return Answer(True, self.asked.base, "the same digits, the base left out")
        value = compare(based.arguments[0], plain)
        return (
            Answer(False, True, "in another base")
            if value.same and self.asked.base
            else Answer(value.same, not value.same, value.why)
        )

    def _percentages(self, one: Scalar, other: Scalar) -> Answer:
        if one.percent and other.percent:
            return compare(one.value, other.value)
        straight = compare(one.value, other.value)
        if straight.same and self.asked.percentage:
            return straight
        share, bare = (one, other) if one.percent else (other, one)
        return compare(Apply("/", (share.value, number(100))), bare.value)

    def _ratios(self, ours: tuple[Form, ...], theirs: tuple[Form, ...]) -> Answer:
        """Proportional; but 6:40 and 3:20 may be times of day."""
        straight = self._in_order(ours, theirs)
        if straight.same or len(ours) != len(theirs):
            return straight
        answers = [self._scalars(_quotient(a), _quotient(b)) for a, b in zip(_pairs(ours), _pairs(theirs), strict=True)]
        answer = all_of(answers)
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
        if "joined" in kinds or self.asked.unordered or self._tuples(one.items):
            return Answer(True, crossed.certain and not self.asked.ordered, "equal in any order")
        if self.asked.ordered:
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
            return different(f"{len(theirs)} values against {len(ours)}")
        return all_of([self.forms(a, b) for a, b in zip(ours, theirs, strict=True)])

    def _any_order(self, ours: tuple[Form, ...], theirs: tuple[Form, ...]) -> Answer:
        if len(ours) != len(theirs):
            return different(f"{len(theirs)} values against {len(ours)}")
        left = list(theirs)
        found: list[Answer] = []
        for item in ours:
            answers = [self.forms(item, candidate) for candidate in left]
            best = next((n for n, a in enumerate(answers) if a.same), None)
            if best is None:
                unsure = any(a.same is None or not a.certain for a in answers)
                return UNKNOWN if unsure else different("a value is missing")
            found.append(answers[best])
            left.pop(best)
        return all_of(found)

    def _grid_and_listing(self, grid: Grid, listing: Listing) -> Answer:
        """A column or a row as a tuple; a matrix as a list of lists."""
        if len(grid.rows) == 1 or len(grid.rows[0]) == 1:
            items = tuple(Scalar(cell) for row in grid.rows for cell in row)
            if listing.kind != "set":
                return self._in_order(items, listing.items)
        rows = tuple(Listing("bracket", tuple(map(Scalar, row))) for row in grid.rows)
        if listing.kind == "bracket" and all(isinstance(item, Listing) for item in listing.items):
            return self._in_order(rows, listing.items)
        return different("a matrix against a list")


def _pairs(items: tuple[Form, ...]) -> list[tuple[Form, ...]]:
    """Each part with the first."""
    return [(item, items[0]) for item in items[1:]]


def _quotient(items: tuple[Form, ...]) -> Scalar:
    top, bottom = (item.value if isinstance(item, Scalar) else Symbol("?") for item in items)
    return Scalar(Apply("/", (top, bottom)))


def _is_minutes(item: Form) -> bool:
    return isinstance(item, Scalar) and isinstance(item.value, Number) and 10 <= item.value.value < 60


def _has_variables(form: Form) -> bool:
    match form:
        case Scalar(value):
            return bool(variables(value))
        case Named(_, value):
            return _has_variables(value)
        case _:
            return isinstance(form, Relation)


def _is_product(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.head in ("*", "^")


def _renamed(reference: Expression, answer: Expression) -> Expression | None:
    """The answer with j for i, or with the constant of integration called as in the reference."""
    ours, theirs = symbols(reference), symbols(answer)
    for name, other in RENAMED:
        if name in ours and other in theirs and name not in theirs and other not in ours:
            return substituted(answer, {other: Symbol(name)})
    return None


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
        substituted(expression, {name: number(int(name == direction)) for name in directions})
        for direction in directions[:count]
    )


def _grids(one: Grid, other: Grid) -> Answer:
    if len(one.rows) != len(other.rows) or len(one.rows[0]) != len(other.rows[0]):
        return different("matrices of different shapes")
    cells = [
        (a, b) for ours, theirs in zip(one.rows, other.rows, strict=True) for a, b in zip(ours, theirs, strict=True)
    ]
    return all_of([compare(a, b) for a, b in cells])


def _distinct(comparison: Comparison, items: tuple[Form, ...]) -> tuple[Form, ...]:
    kept: list[Form] = []
    for item in items:
        if not any(comparison.forms(item, k).same for k in kept):
            kept.append(item)
    return tuple(kept)
