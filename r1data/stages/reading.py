"""Reading: what is learnt of some hundred rows of a file by looking at their texts once, on any thread."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, replace

import polars as pl

from r1data.contamination import Screening
from r1data.duplicates import Resemblance
from r1data.measures import BLOCK_ROWS, measure_block
from r1data.measures.block import Block
from r1data.measures.targets import target_languages
from r1data.sources.replies_file import Batch
from r1data.texts import Cutter, Texts
from r1data.verifiers import BadRow, Check, check_of

LANGUAGE = re.compile(r"[a-z]{2,3}")
FALLBACK = "en"
LABELS = ("row", "id", "domain", "source", "trouble")
"""Columns of the file that are handed on as they are."""


@dataclass(frozen=True, slots=True)
class Read:
    """Rows of a file, measured. `frame` has their labels, `completion_id`, `prompt_id`, `language`, `finish_reason`,
    `completion_tokens`, `asked` (whether there is something to verify) and the columns of `schemas.Measures`.
    """

    frame: pl.DataFrame
    checks: list[Check]
    """Of the rows that are asked, named after their `completion_id`."""
    prompts: pl.DataFrame
    """`prompt_id` and `prompt`, each once."""


class Reader:
    """Reads batches for measures, duplicates and contamination. Safe for several threads."""

    def __init__(self, resemblance: Resemblance, screening: Screening, *, verify: bool) -> None:
        self._resemblance = resemblance
        self._screening = screening
        self._verify = verify
        self._own = threading.local()

    def read(self, batch: Batch) -> Read:
        """Look at the texts of a batch."""
        labels = _labelled(batch)
        texts = Texts.of_arrow(batch.responses)
        labels = labels.with_columns(language=_targets(labels, texts))
        measured, checks = [], []
        for first in range(0, labels.height, BLOCK_ROWS):
            rows = labels.slice(first, BLOCK_ROWS)
            places = slice(first, first + rows.height)
            block = Block.of(
                Texts(texts.data, texts.starts[places], texts.ends[places]), rows["language"], self._cutter()
            )
            measured.append(pl.DataFrame(measure_block(block)))
            self._resemblance.add(rows["completion_id"], block.words, rows["prompt_id"])
            self._screening.scan(rows["completion_id"], rows["prompt_id"], block.words, block.texts, "reply")
            if self._verify:
                checks += _checks(rows, block.answer)
        self._screen(labels, "solution", "completion_id")
        prompts = labels.drop_nulls("prompt").select("prompt_id", "prompt").unique("prompt_id", maintain_order=True)
        self._screen(prompts, "prompt", "prompt_id")
        frame = labels.drop("prompt", "solution", "check").with_columns(
            asked=pl.Series([False] * labels.height, dtype=pl.Boolean)
        )
        return Read(frame.hstack(pl.concat(measured)), checks, prompts)

    def _cutter(self) -> Cutter:
        if not hasattr(self._own, "cutter"):
            self._own.cutter = Cutter()
        cutter: Cutter = self._own.cutter
        return cutter

    def _screen(self, rows: pl.DataFrame, column: str, key: str) -> None:
        given = rows.drop_nulls(column)
        if given.height:
            texts = Texts.of(given[column])
            self._screening.scan(given[key], given["prompt_id"], self._cutter().cut(texts), texts, column)


def row_key(row: pl.Expr) -> pl.Expr:
    """The name of a row among completions: its number, as an id looks."""
    return pl.format("{}", row).str.zfill(32)


def _labelled(batch: Batch) -> pl.DataFrame:
    """The rows with ids of their own where the file has none, and what prompt each belongs to."""
    frame = batch.frame
    named = frame.with_columns(
        pl.coalesce("id", pl.col("row").cast(pl.String)).alias("id"),
        row_key(pl.col("row")).alias("completion_id"),
        pl.col("finish_reason").fill_null("stop"),
    )
    prompt_ids = [_prompt_id(prompt) for prompt in frame["prompt"]]
    return named.with_columns(pl.coalesce(pl.Series("prompt_id", prompt_ids, pl.String), "completion_id"))


def _prompt_id(prompt: str | None) -> str | None:
    return None if prompt is None else hashlib.blake2b(prompt.encode(), digest_size=16).hexdigest()


def _targets(labels: pl.DataFrame, texts: Texts) -> pl.Series:
    """The language of each row as the file says it, else that of the prompt, else that of the reply's start."""
    said = labels["language"].str.to_lowercase().str.split("-").list.first().str.split("_").list.first()
    known = [language if language and LANGUAGE.fullmatch(language) else None for language in said]
    missing = [place for place, language in enumerate(known) if language is None]
    if missing:
        prompts = labels["prompt"].gather(missing)
        starts = [
            prompt if prompt is not None else _start(texts, place)
            for place, prompt in zip(missing, prompts, strict=True)
        ]
        for place, told in zip(missing, target_languages(pl.Series(starts, dtype=pl.String)), strict=True):
            known[place] = told or FALLBACK
    return pl.Series("language", known, dtype=pl.String)


def _start(texts: Texts, place: int) -> str:
    first = int(texts.starts[place])
    return texts.between(first, min(first + 4000, int(texts.ends[place])))


def _checks(rows: pl.DataFrame, answers: Texts) -> list[Check]:
    """What is to be verified of the rows that have a reference."""
    found = []
    columns = rows.select("completion_id", "check", "language", "prompt").iter_rows()
    for place, (key, given, language, prompt) in enumerate(columns):
        if given is not None:
            try:
                check = check_of(json.loads(given) | {"id": key, "language": language, "prompt": prompt})
                found.append(replace(check, answer=answers.text(place) or None))
            except BadRow:
                found.append(Check(key, "math", None, None, language, None))  # which no verifier can judge
    return found
