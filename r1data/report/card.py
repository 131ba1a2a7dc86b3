"""The dataset card: a README with a YAML header, every number of it from the tables."""

from __future__ import annotations

from typing import Any

import polars as pl
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from r1data.recipe import Recipe
from r1data.report.facts import RunFacts
from r1data.report.funnel import Funnel, slim_rows
from r1data.report.paths import TEMPLATES
from r1data.store import Tables

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def render_card(tables: Tables, recipe: Recipe, facts: RunFacts, data_files: str = "data/train-*.parquet") -> str:
    """The dataset's README.md. `tables.examples` is what it holds, `data_files` where that lies in the folder."""
    examples = tables.examples.select(
        "domain", "language", "licence", "source", "completion_tokens",
        rounds=pl.col("messages").list.eval(pl.element().struct.field("role") == "user").list.sum(),
    ).collect()  # fmt: skip
    environment = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True)
    environment.filters["cell"] = _cell
    return environment.get_template("card.md.jinja").render(
        header=yaml.safe_dump(_header(examples, recipe, data_files), sort_keys=False, allow_unicode=True),
        recipe=recipe,
        facts=facts,
        funnel=Funnel.from_tables(tables),
        domains=_domains(examples),
        sources=examples.group_by("source", "licence").len().sort("source", "licence").to_dicts(),
        outcomes=_outcomes(tables),
        recipe_yaml=yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True),
    )


def _header(examples: pl.DataFrame, recipe: Recipe, data_files: str) -> dict[str, Any]:
    licences = sorted(examples["licence"].drop_nulls().unique())
    complete = examples["licence"].null_count() == 0 and len(licences) == 1
    return {
        "pretty_name": recipe.name,
        "license": licences[0].lower() if complete else "other",
        "language": sorted(examples["language"].unique()),
        "task_categories": ["text-generation"],
        "size_categories": [next((name for limit, name in SIZES if examples.height < limit), "1M<n<10M")],
        "tags": ["reasoning", "chain-of-thought", "rejection-sampling", "synthetic", "r1data"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": data_files}]}],
    }


def _domains(examples: pl.DataFrame) -> list[dict[str, Any]]:
    """The columns of the R1 paper's Table 5, and a row for all domains together."""
    measures = (
        pl.len().alias("samples"),
        pl.col("rounds").mean().fill_null(0.0),
        pl.col("completion_tokens").mean().fill_null(0.0).alias("mean_tokens"),
        pl.col("completion_tokens").sum().alias("tokens"),
    )
    by_domain = examples.group_by("domain").agg(*measures).sort("samples", "domain", descending=[True, False])
    return [*by_domain.to_dicts(), {"domain": "all", **examples.select(*measures).to_dicts()[0]}]


def _outcomes(tables: Tables) -> list[dict[str, Any]]:
    judged = slim_rows(tables).drop_nulls("outcome")
    counts = judged.group_by("outcome").len().sort("len", "outcome", descending=[True, False])
    return counts.with_columns(share=pl.col("len") / max(judged.height, 1)).to_dicts()


def _cell(value: object) -> str:
    """Text that cannot break out of a Markdown table's cell."""
    text = " ".join(str(value).split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
