"""Model output is hostile text: everything that reaches the page goes through here."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import latex2mathml.converter
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin

from r1data.visible import LONGEST_TEXT, visible

LONGEST_FORMULA = 600
MATHML = "http://www.w3.org/1998/Math/MathML"
ELEMENTS = frozenset(
    (
        "math mrow mi mn mo ms mtext mspace msup msub msubsup mover munder munderover mfrac msqrt mroot mfenced "
        "menclose mtable mtr mtd mstyle mpadded mphantom mmultiscripts mprescripts none"
    ).split(" ")
)
ATTRIBUTES = frozenset(
    (
        "display stretchy fence separator form lspace rspace width height depth voffset notation accent accentunder "
        "movablelimits columnalign rowspacing columnspacing columnlines rowlines displaystyle scriptlevel mathvariant "
        "linethickness minsize maxsize symmetric largeop open close separators frame framespacing"
    ).split(" ")
)
ROUND, SQUARE = re.compile(r"\\\((.+?)\\\)", re.DOTALL), re.compile(r"\\\[(.+?)\\\]", re.DOTALL)
FORMULA_OR_BOX = re.compile(r"(\$\$.*?\$\$|\$[^$\n]+\$)|\\boxed\{(?:[^{}$]|\{(?:[^{}$]|\{[^{}$]*\})*\})*\}", re.DOTALL)
"""A formula in dollars, which stays as it is (group 1), or a box that stands outside of any."""
FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)


def rendered(text: str, limit: int = LONGEST_TEXT) -> Markup:
    """Markdown with mathematics as HTML. No raw HTML, no links, no images come through."""
    text = visible(text, limit)
    if not FENCE.search(text):
        text = SQUARE.sub(r"$$\1$$", ROUND.sub(_in_dollars, text))
        text = FORMULA_OR_BOX.sub(lambda m: m.group() if m.group(1) else f"${m.group()}$", text)
    return Markup(_markdown().render(text))


def _in_dollars(match: re.Match[str]) -> str:
    return f"${match.group(1).strip()}$"


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    markdown.disable(["link", "image", "autolink", "html_block", "html_inline", "reference"])
    dollarmath_plugin(markdown, allow_labels=False, allow_space=False, double_inline=True, renderer=formula)
    return markdown


def formula(latex: str, options: dict[str, object]) -> str:
    """MathML, or the source where that cannot be made or would be more than formulas."""
    source = f"<code>{escape(latex)}</code>"
    if len(latex) > LONGEST_FORMULA:
        return source
    display = "block" if options.get("display_mode") else "inline"
    # The converter copies these two as they are into its output.
    latex = latex.replace("&", "\\& ") if "\\begin" not in latex else latex
    latex = latex.replace("<", "\\lt ").replace(">", "\\gt ")
    try:
        mathml = latex2mathml.converter.convert(latex, display=display)
        harmless = _is_plain_mathml(mathml)
    except Exception:  # the converter raises many kinds on broken LaTeX, all of which mean the same here
        return source
    return mathml if harmless else source


def _is_plain_mathml(mathml: str) -> bool:
    """Whether the output is well formed and has no element or attribute beyond those that lay out formulas."""
    for element in ElementTree.fromstring(mathml).iter():
        name = element.tag.removeprefix(f"{{{MATHML}}}")
        if name not in ELEMENTS or not set(element.attrib) <= ATTRIBUTES:
            return False
    return True
