"""Reading sources in tests: every reading checks that no row was lost."""

import json
from pathlib import Path

from r1data.recipe import Recipe
from r1data.sources import Ingested, read_prompts
from schemas import BadPrompts, Prompts

ROWS = [
    {"question": "What is 2 + 2?", "answer": "4"},
    {"question": "3 加 4 等于多少？", "answer": 7},
    {"question": "What is half of 1?", "answer": 0.5},
]


def read(folder: Path, *sources: dict[str, object], bad: float = 1.0) -> Ingested:
    document = {"name": "t", "model": "./m", "prompts": sources, "max_bad_prompts": bad}
    ingested = read_prompts(Recipe.model_validate(document).model_copy(update={"folder": folder}))
    assert ingested.rows == ingested.prompts.height + ingested.bad.height + ingested.duplicates
    assert Prompts.is_valid(ingested.prompts) and BadPrompts.is_valid(ingested.bad)
    assert ingested.prompts["prompt_id"].is_sorted()
    return ingested


def read_one(folder: Path, row: dict[str, object], **source: object) -> Ingested:
    """Read a file with one good row and then this one."""
    (folder / "p.jsonl").write_text(json.dumps(ROWS[0]) + "\n" + json.dumps(row))
    return read(folder, {"kind": "file", "path": "p.jsonl", **source})
