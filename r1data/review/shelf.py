"""Shelf: the samples of one workspace that a person may look at, with everything that is known of each.

Those are the rows that are in the dataset, and those that only a person's word keeps out of it. Numbers are read once,
texts when they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from r1data.errors import WorkspaceError
from r1data.recipe import Selection
from r1data.review.gate import parts_of
from r1data.review.plans import Plan, ordered
from r1data.selection import MEASURES, combined
from r1data.store import Tables, Workspace
from schemas import Message, Outcome, Reason

JUDGE = "judge"
DRAWN = ("completion_id", "prompt_id", "draw", "seed", "model", "completion_tokens", "finish_reason")
ASKED = ("domain", "category", "language", "source", "licence")
SPOKEN = ("verifier", "outcome", "extracted", "detail")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a verifier said: see `schemas.Verdict`."""

    verifier: str
    outcome: str
    extracted: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One reply with all that a reader wants to see beside it. `text` is the whole reply; `before` is what it was
    before a second model rewrote it, None where nobody did.
    """

    part: str
    completion_id: str
    prompt_id: str
    messages: tuple[Message, ...]
    text: str
    before: str | None
    language: str
    verifier: str
    reference: str | None
    task: str | None
    why: str | None
    """Why the plan shows it now."""
    verdicts: tuple[Spoken, ...]
    facts: dict[str, object]
    measures: dict[str, object]
    pass_rate: float | None
    finish_reason: str


class Shelf:
    """See the module. `part` is the name of a mix's part, empty for a workspace that is none."""

    def __init__(self, workspace: Workspace, part: str, plan: Plan) -> None:
        self.workspace = workspace
        self.part = part
        self.selection = selection_of(workspace)
        self._rows = _index(workspace.tables())
        self._order = ordered(self._rows, plan, self.selection)

    @property
    def all_ids(self) -> list[str]:
        """Every sample that may be looked at, in the order of the ids, which are hashes."""
        return self._rows["completion_id"].sort().to_list()

    @cached_property
    def ids(self) -> list[str]:
        """The samples in the order of the plan."""
        ids: list[str] = self._order["completion_id"].to_list()
        return ids

    @cached_property
    def prompt_of(self) -> dict[str, str]:
        """Of each sample the prompt."""
        return dict(self._rows.select("completion_id", "prompt_id").iter_rows())

    @property
    def verifiers(self) -> list[str]:
        """Rules that an edited sample may have to be checked by."""
        return [name for name in self.workspace.verifiers() if name != JUDGE]

    def samples(self, ids: Sequence[str]) -> dict[str, Sample]:
        """These samples in full, by their ids; one whose text or prompt is gone is left out."""
        wanted = self._rows.filter(pl.col("completion_id").is_in(list(ids)))
        if not wanted.height:
            return {}
        texts = self.workspace.exchanges(wanted["completion_id"].to_list()).select("completion_id", "text")
        prompts = {row["prompt_id"]: row for row in self.workspace.prompts_of(wanted["prompt_id"]).to_dicts()}
        before = self._before(wanted["completion_id"])
        told = wanted.join(texts, on="completion_id").join(
            self._order.select("completion_id", "why"), on="completion_id", how="left"
        )
        return {
            row["completion_id"]: self._sample(row, prompts[row["prompt_id"]], before.get(row["completion_id"]))
            for row in told.to_dicts()
            if row["prompt_id"] in prompts and row["text"] is not None
        }

    def _before(self, ids: pl.Series) -> dict[str, str]:
        """Of those that a second model has rewritten, the whole text before it did."""
        mine = self.workspace.read_rewrites().filter(pl.col("completion_id").is_in(ids.to_list()))
        rewritten = mine.filter(pl.col("steps").list.len() > 0)
        return dict(rewritten.select("completion_id", "before").collect().iter_rows())

    def _sample(self, row: dict[str, Any], prompt: dict[str, Any], before: str | None) -> Sample:
        spoken = [
            Spoken(*(row[f"{side}_{name}"] for name in SPOKEN))
            for side in ("rule", "judge")
            if row[f"{side}_outcome"] is not None
        ]
        facts = {name: prompt.get(name) for name in ASKED} | {name: row[name] for name in DRAWN[2:6]}
        return Sample(
            part=self.part,
            completion_id=row["completion_id"],
            prompt_id=row["prompt_id"],
            messages=tuple(Message(turn["role"], turn["content"]) for turn in prompt["messages"]),
            text=row["text"],
            before=before,
            language=prompt["language"],
            verifier=prompt["verifier"],
            reference=prompt["reference"],
            task=prompt["task"],
            why=row["why"],
            verdicts=tuple(spoken),
            facts=facts,
            measures={name: row[name] for name in MEASURES},
            pass_rate=row["pass_rate"],
            finish_reason=row["finish_reason"],
        )


def shelves(root: Path, plan: Plan) -> list[Shelf]:
    """The shelf of a workspace, or those of a mix's parts by their names.

    Raises:
        WorkspaceError: nothing has been decided there yet.
    """
    places = [(root / "parts" / part if part else root, part) for part in parts_of(root)]
    places = [(path, part) for path, part in places if (path / "decisions.parquet").is_file()]
    if not places:
        raise WorkspaceError(f"{root}: nothing has been decided on yet", "run the recipe to its end first")
    return [Shelf(Workspace.existing(path), name, plan) for path, name in places]


def selection_of(workspace: Workspace) -> Selection:
    """The thresholds of the recipe that was last run."""
    path = workspace.root / "recipe.yaml"
    recipe = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return Selection.model_validate(recipe.get("selection") or {})


def _index(tables: Tables) -> pl.DataFrame:
    """One row a sample, numbers and short texts only."""
    only_people = pl.col("reasons") == [Reason.REVIEW.value]
    wanted = tables.decisions.filter(pl.col("kept") | only_people).select("completion_id")
    mine = tables.completions.select(DRAWN).join(wanted, on="completion_id", how="semi")
    for side, told in (
        ("rule", tables.verdicts.filter(pl.col("verifier") != JUDGE)),
        ("judge", tables.verdicts.filter(pl.col("verifier") == JUDGE)),
    ):
        spoken = told.sort("version").unique("completion_id", keep="last", maintain_order=True)
        named = spoken.select("completion_id", *(pl.col(name).alias(f"{side}_{name}") for name in SPOKEN))
        mine = mine.join(named, on="completion_id", how="left")
    outcomes = combined(tables.verdicts, tables.policy).select("completion_id", "outcome")
    measures = tables.measures.select("completion_id", *MEASURES).unique("completion_id")
    return (
        mine.join(outcomes, on="completion_id", how="left")
        .join(measures, on="completion_id", how="left")
        .join(_pass_rates(tables), on="prompt_id", how="left")
        .sort("completion_id")
        .collect(engine="streaming")
    )


def _pass_rates(tables: Tables) -> pl.LazyFrame:
    judged = [Outcome.CORRECT.value, Outcome.INCORRECT.value, Outcome.NO_ANSWER.value]
    owners = tables.completions.select("completion_id", "prompt_id")
    outcomes = combined(tables.verdicts, tables.policy).filter(pl.col("outcome").is_in(judged))
    correct = (pl.col("outcome") == Outcome.CORRECT).mean().alias("pass_rate")
    return outcomes.join(owners, on="completion_id").group_by("prompt_id").agg(correct)
