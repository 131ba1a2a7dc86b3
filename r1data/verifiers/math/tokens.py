"""Tokens of a text in the one spelling that `spelling.spell` gives."""

from __future__ import annotations

import re
from dataclasses import dataclass

from r1data.verifiers.math.expression import Unreadable
from r1data.verifiers.math.spelling import balanced

TOKEN = re.compile(
    r"(?P<repeating>\d*\.\d*\\(?:overline|dot|bar)\s*\{\d+\})"
    r"|(?P<scientific>(?:\d+(?:\.\d+)?|\.\d+)[eE][+-]?\d{1,6}(?![\dA-Za-z.]))"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?: \d{3})+(?![\d/])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<command>\\(?:[A-Za-z]+|.))"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<chinese>[\u3400-\u9fff]+)"
    r"|(?P<space>\s+)"
    r"|(?P<sign><=|>=|!=|\.\.\.|.)",
    re.DOTALL,
)
SPLIT_GROUPS = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)")
TEXT_COMMANDS = frozenset(
    r"\text \mathrm \textrm \textbf \textit \mathbf \mathit \mbox \operatorname \mathsf \mathcal \boldsymbol \bm \rm"
    r" \textnormal \hbox \mathbb".split()
)
BOLD = frozenset(r"\mathbf \boldsymbol \bm \textbf".split())
UNIT_VECTORS = ("i", "j", "k")
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is number, scientific, repeating, command, word, text, vector, chinese or sign.

    `spaced` where white space stands before it.
    """

    kind: str
    text: str
    spaced: bool = False


def tokenize(text: str, *, grouped: bool = True) -> list[Token]:
    """The tokens of a text; without `grouped`, 1,234 is two numbers.

    Raises:
        Unreadable: the text is too long to be an answer.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"{len(text)} characters are too long")
    tokens: list[Token] = []
    position, spaced = 0, False
    while position < len(text):
        match = TOKEN.match(text, position)
        assert match is not None  # the last alternative takes anything
        kind = str(match.lastgroup)
        content = match[0]
        if kind == "number" and not grouped and "," in content:
            match = SPLIT_GROUPS.match(text, position)
            assert match is not None
            content = match[0]
        position = match.end()
        if kind == "space":
            spaced = True
            continue
        if kind == "command" and content in TEXT_COMMANDS:
            brace = re.compile(r"\s*\{").match(text, position)
            inside = balanced(text, brace.end()) if brace else None
            if brace and inside is not None:
                if inside.strip() in (",", ";"):
                    tokens.append(Token("sign", ","))
                    position = brace.end() + len(inside) + 1
                    continue
                kind = "vector" if content in BOLD and inside.strip() in UNIT_VECTORS else "text"
                tokens.append(Token(kind, inside.strip(), spaced or inside[:1] == " "))
                position = brace.end() + len(inside) + 1
                spaced = inside[-1:] == " "
                continue
            if content != r"\rm":
                raise Unreadable(f"{content} without its braces")
            spaced = True
            continue
        tokens.append(Token(kind, content, spaced))
        spaced = False
    return tokens
