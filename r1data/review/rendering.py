"""Rendering: what a model wrote as HTML in which nothing can run, load or lead anywhere.

Three walls, each of which would do alone: the Markdown renderer makes no HTML of the text's own, no links and no
images; what comes out is cleaned by a list of allowed elements; and the page's policy (`r1data.review.doors`) lets no
script run but the page's own. Characters that hide or turn what one reads are spelled out.

What is rendered is cut to a length that a page shows at once; the rest can be had as plain text. All of it takes time
in proportion to the length, whatever the text is: no pattern here looks back.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from r1data.report.safety import ATTRIBUTES, ELEMENTS, formula
from r1data.visible import visible

SHOWN = 20_000
"""Characters of a part that are rendered."""
PIECE = 20_000
"""Characters of a piece of plain text: the browser lays out only the pieces that are in sight."""
LONGEST_CODE = 4000
"""Characters of a block of code that are coloured."""
LANGUAGES = frozenset(
    "bash c cpp c++ css diff go haskell html ini javascript js json kotlin lua make php py python python3 r ruby "
    "rust scala sh sql swift toml ts typescript xml yaml".split()
)
"""Languages that are coloured: those whose lexers are short of surprises."""
TAGS = ELEMENTS | frozenset(
    "p br hr em strong s h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code span table thead tbody tr th td div".split()
)
BRACKETS = {"\\(": ("\\)", "math_inline"), "\\[": ("\\]", "math_inline_double")}
"""What closes a formula, and what sort it is."""
BOX = "\\boxed{"
LONGEST_FORMULA, LONGEST_BOX = 2000, 200


class Rendered(NamedTuple):
    """HTML, and how many characters of the text are not in it."""

    html: Markup
    more: int


def rendered(text: str, limit: int = SHOWN) -> Rendered:
    """Markdown with mathematics (as MathML) and coloured code, at most `limit` characters of it."""
    shown = text[:limit]
    html = _markdown().render(visible(shown, len(shown)))
    return Rendered(Markup(_clean(html)), len(text) - len(shown))


def plain(text: str) -> Markup:
    """All of a text as it is, in pieces that a page can hold a million characters of."""
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    return Markup("").join(Markup('<pre class="piece">{}</pre>').format(visible(piece, PIECE)) for piece in pieces)


def marked(text: str, spans: Sequence[tuple[int, int]], tag: str, limit: int = SHOWN) -> Rendered:
    """Plain text with these places in it inside of `<tag>`, at most `limit` characters of it."""
    pieces: list[Markup] = []
    end = 0
    for start, stop in spans:
        start, stop = max(start, end), min(stop, limit)
        if start < stop:
            pieces += [escape(visible(text[end:start], limit)),
                       Markup(f"<{tag}>{{}}</{tag}>").format(visible(text[start:stop], limit))]  # fmt: skip
            end = stop
    pieces.append(escape(visible(text[end:limit], limit)))
    return Rendered(Markup("").join(pieces), max(len(text) - limit, 0))


def _tex(state: StateInline, silent: bool) -> bool:
    r"""Rule of the Markdown parser: formulas in `\(…\)` and `\[…\]`, and boxes that stand outside of any formula."""
    start = state.pos
    if state.src[start] != "\\":
        return False
    opening = state.src[start : start + 2]
    if opening in BRACKETS:
        closing, kind = BRACKETS[opening]
        end = state.src.find(closing, start + 2, start + 2 + LONGEST_FORMULA)
        latex, after = state.src[start + 2 : end], end + 2
    elif state.src.startswith(BOX, start):
        end = _closed(state.src, start + len(BOX) - 1)
        latex, kind, after = state.src[start : end + 1], "math_inline", end + 1
    else:
        return False
    if end < 0 or not latex.strip():
        return False
    if not silent:
        state.push(kind, "math", 0).content = latex.strip()
    state.pos = after
    return True


def _closed(text: str, opened: int) -> int:
    """Where the brace that is opened there is closed; -1 where that is far away or nowhere."""
    depth = 0
    for at in range(opened, min(len(text), opened + LONGEST_BOX)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return -1


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 12}).enable("table")
    # Without `escape`, broken formulas are seen as they were written.
    markdown.disable(["link", "image", "autolink", "html_block", "html_inline", "reference", "code", "escape"])
    dollarmath_plugin(
        markdown, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True, renderer=_formula
    )
    markdown.inline.ruler.before("escape", "tex", _tex)
    markdown.add_render_rule("fence", _fence)
    return markdown


@lru_cache(maxsize=8192)
def _cached_formula(latex: str, display: bool) -> str:
    return formula(latex, {"display_mode": display})


def _formula(latex: str, options: dict[str, object]) -> str:
    return _cached_formula(latex, bool(options.get("display_mode")))


def _fence(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    code = tokens[at].content
    language = (tokens[at].info.split() or [""])[0].lower()
    if language in LANGUAGES and len(code) <= LONGEST_CODE:
        return f'<pre class="code"><code>{highlight(code, get_lexer_by_name(language), _formatter())}</code></pre>'
    return f'<pre class="code"><code>{escape(code)}</code></pre>'


@lru_cache(maxsize=1)
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True, classprefix="c-")


def _clean(html: str) -> str:
    """Only what is on the list: no other element, no attribute that could load or run anything."""
    return nh3.clean(
        html, tags=set(TAGS), attributes=_allowed(), url_schemes=set(), link_rel=None, strip_comments=True,
        clean_content_tags={"script", "style"},
    )  # fmt: skip


@lru_cache(maxsize=1)
def _allowed() -> dict[str, set[str]]:
    mathematics = {name: set(ATTRIBUTES) for name in ELEMENTS}
    mathematics["math"] = {*ATTRIBUTES, "xmlns"}
    return mathematics | {name: {"class"} for name in ("span", "div", "pre")} | {"ol": {"start"}}
