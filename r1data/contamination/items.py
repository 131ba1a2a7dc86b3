"""Item: one question of a benchmark, and what is looked for of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """A benchmark's question and its solution, as texts."""

    benchmark: str
    item: str
    """Its name within the benchmark."""
    text: str
    solution: str = ""
    choices: str = ""
    """The options of a multiple-choice question. The question is looked for without them too, if it says enough."""
