import pytest

from r1data.verifiers.code.program import find_program


@pytest.mark.parametrize(
    ("answer", "program"),
    [
        ("```python\na\n```", "a"),
        ("```python\na\n```\nbetter:\n```py\nb\n```", "b"),
        ("```python\na\n```\nOutput:\n```\n42\n```", "a"),  # a block with the tag goes before one without
        ("```\na\n```\n```\nb\n```", "b"),
        ("```cpp\na\n```\n```\nb\n```", "b"),
        ("```cpp\na\n```", None),
        ("```text\na\n```", None),
        ("```Python3 title=x\na\n```", "a"),
        ("```{.python}\na\n```", "a"),
        ("~~~python\na\n~~~", "a"),
        ("````python\n```\na\n```\n````", "```\na\n```"),
        ("1. so:\n   ```python\n   if x:\n       y\n   ```", "if x:\n    y"),
        ("```python\na\nb", "a\nb"),  # cut off
        ("```python\na\n```\n```python\n```", "a"),  # the last is empty
        ("```python\r\na\r\nb\r\n```\r\n", "a\nb"),
        ("print(1)\nprint(2)", "print(1)\nprint(2)"),
        ("The answer is 42, since we double it.", None),
        ("", None),
        ("   \n", None),
        (None, None),
        ("(" * 5000, None),
        ("see `x = 1` here", None),
        ("```python inline``` is not a block", None),
    ],
)
def test_python(answer: str | None, program: str | None) -> None:
    assert find_program(answer, "python") == program


@pytest.mark.parametrize("tag", ["cpp", "c++", "C++", "cc"])
def test_cpp(tag: str) -> None:
    assert find_program(f"```python\na\n```\n```{tag}\nb\n```\n```python\nc\n```", "cpp") == "b"


def test_what_only_looks_like_python_is_no_other_language() -> None:
    assert find_program("x = 1", "cpp") is None
