"""Terms: numbers, letters, functions and what joins them, read from tokens. Recursive descent of bounded depth."""

from __future__ import annotations

import re
from fractions import Fraction

from r1data.verifiers.math.expression import (
    Apply,
    Expression,
    Grid,
    Number,
    Symbol,
    Unreadable,
    negative,
    number,
)
from r1data.verifiers.math.numerals import numeral
from r1data.verifiers.math.tokens import Token
from r1data.verifiers.math.units import MULTIPLES, is_unit_word

DEEPEST = 40
MOST_IN_PRODUCT = 500
FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan arccot sinh cosh tanh log ln lg exp sqrt gcd lcm max min floor ceil"
    " abs sgn arg Re Im det".split()
)
SPELT_OUT = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "cbrt": "cbrt"}
GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi omega"
    " varphi vartheta varepsilon Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega ell hbar".split()
)
CONSTANT_WORDS = {"pi": "pi", "infinity": "infinity", "infty": "infinity", "inf": "infinity", "oo": "infinity"}
SIGNS = {"=": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", r"\le": "<=", r"\ge": ">=", r"\ne": "!=",
         r"\equiv": "=", r"\approx": "=", r"\sim": "="}  # fmt: skip
FACTOR_COMMANDS = frozenset((r"\frac", r"\sqrt", r"\hat", r"\vec", r"\pi", r"\infty", r"\binom", r"\lfloor", r"\lceil"))
JOINERS = frozenset(("or", "and", "或", "和", "且", "与", "及", "或者", "以及"))
OPENERS = {"(": ")", "[": "]", r"\{": r"\}"}
LARGEST_DETERMINANT = 4
MATRICES = frozenset(("matrix", "pmatrix", "bmatrix", "vmatrix", "Bmatrix", "array", "smallmatrix"))
LONGEST_NUMBER = 4000
"""Python reads no integer of more than 4300 digits; integers that long are compared as texts before they come here."""


