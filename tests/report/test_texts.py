"""What a model wrote: made harmless, cut to what one reads, with the offending part marked."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.report.excerpts import BUDGET, excerpt
from r1data.report.offences import Span, offences
from r1data.report.safety import rendered
from r1data.visible import visible
from schemas import Reason
from tests.report.test_report import GOOD, inspect


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>&\"'`$\\{}()[]!*_#|~ \nabtextfrchi=/:;0\x00\u202e", max_size=80))
def test_no_text_breaks_out(text: str) -> None:
    inspect(str(rendered(text)))
    shown = str(excerpt(text, [Span(*match.span()) for match in re.finditer(r"[ab]+", text)]))
    inspect(shown)
    assert "<" not in re.sub(r'</?mark>|<span class="gap">|</span>', "", shown)


@settings(deadline=None)
@given(st.text(alphabet="ab \n", max_size=9000), st.data())
def test_an_excerpt_is_short_and_hides_nothing_unsaid(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    shown = str(excerpt(text, [Span(*pair) for pair in zip(cuts[::2], cuts[1::2], strict=False)]))
    hidden = sum(int(n.replace(",", "")) for n in re.findall(r'gap">… ([\d,]+) characters', shown))
    written = re.sub(r'<span class="gap">.*?</span>|</?mark>', "", shown)
    assert len(written) + hidden == len(text)
    assert len(written) < 2 * BUDGET


@pytest.mark.parametrize(
    ("reason", "language", "text", "marked"),
    [
        ("format", "en", "<think>\nI add.\n", ["<think>"]),
        ("no_answer", "en", "<think>\nI add.\n</think>\n\nWho knows.\n", ["Who knows."]),
        ("incorrect", "en", "<think>\n\\boxed{3}\n</think>\nIt is \\boxed{\\frac{1}{2}}.", ["\\boxed{\\frac{1}{2}}"]),
        ("mixed_language", "en", "<think>\nI add. 然后我减去三。 So $x$.\n</think>\n4", ["然后我减去三"]),
        ("mixed_language", "zh", "<think>\n我算 $\\frac{ab}{cd}$ then add `code` 好。\n</think>\n答", ["then add"]),
        ("long_paragraph", "en", "<think>\nshort\n" + "long " * 9 + "\n</think>\nx", [("long " * 9).strip()]),
        ("messy_code", "en", "<think>\n```py\nx\n</think>\n4", ["```py"]),
        ("repetition", "en", "<think>\nagain\nagain\nother\n</think>\n4", ["again"]),
        ("surplus", "en", GOOD, []),
    ],
)
def test_the_offending_part_is_found(reason: str, language: str, text: str, marked: list[str]) -> None:
    spans = offences(reason, text, language, longest_paragraph=40)
    assert [text[span.start : span.end] for span in spans] == marked


def test_an_offence_far_inside_a_long_text_is_shown() -> None:
    text = "calm words\n" * 900 + "然后我减去三。\n" + "calm words\n" * 900
    shown = str(excerpt(text, offences("mixed_language", text, "en", 2000)))
    assert "<mark>然后我减去三</mark>" in shown and len(shown) < 4 * BUDGET


@pytest.mark.timeout(120)
@pytest.mark.parametrize("text", ["\\boxed{" * 6000, "$" * 40_000, "`" * 40_000, "<think>" * 9000, "\\(" * 20_000])
def test_no_text_holds_the_report_up(text: str) -> None:
    for reason in Reason:
        excerpt(text, offences(reason, text, "zh", 2000))
    rendered(text)


def test_what_a_reader_can_see_stays_as_it_is() -> None:
    assert visible("if x:\r\n\treturn 中文") == "if x:\n\treturn 中文"
    assert visible("a\x00\u202eb") == "a[U+0000][U+202E]b"


@pytest.mark.parametrize(
    "text",
    [
        r"\boxed{\frac{1}{2}}",
        r"so $x = \boxed{\frac{1}{2}}$.",
        r"\( \frac{1}{2} \)",
        r"\[\frac{1}{2}\]",
        r"$$\frac{1}{2}$$",
    ],
)
def test_formulas_are_set(text: str) -> None:
    html = str(rendered(text))
    assert "<mfrac>" in html and "$" not in html and "frac{" not in html


def test_money_is_no_formula() -> None:
    assert "<math" not in str(rendered("It costs $5 and $6 in all"))
