"""Whatever a model writes becomes HTML from a short list, in bounded time, and one can see what hides."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.review.differences import differences
from r1data.review.rendering import LANGUAGES, SHOWN, TAGS, plain, rendered
from tests.effort import takes_at_most
from tests.review.hostile import attacks

HARMLESS = {"class", "start", "xmlns"}


class Seen(HTMLParser):
    """Elements and attributes as a browser finds them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(html: str) -> None:
    seen = Seen(html)
    assert seen.tags <= TAGS | {"pre", "mark", "del", "ins"}, seen.tags
    assert not {name for name in seen.attributes if name.startswith("on") or name in ("href", "src", "style", "id")}
    assert not any("javascript:" in (value or "") for value in seen.attributes.values())


@pytest.mark.parametrize("attack", attacks("http://127.0.0.1:9/owned").values(), ids=attacks(""))
def test_attacks_are_text(attack: str) -> None:
    assert_harmless(rendered(attack).html)
    assert_harmless(plain(attack[:50_000]))
    told = differences(attack, attack[::2])
    assert_harmless(told.before.html)
    assert_harmless(told.after.html)


pieces = st.sampled_from(
    ["<script>", "</", ">", "javascript:", "](", "![", "[", "`", "```html\n", "$", "$$", "\\(", "\\)", "\\[",
     "\\boxed{",
     "}", "{", "\\text{", "\\href{", "onload=", '"', "'", "&lt;", "&#x", "<!--", "|", "\n", "\n\n", "- ", "1. ", "> ",
     "#",
     "*", "_", "a", "=", "\u202e", "\x00", "\U000e0001"]
)  # fmt: skip


@given(st.lists(pieces, max_size=40).map("".join))
def test_whatever_is_put_together(text: str) -> None:
    assert_harmless(rendered(text).html)


@given(st.text(max_size=200))
def test_plain_text_says_all_of_it(text: str) -> None:
    said = Seen(plain(text)).text
    for character in text:
        assert character in said or f"[U+{ord(character):04X}]" in said or character in "\r"


def test_what_is_cut_is_counted() -> None:
    made = rendered("word " * SHOWN)
    assert made.more == 4 * SHOWN and len(Seen(made.html).text) <= SHOWN + 2
    assert rendered("short").more == 0


def test_formulas_code_and_tables_are_set() -> None:
    text = (
        "So \\(x^2\\) and $y$ and \\[\\frac{1}{2}\\] give \\boxed{\\frac{3}{4}}, not $\\boxed{5}$.\n\n"
        "```python\nprint('$5')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nIt costs $5 and `$6$`."
    )
    html = rendered(text).html
    assert html.count("<math") == 5 and html.count("<menclose") == 2 and "c-nb" in html and "<table>" in html
    assert "It costs $5 and <code>$6$</code>." in html


def test_broken_formulas_are_shown_as_written() -> None:
    seen = Seen(rendered("$\\begin{matrix} 1 \\\\ $ and \\( never closed and \\boxed{ neither").html)
    assert "\\begin{matrix} 1 \\\\" in seen.text and "math" not in seen.tags and "\\boxed{ neither" in seen.text


SLOW = {
    "stars": "*a **" * 4000, "brackets": "[" * 20_000, "formulas": "\\(" * 10_000, "boxes": "\\boxed{" * 3000,
    "dollars": "$a" * 10_000, "quotes": "> " * 10_000, "lists": "- " * 10_000, "table": "|a" * 400 + "\n" + "|-" * 400,
    "html": "<!--" * 5000, "entities": "&#x41;" * 3000, "ticks": "".join("`" * n + " " for n in range(190)),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_twice_the_text_takes_no_more_than_some_times_the_time(name: str) -> None:
    """Against a hostile text that would take minutes; on a busy machine a second more or less says nothing."""
    with takes_at_most(30):
        rendered(SLOW[name])


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(
    "code", ["a " * 1990, "((((" * 990, "'\"" * 1990, "/*" * 1990], ids=["words", "open", "quotes", "comments"]
)
def test_no_lexer_is_held_up(language: str, code: str) -> None:
    with takes_at_most(30):
        assert_harmless(rendered(f"```{language}\n{code}\n```").html)
