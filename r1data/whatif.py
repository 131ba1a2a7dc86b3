"""What if: other thresholds over what a run or `r1data refine` has stored. Nothing is drawn, checked or written.

Decisions are made twice from the stored candidates, which are numbers alone, by the recipe as it was and as it would
be. Texts are read of the few rows only that are shown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.errors import RecipeError, SourceError
from r1data.recipe import Recipe, Refinement, Selection, read_recipe, read_refinement, refinement_of
from r1data.recipe.refinement import DECIDED_BY
from r1data.selection import (
    FINDINGS,
    MEASURES,
    NAMES,
    Fates,
    candidates,
    combined,
    fates,
    numbered,
    signatures_in,
    standings,
)
from r1data.selection.findings import names
from r1data.store import Workspace
from schemas import Reason
from schemas.kinship import BINS

DECIDE_BY = (
    "prompt", "key", "folded", "same", "group", "kin", "contamination", "outcome", "asked", "finish_reason",
    "completion_tokens", *MEASURES,
)  # fmt: skip
NO_DOMAIN = "–"
ANEW = {
    "duplicates": "the replies have to be compared with each other anew",
    "contamination": "the replies have to be held against benchmarks anew",
    "verification": "the answers have to be checked anew",
    "audit": "the prompts have to be looked at anew",
    "prompts": "other prompts have to be drawn for",
    "max_bad_prompts": "the prompts have to be read anew",
}
"""What other sections of a recipe than `selection` would need; those that are not named need new draws."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many rows have a reason as their first one before and after; and of the rows that come, how many had it
    before, and of those that go, how many have it now.
    """

    reason: str
    before: int
    after: int
    comes: int
    goes: int


@dataclass(frozen=True, slots=True)
class Share:
    """What is kept of a domain."""

    domain: str
    rows: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A row that comes or goes. `why` holds the measure beside its threshold for each of its `findings`: those that it
    had, where it comes, and those that it would have, where it goes.
    """

    completion_id: str
    comes: bool
    findings: tuple[str, ...]
    why: tuple[str, ...]
    language: str = "en"
    longest_paragraph: int = 2000
    question: str | None = None
    text: str | None = None
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What other settings would change. Rows that `comes` counts are not kept now, and would be."""

    changed: dict[str, tuple[Any, Any]]
    rows: int
    kept_before: int
    kept_after: int
    comes: int
    goes: int
    tokens_before: int
    tokens_after: int
    reasons: tuple[Moved, ...] = ()
    domains: tuple[Share, ...] = ()
    examples: tuple[Shown, ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def whatif(workspace: Workspace, overrides: Sequence[str], examples: int = 3) -> WhatIf:
    """What a run would keep by other settings, given as `selection.KEY=VALUE`.

    Raises:
        RecipeError: a setting does not fit, or its answer needs more than a decision.
        NotCompared: a rule for keeping needs comparisons that the run did not make.
    """
    path = workspace.root / "recipe.yaml"
    before, after = read_recipe(path), read_recipe(path, list(overrides))
    require_selection_only(before, after)
    stored = workspace.scan_candidates()
    if stored is not None and set(DECIDE_BY) <= set(stored.collect_schema()):  # else an older version decided
        rows, signatures = stored, workspace.read_signatures()
    else:
        kinship = workspace.read_kinship()
        rows, signatures = _joined(workspace, kinship), signatures_in(kinship)
    columns = set(rows.collect_schema())
    quoted = {quota.column for which in (before, after) for quota in which.selection.quotas}
    frame = rows.select([*DECIDE_BY, *sorted(({"domain", "thinking", "style", "review"} | quoted) & columns)]).collect()
    found = fates(frame, before.selection, before.seed, signatures)
    then = fates(frame, after.selection, before.seed, signatures, (before.selection, found))
    result = compared(frame, found, then, before.selection, after.selection)
    shown = _told(rows, frame, found, then, before.selection, after.selection, examples)
    return replace(result, examples=_with_texts(workspace, shown))


def whatif_refined(
    path: Path, overrides: Sequence[str], examples: int = 3, recipe: Path | None = None
) -> WhatIf:  # fmt: skip
    """What `r1data refine` would have kept of a file by other settings; `path` is the table that it wrote. The settings
    that it went by stand in it; `recipe` takes their place. Rows that could not be read stay out.
    """
    before, after = (_settings_of(path, recipe, changes) for changes in ((), overrides))
    require_selection_only(before, after)
    rows, kinship = refined_candidates(path)
    signatures = signatures_in(kinship)
    found = fates(rows, before.selection, before.seed, signatures)
    then = fates(rows, after.selection, before.seed, signatures, (before.selection, found))
    result = compared(rows, found, then, before.selection, after.selection)
    shown = _told(rows.lazy(), rows, found, then, before.selection, after.selection, examples)
    return replace(result, examples=shown)


def _settings_of(path: Path, recipe: Path | None, overrides: Sequence[str]) -> Refinement:
    if recipe is not None:
        return read_refinement(recipe, list(overrides))
    try:
        stored = pl.read_parquet_metadata(path).get(DECIDED_BY)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SourceError(f"{path}: cannot be read: {error}") from None
    return refinement_of(json.loads(stored) if stored else {}, list(overrides))


def refined_candidates(path: Path) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The candidates of a refined table, and the kinship that their `kin` counts."""
    try:
        table = pl.scan_parquet(path)
        there = table.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SourceError(f"{path}: cannot be read: {error}") from None
    wanted = {*MEASURES, "kept", "reasons", "outcome", "asked", "finish_reason", "prompt_id", "folded"}
    if missing := sorted(wanted - set(there)):
        raise SourceError(
            f"{path}: is no table that `r1data refine` wrote: it has no column {missing[0]}",
            "give the file that `r1data refine INPUT --out` has made",
        )
    frame = table.filter(pl.col("trouble").is_null()) if "trouble" in there else table
    known = ("contamination", "contaminated_by", "group", "signature", "prompt_twin", "prompt_similarity")
    evidence = [name for name in known if name in there]
    told = [name for name in ("domain", "source", "language", "completion_tokens") if name in there]
    plain = sorted(wanted - {"kept", "reasons"})
    rows = frame.select("id", *plain, *told, *evidence).with_row_index("row").collect()
    rows = rows.with_columns(pl.format("{}", "row").str.zfill(32).alias("completion_id"))
    kinship = None
    if "signature" in there:
        kin = rows.filter(pl.col("group").is_not_null() & pl.col("signature").is_not_null())
        kinship = kin.select(
            "completion_id", pl.col("group").cast(pl.Int64), pl.col("signature").cast(pl.Array(pl.UInt16, BINS))
        )
    hits = rows.select("contamination", "contaminated_by") if "contamination" in there else None
    twin_prompts = None
    if "prompt_twin" in there:
        repeating = rows.filter(pl.col("prompt_twin").is_not_null()).unique("prompt_id")
        twin_prompts = repeating.select("prompt_id", twin="prompt_twin", similarity="prompt_similarity")
    rows = numbered(rows.drop(evidence), kinship, twin_prompts=twin_prompts)
    if hits is not None and isinstance(hits.schema["contamination"], pl.Struct):
        rows = rows.with_columns(
            hits["contamination"].struct.field("method").alias("contamination"), hits["contaminated_by"]
        )
    return rows.with_columns(completion_id="id"), kinship


