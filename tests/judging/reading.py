"""Reads a prompt to the judge back: what a reader who knows only the fences finds in it."""

import re

from r1data.judging import JudgeItem
from r1data.judging.pointwise import prompt_for
from r1data.judging.quoting import LOUD, PLAIN

OPEN = re.compile(r"^\[\[(?!end of )(?P<title>.+) (?P<tag>[0-9a-f]{12})\]\]$")


def item(answer: str | None, question: str = "What is 40 + 2?", reference: str | None = "42", language: str = "en",
         identity: str = "0" * 32) -> JudgeItem:  # fmt: skip
    return JudgeItem(identity, question, reference, answer, language)


def quotations(prompt: str) -> tuple[dict[str, str], list[str], list[str]]:
    """The quotations by title, the loud lines among them, and the lines that belong to the prompt."""
    found: dict[str, str] = {}
    loud: list[str] = []
    own: list[str] = []
    lines = iter(prompt.split("\n"))
    for line in lines:
        match = OPEN.match(line)
        if not match:
            own.append(line)
            continue
        body = []
        for inner in lines:
            if inner == f"[[end of {match['title']} {match['tag']}]]":
                break
            assert inner.startswith((PLAIN, LOUD)), f"a line without a mark: {inner!r}"
            body.append(inner[2:])
            loud += [inner[2:]] if inner.startswith(LOUD) else []
        else:
            raise AssertionError(f"the quotation {match['title']} does not end")
        assert match["title"] not in found
        found[match["title"]] = "\n".join(body)
    return found, loud, own


def read(one: JudgeItem, tokens: tuple[str, ...] = ()) -> tuple[dict[str, str], list[str], list[str]]:
    return quotations(prompt_for(one, tokens, 500)[0])
