"""Masking: what in a text is notation rather than words of any language, replaced by a space.

Code, LaTeX, tags, addresses and numbers look the same in a Chinese and in an English proof. Counting them as words
would call honest mathematics a mixture of languages, so the language measures never see them.
"""

from __future__ import annotations

import polars as pl

BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
"""A braced group, three deep: as far as a regular expression without recursion goes, and as formulas need."""

NOTATION = "|".join(
    (
        r"(?ms:^[ \t]*`{3,}[^`\n]*$.*?(?:^[ \t]*`{3,}[^`\n]*$|\z))",  # fenced code, to the end where unclosed
        r"(?ms:^[ \t]*~{3,}.*?(?:^[ \t]*~{3,}|\z))",
        r"`[^`\n]+`",
        r"(?s:\$\$.*?\$\$)",
        r"\$[^\s$](?:[^$\n]*[^\s$])?\$",  # no space inside the dollars: "$5 and $6" is money
        r"\\\((?:[^\\]|\\[^()])*\\\)",  # without a second opening, as said below
        r"\\\[(?:[^\\]|\\[^\[\]])*\\\]",
        r"\\begin\{[A-Za-z]+\*?\}(?:[^\\]|\\(?:[^b]|b[^e]|be[^g]|beg[^i]))*?\\end\{[A-Za-z]+\*?\}",
        rf"\\[A-Za-z]+\*?(?:\s*{BRACES})*",
        r"</?[A-Za-z][\w-]*(?:\s+[\w-]+=\"[^\"]*\")*\s*/?>",
        r"https?://[^\s\p{Han}]+",
    )
)
"""A formula ends where the next one of its kind begins. If it could run to the end of the text in search of a partner,
a model looping over an unclosed `\\(` would cost time by the square of the text's length."""

SYMBOLS = (
    r"(?-u:\b)[0-9]*(?:[A-Z]{1,4}|[a-z]"
    r"|sin|cos|tan|cot|sec|csc|log|ln|lg|exp|max|min|mod|gcd|lcm|lim|det|sqrt|pi"
    r"|mm|cm|dm|km|mg|kg|ml)[0-9]*(?-u:\b)|[0-9]+"
)
"""Points and acronyms (ABC, DNA), variables, functions, units and numbers. The boundaries are ASCII ones, so that a
symbol is also found between Chinese characters, which Unicode counts as parts of one word."""


def words_only(text: pl.Expr) -> pl.Expr:
    """The text with code, LaTeX, tags, addresses, symbols and numbers replaced by single spaces."""
    return text.str.replace_all(NOTATION, " ").str.replace_all(SYMBOLS, " ")