def require_selection_only(before: Recipe | Refinement, after: Recipe | Refinement) -> None:
    """Refuse what cannot be answered from what is stored.

    Raises:
        RecipeError: something outside of `selection` differs; it says what would have to be done.
    """
    for section in type(before).model_fields:
        if section != "selection" and getattr(before, section) != getattr(after, section):
            raise RecipeError(
                f"{section}: `r1data whatif` changes keys of `selection` only; for this "
                f"{ANEW.get(section, 'new draws have to be made')}",
                "change the recipe and run it: what is there already is not made again",
            )


def compared(rows: pl.DataFrame, found: Fates, then: Fates, before: Selection, after: Selection) -> WhatIf:
    """The difference that two decisions over the same rows make."""
    come, go = ~found.kept & then.kept, found.kept & ~then.kept
    tokens = rows["completion_tokens"].fill_null(0).to_numpy().astype(np.int64)
    first = [_first(each.findings) for each in (found, then)]
    moved = []
    had, has = (np.bincount(each + 1, minlength=len(Reason) + 1) for each in first)
    came = np.bincount(first[0][come] + 1, minlength=len(Reason) + 1)
    went = np.bincount(first[1][go] + 1, minlength=len(Reason) + 1)
    for number, reason in enumerate(Reason, 1):
        moved.append(Moved(reason.value, *(int(counts[number]) for counts in (had, has, came, went))))
    changed = {
        f"selection.{name}": (getattr(before, name), getattr(after, name))
        for name in Selection.model_fields
        if getattr(before, name) != getattr(after, name)
    }
    return WhatIf(
        changed=changed,
        rows=rows.height,
        kept_before=int(found.kept.sum()),
        kept_after=int(then.kept.sum()),
        comes=int(come.sum()),
        goes=int(go.sum()),
        tokens_before=int(tokens[found.kept].sum()),
        tokens_after=int(tokens[then.kept].sum()),
        reasons=tuple(one for one in moved if one.before or one.after),
        domains=_domains(rows, found, then),
    )


