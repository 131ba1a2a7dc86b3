"""A workspace: one folder that holds everything a recipe made, as plain Parquet and text.

    recipe.yaml          the recipe as it was last run      manifest.json   fingerprints, versions, when
    prompts.parquet      bad_prompts.parquet                plan.parquet    every draw that the recipe asks for
    journal/             draws that are safe but not sealed (SQLite)
    completions/ verdicts/ measures/                        sealed parts, never changed
    audit.parquet        what verifiers said of the prompts' own references
    references.parquet   references that the majority of the draws named
    decisions.parquet    dataset/ (README.md, data/)        report.html     logs/

Parts are named after what they hold, and what is done is the set of completion ids in them: so prompts may come, go or
change places, and shards may change size, without a draw being lost or repeated.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from r1data.errors import WorkspaceError
from r1data.recipe import fingerprint, fingerprint_files
from r1data.store.files import STAGING, folder_written_whole, sweep_staging, write_parquet, write_text
from r1data.store.journal import Journal, read_journal
from r1data.store.tables import Tables
from schemas import (
    Audits,
    BadPrompts,
    Completions,
    Decisions,
    Examples,
    Measures,
    Outcome,
    Prompts,
    References,
    Verdicts,
)

JUDGE = "judge"
DATASET_FILE_BYTES = 256 << 20
PLAN_SCHEMA = pl.Schema({"completion_id": pl.String, "prompt_id": pl.String, "draw": pl.Int32, "seed": pl.Int64})


class Workspace:
    """The only code that reads and writes tables. Reading needs no lock; writing happens inside `locked()`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def existing(cls, root: Path) -> Workspace:
        """A workspace that some run has made.

        Raises:
            WorkspaceError: there is none at this place.
        """
        if not (root / "manifest.json").is_file():
            raise WorkspaceError(f"{root}: is no workspace", "run a recipe first, or name its folder with -w")
        return cls(root)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the workspace against other writers; the lock goes with the process, however it ends."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise WorkspaceError(
                    f"{self.root}: another run (process {file.read().strip() or 'unknown'}) is writing here",
                    "wait for it or stop it, or use another folder with -w; `r1data status` shows how far it is",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            sweep_staging(self.root)
            yield

    @property
    def engine_log(self) -> Path:
        """Where a local engine's output goes."""
        return self.root / "logs" / "engine.log"

    @property
    def judge_log(self) -> Path:
        """Where the output of a local engine goes that only judges."""
        return self.root / "logs" / "judge.log"

    # --- what a run is about -------------------------------------------------------------------------------------

    def write_manifest(self, manifest: dict[str, Any], recipe_yaml: str) -> None:
        """Record what is being made: the recipe and every fingerprint that went into the rows."""
        write_text(self.root / "recipe.yaml", recipe_yaml)
        write_text(self.root / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")

    def read_manifest(self) -> dict[str, Any]:
        """The manifest of the last run, or an empty one."""
        path = self.root / "manifest.json"
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return manifest

    # --- single tables -------------------------------------------------------------------------------------------

    def write_prompts(self, prompts: pl.DataFrame, bad: pl.DataFrame) -> None:
        """Store the prompts and, beside them, the rows that could not become prompts."""
        write_parquet(self.root / "bad_prompts.parquet", BadPrompts.validate(bad, cast=True))
        write_parquet(self.root / "prompts.parquet", Prompts.validate(prompts, cast=True).sort("prompt_id"))

    def read_audits(self) -> pl.DataFrame:
        """What verifiers have said of prompts' own references, of this recipe's prompts and of earlier ones."""
        return self._scan("audit.parquet", Audits).collect()

    def write_audits(self, audits: pl.DataFrame) -> None:
        """Store all that is known of prompts' own references."""
        write_parquet(self.root / "audit.parquet", Audits.validate(audits, cast=True))

    def read_references(self) -> pl.DataFrame:
        """The references that a majority named, for prompts that came without one."""
        return self._scan("references.parquet", References).collect()

    def write_references(self, references: pl.DataFrame) -> None:
        """Store the references that a majority named."""
        write_parquet(self.root / "references.parquet", References.validate(references, cast=True))

    def write_plan(self, plan: pl.DataFrame) -> None:
        """Store every draw that the recipe asks for."""
        write_parquet(
            self.root / "plan.parquet", plan.select(pl.col(name).cast(dtype) for name, dtype in PLAN_SCHEMA.items())
        )

    def write_decisions(self, decisions: pl.DataFrame) -> None:
        """Store what is kept and what is not."""
        write_parquet(self.root / "decisions.parquet", Decisions.validate(decisions, cast=True))

    def write_dataset(self, frames: Iterable[pl.DataFrame], card: Callable[[pl.LazyFrame, str], str]) -> None:
        """Replace the dataset's folder: the examples in Parquet files of bounded size, and the card made from them.

        The files' names hold a hash of their contents, and the card names them: `datasets` caches by the card's
        header alone, and would go on showing the rows of an earlier run.
        """
        with folder_written_whole(self.root / "dataset") as staging:
            files = []
            for number, frame in enumerate(_in_chunks(frames, DATASET_FILE_BYTES)):
                files.append(staging / "data" / f"{number:05d}.parquet")
                write_parquet(files[-1], Examples.validate(frame, cast=True))
            digest = fingerprint_files(staging / "data", [file.name for file in files])[:16]
            names = [f"train-{number:05d}-of-{len(files):05d}-{digest}.parquet" for number in range(len(files))]
            files = [file.rename(file.with_name(name)) for file, name in zip(files, names, strict=True)]
            write_text(staging / "README.md", card(pl.scan_parquet(files), f"data/train-*-{digest}.parquet"))

    def write_report(self, html: str) -> None:
        """Store the report page."""
        write_text(self.root / "report.html", html)

    def read_prompts(self, offset: int = 0, length: int | None = None) -> pl.DataFrame:
        """Prompts in the order of their ids, all of them or a range, with the references that a majority named."""
        return with_references(
            self._scan("prompts.parquet", Prompts).slice(offset, length).collect(), self.read_references()
        )

    def prompts_of(self, prompt_ids: pl.Series) -> pl.DataFrame:
        """The prompts with these ids, as far as the recipe still has them; references as in `read_prompts`."""
        wanted = prompt_ids.unique().to_frame("prompt_id").lazy()
        prompts = self._scan("prompts.parquet", Prompts).join(wanted, on="prompt_id", how="semi").collect()
        return with_references(prompts, self.read_references())

    def scan_plan(self) -> pl.LazyFrame:
        """The draws that the recipe asks for."""
        path = self.root / "plan.parquet"
        return pl.scan_parquet(path) if path.is_file() else pl.LazyFrame(schema=PLAN_SCHEMA)

    # --- parts ---------------------------------------------------------------------------------------------------

    def journals(self) -> list[Path]:
        """Journals that a run is writing or that a killed one left."""
        return sorted((self.root / "journal").glob("*.sqlite"))

    def open_journal(self, shard: str) -> Journal:
        """Open or make the journal of a shard."""
        return Journal(self.root / "journal" / f"{shard}.sqlite")

    def seal_completions(self, completions: pl.DataFrame) -> str:
        """Turn finished draws into an immutable part, named after the ids in it, and return that name."""
        valid = Completions.validate(completions, cast=True).sort("completion_id")
        part = fingerprint(valid["completion_id"].to_list())[:16]
        write_parquet(self.root / "completions" / f"{part}.parquet", valid)
        return part

    def parts(self) -> list[str]:
        """Names of the sealed parts."""
        return [path.stem for path in self._files("completions")]

    def read_part(self, part: str) -> pl.DataFrame:
        """The completions of one part."""
        return pl.read_parquet(self.root / "completions" / f"{part}.parquet")

    def finished_ids(self) -> pl.DataFrame:
        """All draws that were ever made, sealed or in journals: `completion_id`, and whether it `failed`."""
        failed = (pl.col("finish_reason") == "error").alias("failed")
        return self.scan_all_completions().select("completion_id", failed).collect()

    def write_grades(self, version: str, verdicts: pl.DataFrame, measures: pl.DataFrame) -> None:
        """Store verdicts and measures of the same completions, under the version of what made them."""
        name = f"{fingerprint(measures['completion_id'].to_list())[:16]}.{version}.parquet"
        write_parquet(self.root / "verdicts" / name, Verdicts.validate(verdicts, cast=True))
        write_parquet(self.root / "measures" / name, Measures.validate(measures, cast=True))

    def replace_verdicts(self, version: str, verdicts: pl.DataFrame) -> None:
        """Put verdicts in the place of those of the same completions, verifiers and versions.

        Each file is replaced whole; a kill in between leaves some of them old, and doing it again is harmless.
        """
        key = ["completion_id", "verifier", "version"]
        for path in self._files("verdicts", f"*.{version}.parquet"):
            old = pl.read_parquet(path)
            new = verdicts.join(old.select(key), on=key, how="semi")
            if new.height:
                kept = old.join(new.select(key), on=key, how="anti")
                write_parquet(path, Verdicts.validate(pl.concat([kept, new]).sort(key), cast=True))

    @contextmanager
    def grades_replaced(self, version: str) -> Iterator[Callable[[pl.DataFrame, pl.DataFrame], None]]:
        """Give a function that writes grades; at the end of the block they take the place of all others of this
        version. A kill before that leaves the old ones; one in between, rows that the next run grades.
        """
        written: list[Path] = []

        def write(verdicts: pl.DataFrame, measures: pl.DataFrame) -> None:
            name = f"{STAGING}{fingerprint(measures['completion_id'].to_list())[:16]}.{version}.parquet"
            for table, schema, frame in (("verdicts", Verdicts, verdicts), ("measures", Measures, measures)):
                written.append(self.root / table / name)
                write_parquet(written[-1], schema.validate(frame, cast=True))

        try:
            yield write
            for table in ("verdicts", "measures"):
                for old in self._files(table, f"*.{version}.parquet"):
                    old.unlink()
            for path in written:
                path.rename(path.with_name(path.name.removeprefix(STAGING)))
        finally:
            for path in written:
                path.unlink(missing_ok=True)

    def ungraded_ids(self, version: str) -> pl.DataFrame:
        """Ids of planned, successful draws that lack measures of this version, or its verdict where a rule has one."""
        tables = self.tables(version)
        wanted = tables.completions.filter(pl.col("finish_reason") != "error")
        ruled = tables.prompts.select("prompt_id", _ruled=pl.col("verifier") != JUDGE)
        verdicts = self._scan_parts("verdicts", Verdicts, f"*.{version}.parquet").select("completion_id", _rule=True)
        measures = tables.measures.select("completion_id", _measured=True)
        return (
            wanted.select("completion_id", "prompt_id")
            .join(ruled, on="prompt_id", how="left")
            .join(measures.unique(), on="completion_id", how="left")
            .join(verdicts.unique(), on="completion_id", how="left")
            .filter(pl.col("_measured").is_null() | (pl.col("_rule").is_null() & pl.col("_ruled").fill_null(True)))
            .select("completion_id")
            .collect()
        )

    def write_judgements(self, judging: str, verdicts: pl.DataFrame) -> None:
        """Store verdicts of the judge, under the fingerprint of what makes it say them."""
        valid = Verdicts.validate(verdicts, cast=True).sort("completion_id")
        name = f"{fingerprint(valid['completion_id'].to_list())[:16]}.{JUDGE}-{judging}.parquet"
        write_parquet(self.root / "verdicts" / name, valid)

    def judgements(self, judging: str) -> pl.LazyFrame:
        """The judge's verdicts, one a completion: where it failed and was asked again, the one that it reached."""
        said = self._scan_parts("verdicts", Verdicts, f"*.{JUDGE}-{judging}.parquet")
        failed_last = said.sort("completion_id", pl.col("outcome") == Outcome.VERIFIER_ERROR)
        return failed_last.unique("completion_id", keep="first", maintain_order=True)

    # --- everything ----------------------------------------------------------------------------------------------

    def tables(self, version: str | None = None) -> Tables:
        """The tables of the planned draws, verdicts and measures of one version (by default the manifest's).

        The judge's verdicts are beside the rules', those of the judge that the manifest names.
        """
        manifest = self.read_manifest()
        version = version or manifest.get("grades", "")
        rules = self._scan_parts("verdicts", Verdicts, f"*.{version}.parquet")
        verdicts = pl.concat([rules, self.judgements(manifest.get("judging", "none"))])
        plan = self.scan_plan()
        planned_ids = plan.select("completion_id")
        completions = self.scan_all_completions().join(planned_ids, on="completion_id", how="semi")
        return Tables(
            planned=plan.select(pl.len()).collect().item(),
            prompts=self._scan("prompts.parquet", Prompts),
            bad_prompts=self._scan("bad_prompts.parquet", BadPrompts),
            completions=completions,
            verdicts=verdicts.join(planned_ids, on="completion_id", how="semi"),
            measures=self._scan_parts("measures", Measures, f"*.{version}.parquet").join(
                planned_ids, on="completion_id", how="semi"
            ),
            decisions=self._scan("decisions.parquet", Decisions),
            examples=self._scan_parts("dataset/data", Examples),
            policy=manifest.get("policy", "rule"),
        )

    def scan_all_completions(self) -> pl.LazyFrame:
        """Every draw ever made here, sealed or in a journal only, one row each, in the present plan or not."""
        unsealed = [read_journal(path) for path in self.journals()]
        sealed = self._scan_parts("completions", Completions)
        if not unsealed:
            return _latest_attempt(sealed)
        return _latest_attempt(pl.concat([sealed, *(frame.lazy() for frame in unsealed)]))

    def _scan(self, name: str, schema: type[dy.Schema]) -> pl.LazyFrame:
        path = self.root / name
        return pl.scan_parquet(path) if path.is_file() else schema.create_empty().lazy()

    def _files(self, table: str, pattern: str = "*.parquet") -> list[Path]:
        """The sealed files of a table: a name that is still being written begins with `STAGING`, and globs match it."""
        return sorted(path for path in (self.root / table).glob(pattern) if not path.name.startswith(STAGING))

    def _scan_parts(self, table: str, schema: type[dy.Schema], pattern: str = "*.parquet") -> pl.LazyFrame:
        files = self._files(table, pattern)
        return pl.scan_parquet(files) if files else schema.create_empty().lazy()


def with_references(prompts: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """Prompts that came without a reference get the one that `references` has for them."""
    if not references.height:
        return prompts
    named = references.select("prompt_id", _named="reference")
    joined = prompts.join(named, on="prompt_id", how="left", maintain_order="left")
    return joined.with_columns(reference=pl.coalesce("reference", "_named")).drop("_named")


def _latest_attempt(completions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per draw: where a failed draw was tried again, the attempt that succeeded."""
    attempts = completions.with_columns(_failed=pl.col("finish_reason") == "error")
    twice = attempts.group_by("completion_id").agg(pl.len().alias("_n"), pl.col("_failed").all().alias("_hopeless"))
    return (
        attempts.join(twice, on="completion_id")
        .filter((pl.col("_n") == 1) | ~pl.col("_failed") | pl.col("_hopeless"))
        .unique("completion_id", keep="first", maintain_order=False)
        .drop("_failed", "_n", "_hopeless")
    )


def _in_chunks(frames: Iterable[pl.DataFrame], limit: int) -> Iterator[pl.DataFrame]:
    """Join small frames into ones of about `limit` bytes; always at least one, if an empty one."""
    empty: pl.DataFrame = Examples.create_empty()
    waiting, size = [empty], 0
    for frame in frames:
        if size and size + frame.estimated_size() > limit:
            yield pl.concat(waiting)
            waiting, size = [empty], 0
        waiting.append(frame)
        size += int(frame.estimated_size())
    yield pl.concat(waiting)
