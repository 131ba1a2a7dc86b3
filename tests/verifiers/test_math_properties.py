"""Mathematics under hypothesis: what is equal by construction is accepted in any spelling, what is not never is."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.verifiers import Check, verify
from schemas import Outcome

Written = tuple[str, Fraction]
"""A text in LaTeX and the value that it has."""


def judge(reference: str, answer: str, question: str | None = None) -> Outcome:
    return verify(Check("0" * 32, "math", reference, None, "en", f"\\boxed{{{answer}}}", question)).outcome


numbers = st.integers(-60, 60).map(lambda n: (str(n) if n >= 0 else f"({n})", Fraction(n)))
decimals = st.integers(1, 999).map(lambda n: (f"{n / 8:.3f}", Fraction(n, 8)))


def grown(inner: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: (f"({p[0][0]} + {p[1][0]})", p[0][1] + p[1][1])),
        pair.map(lambda p: (f"({p[0][0]} - {p[1][0]})", p[0][1] - p[1][1])),
        pair.map(lambda p: (f"{p[0][0]} \\cdot {p[1][0]}", p[0][1] * p[1][1])),
        pair.filter(lambda p: p[1][1] != 0).map(lambda p: (f"\\frac{{{p[0][0]}}}{{{p[1][0]}}}", p[0][1] / p[1][1])),
        inner.map(lambda w: (f"{{{w[0]}}}^2" if w[0].startswith("(") else f"({w[0]})^2", w[1] ** 2)),
        inner.map(lambda w: (f"\\sqrt{{({w[0]})^2}}", abs(w[1]))),
        inner.map(lambda w: (f"\\left|{w[0]}\\right|", abs(w[1]))),
    )


expressions = st.recursive(numbers | decimals, grown, max_leaves=6)


def plain(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"\\dfrac{{{value.numerator}}}{{{value.denominator}}}"


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_an_expression_equals_its_value_and_no_other(written: Written) -> None:
    text, value = written
    assert judge(text, plain(value)) == Outcome.CORRECT
    assert judge(plain(value), text) == Outcome.CORRECT
    for other in (value + 1, value + Fraction(1, 10**30), value * 2 + 3):
        if other != value:
            assert judge(plain(value), plain(other)) == Outcome.INCORRECT
            assert judge(text, plain(other)) == Outcome.INCORRECT


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=5), st.integers(-5, 5))
def test_a_polynomial_equals_its_factors_and_no_neighbour(roots: list[int], lead: int) -> None:
    lead = lead or 1
    factored = f"{lead}" + "".join(f"(x {'-' if r >= 0 else '+'} {abs(r)})" for r in roots)
    powers = [lead]
    for root in roots:  # multiply by (x - root)
        powers = [a - root * b for a, b in zip([*powers, 0], [0, *powers], strict=True)]
    degree = len(powers) - 1
    expanded = " + ".join(f"({c})x^{{{degree - n}}}" for n, c in enumerate(powers))
    assert judge(factored, expanded) == Outcome.CORRECT
    assert judge(expanded, f"{factored} + 1") == Outcome.INCORRECT
    assert judge(factored, f"{factored} + x") == Outcome.INCORRECT


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-99, 99), min_size=2, max_size=6, unique=True), st.randoms())
def test_a_set_has_no_order_and_a_tuple_has_one(items: list[int], dice: object) -> None:
    turned = items[1:] + items[:1]
    ours, theirs = ", ".join(map(str, items)), ", ".join(map(str, turned))
    assert judge(f"\\{{{ours}\\}}", f"\\{{{theirs}\\}}") == Outcome.CORRECT
    assert judge(f"({ours})", f"({ours})") == Outcome.CORRECT
    assert judge(f"({ours})", f"({theirs})") == Outcome.INCORRECT
    assert judge(ours, theirs) == Outcome.UNDECIDED
    assert judge(ours, theirs, "Find all solutions.") == Outcome.CORRECT
    assert judge(ours, theirs, "Write the first terms of the sequence.") == Outcome.INCORRECT
    assert judge(f"\\{{{ours}\\}}", f"\\{{{ours}, 1000\\}}") == Outcome.INCORRECT


@settings(max_examples=100, deadline=None)
@given(st.integers(-50, 50), st.integers(1, 50), st.booleans(), st.booleans())
def test_an_interval_is_its_inequality_and_keeps_its_ends(low: int, width: int, left: bool, right: bool) -> None:
    high = low + width
    interval = f"{'(' if left else '['}{low}, {high}{')' if right else ']'}"
    signs = ["<" if is_open else "\\le" for is_open in (left, right)]
    chain = f"{low} {signs[0]} x {signs[1]} {high}"
    question = "Solve the inequality."
    assert judge(interval, chain, question) == Outcome.CORRECT
    assert judge(chain, interval, question) == Outcome.CORRECT
    assert judge(interval, f"{'[' if left else '('}{interval[1:]}", question) == Outcome.INCORRECT
    assert judge(interval, chain.replace(f" {high}", f" {high + 1}"), question) == Outcome.INCORRECT


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 400), st.integers(1, 400))
def test_numbers_of_any_size_are_told_apart(base: int, exponent: int) -> None:
    assert judge(f"{base}^{{{exponent}}}", f"{base}^{{{exponent}}} + 1") == Outcome.INCORRECT
    assert judge(f"{base}^{{-{exponent}}}", f"\\frac{{1}}{{{base}^{{{exponent}}}}}") == Outcome.CORRECT
    assert judge(f"{base}^{{-{exponent}}}", f"{base}^{{-{exponent + 1}}}") == Outcome.INCORRECT
    assert judge(f"\\frac{{1}}{{{exponent + 2000}!}}", f"\\frac{{1}}{{{exponent + 2001}!}}") == Outcome.INCORRECT
    assert judge(f"e^{{-{exponent}}}", f"e^{{-{exponent + 1}}}") == Outcome.INCORRECT


LATEX = st.text(alphabet="\\{}()[]^_|$%&!,.;:=<>+-*/0123456789abcxyzeifrqtπ√∞×±≤元个一 \n'\"", max_size=40)


@settings(max_examples=500, deadline=None)
@given(LATEX, LATEX, LATEX)
def test_no_text_makes_it_fail_or_takes_it_long(reference: str, answer: str, question: str) -> None:
    verdict = verify(Check("0" * 32, "math", reference, None, "en", f"so \\boxed{{{answer}}}", question))
    assert verdict.outcome in set(Outcome) - {Outcome.VERIFIER_ERROR, Outcome.TIMEOUT}, verdict
    assert verdict.seconds < 5 or "math-verify" in verdict.detail, verdict
