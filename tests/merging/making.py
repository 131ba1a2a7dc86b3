"""Small parts for the tests of the merge: examples in folders, as runs leave them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from r1data.duplicates import Resemblance
from r1data.merging import choose, offered, questions_of
from r1data.progress import Progress, Silence
from r1data.recipe import Duplicates
from r1data.recipe.merging import Merge
from r1data.report.mix_card import MixFacts
from r1data.stages.merge import Merging, merge
from r1data.store.merged_folder import MergedFolder
from r1data.texts import Cutter
from schemas import Examples

FACTS = MixFacts("mixed", "name: mixed\n", "r1data run mixed.yaml", "2026-11-29T00:00:00+00:00", "0.6")
WORDS = "one two red blue sea hill tree road lamp stone wind fish bird salt sand gold iron rope door wall".split()


def key(*what: object) -> str:
    """An id that hangs on nothing but what it is made of."""
    return hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest()


def reply(seed: int, words: int = 80, *, thought: bool = True) -> str:
    """A text of its own for each seed, long enough to be compared with those to other questions."""
    state, said = seed * 2654435761 + 1, []
    for _ in range(words):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        said.append(f"{WORDS[(state >> 33) % len(WORDS)]}{(state >> 40) % 50}")
    text = " ".join(said)
    return f"<think>\n{text}\n</think>\n\nIt is {seed}." if thought else text


def example(name: object, question: str = "What is 2 + 2?", text: str | None = None, **changes: Any) -> dict[str, Any]:
    """A row; its id comes from `name`."""
    row: dict[str, Any] = dict.fromkeys(Examples.column_names())
    row |= {
        "example_id": key(name),
        "prompt_id": key("prompt", question, changes.get("reference", "4")),
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": text if text is not None else reply(int(key(name)[:6], 16))},
        ],
        "domain": "math", "language": "en", "reference": "4", "verifier": "math", "pass_rate": 0.5,
        "prompt_tokens": 10, "completion_tokens": 100, "source": "ours", "licence": "MIT", "model": "model",
        "model_fingerprint": "f", "route": "r", "draw": 0, "seed": 1, "recipe": "c",
    }  # fmt: skip
    return row | changes


def frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows as `schemas.Examples`."""
    return pl.DataFrame(list(rows), schema=Examples.create_empty().schema)


def put(folder: Path, rows: Sequence[dict[str, Any]], files: int = 1) -> Path:
    """Lay rows down as the dataset of a part, cut into so many files."""
    data = folder / "dataset" / "data"
    data.mkdir(parents=True)
    size = max(-(-len(rows) // files), 1)
    for number in range(files):
        frame(rows[number * size : (number + 1) * size]).write_parquet(data / f"{number:05d}.parquet", row_group_size=7)
    return folder


def merged(
    root: Path, parts: Mapping[str, Sequence[dict[str, Any]]], settings: Merge, seed: int = 0, files: int = 1,
    file_bytes: int = 1 << 28, facts: MixFacts = FACTS,
) -> tuple[Merging, pl.DataFrame]:  # fmt: skip
    """Merge such parts; how it came out, and the table of what became of each row."""
    folders = {name: put(root / "parts" / name, rows, files) for name, rows in parts.items()}
    out = root / "mix"
    merging = merge(folders, settings, seed, out, Progress(Silence()), facts, file_bytes=file_bytes)
    return merging, MergedFolder(out).scan_merged().collect()


def decided(
    parts: Mapping[str, Sequence[dict[str, Any]]], settings: Merge, seed: int = 0, block: int = 1000
) -> pl.DataFrame:
    """What is decided of such parts, without any file: a row for each example, `part` being its name."""
    names = list(parts)
    with tempfile.TemporaryDirectory() as folder:
        seen = Resemblance(Path(folder), Duplicates(ngram=settings.ngram, scope=settings.scope))
        blocks = [offered(frame([]), 0, seen, Cutter())] + [
            offered(some, number, seen, Cutter())
            for number, rows in enumerate(parts.values())
            for some in frame(rows).iter_slices(block)
        ]
        offers = pl.concat([one.rows for one in blocks])
        questions = questions_of(pl.concat([one.questions for one in blocks]))
        chosen = choose(offers, questions, seen.finish(), settings, seed, names)
    named = offers.with_columns(part=pl.col("part").replace_strict(dict(enumerate(names)), return_dtype=pl.String))
    return named.hstack(chosen).join(questions, on="question", how="left", maintain_order="left")
