"""The page about recipes names every threshold there is, and each row its defaults in the order of its keys."""

import re
from pathlib import Path

from r1data.recipe import Selection

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
SAID = {"keep_per_prompt": "all", "pass_rate": "`[0, 1]`", "quotas": "none"}
"""Defaults that are told in words."""


def test_every_key_of_the_selection_stands_there_with_its_default() -> None:
    rows = re.findall(r"^\| (`selection\..*?) \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {}
    for keys, defaults in rows:
        names = re.findall(r"`(?:selection\.)?(\w+)`", keys)
        values = [defaults] if len(names) == 1 else defaults.split(", ")
        told.update(zip(names, values, strict=True))
    plain = Selection().model_dump()
    wanted = {name: f"`{value}`" if isinstance(value, str) else str(value) for name, value in plain.items()}
    assert told == wanted | SAID
