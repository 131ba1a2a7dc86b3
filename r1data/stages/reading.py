"""Reading: what is learnt of some hundred rows of a file by looking at their texts once, on any thread."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from r1data.contamination import Screening
from r1data.duplicates import Resemblance
from r1data.measures import BLOCK_ROWS, measure_block
from r1data.measures.block import Block
from r1data.measures.targets import target_languages
from r1data.sources.replies_file import COLUMNS, Batch, read_replies
from r1data.texts import Cutter, Texts
from r1data.verifiers import BadRow, Check, VerifierPool, check_of
from schemas import Measures, Verdict

LANGUAGE = re.compile(r"[a-z]{2,3}")
FALLBACK = "en"
READ_AHEAD = 2
"""Batches for each thread that are being read or wait for it."""
MOST_UNJUDGED = 4096
"""Rows that may wait for their verdicts before reading waits for them."""
VERDICT = ("outcome", "extracted", "detail")
MEASURED = tuple(name for name in Measures.column_names() if name not in ("completion_id", "version", "tokens"))
READ_SCHEMA = pl.Schema({  # type: ignore[arg-type]
    **{name: dtype for name, dtype in COLUMNS.items() if name not in ("prompt", "solution", "check")},
    "completion_id": pl.String, "prompt_id": pl.String, "asked": pl.Boolean,
    **{name: Measures.columns()[name].dtype for name in MEASURED}, **dict.fromkeys(VERDICT, pl.String),
})  # fmt: skip
"""What is learnt of a row."""


@dataclass(frozen=True, slots=True)
class Read:
    """Rows of a file, measured. `frame` has their labels, `completion_id`, `prompt_id`, `language`, `finish_reason`,
    `completion_tokens`, `asked` (whether there is something to verify) and the columns of `schemas.Measures`.
    """

    frame: pl.DataFrame
    checks: list[Check]
    """Of the rows that are asked, named after their `completion_id`."""


class Reader:
    """Reads batches for measures, duplicates and contamination. Safe for several threads."""

    def __init__(self, resemblance: Resemblance, screening: Screening, *, verify: bool) -> None:
        self._resemblance = resemblance
        self._screening = screening
        self._verify = verify
        self._own = threading.local()
        self._prompts: dict[int, pl.DataFrame] = {}

    def prompts(self) -> pl.DataFrame:
        """The prompts of all that was read, in their order: prompt_id, text, and `check`, what is accepted."""
        seen = [self._prompts[first] for first in sorted(self._prompts)]
        schema = {"prompt_id": pl.String, "text": pl.String, "check": pl.String}
        everything = pl.concat([pl.DataFrame(schema=schema), *seen])
        return everything.unique("prompt_id", keep="first", maintain_order=True)

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
            ids, prompt_ids = rows["completion_id"].to_list(), rows["prompt_id"].to_list()
            self._screening.scan(ids, prompt_ids, block.words, block.texts, block.answer)
            if self._verify:
                checks += _checks(rows, block.answer)
        self._screen(labels, "solution", "completion_id")
        prompts = labels.drop_nulls("prompt").unique("prompt_id", keep="first", maintain_order=True)
        self._screen(prompts, "prompt", "prompt_id")
        if prompts.height:
            self._prompts[int(prompts["row"][0])] = prompts.select("prompt_id", "check", text="prompt").select(
                "prompt_id", "text", "check"
            )
        asked = pl.lit(self._verify) & pl.col("check").is_not_null() & pl.col("trouble").is_null()
        frame = labels.with_columns(asked=asked).drop("prompt", "solution", "check")
        columns = pl.concat(measured) if measured else pl.DataFrame(schema={n: READ_SCHEMA[n] for n in MEASURED})
        return Read(frame.hstack(columns.select(MEASURED)), checks)

    def _cutter(self) -> Cutter:
        if not hasattr(self._own, "cutter"):
            self._own.cutter = Cutter()
        cutter: Cutter = self._own.cutter
        return cutter

    def _screen(self, rows: pl.DataFrame, column: str, key: str) -> None:
        given = rows.drop_nulls(column)
        if given.height:
            texts = Texts.of(given[column])
            words, prompt_ids = self._cutter().cut(texts), given["prompt_id"].to_list()
            self._screening.scan(given[key].to_list(), prompt_ids, words, texts, column)


@dataclass(slots=True)
class Waiting:
    """A batch that has been read and waits for its verdicts."""

    read: Read
    verdicts: list[Future[Verdict]]

    @property
    def done(self) -> bool:
        """Whether all of them are there."""
        return all(verdict.done() for verdict in self.verdicts)

    def judged(self) -> pl.DataFrame:
        """Its rows with `outcome`, `extracted` and `detail` of their verdicts, null where nothing was asked."""
        said = [future.result() for future in self.verdicts]
        verdicts = pl.DataFrame(
            [(one.completion_id, str(one.outcome), one.extracted, one.detail) for one in said],
            schema=dict.fromkeys(("completion_id", *VERDICT), pl.String), orient="row",
        )  # fmt: skip
        return self.read.frame.join(verdicts, on="completion_id", how="left", maintain_order="left")


def read_all(source: Path, reader: Reader, threads: int, pool: VerifierPool | None) -> Iterator[pl.DataFrame]:
    """Every batch of a file, measured and judged, in its order. Reading, measuring and verifying overlap; the memory
    that they take does not grow with the file.
    """
    reading: deque[Future[Read]] = deque()
    waiting: deque[Waiting] = deque()

    def unjudged() -> int:
        return sum(len(batch.verdicts) for batch in waiting)

    def take() -> None:
        read = reading.popleft().result()
        waiting.append(Waiting(read, [pool.submit(check) for check in read.checks] if pool else []))

    with ThreadPoolExecutor(threads, "reading") as executor:
        try:
            for batch in read_replies(source):
                reading.append(executor.submit(reader.read, batch))
                if len(reading) > READ_AHEAD * threads:
                    take()
                while waiting and (waiting[0].done or unjudged() > MOST_UNJUDGED):
                    yield waiting.popleft().judged()
            while reading:
                take()
                while unjudged() > MOST_UNJUDGED:
                    yield waiting.popleft().judged()
            while waiting:
                yield waiting.popleft().judged()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def row_key(row: int) -> str:
    """The name of a row among completions: its number, as an id looks."""
    return f"{row:032d}"


def row_of(key: str) -> int:
    """The number of the row of this name."""
    return int(key)


def _labelled(batch: Batch) -> pl.DataFrame:
    """The rows with ids of their own where the file has none, and what prompt each belongs to."""
    frame = batch.frame
    named = frame.with_columns(
        pl.coalesce("id", pl.col("row").cast(pl.String)).alias("id"),
        pl.col("row").cast(pl.String).str.zfill(32).alias("completion_id"),
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