class ExpressionReader:
    """One pass over tokens, as far as they make expressions."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.ambiguous = False
        self.bars = 0
        self.facing_out = False

    def peek(self, ahead: int = 0) -> Token:
        """The token at hand, or an empty one at the end."""
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else Token("end", "")

    def take(self) -> Token:
        """The token at hand, which is passed."""
        token = self.peek()
        self.at += 1
        return token

    def skip(self, *texts: str) -> bool:
        """Pass the token at hand if it is one of these."""
        if self.peek().kind != "text" and self.peek().text in texts:
            self.at += 1
            return True
        return False

    def need(self, text: str) -> None:
        """Pass the token at hand, which has to be this one."""
        if not self.skip(text):
            raise Unreadable(f"{text} expected, {self.peek().text or 'the end'} found")

    def deeper(self) -> None:
        """Count a level of nesting."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("nested too deeply")

    def expression(self) -> Expression:
        """A sum."""
        self.deeper()
        terms = [self.signed_term()]
        while True:
            if self.skip("+"):
                terms.append(self.term())
            elif self.peek().text == "-" and self.peek().kind == "sign":
                self.take()
                terms.append(negative(self.term()))
            elif self.peek().text in (r"\pm", r"\mp"):
                terms.append(Apply(self.take().text[1:], (self.term(),)))
            else:
                break
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Apply("+", tuple(terms))

    def signed_term(self) -> Expression:
        """A term with signs before it."""
        if self.skip("+"):
            return self.signed_term()
        if self.peek().text == "-" and self.peek().kind == "sign":
            self.take()
            self.deeper()
            inner = self.signed_term()
            self.depth -= 1
            return negative(inner)
        if self.peek().text in (r"\pm", r"\mp"):
            return Apply(self.take().text[1:], (self.term(),))
        return self.term()

    def term(self) -> Expression:
        """A product, with the sign or without; division binds to what stands right behind it."""
        result = self.factor()
        divided = False
        start = self.at
        while True:
            if self.at - start > MOST_IN_PRODUCT:
                raise Unreadable("a product too long")  # each factor is a level of the tree
            if self.skip("*"):
                result = Apply("*", (result, self.signed_factor()))
            elif self.peek().text == "/" and self.peek().kind == "sign":
                if self._is_unit_ahead(1):
                    break
                self.take()
                result = Apply("/", (result, self.signed_factor()))
                divided = True
            elif self.starts_factor():
                if isinstance(result, Number) and self._is_mixed(result):
                    result = Apply("+", (result, self.factor()))
                    continue
                if self.peek().kind == "number" and isinstance(result, Number):
                    raise Unreadable("two numbers side by side")
                self.ambiguous |= divided
                result = Apply("*", (result, self.factor()))
            else:
                return result
        return result

    def signed_factor(self) -> Expression:
        """A factor behind a sign of an operation: -3 is fine there."""
        if self.peek().text == "-" and self.peek().kind == "sign":
            self.take()
            return negative(self.factor())
        return self.factor()

    def _is_mixed(self, whole: Number) -> bool:
        r"""1 1/2 and 1\frac{1}{2}: an integer, then a proper fraction of plain integers."""
        if whole.value.denominator != 1 or "." in self.tokens[self.at - 1].text:
            return False
        texts = [self.peek(k).text for k in range(7)]
        if texts[0] == r"\frac":
            if texts[1] == "{" and texts[3:5] == ["}", "{"] and texts[6] == "}":
                top, bottom = texts[2], texts[5]
            elif len(texts[1]) == 2 and texts[1].isdigit() and texts[2] != "{":
                top, bottom = texts[1][0], texts[1][1]
            else:
                return False
            return top.isdigit() and bottom.isdigit() and int(top) < int(bottom)
        proper = texts[0].isdigit() and texts[1] == "/" and texts[2].isdigit()
        if proper and self.peek().spaced and int(texts[0]) < int(texts[2]):
            top_token, bottom_token = self.take(), self.peek(1)
            self.at += 2
            fraction = Token("repeating", f"{top_token.text}/{bottom_token.text}")
            self.at -= 1
            self.tokens[self.at] = fraction
            return True
        return False

    def starts_factor(self) -> bool:
        """Whether the token at hand begins a factor, so that two stand side by side."""
        token = self.peek()
        match token.kind:
            case "number" | "repeating" | "scientific":
                return True
            case "command":
                if token.text == r"\begin":
                    return self.peek(2).text == "vmatrix"
                return token.text in FACTOR_COMMANDS or token.text[1:] in FUNCTIONS or token.text[1:] in GREEK
            case "word":
                return not self._is_unit_ahead(0) and token.text.lower() not in JOINERS and not (
                    token.text in ("U",) and self.peek(1).text in OPENERS
                )  # fmt: skip
            case "text":
                if token.text in ("min", "max"):  # min is a minute where it is applied to nothing
                    return self.peek(1).text in ("(", "{", r"\{")
                return token.text in FUNCTIONS or token.text in ("e", "i", "d", "C", "A", "P") or (
                    len(token.text) == 1 and token.text.isascii() and token.text.isalpha()
                    and not is_unit_word(token.text)
                )  # fmt: skip
            case "vector":
                return True
            case "sign":
                if token.text == "[" and self.facing_out:
                    return False
                return token.text in "([{" or (token.text == "|" and not self.bars)
            case _:
                return False

    def _is_unit_ahead(self, ahead: int) -> bool:
        """Whether a unit stands here: a word that is one, at the end of an item."""
        token = self.peek(ahead)
        if token.kind == "text":
            return is_unit_word(token.text)
        if token.kind != "word" or not self._closes_item(ahead):
            return False
        before = self.peek(ahead - 1)
        if len(token.text) == 1:
            powered = self._is_powered_letter(ahead - 1)  # the h of r^2 h is no hour
            return token.spaced and is_unit_word(token.text) and before.kind == "number" and not powered
        if token.text.lower() in MULTIPLES or token.text.lower() in ("percent", "per"):
            return True
        known = token.text in FUNCTIONS or token.text in GREEK or token.text in CONSTANT_WORDS
        return is_unit_word(token.text) or (len(token.text) > 3 and not known)

    def _is_powered_letter(self, ahead: int) -> bool:
        """Whether the token there is the exponent of a letter."""
        if self.at + ahead < 2 or self.peek(ahead - 1).text != "^":
            return False
        base = self.peek(ahead - 2)
        return base.kind == "word" or base.text[1:] in GREEK

    def _closes_item(self, ahead: int) -> bool:
        """Whether only words and what belongs to units stands from here to the next comma."""
        place = ahead
        while True:
            token = self.peek(place)
            if token.kind == "end" or token.text in (",", ";", ")", "]", r"\}") or token.text in SIGNS:
                return True
            if token.kind not in ("word", "text", "chinese", "number") and token.text not in "/^*{}-°":
                return False
            place += 1

    def factor(self) -> Expression:
        """An atom with its power and what stands behind it: !, degrees, a subscript."""
        self.deeper()
        result = self.atom()
        while True:
            token = self.peek()
            if token.kind != "sign":
                break
            if token.text == "^":
                self.take()
                result = Apply("^", (result, self.exponent()))
            elif token.text == "!":
                self.take()
                result = Apply("!!" if self.skip("!") else "!", (result,))
            elif token.text == "°" and self.peek(1).text not in ("C", "F"):
                self.take()
                result = Apply("deg", (self.minutes(result),))
            elif token.text == "'" and isinstance(result, Symbol):
                self.take()
                result = Symbol(result.name + "'")
            else:
                break
        self.depth -= 1
        return result

    def minutes(self, degrees: Expression) -> Expression:
        """36° 30' as 36 and a half."""
        if self.peek().kind != "number" or self.peek(1).text != "'":
            return degrees
        minutes = plain_number(self.take().text)
        self.take()
        return Apply("+", (degrees, Apply("/", (minutes, number(60)))))

    def exponent(self) -> Expression:
        """What stands behind ^: a group, a signed number or letter; towers go up from the right."""
        if self.peek().text == "-" and self.peek().kind == "sign":
            self.take()
            return negative(self.exponent())
        if self.peek().text == "{":
            inner = self.group()
        elif self.peek().kind == "word" and len(self.peek().text) > 1 and self.peek().text not in CONSTANT_WORDS:
            inner = self.letters()
        else:
            inner = self.atom()
        if self.peek().text == "^" and self.peek().kind == "sign":
            self.take()
            self.deeper()
            inner = Apply("^", (inner, self.exponent()))
            self.depth -= 1
        return inner

    def group(self) -> Expression:
        """{...} as an expression."""
        self.need("{")
        inner = self.expression()
        self.need("}")
        return inner

    def argument(self) -> Expression:
        r"""What belongs to \frac or \sqrt: a group, or the next single digit or letter."""
        token = self.peek()
        if token.text == "{":
            return self.group()
        if token.kind == "number":
            self.take()
            if len(token.text) > 1:  # \frac12
                first, rest = Token("number", token.text[0], token.spaced), Token("number", token.text[1:])
                self.tokens[self.at - 1 : self.at] = [first, rest]
            return plain_number(token.text[0])
        return self.atom()

    def atom(self) -> Expression:
        """A number, a symbol, a bracket, a function with its argument."""
        token = self.take()
        match token.kind:
            case "number":
                if self.peek().text == "_" and self.peek().kind == "sign":
                    return self.based(token.text)
                return plain_number(token.text)
            case "scientific":
                return _scientific(token.text)
            case "repeating":
                return _repeating(token.text)
            case "word":
                return self.word(token)
            case "text":
                return self.textual(token)
            case "vector":
                return Symbol(f"unit {token.text}")
            case "command":
                return self.command(token)
            case "sign":
                return self.bracketed(token)
            case _:
                raise Unreadable("something is missing" if token.kind == "end" else f"{token.text} is no mathematics")

    def bracketed(self, token: Token) -> Expression:
        """A group in brackets or bars."""
        self.deeper()
        if token.text == "|":
            self.bars += 1
            inner = self.expression()
            self.need("|")
            self.bars -= 1
            self.depth -= 1
            return Apply("abs", (inner,))
        closer = {"(": ")", "[": "]", "{": "}"}.get(token.text)
        if closer is None:
            raise Unreadable(f"{token.text} is out of place")
        bars, self.bars = self.bars, 0
        inner = self.expression()
        self.bars = bars
        self.need(closer)
        self.depth -= 1
        return inner

    def based(self, digits: str) -> Expression:
        """101_2 and 1A_{16}: a number in another base."""
        self.need("_")
        base: Expression | None = None
        named = numeral(self.peek(1).text) if self.peek().text == "{" and self.peek(1).kind == "text" else None
        if named is not None:
            self.at += 2
            self.need("}")
            base = Number(named)
        elif self.peek().text == "{" or self.peek().kind == "number":
            base = self.argument()
        if not isinstance(base, Number) or base.value.denominator != 1 or not 2 <= base.value <= 36:
            raise Unreadable("a subscript of a number that is no base")
        try:
            return Apply("based", (number(int(digits, int(base.value))), number(int(digits)), base))
        except ValueError:
            raise Unreadable(f"{digits} is no number in base {base.value}") from None

    def word(self, token: Token) -> Expression:
        """Letters without a backslash: a function, a constant, or a product of variables."""
        text = SPELT_OUT.get(token.text, token.text)
        if text in FUNCTIONS or text == "cbrt":
            return self.function(text)
        if text in CONSTANT_WORDS:
            return Symbol(CONSTANT_WORDS[text])
        if text in GREEK:
            return self.symbol(text)
        self.at -= 1
        return self.letters()

    def letters(self) -> Expression:
        """The letters of a word as a product: xy is x times y. The last may carry the power that follows."""
        token = self.take()
        text = token.text
        if len(text) > 3 or (len(text) == 3 and _is_name(text)):
            raise Unreadable(f"the word {text}")
        if len(text) == 1:
            return self.symbol(text)
        self.tokens[self.at - 1 : self.at] = [Token("word", text[0], token.spaced), Token("word", text[1:])]
        return Symbol(text[0])

    def symbol(self, name: str) -> Expression:
        """A letter with its subscript; a call such as f(x) is one symbol too."""
        if self.peek().text == "_" and self.peek().kind == "sign":
            self.take()
            if self.peek().text == "{":
                start = self.at
                while self.peek().text != "}":
                    if self.take().kind == "end":
                        raise Unreadable("a subscript without its end")
                self.take()
                index = shown(self.tokens[start + 1 : self.at - 1])
            else:
                index = self.take().text
            if name in ("C", "A", "P") and self.peek().text == "^":
                return self.choose(name, index)
            name = f"{name}_{index}"
        elif name in ("C",) and self.peek().text == "^" and self.peek().kind == "sign":
            return self.choose_upper(name)
        if name in ("f", "g", "h", "F", "G", "P", "Q") and self.peek().text == "(" and self.peek().kind == "sign":
            self.take()
            inner = self.expression()
            self.need(")")
            return Apply(f"call {name}", (inner,))
        return Symbol(name)

    def choose(self, name: str, lower: str) -> Expression:
        """C_5^2 and A_5^2, as Chinese textbooks write combinations and permutations."""
        self.need("^")
        upper = self.argument()
        if not lower.isdigit():
            raise Unreadable("a combination of something that is no number")
        head = "binom" if name == "C" else "perm"
        return Apply(head, (number(int(lower)), upper))

    def choose_upper(self, name: str) -> Expression:
        """C^2_5, the other way round; a plain power of C otherwise."""
        mark = self.at
        self.take()
        upper = self.argument()
        if self.peek().text == "_" and isinstance(upper, Number):
            self.take()
            return Apply("binom", (self.argument(), upper))
        self.at = mark
        return Symbol(name)

    def textual(self, token: Token) -> Expression:
        r"""\text{...} or \mathrm{...} inside mathematics."""
        if token.text in FUNCTIONS:
            return self.function(token.text)
        if len(token.text) == 1 and token.text.isalpha():
            return self.symbol(token.text)
        raise Unreadable(f"the words {token.text}")

    def command(self, token: Token) -> Expression:
        r"""A LaTeX command: \frac, \sqrt, \pi, a function, a Greek letter."""
        name = token.text[1:]
        self.deeper()
        try:
            match name:
                case "frac":
                    top = self.argument()
                    return Apply("/", (top, self.argument()))
                case "sqrt":
                    return self.root()
                case "binom":
                    top = self.argument()
                    return Apply("binom", (top, self.argument()))
                case "pi" | "infty":
                    return Symbol("pi" if name == "pi" else "infinity")
                case "lfloor" | "lceil":
                    inner = self.expression()
                    self.need(r"\rfloor" if name == "lfloor" else r"\rceil")
                    return Apply("floor" if name == "lfloor" else "ceil", (inner,))
                case "begin":
                    self.at -= 1
                    if self.peek(2).text != "vmatrix":
                        raise Unreadable("a matrix inside an expression")
                    return _determinant(self.matrix().rows)
                case "overline" | "bar" | "vec" | "hat" | "overrightarrow" | "mathit" | "boxed":
                    inner = self.argument()
                    if name == "boxed":
                        return inner
                    if isinstance(inner, Symbol):
                        direction = name in ("vec", "hat", "overrightarrow") and inner.name in ("i", "j", "k")
                        return Symbol(f"unit {inner.name}" if direction else f"{name} {inner.name}")
                    raise Unreadable(f"\\{name} over more than a letter")
            if name in FUNCTIONS:
                return self.function(name)
            if name in GREEK:
                return self.symbol(name)
            raise Unreadable(f"the command {token.text}")
        finally:
            self.depth -= 1

    def root(self) -> Expression:
        r"""\sqrt with or without an index."""
        if self.skip("["):
            index = self.expression()
            self.need("]")
            return Apply("root", (self.argument(), index))
        if self.peek().text == "(" and self.peek().kind == "sign":
            return Apply("sqrt", (self.atom(),))
        token = self.peek()
        if token.kind == "number" and token.spaced:  # the sign √ takes the whole number behind it
            self.take()
            return Apply("sqrt", (plain_number(token.text),))
        return Apply("sqrt", (self.argument(),))

    def function(self, name: str) -> Expression:
        """A function with its power (sin^2 x), its base (log_2 x) and its argument."""
        self.deeper()
        power: Expression | None = None
        base: Expression | None = None
        for _ in range(2):
            if self.peek().text == "^" and self.peek().kind == "sign":
                self.take()
                power = self.exponent()
            elif self.peek().text == "_" and self.peek().kind == "sign":
                self.take()
                base = self.argument()
        arguments = self.arguments(name)
        self.depth -= 1
        if name in ("min", "max", "gcd", "lcm") and len(arguments) == 1:
            raise Unreadable(f"{name} of one thing")
        if base is not None:
            if name != "log":
                raise Unreadable(f"{name} with a subscript")
            arguments = (*arguments, base)
        if power == Number(Fraction(-1)):
            inverse = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}.get(name)
            if inverse is None:
                raise Unreadable(f"the inverse of {name}")
            return Apply(inverse, arguments)
        result: Expression = Apply("sqrt" if name == "sqrt" else name, arguments)
        if name == "cbrt":
            result = Apply("root", (*arguments, number(3)))
        return result if power is None else Apply("^", (result, power))

    def arguments(self, name: str) -> tuple[Expression, ...]:
        """What a function is applied to: brackets with commas, a group, or the product that follows."""
        token = self.peek()
        if token.kind == "sign" and token.text in "({[":
            self.take()
            closer = {"(": ")", "{": "}", "[": "]"}[token.text]
            bars, self.bars = self.bars, 0
            found = [self.expression()]
            while self.skip(","):
                found.append(self.expression())
            self.bars = bars
            self.need(closer)
            return tuple(found)
        result = self.factor()
        while self.starts_factor() and self.peek().text not in ("(", "[") and not self._is_function(self.peek()):
            if isinstance(result, Number) and self.peek().kind == "number":
                break
            result = Apply("*", (result, self.factor()))
        if self.peek().text == "/" and self.peek().kind == "sign":
            self.ambiguous = True
        return (result,)

    def _is_function(self, token: Token) -> bool:
        return token.text.removeprefix("\\") in FUNCTIONS and token.text != r"\sqrt"

    def matrix(self) -> Grid:
        """A matrix environment."""
        self.need(r"\begin")
        kind = self._braced_name()
        if kind not in MATRICES:
            raise Unreadable(f"environment {kind}")
        if kind == "array" and self.skip("{"):
            while not self.skip("}"):
                if self.take().kind == "end":
                    raise Unreadable("an array without its end")
        rows: list[tuple[Expression, ...]] = []
        row: list[Expression] = []
        while not self.skip(r"\end"):
            row.append(self.expression())
            if self.skip("&"):
                continue
            rows.append(tuple(row))
            row = []
            if not self.skip("\\\\", r"\cr"):
                self.need(r"\end")
                break
        if self._braced_name() != kind or not rows or len({len(r) for r in rows}) != 1:
            raise Unreadable("a matrix that is no rectangle")
        return Grid(tuple(rows))

    def _braced_name(self) -> str:
        self.need("{")
        name = self.take().text
        self.need("}")
        return name


