import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.verifiers.code.comparison import Comparison, same_output, same_value

LINES, TOKENS, EXACT, FLOAT = Comparison.LINES, Comparison.TOKENS, Comparison.EXACT, Comparison.FLOAT


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("7", "7\n", True),
        ("7\n", "7", True),
        ("1 2\n3\n", "1  2 \n3\n\n\n", True),
        ("1\r\n2\r\n", "1\n2\n", True),
        ("7", "8", False),
        ("7", "", False),
        ("", "", True),
        ("", "0", False),
        ("1\n2\n3", "1\n2", False),  # a prefix
        ("1\n2", "1\n2\n3", False),  # an additional line
        ("1 2 3", "1 2", False),
        ("1 2", "1 2 3", False),
        ("1\n2", "1 2", False),
        ("1\n\n2", "1\n2", False),
        ("\n1", "1", False),
        ("YES", "Yes", False),
        ("0.5", "0.50", True),
        ("0.333333333", "0.3333333339", True),
        ("0.333333", "0.3334", False),
        ("1e3", "1000", True),
        ("1000", "1e3", False),
        ("1000", "1000.0", False),
        ("10", "010", False),
        ("123456.78", "123456.77", False),
        ("0.5", "nan", False),
        ("0.5", "1_0", False),
        ("0.5", "٠.٥", False),
        ("1.5", "1.5" + "0" * 1000, False),
        ("inf", "inf", True),
        ("1e999", "2e999", True),  # both are infinite as floats: no task asks that
        ("a.b", "a.c", False),
    ],
)
def test_line_by_line(expected: str, actual: str, same: bool) -> None:
    assert same_output(expected, actual, LINES) is same


@pytest.mark.parametrize(
    ("expected", "actual", "comparison", "tolerance", "same"),
    [
        ("1\n2\n", "1 2", TOKENS, None, True),
        ("1\n2\n", "1", TOKENS, None, False),
        ("0.5", "0.50", TOKENS, None, False),
        ("a b", "a  b", EXACT, None, False),
        ("a b\n", "a b", EXACT, None, True),
        ("a b", "a b\n\n", EXACT, None, False),
        ("a\r\nb", "a\nb\n", EXACT, None, True),
        ("1", "1.0000001", FLOAT, None, True),
        ("1", "1.001", FLOAT, None, False),
        ("1", "1.001", FLOAT, 0.01, True),
        ("1000000", "1000000.5", FLOAT, None, True),  # relative
        ("x 1", "y 1", FLOAT, 1.0, False),
        ("1 2", "1", FLOAT, 1.0, False),
        ("0.5", "0.501", LINES, 0.01, True),
        ("5", "5.001", LINES, 0.01, False),  # an integer is exact
    ],
)
def test_other_comparisons(
    expected: str, actual: str, comparison: Comparison, tolerance: float | None, same: bool
) -> None:
    assert same_output(expected, actual, comparison, tolerance) is same


texts = st.text(alphabet=string.ascii_letters + string.digits + " .-\n\t", max_size=60)


@given(texts)
def test_a_text_is_the_same_as_itself_however_it_ends(text: str) -> None:
    for comparison in Comparison:
        assert same_output(text, text, comparison)
    assert same_output(text, text + "\n", LINES)
    assert same_output(text, text + " \n\n", TOKENS)


@given(texts, st.text(alphabet=string.ascii_letters + string.digits, min_size=1, max_size=5))
def test_an_additional_or_a_missing_line_is_never_right(text: str, more: str) -> None:
    for comparison in Comparison:
        assert not same_output(text, f"{text}\n{more}", comparison)
        assert not same_output(f"{text}\n{more}", text, comparison)
        assert not same_output(f"{more}\n{text}x", more, comparison)


@given(st.integers(), st.integers())
def test_integers_are_compared_digit_by_digit(left: int, right: int) -> None:
    for comparison in (LINES, TOKENS, EXACT):
        assert same_output(str(left), str(right), comparison) is (left == right)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e3))
def test_a_number_is_near_enough_or_is_not(value: float, distance: float) -> None:
    near, far = value + 1e-8, value + abs(value) * 1e-5 + distance
    assert same_output(f"{value:.9f}", f"{near:.9f}", LINES)
    assert not same_output(f"{value:.9f}", f"{far:.9f}", LINES)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(values)
def test_a_value_is_the_same_as_itself_and_not_as_itself_in_a_list(value: object) -> None:
    assert same_value(value, value)
    assert not same_value([value], value)
    assert not same_value(value, [value])


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (1, True, False),
        (True, 1, False),
        (False, 0, False),
        (True, True, True),
        (2, 2.0, True),
        (2, 2.0000001, False),
        (2.0, 2, True),
        (0.1, 0.1 + 1e-9, True),
        (0.1, 0.2, False),
        (float("nan"), float("nan"), True),
        (float("inf"), float("inf"), True),
        (float("inf"), 1e308, False),
        (1.5, 10**400, False),
        (10**400, 10**400, True),
        (None, 0, False),
        (None, None, True),
        ("1", 1, False),
        ([1, 2], [2, 1], False),
        ([1, [0.5]], [1, [0.5000000001]], True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 0.5}, {"a": 0.5000000001}, True),
        ([], {}, False),
    ],
)
def test_values(expected: object, actual: object, same: bool) -> None:
    assert same_value(expected, actual) is same
