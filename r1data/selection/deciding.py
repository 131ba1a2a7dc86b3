"""Deciding: which completions are kept, and every reason why the others are not.

A query over columns. It reads no text, so another threshold over a million rows takes a moment. What is found of a row
is a mask of bits until the very end, when the few masks that occur are spelt out.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.duplicates import most_different, twins
from r1data.recipe import Policy, Quota, Selection
from r1data.selection.findings import FINDINGS, JUDGED, MEASURES, NAMES, Finding, bit
from r1data.selection.policy import combined
from schemas import Decisions, FinishReason, Kinship, Outcome, Reason
from schemas.kinship import Method

IN_DRAWN_ORDER = ("prompt_id", "draw", "completion_id")
LEGIBILITY = (
    Reason.TRUNCATED, Reason.FORMAT, Reason.MIXED_LANGUAGE, Reason.LONG_PARAGRAPH, Reason.MESSY_CODE,
    Reason.REPETITION,
)  # fmt: skip
"""What can be told from the text alone, before any verdict."""
GROUPS = ("domain", "source", "language")
"""Columns that a quota may be about."""


def decide(
    completions: pl.LazyFrame,
    verdicts: pl.LazyFrame,
    measures: pl.LazyFrame,
    selection: Selection,
    policy: Policy = "rule",
    *,
    seed: int = 0,
    prompts: pl.LazyFrame | None = None,
    kinship: pl.DataFrame | None = None,
    contaminations: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One decision for each completion that is no failed draw, ordered by prompt and draw.

    Of `completions` it reads completion_id, prompt_id, draw, finish_reason and completion_tokens. `policy` says whose
    verdict counts, the rule's or the judge's; `seed` decides where chance does. `prompts` is needed for quotas. The
    result depends on the rows alone, not on their order, and is valid against `schemas.Decisions`.

    Raises ValueError where a completion has not been measured; without a verdict it is `unverified`.
    """
    rows = joined(completions, combined(verdicts, policy).select("completion_id", "outcome"), measures)
    if prompts is not None and selection.quotas:
        rows = rows.join(prompts.select("prompt_id", *GROUPS), on="prompt_id", how="left")
    frame = rows.sort(IN_DRAWN_ORDER).collect()
    unmeasured = frame.filter(~pl.col("measured"))
    if unmeasured.height:
        first = unmeasured["completion_id"][0]
        raise ValueError(f"{unmeasured.height} completions have no measures (the first is {first}): measure them first")
    return Decisions.validate(decide_rows(frame, selection, seed, kinship, contaminations))


def joined(completions: pl.LazyFrame, outcomes: pl.LazyFrame, measures: pl.LazyFrame) -> pl.LazyFrame:
    """What `decide_rows` needs of each completion, in one row; `measured` says whether there are measures."""
    drawn = completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
    drawn = drawn.select("completion_id", "prompt_id", "draw", "finish_reason", "completion_tokens", asked=pl.lit(True))
    measured = measures.select("completion_id", *MEASURES, "folded", measured=pl.lit(True))
    return drawn.join(outcomes, on="completion_id", how="left").join(
        measured, on="completion_id", how="left"
    ).with_columns(pl.col("measured").fill_null(False))  # fmt: skip


