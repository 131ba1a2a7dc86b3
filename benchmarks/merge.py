"""How long it takes, and how much memory, to merge a set of the size and the proportions of R1's 800,000.

    python benchmarks/merge.py [--rows 40000] [--folder FOLDER] [--json]

Makes five parts in the proportions of the paper's Table 5 (samples and mean tokens of each domain, 3.2 bytes a token),
with a tenth more rows than are wanted, and in them near copies of replies, questions that another part asks too, and
the same questions in other words. Then `r1data merge` makes one dataset of them, in a process of its own; its start
counts. The machine's disk must hold the parts, the merged set and, while it is written, once more that set.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from grammar import Grammar
from refinery import watched

from r1data.recipe.merging import Merge
from schemas import Examples

TABLE_5 = {"math": 395_285, "code": 211_129, "stem": 10_124, "logic": 10_395, "general": 177_812}
MEAN_TOKENS = {"math": 6_094, "code": 7_436, "stem": 4_929, "logic": 2_739, "general": 1_420}
BYTES_A_TOKEN, SPREAD = 3.2, 0.5
MORE = 1.1
PARTS = {"math-a": ("math", 0.6), "math-b": ("math", 0.4), "code": ("code", 1.0), "stem": ("stem", 1.0),
         "logic": ("logic", 1.0), "general": ("general", 1.0)}  # fmt: skip
DRAWS = 2
COPIES, SHARED, REWORDED = 0.03, 0.02, 0.01
"""Shares of rows: near copies of the one before, questions of another part, questions in other words."""
FILE_ROWS, GROUP_ROWS, POOL, PROCESSES = 20_000, 500, 20_000, 2
KINDS = {"math": "math", "code": "code", "stem": "logic", "logic": "logic", "general": "math"}
SCHEMA = pl.DataFrame(schema=Examples.create_empty().schema).to_arrow(compat_level=pl.CompatLevel.oldest()).schema


@dataclass(frozen=True)
class Task:
    """A file to write: rows `start` to `end` of a part."""

    path: Path
    part: str
    start: int
    end: int
    seed: int


class Writer:
    """Makes rows out of paragraphs that it keeps ready."""

    def __init__(self, seed: int) -> None:
        self.pools = {}
        for domain, kind in KINDS.items():
            dice = random.Random(f"{seed} {domain}")
            grammar = Grammar("en", dice)
            sentences = [grammar.sentence(kind) for _ in range(POOL)]
            self.pools[domain] = [" ".join(dice.choices(sentences, k=dice.randint(1, 5))) for _ in range(POOL)]
        self.mean = {domain: sum(map(len, pool)) / len(pool) for domain, pool in self.pools.items()}

    def rows(self, task: Task) -> list[dict[str, object]]:
        """The rows of a file."""
        domain = PARTS[task.part][0]
        made: list[dict[str, object]] = []
        for number in range(task.start, task.end):
            dice = random.Random(task.seed << 40 | hash_of(task.part) << 32 | number)
            text = self.reply(domain, dice)
            if made and dice.random() < COPIES:
                text = str(made[-1]["messages"][-1]["content"]).replace(" the ", " a ", 3)  # type: ignore[index]
            made.append(self.row(task, domain, number, text))
        return made

    def reply(self, domain: str, dice: random.Random) -> str:
        """Paragraphs of the pool, and an answer."""
        pool, mean = self.pools[domain], MEAN_TOKENS[domain] * BYTES_A_TOKEN
        size = dice.lognormvariate(math.log(mean) - SPREAD**2 / 2, SPREAD)
        parts = dice.choices(pool, k=int(size / (self.mean[domain] + 2)) + 1)
        thought = "\n\n".join(parts)
        return f"<think>\n{thought}\n</think>\n\n{parts[0]} The answer is {dice.randint(2, 10**6)}."

    def row(self, task: Task, domain: str, number: int, text: str) -> dict[str, object]:
        """A row of `schemas.Examples`."""
        prompt = number // DRAWS
        asked = random.Random(f"{task.seed} {domain} {task.part} {prompt}")
        if task.part == "math-b" and asked.random() < SHARED:
            asked = random.Random(f"{task.seed} {domain} math-a {prompt}")
            asked.random()
        else:
            asked.random()
        question = Grammar("en", asked).story(asked.randint(2, 5))
        if random.Random(f"{task.seed} {task.part} {prompt} words").random() < REWORDED:
            question = question.replace(" has ", " holds ", 1)
        asked_id = hashlib.blake2b(question.encode(), digest_size=16).hexdigest()
        own_id = hashlib.blake2b(f"{task.seed} {task.part} {number}".encode(), digest_size=16).hexdigest()
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": text}]
        if domain in ("code", "general") and number % 10 == 0:
            turns = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello."}, *turns]
        return dict.fromkeys(SCHEMA.names) | {
            "example_id": own_id, "prompt_id": asked_id, "messages": turns, "domain": domain, "language": "en",
            "reference": "4", "verifier": "math", "pass_rate": 0.5, "prompt_tokens": len(question) // 4,
            "completion_tokens": int(len(text) / BYTES_A_TOKEN), "source": f"generated {task.part}",
            "licence": "Apache-2.0", "model": "generated", "model_fingerprint": "0" * 32, "route": "0" * 32,
            "draw": number % DRAWS, "seed": number, "recipe": "0" * 32, "part": task.part,
        }  # fmt: skip


def hash_of(text: str) -> int:
    """A small number that is the same in every process."""
    return hashlib.blake2b(text.encode(), digest_size=1).digest()[0]


_writer: Writer | None = None


def _prepare(seed: int) -> None:
    global _writer
    _writer = Writer(seed)


def _write(task: Task) -> int:
    assert _writer is not None
    with pq.ParquetWriter(task.path, SCHEMA, compression="zstd", compression_level=1) as file:
        for start in range(task.start, task.end, GROUP_ROWS):
            some = Task(task.path, task.part, start, min(start + GROUP_ROWS, task.end), task.seed)
            file.write_table(pa.Table.from_pylist(_writer.rows(some), SCHEMA))
    return task.end - task.start


def make(folder: Path, rows: int, seed: int) -> dict[str, Path]:
    """Write the parts of a set in which `rows` are wanted."""
    tasks: list[Task] = []
    parts: dict[str, Path] = {}
    for part, (domain, share) in PARTS.items():
        data = folder / part / "dataset" / "data"
        data.mkdir(parents=True)
        parts[part] = folder / part
        many = round(TABLE_5[domain] / sum(TABLE_5.values()) * rows * share * MORE)
        for start in range(0, many, FILE_ROWS):
            path = data / f"train-{start // FILE_ROWS:05d}.parquet"
            tasks.append(Task(path, part, start, min(start + FILE_ROWS, many), seed))
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES, _prepare, (seed,)) as pool:
        sum(pool.imap_unordered(partial(_write), tasks))
    return parts


def main() -> None:
    """Make the parts, merge them, and tell how that went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=40_000, help="rows that are wanted, all domains together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the files stay; otherwise they are removed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="merge-"))
    try:
        run(folder, options)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, options: argparse.Namespace) -> None:
    """Make what is not there yet, and merge it."""
    started = time.perf_counter()
    there = {part: folder / "parts" / part for part in PARTS}
    parts = there if (folder / "parts").is_dir() else make(folder / "parts", options.rows, options.seed)
    print(f"parts made in {time.perf_counter() - started:,.0f} s", file=sys.stderr)
    scale = options.rows / sum(TABLE_5.values())
    quotas = Merge(quotas=dict(TABLE_5), keep_per_prompt=4, test_share=0.01)  # type: ignore[arg-type]
    settings = folder / "merge.yaml"
    settings.write_text(quotas.model_dump_json(), encoding="utf-8")  # JSON is YAML
    command = [sys.executable, "-m", "r1data", "merge", *(f"{name}={path}" for name, path in parts.items()),
               "--out", str(folder / "mix"), "--settings", str(settings), "--scale", str(scale), "--json"]  # fmt: skip
    seconds, memory = watched(command)
    came = json.loads((folder / "mix" / "merging.json").read_text(encoding="utf-8"))
    files = sorted((folder / "mix" / "dataset" / "data").glob("*.parquet"))
    text = pl.col("messages").list.eval(pl.element().struct.field("content").str.len_bytes().cast(pl.Int64))
    size = sum(pl.scan_parquet(file).select(text.list.sum().sum()).collect(engine="streaming").item() for file in files)
    told = {
        "offered": came["offered"], "kept": came["kept"], "missing": came["missing"], "reasons": came["reasons"],
        "splits": came["splits"], "seconds": seconds, "memory_mb": memory, "text_gb": size / 1e9,
        "disk_gb": sum(file.stat().st_size for file in files) / 1e9, "files": len(files),
    }  # fmt: skip
    if options.json:
        print(json.dumps(told))
        return
    print(f"{came['offered']:,} offered, {came['kept']:,} kept, {came['missing']:,} missing; {came['reasons']}")
    print(f"{told['text_gb']:.1f} GB of text kept, {told['disk_gb']:.1f} GB in {len(files)} files")
    print(f"{seconds:,.0f} s with the start, {came['kept'] / seconds:,.0f} rows/s, at most {memory:,.0f} MB")


if __name__ == "__main__":
    main()