def plain_number(text: str) -> Number:
    if len(text) > LONGEST_NUMBER:
        raise Unreadable(f"a number of {len(text)} digits")
    return Number(Fraction(text.replace(",", "").replace(" ", "")))


def _scientific(text: str) -> Expression:
    """1.5e-7: the power stays a power, so that no exponent is written out."""
    mantissa, _, exponent = text.lower().partition("e")
    return Apply("*", (plain_number(mantissa), Apply("^", (number(10), number(int(exponent))))))


def _repeating(text: str) -> Number:
    if "/" in text:
        return Number(Fraction(text))
    if len(text) > LONGEST_NUMBER:
        raise Unreadable(f"a number of {len(text)} digits")
    match = re.fullmatch(r"(\d*)\.(\d*)\\(?:overline|dot|bar)\s*\{(\d+)\}", text)
    assert match is not None
    whole, fixed, cycle = match.groups()
    value = Fraction(int(whole or "0")) + Fraction(int(fixed or "0"), 10 ** len(fixed))
    return Number(value + Fraction(int(cycle), (10 ** len(cycle) - 1) * 10 ** len(fixed)))


def _is_name(text: str) -> bool:
    """Three letters that are a word or an abbreviation rather than a product: they have a vowel between."""
    if text.lower() == "yes":
        return True
    return text[1].lower() in "aeiou" and text.lower() not in ("xyz", "abc") and text[0].lower() not in "xyz"


def _determinant(rows: tuple[tuple[Expression, ...], ...]) -> Expression:
    """By the first row; only small ones are written out."""
    if len(rows) != len(rows[0]) or len(rows) > LARGEST_DETERMINANT:
        raise Unreadable("a determinant that is not small and square")
    if len(rows) == 1:
        return rows[0][0]
    terms = []
    for column, cell in enumerate(rows[0]):
        minor = _determinant(tuple(row[:column] + row[column + 1 :] for row in rows[1:]))
        term: Expression = Apply("*", (cell, minor))
        terms.append(Apply("neg", (term,)) if column % 2 else term)
    return Apply("+", tuple(terms))


def shown(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens)
