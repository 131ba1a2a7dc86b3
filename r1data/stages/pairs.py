"""Pairs: a file of answer pairs becomes a table of preferences. It can be stopped and goes on where it was."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from r1data import replies
from r1data.engines import Service, connected
from r1data.errors import SourceError
from r1data.judging import Judge, PairItem, Preference, pairwise_fingerprint, prefer
from r1data.progress import Progress
from r1data.recipe import fingerprint
from r1data.sources.formats import Unreadable, read_file
from r1data.store.files import write_parquet

SAVE_SECONDS = 30.0
SURROGATE = re.compile(r"[\ud800-\udfff]")
SCHEMA = pl.Schema(
    [
        *((name, pl.String()) for name in ("id", "question", "language", "first", "second", "preferred")),
        ("difference", pl.Float64()),
        ("scores", pl.List(pl.Int32())),
        ("swapped", pl.List(pl.Boolean())),
        *((name, pl.String()) for name in ("error", "judge")),
        ("seconds", pl.Float64()),
    ]
)
"""One row a pair. `preferred` is `first`, `second` or null; a pair with an `error` has no scores to go by.
`judge` is the fingerprint of what judged, and of the seed that decided the order in which it was shown them.
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the pairs; together they are the rows of the input."""

    preferred: int
    even: int
    failed: int
    resumed: int
    """How many of them were there before."""


def judge_pairs(source: Path, out: Path, judge: Judge, service: Service, progress: Progress, seed: int = 0) -> Counts:
    """Judge the pairs of a file (`question`, `first`, `second`, and if it likes `id` and `language`) into `out`.

    Only what stands behind a thought is judged. Pairs that `out` has already from the same judge and seed are kept, and
    those on which it failed are judged again. A row that is no pair is in `out` too, with what is wrong as its error.

    Raises:
        SourceError: the file cannot be read, or `out` is something else.
    """
    identity = fingerprint({"judge": pairwise_fingerprint(judge.model, judge.settings), "seed": seed})[:12]
    rows = _read(source, identity)
    before = {one: row for one, row in _earlier(out, identity).items() if one in rows and _alike(row, rows[one])}
    waiting = [row for one, row in rows.items() if one not in before and row["error"] is None]
    progress.say(f"{len(rows):,} pairs, {len(rows) - len(waiting):,} of them settled already or unusable")
    table = rows | before
    asyncio.run(_judge(waiting, table, out, judge, service, progress, seed))
    return _count(table.values(), len(before))


async def _judge(
    waiting: list[dict[str, Any]], table: dict[str, dict[str, Any]], out: Path, judge: Judge, service: Service,
    progress: Progress, seed: int,
) -> None:  # fmt: skip
    items = (PairItem(row["id"], row["question"], row["first"], row["second"], row["language"]) for row in waiting)
    saved, done = time.monotonic(), 0
    try:
        async with (
            connected(service, {}) as engine,
            aclosing(prefer(items, engine, judge, max(1, service.slots // 4), seed)) as preferences,
        ):
            async for preference in preferences:
                table[preference.id] |= _said(preference)
                done += 1
                if time.monotonic() - saved > SAVE_SECONDS:
                    _save(table, out)
                    saved = time.monotonic()
                    progress.say(f"{done:,} of {len(waiting):,} judged")
    finally:
        _save(table, out)


def _read(source: Path, judge: str) -> dict[str, dict[str, Any]]:
    """The rows of the input by their ids; one whose id another row has already is no pair."""
    rows: dict[str, dict[str, Any]] = {}
    for place, raw in read_file(source, source.name):
        row = _row(place, raw, judge)
        if row["id"] in rows:
            row = row | {"id": fingerprint({"place": place}), "error": f"{place}: has the id of an earlier row"}
        rows[row["id"]] = row
    return rows


def _row(place: str, raw: Mapping[str, Any] | Unreadable, judge: str) -> dict[str, Any]:
    """A pair as a row that has not been judged, or a row with what keeps it from being a pair."""
    row = dict.fromkeys(SCHEMA) | {"judge": judge, "id": fingerprint({"place": place})}
    if isinstance(raw, Unreadable):
        return row | {"error": f"{place}: {raw.rule}: {raw.detail}"}
    texts: dict[str, str] = {}
    for name in ("question", "first", "second"):
        text = raw.get(name)
        answer = text if name == "question" or not isinstance(text, str) else replies.split(text).answer
        if not isinstance(answer, str) or not answer.strip() or SURROGATE.search(answer):
            return row | {"error": f"{place}: column '{name}' should hold a text, and an answer behind any thought"}
        texts[name] = answer
    named = {name: str(raw[name]) for name in ("id", "language") if isinstance(raw.get(name), str | int)}
    named = {name: text for name, text in named.items() if text and not SURROGATE.search(text)}
    return row | {"id": fingerprint(texts), "language": "en"} | texts | named


def _said(preference: Preference) -> dict[str, Any]:
    return {
        "preferred": preference.preferred, "difference": preference.difference, "scores": list(preference.scores),
        "swapped": list(preference.swapped), "error": preference.error, "seconds": preference.seconds,
    }  # fmt: skip


def _earlier(out: Path, judge: str) -> dict[str, dict[str, Any]]:
    """The rows that the same judge has settled before."""
    if not out.exists():
        return {}
    try:
        frame = pl.read_parquet(out)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SourceError(f"{out}: cannot be gone on with: {error}", "name another file with --out") from None
    if frame.schema != SCHEMA:
        raise SourceError(f"{out}: is no table of preferences", "name another file with --out")
    settled = frame.filter(pl.col("judge") == judge, pl.col("difference").is_not_null())
    return {row["id"]: row for row in settled.to_dicts()}


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("question", "first", "second", "language"))


def _save(table: Mapping[str, dict[str, Any]], out: Path) -> None:
    write_parquet(out, pl.DataFrame(list(table.values()), schema=SCHEMA, orient="row"))


def _count(rows: Iterable[dict[str, Any]], resumed: int) -> Counts:
    rows = list(rows)
    preferred = sum(row["preferred"] is not None for row in rows)
    failed = sum(row["error"] is not None for row in rows)
    return Counts(preferred, len(rows) - preferred - failed, failed, resumed)
