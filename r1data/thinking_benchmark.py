"""How often the rule of `r1data.thinking` says what a person said, on labelled prompts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from r1data.thinking import Thinking, needs_thinking

CASES = Path(__file__).resolve().parents[1] / "tests" / "thinking" / "cases.jsonl"


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled prompt. `split` says how it came: `written_with_the_rule` and `held_out` by the rule's author, the
    latter unused while the rule was made; `shipped` were drawn from `data/prompts` and labelled before the rule saw
    them.
    """

    question: str
    category: str
    language: str
    thinking: bool
    split: str
    said: Thinking

    @property
    def agrees(self) -> bool:
        """Whether the rule says what the label says."""
        return self.said.needed == self.thinking


def judged_cases(path: Path = CASES) -> list[Case]:
    """Every labelled prompt with what the rule says of it."""
    cases = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        said = needs_thinking(
            row["question"], row["category"], scene=row.get("scene", ""), turns=row.get("turns", 1)
        )  # fmt: skip
        cases.append(Case(row["question"], row["category"], row["language"], row["thinking"], row["split"], said))
    return cases
