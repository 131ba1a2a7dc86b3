"""Staged: the dataset's folder of a workspace, checked from end to end before anything is sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from r1data import __version__
from r1data.publishing.card import Card, check_card, read_card
from r1data.publishing.leaks import Leak, leaks_in, leaks_in_rows
from r1data.publishing.manifest import CARD, MANIFEST, File, Manifest
from r1data.publishing.trouble import Trouble
from r1data.store import Workspace
from r1data.store.dataset_folder import (
    decided_rows,
    digests,
    staged_paths,
    table_batches,
    table_rows,
    table_schema,
)
from schemas import Examples
from schemas.example import VERSION

SAFE_NAME = re.compile(r"data/[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.parquet")
MOST_LEAKS = 50
AGAIN = "make the dataset again with `r1data run`"
SLIM = ("example_id", "prompt_id", "domain", "licence")


@dataclass(frozen=True, slots=True)
class Staged:
    """What would be published, and what speaks against it. `notes` are things to know that keep nothing back."""

    folder: Path
    manifest: Manifest
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Read:
    """What reading all tables brings."""

    files: list[File] = field(default_factory=list)
    rows: list[pl.DataFrame] = field(default_factory=list)
    leaks: dict[Leak, None] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)


def read_staged(
    workspace: Workspace,
    secrets: Mapping[str, str],
    accepted: frozenset[str] = frozenset(),
    *,
    public: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Staged:
    """Read a workspace's dataset and hold it against the schema, the decisions, its card and `secrets`.

    `accepted` are the marks of texts that look like keys and are none.

    Raises:
        WorkspaceError: there is no dataset, or nothing has been decided.
    """
    folder, decided = workspace.root / "dataset", decided_rows(workspace.root)
    paths = staged_paths(workspace.root)
    read = _Read(troubles=list(_bad_names(folder, paths)))
    tables = [path for path in paths if SAFE_NAME.fullmatch(path) and not (folder / path).is_symlink()]
    if not tables:
        read.troubles.append(Trouble("dataset/data", "there is no table", AGAIN))
    text = _read_card(folder, paths, read)
    card = read_card(text)
    for number, path in enumerate(tables, start=1):
        say(f"checking {path} ({number} of {len(tables)})")
        _read_table(folder, path, card, read, secrets)
    rows = pl.concat(read.rows) if read.rows else pl.DataFrame(schema=dict.fromkeys((*SLIM, "split"), pl.String))
    recipes = {path.name: _text(path) for path in sorted(workspace.root.glob("*.yaml"))}
    for place, words in (recipes | {CARD: text}).items():
        read.leaks.update(dict.fromkeys(leaks_in(words, place, secrets)))
    manifest = _manifest(workspace, read.files, text, rows)
    read.leaks.update(dict.fromkeys(leaks_in(manifest.text(), MANIFEST, secrets)))
    unlicensed = rows["licence"].null_count()
    troubles = [
        *read.troubles,
        *_against_decisions(rows, decided),
        *(check_card(card, tables, _by(rows, "domain"), _by(rows, "split")) if text else ()),
        *_leaked(read.leaks, accepted),
        *(_unlicensed(unlicensed) if public and unlicensed else ()),
    ]
    notes = (f"{unlicensed:,} of {rows.height:,} rows state no licence",) if unlicensed else ()
    return Staged(folder, manifest, tuple(troubles), notes)


def _bad_names(folder: Path, paths: list[str]) -> Iterator[Trouble]:
    for path in paths:
        if (folder / path).is_symlink():
            yield Trouble(f"dataset/{path}", "is a link, which may lead anywhere", "put the file itself there")
        elif path != CARD and not SAFE_NAME.fullmatch(path):
            yield Trouble(f"dataset/{path}", "does not belong there", f"move it away, or {AGAIN}")


def _read_card(folder: Path, paths: list[str], read: _Read) -> str:
    if CARD not in paths or (folder / CARD).is_symlink():
        read.troubles.append(Trouble(f"dataset/{CARD}", "there is no card", AGAIN))
        return ""
    path = folder / CARD
    read.files.append(File(CARD, path.stat().st_size, *digests(path)))
    return _text(path)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _read_table(folder: Path, path: str, card: Card, read: _Read, secrets: Mapping[str, str]) -> None:
    """Everything that one file has to say; texts are read once, a thousand rows at a time."""
    where, file = f"dataset/{path}", folder / path
    try:
        rows, found = table_rows(file), table_schema(file)
    except Exception as error:  # pyarrow and polars share no base for what a broken file makes them raise
        read.troubles.append(Trouble(where, f"is no whole Parquet file ({type(error).__name__})", AGAIN))
        return
    read.files.append(File(path, file.stat().st_size, *digests(file), rows))
    if (wrong := _unlike(found)) is not None:
        read.troubles.append(Trouble(where, f"is not the table `examples`, version {VERSION}: {wrong}", AGAIN))
        return
    split, broken = next(iter(card.split_of(path)), None), Counter[str]()
    for frame in table_batches(file):
        read.rows.append(frame.select(SLIM).with_columns(split=pl.lit(split, pl.String)))
        broken.update(Examples.filter(frame).failure.counts())
        for leak in leaks_in_rows(frame, "example_id", where, secrets):
            if len(read.leaks) < MOST_LEAKS:
                read.leaks.setdefault(leak, None)
    read.troubles += [
        Trouble(where, f"{count:,} rows break the rule `{rule}` of the table `examples`", AGAIN)
        for rule, count in broken.items()
    ]


def _unlike(found: pl.Schema) -> str | None:
    """How the columns differ from the pinned ones."""
    pinned = Examples.create_empty().schema
    if missing := [name for name in pinned if name not in found]:
        return f"it lacks {', '.join(missing)}"
    if extra := [name for name in found if name not in pinned]:
        return f"it has {', '.join(extra)} besides"
    for name, dtype in pinned.items():
        if found[name] != dtype:
            return f"{name} is {found[name]}, not {dtype}"
    return None if list(found) == list(pinned) else "its columns are in another order"


def _against_decisions(rows: pl.DataFrame, decided: pl.DataFrame) -> Iterator[Trouble]:
    """What the rows of the dataset have too few, too many, or on the wrong side, by what was decided."""
    if twice := rows.height - rows["example_id"].n_unique():
        yield Trouble("dataset", f"{twice:,} rows are there more than once", AGAIN)
    lacking = decided.join(rows, on="example_id", how="anti").height
    beyond = rows.unique("example_id").join(decided, on="example_id", how="anti").height
    if lacking or beyond:
        told = f"{decided.height:,} rows are decided to be kept: {lacking:,} of them are not in the dataset"
        yield Trouble("dataset", f"{told}, which has {beyond:,} others", AGAIN)
    both = decided.drop_nulls("split").join(rows, on="example_id", suffix="_shown")
    if wrong := both.filter(pl.col("split").ne_missing(pl.col("split_shown"))).height:
        yield Trouble("dataset", f"{wrong:,} rows are shown as another split than was decided", AGAIN)
    sides = rows.group_by("prompt_id").agg(pl.col("split").n_unique())
    if shared := sides.filter(pl.col("split") > 1).height:
        yield Trouble("dataset", f"{shared:,} prompts are in more than one split", AGAIN)


def _leaked(leaks: Mapping[Leak, None], accepted: frozenset[str]) -> Iterator[Trouble]:
    for leak in leaks:
        if leak.mark and leak.mark in accepted:
            continue
        unlike = f", or say that it is none with `--not-secret {leak.mark}`" if leak.mark else ""
        remedy = f"take the text out of its source and make the dataset again{unlike}; if it is real, revoke it"
        yield Trouble(leak.where, f"holds a secret ({leak.kind})", remedy)


def _unlicensed(count: int) -> Iterator[Trouble]:
    remedy = "state `licence:` at the sources of the recipe and run it again, or publish without --public"
    yield Trouble("dataset", f"{count:,} rows state no licence, and the dataset would be public", remedy)


def _manifest(workspace: Workspace, files: list[File], card: str, rows: pl.DataFrame) -> Manifest:
    facts = workspace.read_manifest()
    prints = ("kind", "recipe", "route", "model_fingerprint", "grades", "judging")
    return Manifest.of(
        files,
        card,
        name=str(facts.get("name") or workspace.root.resolve().name),
        made_by=f"r1data {__version__}",
        rows=_by(rows, "split"),
        version=VERSION,
        columns={name: str(dtype) for name, dtype in Examples.create_empty().schema.items()},
        fingerprints={name: facts[name] for name in prints if isinstance(facts.get(name), str)},
    )


def _by(rows: pl.DataFrame, column: str) -> dict[str, int]:
    """How many rows have each value."""
    return dict(rows.drop_nulls(column).group_by(column).len().sort(column).iter_rows())