def _domains(rows: pl.DataFrame, found: Fates, then: Fates) -> tuple[Share, ...]:
    if "domain" not in rows.columns:
        return ()
    counted = (
        rows.select(pl.col("domain").fill_null(NO_DOMAIN), before=pl.Series(found.kept), after=pl.Series(then.kept))
        .group_by("domain")
        .agg(pl.len(), pl.col("before", "after").sum())
        .sort("len", "domain", descending=[True, False])
    )
    return tuple(Share(*row) for row in counted.iter_rows())


def _first(masks: npt.NDArray[np.uint64]) -> npt.NDArray[np.int8]:
    """The number of each row's first reason, -1 where it is kept."""
    numbers = {reason.value: number for number, reason in enumerate(Reason)}
    of_bit = np.array([numbers[name.partition("/")[0]] for name in NAMES], np.int8)
    first = np.full(len(masks), -1, np.int8)
    rejected = np.flatnonzero(masks)
    lowest = masks[rejected] & (~masks[rejected] + np.uint64(1))
    first[rejected] = of_bit[np.log2(lowest.astype(np.float64)).astype(np.int64)]  # exact: a power of two
    return first


def _told(
    rows: pl.LazyFrame, frame: pl.DataFrame, found: Fates, then: Fates, before: Selection, after: Selection, most: int
) -> tuple[Shown, ...]:
    """Some rows that come and some that go, of as many reasons as there are."""
    shown = []
    for comes, moved, decided, selection in (
        (True, ~found.kept & then.kept, found, before), (False, found.kept & ~then.kept, then, after),
    ):  # fmt: skip
        for place in _spread(frame, moved, decided.findings, most):
            row = rows.slice(place, 1).collect().row(0, named=True)
            findings = tuple(names(int(decided.findings[place])))
            twin = int(decided.twin[place])
            shown.append(
                Shown(
                    completion_id=row["completion_id"],
                    comes=comes,
                    findings=findings,
                    why=tuple(_why(finding, row, selection, float(decided.similarity[place])) for finding in findings),
                    language=row.get("language") or "en",
                    longest_paragraph=selection.longest_paragraph,
                    twin=rows.slice(twin, 1).select("completion_id").collect().item() if twin >= 0 else None,
                )
            )
    return tuple(shown)


def _spread(frame: pl.DataFrame, moved: npt.NDArray[np.bool_], masks: npt.NDArray[np.uint64], most: int) -> list[int]:
    """At most so many of the rows that moved, in turn from each first reason, always the same ones."""
    which = np.flatnonzero(moved)
    first, key = _first(masks[which]), frame["key"].to_numpy()[which]
    turns = []
    for reason in np.unique(first):
        mine = np.flatnonzero(first == reason)
        lowest = mine[np.argsort(key[mine], kind="stable")[:most]]
        turns += [(turn, int(reason), int(which[place])) for turn, place in enumerate(lowest)]
    return [place for _, _, place in sorted(turns)[:most]]


def _why(name: str, row: dict[str, Any], selection: Selection, similarity: float) -> str:
    """A finding in words: the measure beside its threshold, where it has one."""
    finding = next((one for one in FINDINGS if one.name == name), None)
    if finding is not None and finding.measure is not None and finding.key is not None:
        sign = {"above": "at most", "below": "at least", "from": "fewer than"}[finding.side or "above"]
        threshold = _figure(getattr(selection, finding.key))
        return f"{finding.measure} {_figure(row[finding.measure])}, {sign} {threshold} wanted"
    match name.partition("/")[0]:
        case Reason.DUPLICATE:
            return f"similarity {_figure(similarity)}, below {_figure(selection.similarity)} wanted"
        case Reason.PASS_RATE:
            return f"pass rate outside {_figure(selection.pass_rate[0])} to {_figure(selection.pass_rate[1])}"
        case Reason.SURPLUS:
            return f"more than {selection.keep_per_prompt} of its prompt"
        case Reason.CONTAMINATED:
            return f"holds {row['contaminated_by']}"
        case _:
            return finding.means if finding is not None else "its quota is full"


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _with_texts(workspace: Workspace, shown: tuple[Shown, ...]) -> tuple[Shown, ...]:
    found = {row[0]: row[1:] for row in workspace.exchanges([one.completion_id for one in shown]).iter_rows()}
    return tuple(
        replace(one, question=found[one.completion_id][0], text=found[one.completion_id][1])
        for one in shown
        if one.completion_id in found
    )


def _joined(workspace: Workspace, kinship: pl.DataFrame | None) -> pl.LazyFrame:
    """The candidates of a workspace whose decisions are older than its comparisons, or that an older version made."""
    tables = workspace.tables()
    outcomes, hits = combined(tables.verdicts, tables.policy), tables.contaminations.collect()
    people = standings(tables.reviews.collect())
    return candidates(
        tables.completions, outcomes, tables.measures, tables.prompts, kinship, hits, tables.rewrites, people
    ).lazy()
