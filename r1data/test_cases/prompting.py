"""The prompt that makes a model write input generators, and the generators in its replies."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from r1data import replies
from r1data.verifiers.code.languages import LANGUAGES
from r1data.verifiers.code.program import fenced_blocks

TEMPLATE = Path(__file__).parents[1] / "prompts" / "templates" / "test_generators.md"
FENCE_RUN = re.compile(r"`{3,}")
SHORTEST_FENCE = 4
MOST_GENERATORS = 32
"""So many programs are taken from the replies to one prompt."""

Replies = Mapping[str, list[str]]
"""Texts of replies, by the id of the problem or by the prompt that was asked."""


def generator_prompt(statement: str) -> str:
    """Ask for programs that each print one input of a problem, after a worked example.

    The statement is other people's text: it stands in a fence longer than any in it, so that it cannot end it.
    """
    longest = max((len(run) for run in FENCE_RUN.findall(statement)), default=0)
    fence = "`" * max(SHORTEST_FENCE, longest + 1)
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=False)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(statement=statement.strip(), fence=fence).strip()


def find_generators(reply: str) -> list[str]:
    """The Python programs in the answer of a reply, each once: blocks marked as Python, and unmarked ones that are."""
    blocks = fenced_blocks(replies.split(reply).answer or "")
    programs = [
        block.text
        for block in blocks
        if block.text.strip() and (block.tag in LANGUAGES["python"].tags or (not block.tag and _is_program(block.text)))
    ]
    return list(dict.fromkeys(programs))


def generators_for(problem_id: str, statement: str, collected: Replies) -> tuple[str, ...]:
    """The generators in the replies for a problem, found by its id or by its prompt; at most `MOST_GENERATORS`."""
    texts = [*collected.get(problem_id, []), *collected.get(generator_prompt(statement), [])]
    found = dict.fromkeys(program for text in dict.fromkeys(texts) for program in find_generators(text))
    return tuple(found)[:MOST_GENERATORS]


def collect_replies(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, list[str]], int]:
    """Replies by id or prompt, and the number of rows that hold none.

    A row is {id, response}, or {question, response}, or has `messages` as a dataset made by r1data has: then the
    last user's turn is the prompt and the last turn the reply.
    """
    collected: dict[str, list[str]] = {}
    useless = 0
    for row in rows:
        key, text = row.get("id", row.get("question")), row.get("response")
        turns = row.get("messages")
        if isinstance(turns, list) and len(turns) > 1 and all(isinstance(turn, Mapping) for turn in turns[-2:]):
            key, text = turns[-2].get("content"), turns[-1].get("content")
        if isinstance(key, str | int) and isinstance(text, str):
            collected.setdefault(str(key), []).append(text)
        else:
            useless += 1
    return collected, useless


def _is_program(text: str) -> bool:
    """Whether an unmarked block is Python that prints, and not an example of an input."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Call) for node in ast.walk(tree))
