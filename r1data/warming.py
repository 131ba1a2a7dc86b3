"""Warming: every kernel used once, so that what is compiled lies ready. `make setup` does it, in a minute or two."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from r1data.contamination import Index, Item, Screening
from r1data.duplicates import Resemblance, find_twins, most_different, prompt_twins, signatures_of
from r1data.measures import measure
from r1data.measures.block import Block
from r1data.recipe import Contamination, Duplicates
from r1data.texts import Cutter, Texts

THOUGHT = (
    "First I add the numbers, and then I look at the sum again: $1 + 2 = 3$, so there are \\(3\\) of them.\n\n"
    "所以我们先把它们加起来，然后再检查一遍。Alors nous devons vérifier que la somme est correcte.\n\n"
    "```python\nfor x in range(3):\n    print(x)\n```\n\nThe answer is \\boxed{3}."
)


def warm_up() -> None:
    """Compile whatever is not compiled yet."""
    replies = [f"<think>\n{THOUGHT}\n</think>\n\nThere are $\\boxed{{{n}}}$ of them." for n in (3, 3, 4)]
    ids = [f"{n:032x}" for n in range(len(replies))]
    frame = pl.DataFrame({"completion_id": ids, "language": ["en", "zh", "fr"], "text": replies})
    measure(frame)
    block = Block.of(Texts.of(frame["text"]), frame["language"], Cutter())
    with tempfile.TemporaryDirectory() as folder:
        resemblance = Resemblance(Path(folder), Duplicates(), everyone=True)
        resemblance.add(frame["completion_id"], block.words, frame["completion_id"])
        kinship = resemblance.finish()
    signed, places = signatures_of(kinship), np.arange(len(replies))
    find_twins(places, places, places, signed, 0.7)
    most_different(places, signed, 1)
    columns = {"prompt_id": ids, "text": replies, "verifier": "math", "reference": "3", "task": None}
    prompt_twins(pl.DataFrame(columns, schema_overrides={"task": pl.String}))
    item = Item("warming", "1", THOUGHT, THOUGHT)
    screening = Screening(Index.of((item,), Contamination()))
    screening.scan(ids, ids, block.words, block.texts, block.answer)
    screening.scan(ids, ids, block.words, block.texts, "prompt")
    screening.finish()


if __name__ == "__main__":
    warm_up()
