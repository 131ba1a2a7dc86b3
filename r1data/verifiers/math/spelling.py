"""Spelling: the many ways to write the same mathematics, LaTeX and Unicode, brought to one."""

from __future__ import annotations

import re
import unicodedata

SIGNS = str.maketrans({
    "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{HYPHEN}": "-", "\N{NON-BREAKING HYPHEN}": "-",
    "×": "*", "⋅": "*", "·": "*", "∙": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/", "：": ":", "∶": ":",
    "≤": r"\le ", "⩽": r"\le ", "≦": r"\le ", "≥": r"\ge ", "⩾": r"\ge ", "≧": r"\ge ", "≠": r"\ne ",
    "∞": r"\infty ", "π": r"\pi ", "Π": r"\pi ", "√": r"\sqrt ", "∛": r"\sqrt[3]", "±": r"\pm ", "∓": r"\mp ",
    "∪": r"\cup ", "∩": r"\cap ", "∅": r"\emptyset ", "∈": r"\in ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}",
    "，": ",", "、": ",", "；": ";", "（": "(", "）": ")", "【": "[", "】": "]", "｛": r"\{", "｝": r"\}", "％": "%",
    "℃": "°C", "℉": "°F", "‰": r"\permil ",
    "。": ".", "º": "°", "˚": "°", "∘": "°", "′": "'", "’": "'", "‘": "'", "“": '"', "”": '"', "￥": "¥", "＄": r"\$",
    "⟨": "(", "⟩": ")", "〈": "(", "〉": ")", "∆": r"\Delta ", "⌊": r"\lfloor ", "⌋": r"\rfloor ",
    "⌈": r"\lceil ", "⌉": r"\rceil ", "|": "|", "│": "|", "\u00a0": " ", "\u3000": " ", "\u2009": " ", "\u202f": " ",
    "\u200b": "", "\ufeff": "", "\u200c": "", "\u200d": "", "\u200e": "", "\u200f": "", "\u202a": "", "\u202c": "",
    "\u2060": "", "\u00ad": "", "\ufe63": "-",
})  # fmt: skip
GREEK = {chr(code): f"\\{unicodedata.name(chr(code)).split()[-1].lower()} " for code in range(0x3B1, 0x3CA)
         if chr(code) not in "πς"}  # fmt: skip