def decide_rows(
    frame: pl.DataFrame,
    selection: Selection,
    seed: int = 0,
    kinship: pl.DataFrame | None = None,
    contaminations: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Decisions about rows that stand in the order of their precedence: of two alike, the first one stays.

    `frame` has completion_id, prompt_id, finish_reason, completion_tokens, outcome (null for none), asked (whether an
    outcome is wanted of it), the measures, and what quotas are about. One decision a row, in the same order.
    """
    masks = _alone(frame, selection)
    contaminated = _add_contaminations(masks, frame, contaminations)
    twin, similarity = _add_duplicates(masks, frame, selection, kinship)
    _add_pass_rates(masks, frame, selection)
    rank = _add_surplus(masks, frame, selection, seed, kinship)
    _add_quotas(masks, frame, selection, seed)
    kept = masks == 0
    twins_ids = frame["completion_id"].gather(pl.Series(np.where(twin >= 0, twin, 0)))
    repeats = pl.Series(twin >= 0)
    return frame.select("completion_id", "prompt_id").with_columns(
        pl.Series("kept", kept),
        *spelt(pl.Series("mask", masks)),
        pl.Series("rank", rank).replace(0, None).cast(pl.Int32),
        pl.select(pl.when(repeats).then(twins_ids)).to_series().alias("duplicate_of"),
        pl.select(pl.when(repeats).then(pl.Series(similarity))).to_series().alias("similarity"),
        contaminated.alias("contaminated_by"),
    ).select(Decisions.column_names())  # fmt: skip


def spelt(masks: pl.Series) -> list[pl.Series]:
    """The columns `reason`, `reasons` and `findings` that masks stand for."""
    distinct = masks.unique()
    spellings = []
    for mask in distinct:
        findings = sorted((NAMES[n] for n in range(len(NAMES)) if mask >> n & 1), key=_place)
        reasons = list(dict.fromkeys(name.partition("/")[0] for name in findings))
        spellings.append((mask, reasons[0] if reasons else None, reasons, findings))
    texts = pl.List(pl.String)
    names = pl.Schema({"mask": masks.dtype, "reason": pl.String, "reasons": texts, "findings": texts})
    table = pl.DataFrame(spellings, schema=names, orient="row")
    told = masks.to_frame("mask").join(table, on="mask", how="left", maintain_order="left")
    return [told["reason"], told["reasons"], told["findings"]]


def _place(name: str) -> tuple[int, int]:
    return list(Reason).index(Reason(name.partition("/")[0])), NAMES.index(name)


def accepted(frame: pl.DataFrame, selection: Selection) -> pl.Series:
    """Whether each row is correct and readable, as `decide` sees it before it looks at other replies.

    Takes `outcome` (null for none yet), `finish_reason` and the columns of `schemas.Measures`.
    """
    if "asked" not in frame.columns:
        frame = frame.with_columns(asked=pl.lit(True))
    return pl.Series("accepted", _alone(frame, selection) == 0)


def readable(completions: pl.DataFrame, measures: pl.DataFrame, selection: Selection) -> pl.Series:
    """Whether each completion would be kept if its answer were correct, in the order of `completions`.

    Takes completion_id and finish_reason, and the measures of those completions.
    """
    frame = completions.join(measures, on="completion_id", how="left", maintain_order="left", validate="m:1")
    wanting = [expression for reason, expression in expressions(selection).items() if reason in LEGIBILITY]
    return frame.select((~pl.any_horizontal(wanting)).alias("readable"))["readable"]


def expressions(selection: Selection) -> dict[Reason, pl.Expr]:
    """When each reason that a row gives by itself holds, in the order of the reasons. A measure that is null, or at its
    threshold, is no reason.
    """
    by_reason: dict[Reason, list[pl.Expr]] = {}
    for finding in FINDINGS:
        by_reason.setdefault(finding.reason, []).append(finding.holds(selection).fill_null(False))
    return {reason: pl.any_horizontal(held) for reason in Reason if (held := by_reason.get(reason))}


def _alone(frame: pl.DataFrame, selection: Selection) -> npt.NDArray[np.uint64]:
    """The mask of what each row tells by itself."""
    held = frame.select(_bits(finding, selection) for finding in FINDINGS)
    return held.sum_horizontal().cast(pl.UInt64).to_numpy().copy()


def _bits(finding: Finding, selection: Selection) -> pl.Expr:
    held = finding.holds(selection).fill_null(False)
    return pl.when(held).then(pl.lit(bit(finding.name), pl.UInt64)).otherwise(pl.lit(0, pl.UInt64)).alias(finding.name)


def _add(masks: npt.NDArray[np.uint64], where: npt.NDArray[np.bool_], name: str) -> None:
    masks[where] |= np.uint64(bit(name))


def _add_contaminations(
    masks: npt.NDArray[np.uint64], frame: pl.DataFrame, contaminations: pl.DataFrame | None
) -> pl.Series:
    """Mark rows that hold a benchmark's item, or whose prompt does; returns the strongest hit of each."""
    if contaminations is None or not contaminations.height:
        return pl.Series([None] * frame.height, dtype=pl.String)
    hits = contaminations.sort("score", "benchmark", "item", descending=[True, False, False])
    named = hits.unique("completion_id", keep="first", maintain_order=True).select(
        "completion_id", "method", hit=pl.format("{}/{}", "benchmark", "item")
    )
    own = frame.select("completion_id").join(named, on="completion_id", how="left", maintain_order="left")
    of_prompt = named.rename({"completion_id": "prompt_id"})
    asked = frame.select("prompt_id").join(of_prompt, on="prompt_id", how="left", maintain_order="left")
    told = pl.DataFrame({"method": own["method"], "hit": own["hit"], "its": asked["method"], "prompts": asked["hit"]})
    told = told.select(method=pl.coalesce("its", "method"), hit=pl.coalesce("prompts", "hit"))
    for method in get_args(Method):
        _add(masks, (told["method"] == method).fill_null(False).to_numpy(), f"contaminated/{method}")
    return told["hit"]


def _add_duplicates(
    masks: npt.NDArray[np.uint64], frame: pl.DataFrame, selection: Selection, kinship: pl.DataFrame | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Mark good rows that say what an earlier good row says; returns its place (-1 for none) and how alike they are.

    The same text is a duplicate within its prompt even where nothing was compared.
    """
    good = masks == 0
    twin, similarity = np.full(frame.height, -1, np.int64), np.zeros(frame.height)
    numbered = frame.select("prompt_id", "folded").with_row_index("row").filter(pl.Series(good))
    first = numbered.with_columns(first=pl.col("row").first().over("prompt_id", "folded"))
    again = first.filter(pl.col("first") < pl.col("row"))
    rows = again["row"].to_numpy().astype(np.int64)
    twin[rows], similarity[rows] = again["first"].to_numpy(), 1.0
    _add(masks, twin >= 0, "duplicate/exact")
    if kinship is not None and kinship.height:
        row, group, signed = _kin(frame, kinship)
        followed, alike = twins(group, signed, masks[row] == 0, selection.similarity)
        near = followed >= 0
        twin[row[near]], similarity[row[near]] = row[followed[near]], alike[near]
        same = np.zeros(frame.height, np.bool_)
        folded = frame["folded"].to_numpy()
        same[row[near]] = folded[row[near]] == folded[twin[row[near]]]
        nearly = np.zeros(frame.height, np.bool_)
        nearly[row[near]] = True
        _add(masks, nearly & ~same, "duplicate/near")
        _add(masks, nearly & same, "duplicate/exact")
    return twin, similarity


def _kin(
    frame: pl.DataFrame, kinship: pl.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint16]]:
    """Of the rows that resemble others: place, group and signature, groups together and rows in their order."""
    numbered = frame.select("completion_id").with_row_index("row")
    kin = numbered.join(kinship, on="completion_id").sort("group", "row")
    signed = np.ascontiguousarray(kin["signature"].to_numpy())
    return kin["row"].to_numpy().astype(np.int64), kin["group"].to_numpy().astype(np.int64), signed


def _add_pass_rates(masks: npt.NDArray[np.uint64], frame: pl.DataFrame, selection: Selection) -> None:
    least, most = selection.pass_rate
    if (least, most) == (0.0, 1.0):
        return
    judged = pl.col("outcome").is_in([one.value for one in JUDGED])
    rate = (pl.col("outcome") == Outcome.CORRECT).filter(judged).mean().over("prompt_id")
    outside = frame.select(((rate < least) | (rate > most)).fill_null(False))
    _add(masks, outside.to_series().to_numpy(), "pass_rate/outside")


def _add_surplus(
    masks: npt.NDArray[np.uint64],
    frame: pl.DataFrame,
    selection: Selection,
    seed: int,
    kinship: pl.DataFrame | None,
) -> npt.NDArray[np.int64]:
    """Number each prompt's good rows from 1 by the rule for keeping, and mark those beyond the number to keep."""
    rank = np.zeros(frame.height, np.int64)
    good = frame.select("completion_id", "prompt_id", "completion_tokens").with_row_index("row")
    good = good.filter(pl.Series(masks == 0))
    ordered = good.sort(*_keep_order(good, selection, seed, kinship), maintain_order=True)
    places = ordered.select("row", place=pl.int_range(1, pl.len() + 1).over("prompt_id"))
    rank[places["row"].to_numpy()] = places["place"].to_numpy()
    if selection.keep_per_prompt is not None:
        _add(masks, rank > selection.keep_per_prompt, "surplus/rank")
    return rank


def _keep_order(
    good: pl.DataFrame, selection: Selection, seed: int, kinship: pl.DataFrame | None
) -> tuple[pl.Expr, ...]:
    match selection.keep_rule:
        case "first":
            return (pl.col("row"),)
        case "shortest":
            return (pl.col("completion_tokens"), pl.col("row"))
        case "random":
            return (_lot(pl.col("completion_id"), seed), pl.col("row"))
        case "different":
            return (pl.lit(_difference(good, kinship)), pl.col("row"))


def _difference(good: pl.DataFrame, kinship: pl.DataFrame | None) -> pl.Series:
    """The place of each row in its prompt's order from the first to those that add least to it."""
    if kinship is None or not kinship.height:
        return good["row"]
    signatures = good.join(
        kinship.select("completion_id", "signature"), on="completion_id", how="left", maintain_order="left"
    )
    width = kinship.schema["signature"].shape[0]  # type: ignore[attr-defined]
    blank = pl.lit(np.zeros(width, np.uint16).tolist(), pl.Array(pl.UInt16, width))
    filled = signatures.with_columns(pl.col("signature").fill_null(blank)).sort("prompt_id", "row")
    groups = filled["prompt_id"].rank("dense").cast(pl.Int64).to_numpy()
    places = most_different(groups, np.ascontiguousarray(filled["signature"].to_numpy()))
    ordered = filled.select("row", place=pl.Series(places))
    return good.select("row").join(ordered, on="row", how="left", maintain_order="left")["place"]


def _add_quotas(masks: npt.NDArray[np.uint64], frame: pl.DataFrame, selection: Selection, seed: int) -> None:
    for quota in selection.quotas:
        _fill(masks, frame, quota, seed)


def _fill(masks: npt.NDArray[np.uint64], frame: pl.DataFrame, quota: Quota, seed: int) -> None:
    mine = (frame[quota.column] == quota.value).fill_null(False).to_numpy() & (masks == 0)
    places = np.flatnonzero(mine)
    if len(places) > quota.rows:
        lots = frame.select(_lot(pl.col("completion_id"), seed).alias("lot"))["lot"].to_numpy()[places]
        order = np.argsort(lots, kind="stable")
        over = np.zeros(frame.height, np.bool_)
        over[places[order[quota.rows :]]] = True
        _add(masks, over, "quota/full")


def _lot(ids: pl.Expr, seed: int) -> pl.Expr:
    """A number that is random in the id and the seed, and the same on every machine.

    Ids are hashes already: 60 bits of them, mixed with the seed, are as good as any other hash, and no library's.
    """
    number = ids.str.slice(-15).str.to_integer(base=16, dtype=pl.Int64).cast(pl.UInt64)
    return (number ^ pl.lit(seed * 0x9E3779B97F4A7C15 & (1 << 60) - 1, pl.UInt64)).cast(pl.UInt64)


def no_kinship() -> pl.DataFrame:
    """Texts that resemble no others."""
    empty: pl.DataFrame = Kinship.create_empty()
    return empty
