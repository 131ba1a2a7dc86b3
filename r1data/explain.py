"""Explain: from an id to everything that is known of it, or to why there is nothing to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from r1data.errors import R1dataError
from r1data.sampling import expanded
from r1data.selection import combined
from r1data.store import Tables, Workspace
from r1data.store.merged_folder import MergedFolder

SHORTEST_PREFIX = 6
PLAN_SLICE = 50_000


class UnknownId(R1dataError):
    """The workspace knows no such id."""


@dataclass(frozen=True, slots=True)
class DrawStory:
    """One draw from its prompt to its fate. What has not happened yet is None; `fate` says where it stands."""

    fate: str
    planned: dict[str, Any] | None
    prompt: dict[str, Any] | None
    completion: dict[str, Any] | None
    verdicts: list[dict[str, Any]]
    measures: dict[str, Any] | None
    decision: dict[str, Any] | None
    contaminations: list[dict[str, Any]]
    """What the reply or its prompt has in common with items of benchmarks."""
    twin: dict[str, Any] | None
    """The reply that it repeats, where it is rejected for that: id, prompt_id, draw, similarity and text."""
    example: dict[str, Any] | None
    rewrite: dict[str, Any] | None = None
    """What it was made from, where it is a rewritten reply: the original's id, part and text, and the steps."""


@dataclass(frozen=True, slots=True)
class PromptStory:
    """A prompt, what became of each of its draws, and why there are no more (None while there may be)."""

    prompt: dict[str, Any]
    draws: list[dict[str, Any]]
    stop: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class MixStory:
    """What became, in the merge, of what a part made, and what the part's own workspace tells of it."""

    fate: str
    part: str
    offers: list[dict[str, Any]]
    """Rows of `schemas.Merged`: that of the example, or those of all examples of the prompt."""
    story: DrawStory | PromptStory | None
    """None where the part's workspace is elsewhere."""


def explain_mix(root: Path, given: str) -> MixStory:
    """Tell the story of an example or a prompt of a mix: what the merge did with it, and how its part made it.

    Raises:
        UnknownId: neither the merge nor a part has such an id, or several things have.
    """
    wanted = _id(given)
    merged = MergedFolder(root).scan_merged()
    mine = pl.col("example_id").str.starts_with(wanted) | pl.col("prompt_id").str.starts_with(wanted)
    offers = merged.filter(mine).sort("part", "example_id").collect()
    parts = sorted(folder.parent for folder in (root / "parts").glob("*/manifest.json"))
    if not offers.height:
        return _of_a_part(root, parts, given)
    examples = offers.filter(pl.col("example_id").str.starts_with(wanted))
    ids = set(examples["example_id"]) | set(offers.filter(pl.col("prompt_id").str.starts_with(wanted))["prompt_id"])
    if len(ids) > 1:
        raise UnknownId(f"{given}: {len(ids)} ids begin like this", "give more of its digits")
    kept = offers.filter("kept")
    part = str((kept if kept.height else offers)["part"][0])
    there = [folder for folder in parts if folder.name == part]
    story = explain(Workspace(there[0]), ids.pop()) if there else None
    told = [_merged_fate(offer) for offer in offers.to_dicts()]
    return MixStory("; ".join(dict.fromkeys(told)), part, offers.to_dicts(), story)


def _of_a_part(root: Path, parts: list[Path], given: str) -> MixStory:
    """What was never offered: a part has rejected it, or not drawn it yet."""
    for folder in parts:
        try:
            story = explain(Workspace(folder), given)
        except UnknownId:
            continue
        fate = story.fate if isinstance(story, DrawStory) else "none of its draws was offered"
        return MixStory(f"not offered to the merge by part {folder.name}: {fate}", folder.name, [], story)
    raise UnknownId(
        f"{given}: neither the merge nor a part of {root} has such an id",
        "it may belong to another workspace (-w), or its source row was unusable: see bad_prompts.parquet",
    )


def _merged_fate(offer: dict[str, Any]) -> str:
    if offer["kept"]:
        return f"in the merged dataset, split {offer['split']}, from part {offer['part']}"
    told = f"offered by part {offer['part']} and left out of the merged dataset: {', '.join(offer['findings'])}"
    if offer["duplicate_of"] is not None:
        alike = "" if offer["similarity"] is None else f", similarity {offer['similarity']:.2f}"
        told += f" (in favour of {offer['duplicate_of']}{alike})"
    return told


def explain(workspace: Workspace, given: str) -> DrawStory | PromptStory:
    """Tell the story of an example, a completion, a planned draw or a prompt, by its id or the start of it.

    Raises:
        UnknownId: nothing here has such an id, or several things have.
    """
    wanted = _id(given)
    tables = workspace.tables()
    draws = _ids(workspace.scan_all_completions(), "completion_id", wanted)
    prompts = _ids(tables.prompts, "prompt_id", wanted)
    if not draws and not prompts:
        draws = set(_planned_ids(workspace, wanted))
    match sorted(draws), sorted(prompts):
        case [only], []:
            return _draw_story(workspace, tables, only)
        case [], [only]:
            return _prompt_story(workspace, tables, only)
        case [], []:
            raise UnknownId(
                f"{given}: neither a draw nor a prompt of {workspace.root}",
                "it may belong to another workspace (-w), or its source row was unusable: see bad_prompts.parquet",
            )
        case several_draws, several_prompts:
            count = len(several_draws) + len(several_prompts)
            raise UnknownId(f"{given}: {count} ids begin like this", "give more of its digits")


def _id(given: str) -> str:
    wanted = given.strip().lower()
    if len(wanted) < SHORTEST_PREFIX or any(c not in "0123456789abcdef" for c in wanted):
        raise UnknownId(f"{given!r} is no id", f"give at least the first {SHORTEST_PREFIX} of its 32 hex digits")
    return wanted


