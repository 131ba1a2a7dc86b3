"""Export: a dataset, or the prompts of one, written in another trainer's form, batch by batch."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from r1data.errors import RecipeError, SourceError
from r1data.handoff.rows import FORMATS, Format, Task, dataset_info
from r1data.store.files import folder_written_whole

ROWS_AT_ONCE = 512
PROMPT_COLUMNS = ("prompt_id", "messages", "verifier", "reference", "task", "language", "domain", "source")
MARK = "export.json"
"""In a folder that an export has made, and that another may take the place of."""
UNCHECKABLE = ("quality", "judge")
"""Verifiers that no rule is behind: a trainer elsewhere could do nothing with such a prompt."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: files by split with their rows; prompts left out because no rule checks them, and prompts held
    back because their questions are in another split than `train`.
    """

    folder: Path
    files: dict[str, int]
    left_out: int
    held_back: int
    use: str


def export(source: Path, name: str, task: Task, out: Path) -> Exported:
    """Write the dataset of a workspace (or its folder `dataset`) in the form of a trainer; for `rl` its prompts.

    Raises:
        RecipeError: there is no such form, or it has none for this task.
        SourceError: there is no dataset there, nothing is left of it, or `out` is no folder of an export.
    """
    form = FORMATS.get(name)
    if form is None:
        raise RecipeError(f"--format {name}: is none that is known", f"known: {', '.join(FORMATS)}")
    if task not in form.make:
        raise RecipeError(f"--format {name} --for {task}: {name} reads no prompts for reinforcement learning")
    splits = _examples(source) if task == "sft" else _prompts(source)
    held_back = _questions_held_back(source) if task == "rl" else set()
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).exists():
        raise SourceError(f"{out}: is there already, and is no export", "name a new or an empty folder with -o")
    written: dict[str, int] = {}
    gone: Counter[str] = Counter()
    with folder_written_whole(out) as folder:
        for split, files in splits.items():
            target = folder / f"{split}.{form.suffix}"
            written[target.name] = _write(target, form, task, files, held_back, gone)
        if not sum(written.values()):
            raise SourceError(
                f"{source}: nothing is left to export", "its dataset is empty, or no rule checks its prompts"
            )
        use = _how(form, task, folder, out, name)
        (folder / MARK).write_text(json.dumps({"format": name, "for": task, "rows": written}) + "\n")
    return Exported(out, written, gone["unruled"], gone["held_back"], use)


def _how(form: Format, task: Task, folder: Path, out: Path, name: str) -> str:
    first = sorted(folder.iterdir(), key=lambda path: not path.name.startswith("train"))[0].name
    if name == "llamafactory":
        (folder / "dataset_info.json").write_text(dataset_info("r1data", first))
    use = form.use[task].replace("{file}", str(out / first)).replace("{folder}", str(out)).replace("{name}", "r1data")
    (folder / "README.md").write_text(
        f"# For {name}\n\n{use}\n\nReplies hold their thought in `<think>` tags. Make sure that the chat template of "
        "your trainer keeps it:\nmany templates of reasoning models leave it out. `r1data train check` shows what one "
        "does.\n"
    )
    return use


def _examples(source: Path) -> dict[str, list[Path]]:
    """The files of a dataset, by split."""
    for folder in (source / "dataset" / "data", source / "data"):
        found = sorted(folder.glob("*.parquet"))
        if found:
            splits: dict[str, list[Path]] = {}
            for file in found:
                splits.setdefault(file.name.split("-")[0].removesuffix(".parquet"), []).append(file)
            return splits
    raise SourceError(f"{source}: there is no dataset", "name a workspace of r1data, or its dataset's folder")


def _prompts(source: Path) -> dict[str, list[Path]]:
    """The tables of prompts: of a workspace, or of each part of a mix."""
    found = [
        path for path in (source / "prompts.parquet", *sorted(source.glob("parts/*/prompts.parquet"))) if path.exists()
    ]
    if not found:
        raise SourceError(f"{source}: there are no prompts", "for --for rl name a workspace of r1data or of a mix")
    return {"train": found}


def _questions_held_back(source: Path) -> set[str]:
    """The questions of the splits that nobody is to train on."""
    try:
        splits = _examples(source)
    except SourceError:  # nothing has been assembled yet, so nothing is held back
        return set()
    files = [file for split, of in splits.items() if split != "train" for file in of]
    return {_question(row["messages"]) for rows in _batches(files, None) for row in rows}


def _question(messages: list[dict[str, str]]) -> str:
    return next((" ".join(turn["content"].split()) for turn in reversed(messages) if turn["role"] == "user"), "")


def _write(target: Path, form: Format, task: Task, files: list[Path], held_back: set[str], gone: Counter[str]) -> int:
    """Write the rows of these files; returns how many, and counts those that are left out in `gone`."""
    make = form.make[task]
    written, seen = 0, set[str]()
    with _Out(target) as out:
        for rows in _batches(files, None if task == "sft" else list(PROMPT_COLUMNS)):
            kept = rows if task == "sft" else [row for row in rows if _to_learn(row, seen, held_back, gone)]
            out.write([make(row) for row in kept])
            written += len(kept)
    return written


def _to_learn(row: dict[str, Any], seen: set[str], held_back: set[str], gone: Counter[str]) -> bool:
    """Whether a prompt is one for reinforcement learning that has not come yet."""
    if row["verifier"] in UNCHECKABLE:
        gone["unruled"] += 1
        return False
    if _question(row["messages"]) in held_back:
        gone["held_back"] += 1
        return False
    if row["prompt_id"] in seen:
        return False
    seen.add(row["prompt_id"])
    return True


def _batches(files: list[Path], columns: list[str] | None) -> Iterator[list[dict[str, Any]]]:
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(ROWS_AT_ONCE, columns=columns or ["messages"]):
            yield cast(pl.DataFrame, pl.from_arrow(batch)).to_dicts()


class _Out:
    """A file of rows, JSON lines or Parquet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parquet: pq.ParquetWriter | None = None
        self._lines = None if path.suffix == ".parquet" else path.open("w", encoding="utf-8")

    def __enter__(self) -> _Out:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lines is not None:
            self._lines.close()
        if self._parquet is not None:
            self._parquet.close()

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Append rows; the first ones of a Parquet file say what its columns are."""
        if not rows:
            return
        if self._lines is not None:
            self._lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            return
        if self._parquet is None:
            table = pa.Table.from_pylist(rows)
            self._parquet = pq.ParquetWriter(self._path, _textual(table.schema), compression="zstd")
        self._parquet.write_table(pa.Table.from_pylist(rows, self._parquet.schema))


def _textual(schema: pa.Schema) -> pa.Schema:
    """The schema with texts where the first rows had none: a later row may."""
    return pa.schema([pa.field(one.name, _text_for_null(one.type)) for one in schema])


def _text_for_null(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(one.name, _text_for_null(one.type)) for one in kind])
    return kind