EMPTY = re.compile(r"(?:[\s?？…—_.{}-]|\\(?!\{))*")
"""What says nothing: blanks, a question mark, dots."""
GREEK["λ"] = r"\lambda "
SUPERSCRIPTS = re.compile(r"[⁰¹²³⁴-⁹⁺⁻ⁿ]+")
SUBSCRIPTS = re.compile(r"[₀-₉]+")
VULGAR = re.compile(r"[¼-¾⅐-⅞]")
SIZES = re.compile(
    r"\\(?:left|right|middle|[bB]ig{1,2}[lrm]?|displaystyle|textstyle|scriptstyle|limits|nolimits|mathstrut|quad|qquad"
    r"|hspace\*?\{[^{}]*\}|phantom\{[^{}]*\})(?![A-Za-z])"
)
NULL_DELIMITER = re.compile(r"\\(?:left|right)\s*\.")
TIGHT = re.compile(r"(?<!\\)\\!|(?<=\d)\{,\}(?=\d{3}(?!\d))")
DECIMAL_COMMA = re.compile(r"(?<=\d)\{,\}(?=\d)")
THIN_GROUP = re.compile(r"(?<=\d)(?:\\,|\\;|\\:|\\ |~)(?=\d{3}(?!\d))")
SPACES = re.compile(r"(?<!\\)\\[,;: ]|~|\\(?:enspace|thinspace|medspace|thickspace)(?![A-Za-z])|\s+")
DEGREES = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z])|\{\s*°\s*\}|°)|\\degree(?![A-Za-z])")
SYNONYMS = re.compile(
    r"\\(?P<name>dfrac|tfrac|cfrac|leqslant|leqq|leq|geqslant|geqq|geq|neq|times|cdot|div|lbrace|rbrace|lbrack|rbrack"
    r"|lvert|rvert|vert|mid|lang|rang|langle|rangle|varnothing|land|lor|infin|dbinom|tbinom|dots|ldots|cdots|colon"
    r"|exponentialE|imaginaryI|mathrm\{d\}|lt|gt|ast|operatorname\*)(?![A-Za-z])"
)
MEANINGS = {
    "dfrac": r"\frac", "tfrac": r"\frac", "cfrac": r"\frac", "leqslant": r"\le", "leqq": r"\le", "leq": r"\le",
    "geqslant": r"\ge", "geqq": r"\ge", "geq": r"\ge", "neq": r"\ne", "times": "*", "cdot": "*", "div": "/",
    "lbrace": r"\{", "rbrace": r"\}", "lbrack": "[", "rbrack": "]", "lvert": "|", "rvert": "|", "vert": "|",
    "mid": "|", "lang": "(", "rang": ")", "langle": "(", "rangle": ")", "varnothing": r"\emptyset",
    "land": r"\text{and}", "lor": r"\text{or}", "infin": r"\infty", "dbinom": r"\binom", "tbinom": r"\binom",
    "dots": "...", "ldots": "...", "cdots": "...", "colon": ":", "exponentialE": "e", "imaginaryI": "i", "lt": "<",
    "gt": ">", "ast": "*", "operatorname*": r"\operatorname",
}  # fmt: skip
WRAPPERS = re.compile(
    r"^\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|boldsymbol|bm|boxed|fbox|underline|ensuremath|emph)\s*\{"
)
MATHS_MARKS = re.compile(r"^(?:\\\(|\\\[|\$\$?)\s*(?P<inside>.*?)\s*(?:\\\)|\\\]|\$\$?)$", re.DOTALL)
TRAILING = re.compile(r"(?:(?<!\\)\\(?:[,;: ]|$)|[.;,\s])+$")
DECORATION = re.compile(
    r"\\(?:checkmark|blacksquare|square|qed|hfill|par|nonumber|notag)(?![A-Za-z])|\\(?:tag|label)\*?\s*\{[^{}]*\}|[✓✔□■]"
    r"|\\color\s*\{[^{}]*\}|\\(?:text|c)?color\s*\{[^{}]*\}(?=\s*\{)|\\(?:bf|it|rm|large|Large|huge)(?![A-Za-z])"
)
TICK = re.compile(r"[\s$]*(?:\\checkmark|✓|✔|\\surd)[\s$]*")
DOTTED = re.compile(r"(\d*\.\d*)\\dot\s*\{?(\d)\}?(\d*)\\dot\s*\{?(\d)\}?")
PERIOD = re.compile(r"(?<![\d.])(\d*\.\d*?)(\d{1,9}?)\2+\s*(?:\.\.\.|…|\\(?:dots|ldots|cdots)(?![A-Za-z]))")
QUANTIFIER = re.compile(r",?\s*\(?\s*[kn]\s*\\in\s*(?:\\mathbb\s*\{?[ZN]\}?|\\mathbf\s*\{[ZN]\}|Z|N)\s*\)?\s*$")
ORDINAL = re.compile(r"(?<=\d)\s*(?:\^\s*\{?\s*\\text\s*\{\s*(?:st|nd|rd|th)\s*\}\s*\}?|(?:st|nd|rd|th)\b)|第(?=\d)")
MODULUS = re.compile(r"\(?\s*(?:\\pmod|\\bmod|\\mod|\bmod)\s*\{?\s*(\d+)\s*\}?\s*\)?")
MATHS_SIGN = re.compile(r"(?<!\\)\$")
LABEL = re.compile(
    r"^(?!(?i:(?:\\(?:text|mathrm)\s*\{\s*)?(?:minus|negative|not|never|half|twice|double|triple|above|below|under|over|without"
    r"|wrong|sqrt|arcsin|arccos|arctan|hundred|twenty|thirty|forty|fifty)\b))"
    r"(?:\\(?:text|mathrm)\s*\{\s*[^{}\d]{2,20}\}|pH|[A-Z][a-z]{2,12}|[a-z]{4,12})"
    r"\s*(?:=|≈|\\approx|:|is)\s*(?=[-+\d.\\$])",
)
UNDERSCORED = re.compile(r"(?<![\w.])\d{1,3}(?:\\?_\d{3})+(?![\w_])")
TO = re.compile(r"(?<=\d)\s*(?:比|(?:\\text\s*\{\s*to\s*\}|\bto\b))\s*(?=\d)")
LEADING_WORDS = re.compile(
    r"^(?:\\text\s*\{\s*)?(?:the year|year|exactly|approximately|about|(?:the )?(?:final )?answer(?: is|:)|it is"
    r"|总共|一共|共)"
    r"\s*(?:\}|:)?\s*(?=[-+\d\\$])",
    re.IGNORECASE,
)


