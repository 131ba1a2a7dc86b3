"""Reading: from a text to the form that it has. A reader of its own, since what counts here is to know when it is sure.

Recursive descent over a few hundred characters; nesting is bounded, so hostile brackets cost nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from r1data.verifiers.math.conditions import bounds_of, combined, inequality, is_variable, together
from r1data.verifiers.math.expression import (
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
    Unreadable,
    has_plus_minus,
    is_call,
    number,
    variables,
    with_sign,
)
from r1data.verifiers.math.numerals import numeral, share
from r1data.verifiers.math.phrases import fold
from r1data.verifiers.math.reals import EVERYTHING
from r1data.verifiers.math.spelling import spell
from r1data.verifiers.math.terms import JOINERS, OPENERS, SIGNS, ExpressionReader, plain_number, shown
from r1data.verifiers.math.tokens import Token, tokenize
from r1data.verifiers.math.units import MULTIPLES, Unit, is_measure, is_unit_word, read_unit

HEAD = re.compile(
    r"^(?:[A-Za-z](?:\^\{?-1\}?|'{1,3})?(?:_\{?\w+\}?)?\(\w+(?:,\w+)*\)|[A-Za-z]'{1,3}|d[a-z]/d[a-z]|[A-Z]_\{?\w+\}?"
    r"|\\frac\{d(?:\^\{?2\}?)?[a-z]?\}\{d[a-z](?:\^\{?2\}?)?\}(?:[a-z]|\w\(\w\))?)$"
)
"""What a function or its derivative is called, on the left of its term."""
REMAINDER = re.compile(
    r"(\d+)\s*(?:…+|\.{3,6}|余|[Rr]|remainder|\\text\s*\{\s*(?:[Rr]|remainder|余)\s*\}|(?:\.\.\.\s*)+)\s*(\d+)"
)
RATE = re.compile(r"(?<=\d)([A-Za-z]{1,3})/([A-Za-z]{1,3})(?:\^?\{?-?\d\}?)?$")
BASED = re.compile(
    r"(?:\((?P<digits>\d+)\)|(?P<letters>(?=\d*[A-F])(?=[A-F]*\d)[\dA-F]+)(?=_\{?16))_\{?(?P<base>\d\d?)\}?"
)
"""(101)_2 and 1A_{16}."""
CIRCLED = re.compile(r"[①-⑳](?:\s*[,、;和]?\s*[①-⑳])*")
SYSTEMS = frozenset(("cases", "aligned", "align", "gathered", "split", "array*"))
CURRENCY = frozenset(("$", r"\$", "¥", "€", "£", "₹"))
REALS = (r"\mathbb{R}", "R")


@lru_cache(maxsize=8192)
def read(text: str, grouped: bool = True) -> Form:
    """The form of a text as it stands in a box; words that are no mathematics are a `Phrase`.

    Raises:
        Unreadable: there is nothing in it, or nothing this reader knows.
    """
    spelt = spell(text)
    if not spelt:
        raise Unreadable("empty")
    phrase = fold(spelt)
    if phrase is not None:
        return _worded(phrase, spelt)
    quotient = REMAINDER.fullmatch(spelt)
    if quotient:
        return Listing("paren", (Scalar(plain_number(quotient[1])), Scalar(plain_number(quotient[2]))))
    if based := BASED.fullmatch(spelt):
        return _in_base(based["digits"] or based["letters"], int(based["base"]))
    if CIRCLED.fullmatch(spelt):
        return Listing("set", tuple(Scalar(number(ord(c) - 0x245F)) for c in spelt if "①" <= c <= "⑳"))
    if rate := RATE.search(spelt):
        over, under = rate[1], rate[2]
        if is_measure(over) and is_measure(under):  # 20m/s
            spelt = f"{spelt[: rate.start()]} \\text{{{rate[0]}}}"
    try:
        return Reader(tokenize(spelt, grouped=grouped)).whole()
    except Unreadable as trouble:
        words = fold(spelt, strict=False)
        if words is None or spelt.count(r"\begin") != spelt.count(r"\end"):
            raise Unreadable(str(trouble)) from None
        return Phrase(words)


def _in_base(digits: str, base: int) -> Form:
    """Digits in a base; the second argument is what they look like without it."""
    try:
        value = int(digits, base)
    except ValueError:
        raise Unreadable(f"{digits} is no number in base {base}") from None
    shown = number(int(digits)) if digits.isdigit() else Symbol(digits)
    return Scalar(Apply("based", (number(value), shown, number(base))))


def _worded(phrase: str, spelt: str) -> Form:
    """Words that stand for mathematics as what they stand for; others as they are."""
    if phrase == "all real numbers":
        return Reals(EVERYTHING)
    if phrase == "empty set":
        return Listing("set", ())
    part = share(phrase)
    if part is not None:
        return Scalar(Number(part * 100), percent=True)
    value = numeral(phrase)
    if value is None:
        return Phrase(phrase)
    if spelt.startswith("百分之"):
        return Scalar(Number(value * 100), percent=True)
    return Scalar(Number(value))


class Reader(ExpressionReader):
    """One pass over the tokens of one text, from expressions to the form that they make."""

    def whole(self) -> Form:
        """Everything there is."""
        form = self.listing()
        if self.peek().kind != "end":
            raise Unreadable(f"{self.peek().text} is left over")
        return form

    def listing(self, *closers: str) -> Form:
        """Items with commas, semicolons or "or" between them; a single one is itself."""
        items, joined = [self.item()], False
        while True:
            token = self.peek()
            if token.kind == "end" or (token.kind != "text" and token.text in closers):
                break
            if self.joiner():
                joined = True
            elif not self.skip(",", ";"):
                raise Unreadable(f"{token.text} is left over")
            elif self.joiner():
                joined = True
            if self.peek().text == "..." and self.peek().kind == "sign":
                raise Unreadable("a sequence that goes on")
            items.append(self.item())
        return _gathered(items, "joined" if joined else "bare")

    def joiner(self) -> bool:
        """Pass an "or", "and" or their like."""
        token = self.peek()
        if token.kind in ("word", "text", "chinese") and token.text.strip(" ,").lower() in JOINERS:
            self.at += 1
            return True
        if token.kind == "command" and token.text in (r"\vee", r"\wedge"):
            self.at += 1
            return True
        return False

    def item(self) -> Form:
        """One answer: a relation, a union of intervals, a set, a value with its unit."""
        mark = self.at
        currency = self.take().text if self.peek().text in CURRENCY and self.peek().kind != "text" else None
        if currency == "$" and self.peek().kind != "number":
            raise Unreadable("a dollar sign in the middle")
        if self.peek().kind == "word" and self._is_point():
            name = self.take().text
            return Named(name, self.container() or self.item())
        container = self.container() if currency is None else None
        if container is None:
            self.at = mark + (currency is not None)
            left = self.expression()
            if self.peek().text == r"\begin" and self.peek().kind == "command":
                return _scaled(left, self.matrix())
        elif self.peek().text in ("=",) and self.peek().kind == "sign" and isinstance(container, Listing):
            self.take()
            return Named(shown(self.tokens[mark : self.at - 1]), self.item())
        else:
            return container
        form = self.relation(left, mark) or self.ratio(left)
        if form is not None:
            return form
        return self.scalar(left, currency)

    def _is_point(self) -> bool:
        """A(1,2): a capital letter with coordinates behind it."""
        letter, bracket = self.peek(), self.peek(1)
        if not (len(letter.text) == 1 and letter.text.isupper() and bracket.text == "(" and not bracket.spaced):
            return False
        place = 2
        while self.peek(place).text not in (")", "(") and self.peek(place).kind != "end":
            if self.peek(place).text == ",":
                return True
            place += 1
        return False

    def ratio(self, first: Expression) -> Form | None:
        """3:2, 1:2:3 and 12:30; None where no colon follows."""
        parts = [first]
        while self.peek().text == ":" and self.peek().kind == "sign":
            self.take()
            parts.append(self.expression())
        return Listing("ratio", tuple(map(Scalar, parts))) if len(parts) > 1 else None

    def scalar(self, value: Expression, currency: str | None) -> Form:
        """A value with what stands behind it: percent sign, multiple, unit."""
        ambiguous = self.ambiguous
        percent = self.skip("%", r"\%")
        if self.skip(r"\permil"):
            value = Apply("/", (value, number(1000)))
        if not percent and self.peek().text.lower() in ("percent", "百分之"):
            self.take()
            percent = True
        while self.peek().kind in ("word", "text", "chinese"):
            multiple, rest = _multiple(self.peek().text)
            if multiple is None:
                break
            value = Apply("*", (value, number(multiple)))
            self.take()
            if rest:
                self.tokens.insert(self.at, Token("chinese", rest))
        unit = self.unit()
        value, unit = self.composite(value, unit)
        if currency is not None:
            unit = currency.removeprefix("\\") + (f" {unit}" if unit and unit.lower() not in ("usd", "dollars") else "")
        if percent and unit:
            raise Unreadable("a percentage with a unit")
        if has_plus_minus(value):
            both = [Scalar(with_sign(value, sign), unit, percent, ambiguous) for sign in (1, -1)]
            return Listing("joined", tuple(both))
        return Scalar(value, unit, percent, ambiguous)

    def composite(self, value: Expression, unit: str | None) -> tuple[Expression, str | None]:
        """3元5角 and 1 h 30 min: values of one kind side by side are one value in the first unit."""
        while unit is not None and self.peek().kind == "number":
            first = read_unit(unit)
            further = self.factor()
            following = self.unit()
            second = read_unit(_minor(following, first)) if following else None
            if second is None or second.powers != first.powers or not first.known:
                raise Unreadable("two values side by side")
            value = Apply("+", (value, Apply("*", (further, Number(second.factor / first.factor)))))
        return value, unit

    def unit(self) -> str | None:
        """The words behind a value, up to the next comma; None where there are none."""
        parts: list[str] = []
        while self.peek().kind in ("word", "text", "chinese", "command", "number", "sign"):
            token = self.peek()
            if token.kind in ("word", "text", "chinese") and token.text.strip(" ,").lower() in JOINERS:
                break
            if token.kind == "sign" and (token.text not in "/^*°-{}$¥€" or not (parts or token.text in "°$€¥")):
                break
            if token.kind == "number" and not _is_power(parts, token):
                break
            if token.kind == "command":
                break
            taken = self.take()
            parts.append((" " if taken.spaced and parts else "") + taken.text.strip())
        unit = "".join(parts).strip()
        if JOINERS & set(unit.lower().split()):
            raise Unreadable(f"{unit} is no unit")
        return unit or None

    def relation(self, left: Expression, mark: int) -> Form | None:
        """What an expression is the left side of; None where no sign of a relation follows."""
        if self.peek().kind == "command" and self.peek().text == r"\in":
            self.take()
            return Named(shown(self.tokens[mark : self.at - 1]), self.item())
        signs: list[str] = []
        rough: int | None = None
        sides = [left]
        names = [shown(self.tokens[mark : self.at])]
        while self.peek().kind in ("sign", "command") and self.peek().text in SIGNS:
            if self.peek().text in (r"\approx", r"\sim") and rough is None:
                rough = len(sides)
            signs.append(SIGNS[self.take().text])
            start = self.at
            if len(signs) == 1 and signs[0] == "=":
                inside = self.container()
                if inside is not None:
                    return Named(names[0], inside)
                self.at = start
            sides.append(self.expression())
            names.append(shown(self.tokens[start : self.at]))
        if not signs:
            return None
        if set(signs) == {"="} and rough == 1 and is_variable(left):
            rough = None  # nothing exact stands before the sign
        if set(signs) == {"="} and rough is not None:
            sides, signs = sides[:rough], signs[: rough - 1]  # what stands before the sign is exact
            if len(sides) == 1:
                return self.scalar(sides[0], None)
        if set(signs) == {"="} and len(sides) == 2 and HEAD.match(names[0]):
            return Named(names[0], self.scalar(sides[1], None))
        if set(signs) == {"="} and not variables(left) and not (len(sides) == 2 and is_variable(sides[1])):
            return self.scalar(sides[-1], None)
        if set(signs) == {"="}:
            # a = b = 5: the last side is the value; with two sides and a name on the left it is the name's.
            if isinstance(left, Symbol) or is_call(left):
                return Named(names[0], self.scalar(sides[-1], None))
            if len(signs) > 1:
                return self.scalar(sides[-1], None)
            if isinstance(sides[1], Symbol):
                return Named(names[1], Scalar(left))
            unit = self.unit()
            if unit is not None:
                return Named(names[0], Scalar(sides[1], unit))
            return Relation("=", sides[0], sides[1])
        return inequality(signs, sides)

    def container(self) -> Form | None:
        """A tuple, list, set, interval, union or matrix that stands by itself; None (at any place) where none does."""
        first = self.one_container()
        if first is None:
            return None
        result = first
        while True:
            token = self.peek()
            union = self._is_union_letter() or (token.kind == "command" and token.text == r"\cup")
            if not union and not (token.kind == "command" and token.text in (r"\cap", r"\setminus", r"\backslash")):
                break
            self.take()
            following = self.one_container()
            if following is None:
                return None
            result = combined("cup" if union else token.text[1:], result, following)
        if result is not first:
            return result
        token = self.peek()
        ends = token.kind == "end" or token.text in (",", ";", ")", "]", r"\}", "}", "=") or self._is_joiner(token)
        if not ends and isinstance(first, Listing | Interval):
            unit = self.unit()
            if unit is not None and isinstance(first, Listing) and is_unit_word(unit.split()[0]):
                return Listing(first.kind, tuple(_with_unit(item, unit) for item in first.items))
            return None
        return first if ends else None

    def _is_joiner(self, token: Token) -> bool:
        return token.kind in ("word", "text", "chinese") and token.text.strip(" ,").lower() in JOINERS

    def _is_union_letter(self) -> bool:
        token = self.peek()
        return token.kind == "word" and token.text in ("U", "u") and self.peek(1).text in OPENERS

    def one_container(self) -> Form | None:
        """One bracketed form, or None where brackets only group, or there are none."""
        token = self.peek()
        if token.kind == "command" and token.text in (r"\emptyset", r"\varnothing"):
            self.take()
            return Listing("set", ())
        if token.kind == "text" and token.text == "R" and (
            len(self.tokens) == 1 or self.peek(1).text in (r"\setminus", r"\backslash", "|")
        ):  # fmt: skip
            self.take()
            return Reals(EVERYTHING)
        if token.kind == "command" and token.text == r"\begin":
            if self.peek(2).text in SYSTEMS:
                return self.system()
            return self.matrix() if self.peek(2).text != "vmatrix" else None
        if token.kind == "sign" and token.text == "]" and self.at == 0:
            return self.outward()
        if token.kind == "text" or token.text not in OPENERS:
            return None
        if token.text == r"\{" and self._is_builder():
            return self.builder()
        mark, ambiguous = self.at, self.ambiguous
        self.deeper()
        self.take()
        if self.skip(r"\}") and token.text == r"\{":
            self.depth -= 1
            return Listing("set", ())
        try:
            inside = self.listing(")", "]", r"\}", "|")
        except Unreadable:
            if token.text == r"\{":
                raise
            self.at, self.ambiguous = mark, ambiguous
            self.depth -= 1
            return None
        self.depth -= 1
        closer = self.take()
        items = inside.items if isinstance(inside, Listing) and inside.kind in ("bare", "joined") else None
        if token.text == r"\{":
            if closer.text != r"\}":
                raise Unreadable("a set without its end")
            return Listing("set", items if items is not None else (inside,))
        if closer.text not in (")", "]"):
            raise Unreadable("a bracket without its end")
        if items is not None and len(items) == 2 and (token.text == "[" or closer.text == "]"):
            ends = [item.value if isinstance(item, Scalar) else None for item in items]
            if ends[0] is not None and ends[1] is not None and (token.text != "[" or closer.text != "]"):
                return Interval(ends[0], ends[1], token.text == "(", closer.text == ")")
        if OPENERS[token.text] != closer.text:
            raise Unreadable("brackets that do not match")
        if isinstance(inside, Grid):
            return inside
        if items is None:
            if token.text == "[" or isinstance(inside, Listing | Interval | Reals):
                return Listing("bracket" if token.text == "[" else "paren", (inside,))
            self.at, self.ambiguous = mark, ambiguous
            return None  # brackets that only group
        return Listing("paren" if token.text == "(" else "bracket", items)

    def _is_builder(self) -> bool:
        r"""{x | ...}, {x : ...}, {x \in R | ...}."""
        if self.peek(1).kind != "word" or len(self.peek(1).text) != 1:
            return False
        ahead = 4 if self.peek(2).text == r"\in" else 2
        return self.peek(ahead).kind == "sign" and self.peek(ahead).text in ("|", ":")

    def builder(self) -> Form:
        """A set by its condition; only intervals can be told from it."""
        if self.peek(2).text == r"\in" and self.peek(3).text not in REALS:
            raise Unreadable("a set of numbers that are not all reals")
        while self.take().text not in ("|", ":"):
            pass
        condition = self.listing(r"\}")
        self.need(r"\}")
        bounds = bounds_of(condition)
        if bounds is None:
            raise Unreadable("a set by its condition")
        return bounds[0] if len(bounds) == 1 else Reals(bounds)

    def outward(self) -> Form:
        """]0, 1[ for open ends, as the French write them."""
        self.need("]")
        self.facing_out = True
        low = self.expression()
        if not self.skip(",", ";"):
            raise Unreadable("an interval without its middle")
        high = self.expression()
        closed = self.skip("]")
        if not closed:
            self.need("[")
        return Interval(low, high, True, not closed)

    def system(self) -> Form:
        """Several lines in braces or aligned: each is an answer."""
        self.need(r"\begin")
        kind = self._braced_name()
        lines: list[str] = []
        items: list[Form] = []
        start = self.at
        while self.peek().text != r"\end":
            token = self.take()
            if token.kind == "end":
                raise Unreadable("lines without their end")
            if token.text == "\\\\":
                lines.append("")
                items.append(self._line(start, self.at - 1))
                start = self.at
        if self.at > start:
            items.append(self._line(start, self.at))
        self.need(r"\end")
        if self._braced_name() != kind or not items:
            raise Unreadable("lines without their end")
        return items[0] if len(items) == 1 else Listing("bare", tuple(items))

    def _line(self, start: int, end: int) -> Form:
        tokens = [token for token in self.tokens[start:end] if token.text != "&"]
        while tokens and tokens[-1].text in (",", ".", ";"):
            tokens.pop()
        return Reader(tokens).whole()


def _multiple(word: str) -> tuple[int | None, str]:
    """万, million and their like, and what is left of the word behind them."""
    word = word.strip()
    if word.lower() in MULTIPLES:
        return MULTIPLES[word.lower()], ""
    if word and word[0] in MULTIPLES and is_unit_word(word[1:]) and not is_unit_word(word):
        return MULTIPLES[word[0]], word[1:]
    return None, word


def _minor(unit: str, major: Unit) -> str:
    """分 is a minute behind hours and a cent behind yuan."""
    dimension = major.powers[0][0] if major.powers else ""
    return {"time": "分钟", "yuan": "人民币分"}.get(dimension, unit) if unit == "分" else unit


def _is_power(parts: list[str], token: Token) -> bool:
    """The 2 of m^2, or of m2."""
    if not parts or len(token.text) > 1:
        return False
    return parts[-1] in ("^", "{", "-") or (
        token.text in "23" and not token.spaced and parts[-1].isascii() and parts[-1].isalpha()
    )  # fmt: skip


def _with_unit(item: Form, unit: str) -> Form:
    return Scalar(item.value, unit, item.percent) if isinstance(item, Scalar) and item.unit is None else item


def _gathered(items: list[Form], kind: str) -> Form:
    """One item is itself; intervals of one variable joined are a set of reals; ± counts as two."""
    if len(items) == 1:
        return items[0]
    bounds = [pieces for item in items if (pieces := bounds_of(item)) is not None]
    names = {item.name for item in items if isinstance(item, Named)}
    if len(bounds) == len(items) and len(names) <= 1:
        return together(bounds, kind, names.pop() if names else None) or Listing(kind, tuple(items))
    return Listing(kind, tuple(items))


def _scaled(factor: Expression, grid: Grid) -> Grid:
    return Grid(tuple(tuple(Apply("*", (factor, cell)) for cell in row) for row in grid.rows))
