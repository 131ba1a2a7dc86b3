"""A fingerprint depends on the value alone, and refuses values that have no stable form."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.recipe import fingerprint, fingerprint_files

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), json_values, min_size=2))
def test_order_of_keys_does_not_count(value: dict[str, object]) -> None:
    assert fingerprint(value) == fingerprint(dict(reversed(value.items())))


@given(json_values, json_values)
def test_different_values_differ(one: object, other: object) -> None:
    if repr(one) != repr(other) and not (isinstance(one, float | int) and one == other):
        assert fingerprint([one, 1]) != fingerprint([other, 2])


@pytest.mark.parametrize("value", [object(), {1, 2}, print, b"bytes"])
def test_unstable_values_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no stable encoding"):
        fingerprint({"key": value})


def test_files_count_by_name_and_content_not_by_place(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x").write_text("same")
    assert fingerprint_files(tmp_path / "a", ["x"]) == fingerprint_files(tmp_path / "b", ["x"])
    (tmp_path / "b" / "x").write_text("other")
    assert fingerprint_files(tmp_path / "a", ["x"]) != fingerprint_files(tmp_path / "b", ["x"])