LONGEST = 4000
"""A longer text is no answer that anybody writes, and is left as it is: patterns take the square of its length."""


def spell(text: str) -> str:
    r"""The text in one spelling: ASCII signs, `\frac`, `\le`, no sizes, no markup around it, single spaces."""
    text = narrow(text).translate(SIGNS)
    if len(text) > LONGEST:
        text = " ".join(text.split())
    if len(text) > LONGEST:
        return "" if EMPTY.fullmatch(text) else text
    if TICK.fullmatch(text):
        return r"\sqrt"
    if ".." in text or "…" in text or "dots" in text:
        text = PERIOD.sub(lambda m: f"{m[1]}\\overline{{{m[2]}}}", text)
    text = unwrap(text.replace("{:}", ":"))
    if text.replace(r"\$", "").count("$") > 1:
        text = MATHS_SIGN.sub(" ", text)  # "$x$ and $y$": what is between is mathematics and words
    text = LABEL.sub("", text)
    text = "".join(GREEK.get(c, c) for c in text) if not text.isascii() else text
    text = VULGAR.sub(_vulgar, text)
    text = MODULUS.sub(r" \\text{mod \1}", ORDINAL.sub("", text))
    text = TO.sub(":", LEADING_WORDS.sub("", UNDERSCORED.sub(lambda m: re.sub(r"\\?_", "", m[0]), text)))
    text = SUPERSCRIPTS.sub(lambda m: "^{" + unicodedata.normalize("NFKC", m[0]).replace("−", "-") + "}", text)
    text = SUBSCRIPTS.sub(lambda m: "_{" + unicodedata.normalize("NFKC", m[0]) + "}", text)
    if "\\" in text or "~" in text or "{" in text:
        text = NULL_DELIMITER.sub(" ", text)
        text = DEGREES.sub("°", text)
        text = DECORATION.sub(" ", text)
        text = DOTTED.sub(lambda m: f"{m[1]}\\overline{{{m[2]}{m[3]}{m[4]}}}", text)
        text = DECIMAL_COMMA.sub(".", TIGHT.sub("", text))
        text = THIN_GROUP.sub("", text)
        text = SIZES.sub(" ", text)
        text = SYNONYMS.sub(lambda m: MEANINGS.get(m["name"], m[0]) + " ", text)
        text = QUANTIFIER.sub("", text)
    text = SPACES.sub(" ", text)
    text = TRAILING.sub("", text.replace("**", "^").strip()).strip()
    return "" if EMPTY.fullmatch(text) else text


def narrow(text: str) -> str:
    """Full-width digits, letters and signs in their usual form; Chinese punctuation between words stays."""
    if text.isascii():
        return text
    return "".join(unicodedata.normalize("NFKC", c) if 0xFF01 <= ord(c) <= 0xFF5E or 0x1D400 <= ord(c) <= 0x1D7FF
                   else c for c in text)  # fmt: skip


def unwrap(text: str) -> str:
    r"""Without `$...$`, `\(...\)`, `\text{...}`, `**...**`, quotation marks or a full stop around the whole of it."""
    if len(text) > LONGEST:
        return text
    for _ in range(8):
        before = text
        text = TRAILING.sub("", text.strip().strip("`"))
        match = MATHS_MARKS.match(text)
        if match and "$" not in match["inside"].replace(r"\$", ""):
            text = match["inside"]
        if wrapper := WRAPPERS.match(text):
            inside = balanced(text, wrapper.end())
            if inside is not None and wrapper.end() + len(inside) + 1 == len(text):
                text = inside
        if len(text) > 4 and text.startswith("**") and text.endswith("**"):
            text = text[2:-2]
        if len(text) > 2 and text[0] == text[-1] == '"':
            text = text[1:-1]
        if text == before:
            break
    return text


def balanced(text: str, start: int) -> str | None:
    """What stands from `start`, just behind an opening brace, to the brace that closes it; None where none does."""
    depth, position = 1, start
    while position < len(text):
        match text[position]:
            case "\\":
                position += 1  # an escaped brace is no brace
            case "{":
                depth += 1
            case "}":
                depth -= 1
                if depth == 0:
                    return text[start:position]
        position += 1
    return None


def _vulgar(match: re.Match[str]) -> str:
    top, _, bottom = unicodedata.normalize("NFKC", match[0]).partition("\N{FRACTION SLASH}")
    return f"\\frac{{{top}}}{{{bottom}}}"
