"""Which part of an answer is the program: the last fenced block of the wanted language."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from r1data.verifiers.code.languages import DEFAULT, LANGUAGES

FENCE = re.compile(r"^(?P<indent>[ \t>]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*)$")
LONGEST_PROSE = 100_000
"""An answer without a block is taken for Python up to this length."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of Markdown; `tag` is the first word behind the fence, in small letters, or empty."""

    tag: str
    text: str


def find_program(answer: str | None, language: str) -> str | None:
    """The program in an answer; None where there is none.

    The last block with a tag of the language, else the last block without a tag, else the whole answer where that is
    Python and Python is wanted. A last block that is not closed goes to the end of the answer.
    """
    if answer is None:
        return None
    filled = [block for block in fenced_blocks(answer) if block.text.strip()]
    for tags in (LANGUAGES[language].tags, ("",)):
        for block in reversed(filled):
            if block.tag in tags:
                return block.text
    if language == DEFAULT and not filled and _is_python(answer):
        return answer
    return None


def fenced_blocks(text: str) -> list[Block]:
    """All fenced blocks in their order, without the indentation that the fence has."""
    blocks: list[Block] = []
    fence, indent, tag = "", "", ""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        match = FENCE.match(line)
        if not fence:
            if match and "`" not in match["info"]:
                fence, indent, tag, lines = match["fence"], match["indent"], _tag(match["info"]), []
        elif match and not match["info"].strip() and match["fence"].startswith(fence):
            blocks.append(Block(tag, "\n".join(lines)))
            fence = ""
        else:
            lines.append(_outdented(line, indent))
    if fence:
        blocks.append(Block(tag, "\n".join(lines)))
    return blocks


def _tag(info: str) -> str:
    """The language of `python title=x`, `{.python}`, `{python}` and `Python`."""
    words = info.strip().strip("{}").split()
    return words[0].lstrip(".").rstrip(",:").lower() if words else ""


def _outdented(line: str, indent: str) -> str:
    if line.startswith(indent):
        return line[len(indent) :]
    return line if line.strip() else ""


def _is_python(text: str) -> bool:
    if not text.strip() or len(text) > LONGEST_PROSE:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
