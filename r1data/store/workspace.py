"""A workspace: one folder that holds everything a recipe made, as plain Parquet and text.

    recipe.yaml          the recipe as it was last run      manifest.json   fingerprints, versions, when
    prompts.parquet      bad_prompts.parquet
    plan.parquet         a row per prompt: which draws the recipe asks for, and how many at most
    stops.parquet        why each prompt got no more draws (stops/ while a run goes on)
    journal/             draws that are safe but not sealed (SQLite)
    cuts/                draws that a cap interrupted before a run was stopped; the next run goes on from their text
    completions/ verdicts/ measures/                        sealed parts, never changed
    opinions/            what a model says of which prompts need reasoning, where the recipe asks one
    audit.parquet        what verifiers said of the prompts' own references
    references.parquet   references that the majority of the draws named
    kinship.parquet      contamination.parquet     compared.json     signatures.npy (those of kinship, once more)
                         what replies share with each other and with benchmarks
    rewrites/            of rewritten completions: what they were made from
    decisions.parquet    candidates.parquet        what is kept, and all the numbers that it was decided from
    dataset/ (README.md, data/)                    report.html     logs/

Parts are named after what they hold, and what is done is the set of completion ids in them: so prompts may come, go or
change places, and shards may change size, without a draw being lost or repeated.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import dataframely as dy
import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.errors import WorkspaceError
from r1data.recipe import ASKS_A_MODEL, fingerprint, fingerprint_files
from r1data.store.files import (
    STAGING,
    folder_written_whole,
    sweep_staging,
    write_parquet,
    write_text,
    written_whole,
)
from r1data.store.journal import CUTS_SCHEMA, Journal, read_journal
from r1data.store.reviews import read_reviews
from r1data.store.tables import Checked, Tables
from schemas import (
    Audits,
    BadPrompts,
    Completions,
    Contaminations,
    Decisions,
    Examples,
    Kinship,
    Measures,
    Opinions,
    Outcome,
    Prompts,
    References,
    Rewrites,
    Stops,
    Verdicts,
)
from schemas.kinship import BINS

JUDGE, QUALITY = "judge", "quality"
"""Whose verdicts are kept by the fingerprint of the model that says them."""
DATASET_FILE_BYTES = 256 << 20
PLAN_GROUP_ROWS = 100_000
CANDIDATE_GROUP_ROWS = 100_000
"""All of them are read fast, and one of them as well."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Which draws are asked for: the plan, and the route that makes them."""

    plan: pl.LazyFrame
    route: str


