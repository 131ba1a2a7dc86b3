"""The file of built problems: a JSON object a line, added to as problems are finished, mended where it is torn."""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from r1data.errors import R1dataError

KEY = "made_from"
"""The field that says from what a row was made: the fingerprint of the problem, the generators and the settings."""


class ResultsError(R1dataError):
    """The file of results cannot be used."""


class Results:
    """An open file of results. `finished` counts, by key, the rows that were there and stay."""

    def __init__(self, file: IO[bytes], finished: Counter[str], dropped: int) -> None:
        self._file = file
        self.finished = finished
        self.dropped = dropped
        """How many rows were taken out: a torn one, those of changed problems, and those that our sandbox failed."""

    def add(self, row: Mapping[str, object]) -> None:
        """Write a row; when this returns, it is on the disk."""
        try:
            self._file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            remedy = "make room and run the same command again: what is finished stays"
            raise ResultsError(f"{self._file.name}: cannot be written: {error.strerror}", remedy) from None


@contextmanager
def open_results(path: Path, wanted: Counter[str], ids: Collection[str], redo: Collection[str]) -> Iterator[Results]:
    """Open a file of results to add to it, alone.

    A row stays if it is one of the `wanted` (by key, so many of each), or of a problem that is not among the `ids`.
    What does not stay (a row with one of the flags in `redo`, of a problem that has changed, or cut off in the middle
    by a crash) is taken out first, by a copy that replaces the file in one step; whole rows go to a file beside it,
    because they may have taken hours and the change may have been a slip.

    Raises:
        ResultsError: another process writes there, or a line is no row of this kind; nothing has been changed then.
    """
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file: IO[bytes] = stack.enter_context(path.open("a+b"))
        except OSError as error:
            raise ResultsError(f"{path}: cannot be written: {error.strerror}", "choose another --out") from None
        _lock(file, path)
        keep, finished = _survey(file, path, wanted, ids, redo)
        dropped = keep.count(False)
        if dropped:
            copy = path.with_name(f".{path.name}.new")
            fresh = stack.enter_context(copy.open("wb"))
            _lock(fresh, path)
            with set_aside(path).open("ab") as aside:
                file.seek(0)
                for line, stays in zip(file, keep, strict=True):
                    if stays or line.endswith(b"\n"):
                        (fresh if stays else aside).write(line)
            if not set_aside(path).stat().st_size:  # nothing but a torn line
                set_aside(path).unlink()
            fresh.flush()
            os.fsync(fresh.fileno())
            copy.replace(path)
            file = fresh
        yield Results(file, finished, dropped)


def set_aside(path: Path) -> Path:
    """Where the rows go that are taken out of a file of results."""
    return path.with_name(f"{path.name}.old")


def _survey(
    file: IO[bytes], path: Path, wanted: Counter[str], ids: Collection[str], redo: Collection[str]
) -> tuple[list[bool], Counter[str]]:
    """Which lines stay, and the count of those that are wanted."""
    keep: list[bool] = []
    finished: Counter[str] = Counter()
    file.seek(0)
    for number, line in enumerate(file, start=1):
        if not line.endswith(b"\n"):
            keep.append(False)
            break
        key, name, flags = _read(line, f"{path}:{number}")
        if redo and any(flag in redo for flag in flags):
            stays = False
        elif finished[key] < wanted[key]:
            finished[key] += 1
            stays = True
        else:
            stays = key not in wanted and name not in ids
        keep.append(stays)
    return keep, finished


def _read(line: bytes, place: str) -> tuple[str, str, list[object]]:
    try:
        row = json.loads(line)
        return str(row[KEY]), str(row["id"]), list(row["flags"])
    except (ValueError, KeyError, TypeError, RecursionError):
        remedy = "choose another --out: the file is left as it is"
        raise ResultsError(f"{place}: is no row that `r1data tests build` wrote", remedy) from None


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ResultsError(f"{path}: another process writes there", "wait for it, or choose another --out") from None
