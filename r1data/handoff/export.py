"""Export: a dataset, or the prompts of one, written in another trainer's form, batch by batch."""

from __future__ import annotations

import json
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
UNCHECKABLE = ("quality", "judge")
"""Verifiers that no rule is behind: a trainer elsewhere could do nothing with such a prompt."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: files by split with their rows, and prompts left out because no rule checks them."""

    folder: Path
    files: dict[str, int]
    left_out: int
    use: str


def export(source: Path, name: str, task: Task, out: Path) -> Exported:
    """Write the dataset of a workspace (or its folder `dataset`) in the form of a trainer; for `rl` its prompts.

    Raises:
        RecipeError: there is no such form, or it has none for this task.
        SourceError: there is no dataset there.
    """
    form = FORMATS.get(name)
    if form is None:
        raise RecipeError(f"--format {name}: is none that is known", f"known: {', '.join(FORMATS)}")
    if task not in form.make:
        raise RecipeError(f"--format {name} --for {task}: {name} reads no prompts for reinforcement learning")
    splits = _examples(source) if task == "sft" else _prompts(source)
    written: dict[str, int] = {}
    left_out = 0
    with folder_written_whole(out) as folder:
        for split, files in splits.items():
            target = folder / f"{split}.{form.suffix}"
            count, gone = _write(target, form, task, files)
            written[target.name] = count
            left_out += gone
        use = _how(form, task, folder, out, name)
    if not sum(written.values()):
        raise SourceError(f"{source}: nothing is left to export", "its dataset is empty, or no rule checks its prompts")
    return Exported(out, written, left_out, use)


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


def _write(target: Path, form: Format, task: Task, files: list[Path]) -> tuple[int, int]:
    make = form.make[task]
    written, left_out, seen = 0, 0, set[str]()
    with _Out(target) as out:
        for rows in _batches(files, None if task == "sft" else list(PROMPT_COLUMNS)):
            kept = rows
            if task == "rl":
                kept = [row for row in rows if row["verifier"] not in UNCHECKABLE and row["prompt_id"] not in seen]
                left_out += sum(row["verifier"] in UNCHECKABLE for row in rows)
                seen.update(cast(str, row["prompt_id"]) for row in kept)
            out.write([make(row) for row in kept])
            written += len(kept)
    return written, left_out


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