def _ids(frame: pl.LazyFrame, column: str, prefix: str) -> set[str]:
    hits = frame.filter(pl.col(column).str.starts_with(prefix)).select(pl.col(column).unique()).collect()
    return set(hits[column])


def _planned_ids(workspace: Workspace, prefix: str) -> dict[str, str]:
    """Draws that are asked for and whose id begins like this, with their prompts. Their ids are made, not stored."""
    found: dict[str, str] = {}
    for some in workspace.scan_limits().collect().iter_slices(PLAN_SLICE):
        planned = _single_draws(workspace, some).filter(pl.col("completion_id").str.starts_with(prefix))
        found |= dict(planned.select("completion_id", "prompt_id").iter_rows())
    return found


def _single_draws(workspace: Workspace, limits: pl.DataFrame) -> pl.DataFrame:
    manifest = workspace.read_manifest()
    return expanded(limits, manifest.get("route", ""), manifest.get("seed", 0))


def _draws_of(workspace: Workspace, prompt_id: str) -> pl.DataFrame:
    return _single_draws(workspace, workspace.scan_limits().filter(pl.col("prompt_id") == prompt_id).collect())


def _draw_story(workspace: Workspace, tables: Tables, completion_id: str) -> DrawStory:
    completion = _one(workspace.scan_all_completions(), "completion_id", completion_id)
    prompt_id = completion["prompt_id"] if completion else _planned_ids(workspace, completion_id)[completion_id]
    planned = _one(_draws_of(workspace, prompt_id).lazy(), "completion_id", completion_id)
    decision = _one(tables.decisions, "completion_id", completion_id)
    return DrawStory(
        fate=_fate(planned, completion, decision),
        planned=planned,
        prompt=_prompt(workspace, tables, prompt_id),
        completion=completion,
        verdicts=_rows(tables.verdicts, "completion_id", completion_id),
        measures=_one(tables.measures, "completion_id", completion_id),
        decision=decision,
        contaminations=_hits(tables, completion_id, prompt_id),
        twin=_twin(workspace, decision),
        example=_one(tables.examples, "example_id", completion_id),
        rewrite=_one(tables.rewrites, "completion_id", completion_id),
    )


def _fate(planned: dict[str, Any] | None, completion: dict[str, Any] | None, decision: dict[str, Any] | None) -> str:
    if planned is None:
        return "not in the dataset: an earlier recipe drew it, and the present one does not ask for it"
    if completion is None:
        return "not in the dataset: planned, but not drawn yet; run the recipe again to go on"
    if completion["error"] is not None:
        return f"not in the dataset: the draw failed ({completion['error']}); `r1data run --retry-failed` tries again"
    if decision is None:
        return "not in the dataset: drawn, but not decided on yet; run the recipe again to go on"
    if decision["kept"]:
        return "in the dataset"
    told = f"not in the dataset: rejected, {', '.join(decision['reasons'])}"
    if decision.get("duplicate_of") is not None:
        told += f" (says what {decision['duplicate_of']} says, similarity {decision['similarity']:.2f})"
    if decision.get("contaminated_by") is not None:
        told += f" (holds {decision['contaminated_by']})"
    return told


def _hits(tables: Tables, completion_id: str, prompt_id: str) -> list[dict[str, Any]]:
    mine = tables.contaminations.filter(pl.col("completion_id").is_in([completion_id, prompt_id]))
    return mine.sort("score", "benchmark", "item", descending=[True, False, False]).collect().to_dicts()


def _twin(workspace: Workspace, decision: dict[str, Any] | None) -> dict[str, Any] | None:
    if decision is None or decision.get("duplicate_of") is None:
        return None
    twin = _one(workspace.scan_all_completions(), "completion_id", decision["duplicate_of"])
    if twin is None:
        return None
    named = {name: twin[name] for name in ("completion_id", "prompt_id", "draw")}
    return named | {"similarity": decision["similarity"], "text": twin["text"]}


def _prompt_story(workspace: Workspace, tables: Tables, prompt_id: str) -> PromptStory:
    prompt = _prompt(workspace, tables, prompt_id)
    assert prompt is not None
    mine = _draws_of(workspace, prompt_id).lazy()
    drawn = tables.completions.select("completion_id", "finish_reason", "completion_tokens", "error")
    outcome = combined(tables.verdicts, tables.policy).select("completion_id", "outcome", "extracted")
    decision = tables.decisions.select("completion_id", "kept", "reasons")
    draws = mine.drop("prompt_id")
    for table in (drawn, outcome, decision):
        draws = draws.join(table, on="completion_id", how="left")
    stop = _one(tables.stops, "prompt_id", prompt_id)
    return PromptStory(prompt, draws.sort("draw").collect().to_dicts(), stop)


def _prompt(workspace: Workspace, tables: Tables, prompt_id: str) -> dict[str, Any] | None:
    """The prompt; where its reference is what its draws agreed on, it says so."""
    prompt = _one(tables.prompts, "prompt_id", prompt_id)
    named = _one(workspace.read_references().lazy(), "prompt_id", prompt_id)
    if prompt is None or named is None or prompt["reference"] is not None:
        return prompt
    told = f"{named['agreement']:.0%} of the {named['answers']} answers agree; the source has no reference"
    return prompt | {"reference": named["reference"], "reference_by_majority": told}


def _one(frame: pl.LazyFrame, column: str, value: str) -> dict[str, Any] | None:
    rows = _rows(frame, column, value)
    return rows[0] if rows else None


def _rows(frame: pl.LazyFrame, column: str, value: str) -> list[dict[str, Any]]:
    return frame.filter(pl.col(column) == value).collect().to_dicts()
