"""Near-duplicates among made-up replies: what a reply costs, memory, and how many planted copies are found.

    python benchmarks/duplicates.py [--rows 20000] [--words 3700] [--json]

Half of the rows are copies of the other half with 1, 2 or 3 percent of their words changed. Texts are numbers of words
from the start, so that reading and cutting them, which every measure shares, is not counted. The goal is 0.06
milliseconds of one core for the signature of a reply of 3,700 words.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from r1data.duplicates import Resemblance, signatures, twins
from r1data.recipe import Duplicates
from r1data.texts import Words

BLOCK = 200
CHANGED = (0.01, 0.02, 0.03)
THRESHOLD = 0.85


def block(draw: np.random.Generator, count: int) -> tuple[Words, list[float]]:
    """Texts of so many words, every second one a copy of the one before; and the share changed of each copy."""
    rows = draw.integers(1, 1 << 63, (BLOCK, count), dtype=np.uint64)
    copies = rows[::2].copy()
    share = draw.choice(CHANGED, (BLOCK // 2, 1))
    rows[1::2] = np.where(draw.random(copies.shape) < share, rows[1::2], copies)
    none = np.zeros(0, np.int64)
    words = Words(rows.reshape(-1), none.astype(np.uint8), none, none, np.arange(BLOCK + 1) * count)
    return words, share[:, 0].tolist()


def main() -> None:
    """Run it and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=3_700)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    count = arguments.rows // BLOCK * BLOCK
    draw = np.random.default_rng(0)
    signatures(block(draw, 10)[0])  # compiles
    ids = pl.Series("completion_id", [f"{number:032x}" for number in range(count)])
    signing = 0.0
    shares: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        resemblance = Resemblance(Path(folder), Duplicates())
        for first in range(0, count, BLOCK):
            words, changed = block(draw, arguments.words)
            shares += changed
            started = time.thread_time()
            resemblance.add(ids[first : first + BLOCK], words, ids[first : first + BLOCK])
            signing += time.thread_time() - started
        started = time.process_time()
        kinship = resemblance.finish()
        grouping = time.process_time() - started
    rows = pl.DataFrame({"completion_id": ids, "good": [True] * count, "folded": ids})
    started = time.process_time()
    found = twins(rows, kinship, THRESHOLD)
    leading = time.process_time() - started
    numbers = found.select(pl.col("completion_id", "twin").str.to_integer(base=16, dtype=pl.Int128).cast(pl.Int64))
    right = numbers.filter((pl.col("completion_id") == pl.col("twin") + 1) & (pl.col("twin") % 2 == 0))["twin"] // 2
    changes = np.array(shares)
    recall = {f"{share:.0%}": (changes[right] == share).sum() / max((changes == share).sum(), 1) for share in CHANGED}
    result = {
        "rows": count,
        "signature_ms_per_row": round(signing / count * 1e3, 4),
        "groups_seconds": round(grouping, 2),
        "twins_seconds": round(leading, 2),
        "recall_by_words_changed": {share: round(float(part), 4) for share, part in recall.items()},
        "precision": round(len(right) / max(found.height, 1), 4),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(result) if arguments.json else "\n".join(f"{key}: {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
