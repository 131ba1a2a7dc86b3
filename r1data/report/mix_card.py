"""The card of a merged dataset: Table 5's columns and all that a reader must know of its parts, from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from r1data.recipe.merging import Merge
from r1data.report.card import (
    SIZES,
    benchmarks_of,
    card_environment,
    fence_around,
    licence_of,
    outcomes_of,
    rates_of,
    verifiers_of,
)
from r1data.report.draws import JUDGED
from r1data.report.funnel import Funnel
from r1data.store import Workspace
from r1data.verifiers.benchmark import known_rates
from r1data.visible import visible
from schemas import MergeReason

LONGEST_RECIPE = 10**6
MEANING = {
    MergeReason.FORM: "its `<think>` tags are not in the agreed form",
    MergeReason.LENGTH: "question and reply together are longer than a sample may be",
    MergeReason.DUPLICATE: "another example says the same, is its rewritten form, or answers the same question",
    MergeReason.SURPLUS: "its question has enough examples",
    MergeReason.QUOTA: "its domain, or its part or category within it, has enough examples",
    MergeReason.TOKEN_BUDGET: "its domain has enough tokens",
}


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What a part's workspace tells of how its examples came about; of a folder without one, nothing but its name."""

    name: str
    group: str | None = None
    funnel: Funnel | None = None
    models: tuple[str, ...] = ()
    verifiers: tuple[str, ...] = ()
    outcomes: tuple[dict[str, Any], ...] = ()
    """Outcome, rows and share, over all completions."""
    rates: tuple[dict[str, Any], ...] = ()
    """How often its verifiers are wrong on labelled cases."""
    benchmarks: tuple[dict[str, Any], ...] = ()
    """What its prompts and replies were held against."""
    recipe_yaml: str | None = None

    @property
    def faults(self) -> float:
        """Share of the completions of which no judgement could be reached."""
        return float(sum(row["share"] for row in self.outcomes if row["outcome"] not in JUDGED))


@dataclass(frozen=True, slots=True)
class MixFacts:
    """What no table holds: the mix's name and YAML, the command that repeats it, the time, the version."""

    name: str
    mix_yaml: str
    command: str
    when: str
    version: str
    seed: int = 0
    groups: Mapping[str, str | None] = field(default_factory=dict)
    """The group of each part: cold_start, reasoning or general."""
    parts: tuple[PartFacts, ...] = ()

    def with_parts(self, parts: Sequence[PartFacts]) -> MixFacts:
        """The same with what is known of the parts."""
        return replace(self, parts=tuple(parts))


def part_facts(name: str, root: Path, group: str | None = None) -> PartFacts:
    """What is known of a part from its folder."""
    workspace = Workspace(root)
    if not (root / "manifest.json").is_file():
        return PartFacts(name, group)
    tables = workspace.tables()
    models = tables.completions.select(pl.col("model").unique().sort()).collect(engine="streaming")["model"]
    recipe = root / "recipe.yaml"
    return PartFacts(
        name=name,
        group=group,
        funnel=Funnel.from_tables(tables),
        models=tuple(models),
        verifiers=tuple(verifiers_of(tables)),
        outcomes=tuple(outcomes_of(tables)),
        rates=tuple(rates_of(tables)),
        benchmarks=tuple(benchmarks_of(tables)),
        recipe_yaml=recipe.read_text(encoding="utf-8") if recipe.is_file() else None,
    )


def render_mix_card(
    merged: pl.DataFrame, short: pl.DataFrame, settings: Merge, facts: MixFacts, data_files: Mapping[str, str]
) -> str:
    """The merged dataset's README.md.

    `merged` is `schemas.Merged`, `short` its `r1data.merging.shortage`, `data_files` where each split lies.
    """
    kept = merged.filter("kept")
    mix_yaml = visible(facts.mix_yaml, LONGEST_RECIPE)
    recipes = [(part.name, visible(part.recipe_yaml, LONGEST_RECIPE)) for part in facts.parts if part.recipe_yaml]
    rates = {(row["verifier"], row["version"]): row for part in facts.parts for row in part.rates}
    return card_environment().get_template("mix_card.md.jinja").render(
        header=yaml.safe_dump(_header(kept, facts, data_files), sort_keys=False, allow_unicode=True),
        facts=facts,
        settings=settings,
        offered=merged.height,
        kept=kept.height,
        tokens=int(kept["completion_tokens"].cast(pl.Int64).sum()),
        domains=domains(kept),
        shortage=short.to_dicts(),
        missing=sum(row["missing"] or 0 for row in short.to_dicts() if row["quota"] == "domain"),
        parts=parts(merged, facts),
        reasons=reasons(merged),
        meaning={reason.value: text for reason, text in MEANING.items()},
        splits=splits(kept),
        sources=kept.group_by("source", "licence", "part").len().sort("source", "licence", "part").to_dicts(),
        checked=[(part, part.outcomes) for part in facts.parts if part.outcomes],
        rates=[rates[key] for key in sorted(rates)],
        checkers_agree=known_rates().get("checkers_agree"),
        benchmarks=_benchmarks(facts),
        unchecked=[part.name for part in facts.parts if part.funnel and not part.benchmarks],
        unknown=[part.name for part in facts.parts if not part.funnel],
        kinds=_kinds(kept),
        mix_yaml=mix_yaml,
        fence=fence_around("".join([mix_yaml, *(text for _, text in recipes)])),
        recipes=recipes,
    )  # fmt: skip


