"""The arithmetic prompts that are shipped: from the eighth of all prompts that training never sees.

``python -m training.tiny.prompts --out data/prompts`` writes ``arithmetic-en.jsonl`` and ``arithmetic-zh.jsonl``.
``python -m training.tiny.prompts --out data/recipes/r1-small --practice`` writes what the R1 flow in small learns from:
arithmetic from the other seven eighths, and what is no arithmetic.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from training.tiny import general
from training.tiny.corpus import held_out
from training.tiny.families import FAMILIES
from training.tiny.tasks import Language, Task

SEED = 20
PER_FAMILY = 20
PRACTICED = ("addition", "subtraction", "multiplication", "equation")
"""Families of the R1 flow in small: a few minutes of reinforcement learning reach further on few of them."""
PRACTICE_PER_FAMILY = 280
MEASURED_PER_FAMILY = 35
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def held_out_tasks(language: Language, per_family: int = PER_FAMILY, seed: int = SEED) -> Iterator[Task]:
    """Different held-out tasks, the families in turn, so that the first rows already show every family."""
    rng, seen = Random(f"{seed}/{language}"), set()
    for _ in range(per_family):
        for family in FAMILIES.values():
            task = family(rng, language)
            while not held_out(task.question) or task.question in seen:
                task = family(rng, language)
            seen.add(task.question)
            yield task


def row(task: Task) -> dict[str, str]:
    """A task as a line of a prompt file."""
    return {
        "question": task.question,
        "answer": task.answer,
        "language": task.language,
        "domain": "math",
        "verifier": "math",
        "family": task.family,
    }


def write(out: Path) -> None:
    """Write both files."""
    for language in LANGUAGES:
        lines = [json.dumps(row(task), ensure_ascii=False) for task in held_out_tasks(language)]
        (out / f"arithmetic-{language}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def practice_tasks(
    language: Language, per_family: int = PRACTICE_PER_FAMILY, *, measured: bool = False
) -> Iterator[Task]:
    """Different tasks of the R1 flow in small, the families in turn: to learn from, or (`measured`) held-out ones."""
    rng, seen = Random(f"practice/{measured}/{language}"), set()
    for _ in range(per_family):
        for name in PRACTICED:
            task = FAMILIES[name](rng, language)
            while held_out(task.question) != measured or task.question in seen:
                task = FAMILIES[name](rng, language)
            seen.add(task.question)
            yield task


def write_practice(out: Path) -> None:
    """Write the prompts, conversations, pairs and points of the R1 flow in small."""
    for language in LANGUAGES:
        _write(out / f"practice-{language}.jsonl", (row(task) for task in practice_tasks(language)))
        measured = practice_tasks(language, MEASURED_PER_FAMILY, measured=True)
        _write(out / f"held-out-{language}.jsonl", (row(task) for task in measured))
    _write(out / "general.jsonl", general.conversations())
    _write(out / "general-prompts.jsonl", general.prompts())
    _write(out / "helpfulness-pairs.jsonl", general.pairs(SEED))
    _write(out / "safety-points.jsonl", general.points())
    _write(out / "held-out-pairs.jsonl", general.pairs(SEED, held_out=True))
    _write(out / "held-out-points.jsonl", general.points(held_out=True))


def _write(path: Path, rows: Iterable[object]) -> None:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m training.tiny.prompts", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--practice", action="store_true", help="what the R1 flow in small learns from, instead")
    arguments = parser.parse_args()
    (write_practice if arguments.practice else write)(arguments.out)