PLAN_SCHEMA = pl.Schema({
    "prompt_id": pl.String, "rendered": pl.String, "policy": pl.String, "draws": pl.Int32, "fixed": pl.Boolean,
})  # fmt: skip


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

    def add_opinions(self, opinions: pl.DataFrame) -> None:
        """Store what a model says of some prompts: whether they need reasoning."""
        valid = Opinions.validate(opinions, cast=True).sort("prompt_id")
        name = fingerprint(valid.select("prompt_id", "judging").rows())[:16]
        write_parquet(self.root / "opinions" / f"{name}.parquet", valid)

    def read_opinions(self) -> pl.DataFrame:
        """What models have said of prompts, of each prompt and model once."""
        said = self._scan_parts("opinions", Opinions)
        return said.unique(["prompt_id", "judging"], keep="first", maintain_order=True).collect()

    def write_plan(self, plan: pl.DataFrame) -> None:
        """Store which draws the recipe asks for: of each prompt, rendered like this, at most so many, or (`fixed`) just
        so many.
        """
        typed = plan.select(pl.col(name).cast(dtype) for name, dtype in PLAN_SCHEMA.items())
        write_parquet(self.root / "plan.parquet", typed.sort("prompt_id"), PLAN_GROUP_ROWS)

    def write_stops(self, stops: pl.DataFrame) -> None:
        """Store why each prompt got no more draws, all of them."""
        write_parquet(self.root / "stops.parquet", Stops.validate(stops, cast=True), PLAN_GROUP_ROWS)
        for path in self._files("stops"):
            path.unlink()

    def fold_stops(self) -> None:
        """Make the stops that a killed run has left in parts a part of the table."""
        if self._files("stops"):
            self.write_stops(self.read_stops().collect())

    def add_stops(self, stops: pl.DataFrame) -> None:
        """Store why some prompts got no more draws, while the run goes on with others."""
        valid = Stops.validate(stops, cast=True)
        name = fingerprint(valid["prompt_id"].to_list())[:16]
        write_parquet(self.root / "stops" / f"{name}.parquet", valid)

    def read_stops(self, drawing: Drawing | None = None) -> pl.LazyFrame:
        """Why prompts got no more draws, as far as the same draws were asked for by the same policy."""
        drawing = drawing or self.drawing()
        parts = self._scan_parts("stops", Stops)  # newer than the table, which the last of them become part of
        older = self._scan("stops.parquet", Stops).join(parts, on="prompt_id", how="anti")
        stops = pl.concat([parts.unique("prompt_id"), older]).filter(route=drawing.route)
        return stops.join(drawing.plan, on=("prompt_id", "rendered", "policy"), how="semi")

    def write_decisions(self, decisions: pl.DataFrame, candidates: pl.DataFrame) -> None:
        """Store what is kept and what is not, and the candidates (`r1data.selection`) that it was decided from."""
        self._forget_candidates()
        write_parquet(self.root / "decisions.parquet", Decisions.validate(decisions, cast=True))
        write_parquet(self.root / "candidates.parquet", candidates, CANDIDATE_GROUP_ROWS)

    def scan_candidates(self) -> pl.LazyFrame | None:
        """What the decisions were made from, in the same order; None where nothing has been decided, or the replies
        have been compared anew since.
        """
        path = self.root / "candidates.parquet"
        return pl.scan_parquet(path) if path.is_file() else None

    def write_kinship(self, kinship: pl.DataFrame, made_of: str) -> None:
        """Store which replies resemble each other; `made_of` is the fingerprint of what that was told from."""
        self._forget_candidates()  # they count the rows of this table
        valid = Kinship.validate(kinship)
        with self._compared_anew("kinship", {"made_of": made_of}):
            write_parquet(self.root / "kinship.parquet", valid)
            with written_whole(self.root / "signatures.npy") as staging, staging.open("wb") as file:
                np.save(file, valid["signature"].to_numpy().reshape(-1, BINS))

    def read_kinship(self, made_of: str | None = None) -> pl.DataFrame | None:
        """Which replies resemble each other; None where nobody has looked, or not at what has this fingerprint."""
        path = self.root / "kinship.parquet"
        return pl.read_parquet(path) if self._is_compared("kinship", made_of) and path.is_file() else None

    def read_signatures(self) -> npt.NDArray[np.uint16] | None:
        """The signatures of that table alone, in its order and read only where they are looked at; None as above."""
        path = self.root / "signatures.npy"
        if not self._is_compared("kinship", None) or not path.is_file():
            return None
        signatures: npt.NDArray[np.uint16] = np.load(path, mmap_mode="r", allow_pickle=False)
        return signatures if len(signatures) else None

    def write_contaminations(self, found: pl.DataFrame, checked: Sequence[Checked], made_of: str) -> None:
        """Store which replies hold benchmark items, and which benchmarks were looked at."""
        self._forget_candidates()
        valid = Contaminations.validate(found, cast=True)
        told = [asdict(one) for one in checked]
        with self._compared_anew("contamination", {"made_of": made_of, "benchmarks": told}):
            write_parquet(self.root / "contamination.parquet", valid)

    def read_contaminations(self, made_of: str | None = None) -> pl.DataFrame | None:
        """Which replies hold benchmark items; None as in `read_kinship`."""
        path = self.root / "contamination.parquet"
        return pl.read_parquet(path) if self._is_compared("contamination", made_of) and path.is_file() else None

    def benchmarks(self) -> tuple[Checked, ...]:
        """The benchmarks that replies were held against, and those that they could not be."""
        return tuple(Checked(**one) for one in self._compared().get("contamination", {}).get("benchmarks", []))

    def _compared(self) -> dict[str, Any]:
        path = self.root / "compared.json"
        compared: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return compared

    def _is_compared(self, what: str, made_of: str | None) -> bool:
        known = self._compared().get(what, {}).get("made_of")
        return known is not None and made_of in (None, known)

    @contextmanager
    def _compared_anew(self, what: str, entry: dict[str, object]) -> Iterator[None]:
        """A kill inside the block leaves tables without a fingerprint, which the next run makes again."""
        others = {name: known for name, known in self._compared().items() if name != what}
        write_text(self.root / "compared.json", json.dumps(others, indent=2, ensure_ascii=False) + "\n")
        yield
        now = others | {what: entry}
        write_text(self.root / "compared.json", json.dumps(now, indent=2, ensure_ascii=False) + "\n")

    def _forget_candidates(self) -> None:
        (self.root / "candidates.parquet").unlink(missing_ok=True)

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

    def scan_thinking(self) -> pl.LazyFrame:
        """Of each prompt, whether a reply should think: `prompt_id`, `thinking` (null as the recipe says)."""
        return self._scan("prompts.parquet", Prompts).select("prompt_id", "thinking")

    def verifiers(self) -> list[str]:
        """Names of the verifiers that the prompts ask for."""
        return (
            self._scan("prompts.parquet", Prompts).select(pl.col("verifier").unique()).collect()["verifier"].to_list()
        )

    def prompts_of(self, prompt_ids: pl.Series) -> pl.DataFrame:
        """The prompts with these ids, as far as the recipe still has them; references as in `read_prompts`."""
        wanted = prompt_ids.unique().to_frame("prompt_id").lazy()
        # Prompts lie in the order of their ids, so most of the file is not even read.
        near = pl.col("prompt_id").is_between(pl.lit(prompt_ids.min()), pl.lit(prompt_ids.max()))
        prompts = self._scan("prompts.parquet", Prompts).filter(near).join(wanted, on="prompt_id", how="semi").collect()
        return with_references(prompts, self.read_references())

    def scan_plan(self) -> pl.LazyFrame:
        """Which draws the recipe asks for, one row per prompt."""
        path = self.root / "plan.parquet"
        return pl.scan_parquet(path) if path.is_file() else pl.LazyFrame(schema=PLAN_SCHEMA)

    def drawing(self) -> Drawing:
        """Which draws the recipe that was last run asks for."""
        manifest = self.read_manifest()
        return Drawing(self.scan_plan(), manifest.get("route", ""))

    def scan_limits(self, drawing: Drawing | None = None) -> pl.LazyFrame:
        """The plan, with how many draws each prompt has got where it has stopped: `prompt_id`, `rendered`, `draws`."""
        drawing = drawing or self.drawing()
        stopped = self.read_stops(drawing).select("prompt_id", _made="draws")
        plan = drawing.plan.join(stopped, on="prompt_id", how="left")
        return plan.select("prompt_id", "rendered", draws=pl.coalesce("_made", "draws"))

    # --- parts ---------------------------------------------------------------------------------------------------

    def journals(self) -> list[Path]:
        """Journals that a run is writing or that a killed one left."""
        return sorted((self.root / "journal").glob("*.sqlite"))

    def open_journal(self, shard: str) -> Journal:
        """Open or make the journal of a shard."""
        return Journal(self.root / "journal" / f"{shard}.sqlite")

    def write_cuts(self, cuts: pl.DataFrame) -> None:
        """Store interrupted draws that a journal held, so that it can be removed."""
        name = fingerprint(cuts.select("completion_id", "stages").rows())[:16]
        write_parquet(self.root / "cuts" / f"{name}.parquet", cuts)

    def read_cuts(self, prompt_ids: pl.Series) -> pl.DataFrame:
        """Interrupted draws of these prompts that have not ended: the longest text of each."""
        files = self._files("cuts")
        if not files:
            return pl.DataFrame(schema=CUTS_SCHEMA)
        wanted = prompt_ids.unique().to_frame("prompt_id").lazy()
        mine = pl.scan_parquet(files).join(wanted, on="prompt_id", how="semi")
        return mine.sort("stages", descending=True).unique("completion_id", keep="first").collect()

    def drop_cuts(self) -> None:
        """Forget interrupted draws: every prompt has stopped, so they have ended."""
        for path in self._files("cuts"):
            path.unlink()

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

    def write_rewrites(self, rewrites: pl.DataFrame) -> None:
        """Store what rewritten completions were made from, before those are sealed."""
        valid = Rewrites.validate(rewrites, cast=True).sort("completion_id")
        name = fingerprint(valid["completion_id"].to_list())[:16]
        write_parquet(self.root / "rewrites" / f"{name}.parquet", valid)

    def read_rewrites(self) -> pl.LazyFrame:
        """What rewritten completions were made from, one row each."""
        return self._scan_parts("rewrites", Rewrites).unique("completion_id", keep="first", maintain_order=True)

    def scan_grades(self, version: str) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        """All verdicts of rules and all measures of this version, whatever the recipe asks for."""
        pattern = f"*.{version}.parquet"
        return self._scan_parts("verdicts", Verdicts, pattern), self._scan_parts("measures", Measures, pattern)

    def ungraded_ids(self, version: str) -> pl.DataFrame:
        """Ids of successful draws that lack measures of this version, or its verdict where a rule has one.

        Draws that a prompt has beyond its stop are among them: when it goes on, they are not made again.
        """
        wanted = self.scan_drawn().filter(pl.col("finish_reason") != "error")
        prompts = self._scan("prompts.parquet", Prompts)
        ruled = prompts.select("prompt_id", _ruled=~pl.col("verifier").is_in(ASKS_A_MODEL))
        said, measured = self.scan_grades(version)
        verdicts = said.select("completion_id", _rule=True)
        measures = measured.select("completion_id", _measured=True)
        return (
            wanted.select("completion_id", "prompt_id")
            .join(ruled, on="prompt_id", how="left")
            .join(measures.unique(), on="completion_id", how="left")
            .join(verdicts.unique(), on="completion_id", how="left")
            .filter(pl.col("_measured").is_null() | (pl.col("_rule").is_null() & pl.col("_ruled").fill_null(True)))
            .select("completion_id")
            .collect()
        )

    def write_judgements(self, judging: str, verdicts: pl.DataFrame, verifier: str = JUDGE) -> None:
        """Store verdicts of a model (`judge` or `quality`), under the fingerprint of what makes it say them."""
        valid = Verdicts.validate(verdicts, cast=True).sort("completion_id")
        name = f"{fingerprint(valid['completion_id'].to_list())[:16]}.{verifier}-{judging}.parquet"
        write_parquet(self.root / "verdicts" / name, valid)

    def judgements(self, judging: str, verifier: str = JUDGE) -> pl.LazyFrame:
        """A model's verdicts, one a completion: where it failed and was asked again, the one that it reached."""
        said = self._scan_parts("verdicts", Verdicts, f"*.{verifier}-{judging}.parquet")
        failed_last = said.sort("completion_id", pl.col("outcome") == Outcome.VERIFIER_ERROR)
        return failed_last.unique("completion_id", keep="first", maintain_order=True)

    def said_by_models(self) -> pl.LazyFrame:
        """The verdicts of the models that the manifest names: of the judge, and of whoever rates."""
        manifest = self.read_manifest()
        judged = self.judgements(manifest.get("judging", "none"))
        return pl.concat([judged, self.judgements(manifest.get("appraising", "none"), QUALITY)])

    # --- everything ----------------------------------------------------------------------------------------------

    def tables(self, version: str | None = None) -> Tables:
        """The tables of the planned draws, verdicts and measures of one version (by default the manifest's).

        The judge's verdicts are beside the rules', those of the judge that the manifest names.
        """
        manifest = self.read_manifest()
        version = version or manifest.get("grades", "")
        limits = self.scan_limits()
        completions = self._planned(self.scan_all_completions(), limits, manifest.get("route", ""))
        # Ids alone, collected once: verdicts and measures are joined to them, and texts stay on disk.
        planned_ids = completions.select("completion_id").collect().lazy()
        rules = self._scan_parts("verdicts", Verdicts, f"*.{version}.parquet")
        verdicts = pl.concat([rules, self.said_by_models()])
        return Tables(
            planned=limits.select(pl.col("draws").sum()).collect().item(),
            prompts=self._scan("prompts.parquet", Prompts),
            bad_prompts=self._scan("bad_prompts.parquet", BadPrompts),
            stops=self.read_stops(),
            completions=completions,
            verdicts=verdicts.join(planned_ids, on="completion_id", how="semi"),
            measures=self._scan_parts("measures", Measures, f"*.{version}.parquet").join(
                planned_ids, on="completion_id", how="semi"
            ),
            decisions=self._scan("decisions.parquet", Decisions),
            kinship=self._scan("kinship.parquet", Kinship).join(planned_ids, on="completion_id", how="semi"),
            contaminations=self._scan("contamination.parquet", Contaminations),
            benchmarks=self.benchmarks(),
            rewrites=self.read_rewrites().join(planned_ids, on="completion_id", how="semi"),
            reviews=read_reviews(self.root).lazy(),
            examples=self._scan_parts("dataset/data", Examples),
            policy=manifest.get("policy", "rule"),
        )

    def exchanges(self, completion_ids: Sequence[str]) -> pl.DataFrame:
        """Of these few sealed draws: `completion_id`, `question` (null where the prompt is no longer there), `text`."""
        # Parts lie in the order of ids, so most of their texts are not even read.
        some = pl.col("completion_id").is_in(list(completion_ids)) & (pl.col("finish_reason") != "error")
        drawn = self._scan_parts("completions", Completions).filter(some)
        texts = drawn.select("completion_id", "prompt_id", "text").unique("completion_id").collect()
        asked = self.prompts_of(texts["prompt_id"]) if texts.height else Prompts.create_empty()
        questions = asked.select("prompt_id", question=pl.col("messages").list.last().struct.field("content"))
        return texts.join(questions, on="prompt_id", how="left").select("completion_id", "question", "text")

    def scan_drawn(self, drawing: Drawing | None = None) -> pl.LazyFrame:
        """Every draw of these prompts, rendered like this, by this route, however many were made of each."""
        drawing = drawing or self.drawing()
        mine = self.scan_all_completions().filter(pl.col("route") == drawing.route)
        return mine.join(drawing.plan, on=("prompt_id", "rendered"), how="semi")

    def _planned(self, completions: pl.LazyFrame, limits: pl.LazyFrame, route: str) -> pl.LazyFrame:
        """Those completions that the recipe asks for."""
        asked = limits.rename({"draws": "_draws"})
        mine = completions.filter(pl.col("route") == route).join(asked, on=("prompt_id", "rendered"))
        return mine.filter(pl.col("draw") < pl.col("_draws")).drop("_draws")

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
        # A part that an older version wrote may lack the newest columns.
        return pl.scan_parquet(files, missing_columns="insert") if files else schema.create_empty().lazy()


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