def domains(kept: pl.DataFrame) -> list[dict[str, Any]]:
    """The columns of the R1 paper's Table 5 with the shares that follow from them, and a row for all together."""
    tokens = pl.col("completion_tokens").cast(pl.Int64)
    figures = {
        "samples": pl.len(),
        "rounds": pl.col("rounds").mean().fill_null(0.0),
        "mean_tokens": pl.col("completion_tokens").mean().fill_null(0.0),
        "tokens": tokens.sum(),
    }
    all_tokens = max(int(kept.select(tokens.sum()).item()), 1)
    shares = {"share": pl.col("samples") / max(kept.height, 1), "token_share": pl.col("tokens") / all_tokens}
    rows = kept.group_by("domain").agg(**figures).sort("samples", "domain", descending=[True, False])
    whole = kept.select(pl.lit("all").alias("domain"), **figures).head(1)
    if not kept.height:
        whole = pl.DataFrame({"domain": ["all"], "samples": [0], "rounds": [0.0], "mean_tokens": [0.0], "tokens": [0]})
    return [*rows.with_columns(**shares).to_dicts(), *whole.with_columns(**shares).to_dicts()]


def parts(merged: pl.DataFrame, facts: MixFacts) -> list[dict[str, Any]]:
    """Of each part what it drew, what it kept of that (and so offered), and what is in the merged set."""
    counted = merged.group_by("part").agg(offered=pl.len(), kept=pl.col("kept").sum())
    counts = {row["part"]: row for row in counted.to_dicts()}
    return [
        {
            "name": part.name, "group": part.group, "models": ", ".join(part.models),
            "planned": part.funnel.planned if part.funnel else None,
            "drawn": part.funnel.completed if part.funnel else None,
            "offered": counts.get(part.name, {}).get("offered", 0),
            "kept": counts.get(part.name, {}).get("kept", 0),
        }
        for part in facts.parts
    ]  # fmt: skip


def reasons(merged: pl.DataFrame) -> list[dict[str, Any]]:
    """Why offered examples are left out: `reason`, `rows` (as the first) and `findings`, each with its rows."""
    dropped = merged.filter(~pl.col("kept"))
    firsts = dict(dropped.group_by("reason").len().iter_rows())
    named = dropped.select(pl.col("findings").explode().drop_nulls()).group_by("findings").len()
    findings = dict(named.sort("findings").iter_rows())
    told = []
    for reason in MergeReason:
        finer = {name.partition("/")[2]: rows for name, rows in findings.items() if name.startswith(f"{reason.value}/")}
        if finer:
            told.append({"reason": reason.value, "rows": firsts.get(reason.value, 0), "findings": finer})
    return told


def splits(kept: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows and questions on each side."""
    counted = kept.group_by("split").agg(samples=pl.len(), questions=pl.col("question").n_unique())
    return counted.sort("samples", "split", descending=[True, False]).to_dicts()


def _header(kept: pl.DataFrame, facts: MixFacts, data_files: Mapping[str, str]) -> dict[str, Any]:
    files = [{"split": split, "path": data_files[split]} for split in data_files]
    header = {
        "pretty_name": facts.name,
        **licence_of(kept["licence"]),
        "language": sorted(kept["language"].unique()),
        "task_categories": ["text-generation"],
        "size_categories": [next((name for limit, name in SIZES if kept.height < limit), "100M<n<1B")],
        "tags": ["reasoning", "chain-of-thought", "rejection-sampling", "synthetic", "r1data"],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return {key: value for key, value in header.items() if value}


def _benchmarks(facts: MixFacts) -> list[dict[str, Any]]:
    """A row for each part and benchmark."""
    return [{"part": part.name, **row} for part in facts.parts for row in part.benchmarks]


def _kinds(kept: pl.DataFrame) -> dict[str, int]:
    """How many have a thought, were rewritten, and were looked at by a person."""
    return {
        "with a thought": int(kept["thinking"].sum()),
        "without a thought": kept.height - int(kept["thinking"].sum()),
        "rewritten by a second model": kept["rewritten_from"].count(),
        "approved by a person": int((kept["review"] == "approved").sum()),
        "edited by a person": int((kept["review"] == "edited").sum()),
    }
