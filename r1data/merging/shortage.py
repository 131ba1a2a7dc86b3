"""Shortage: what every quota wanted, what was offered for it, what was fit to be kept, and what is missing."""

from __future__ import annotations

import polars as pl

from r1data.recipe.merging import Merge

SCHEMA = pl.Schema({
    "domain": pl.String, "quota": pl.String, "name": pl.String, "wanted": pl.Int64, "offered": pl.Int64,
    "fit": pl.Int64, "kept": pl.Int64, "missing": pl.Int64,
})  # fmt: skip
LIMITS = ("quota", "token_budget")


def shortage(merged: pl.DataFrame, settings: Merge) -> pl.DataFrame:
    """A row for each quota, and for each domain that has none (`wanted` is null there).

    `merged` is `schemas.Merged`. `quota` says of what: `domain`, `part`, `category` (rows) or `tokens` (of replies).
    `fit` counts what was left when duplicates, surplus and unfit examples were gone. `missing` is `wanted` less `kept`;
    of a budget of tokens nothing is missing.
    """
    fit = pl.col("kept") | pl.col("reason").is_in(LIMITS)
    counts = {"offered": pl.len(), "fit": fit.sum(), "kept": pl.col("kept").sum()}
    tokens = pl.col("completion_tokens").cast(pl.Int64)
    sums = {"offered": tokens.sum(), "fit": tokens.filter(fit).sum(), "kept": tokens.filter("kept").sum()}
    domains = [*settings.quotas, *sorted(set(merged["domain"].unique()) - set(settings.quotas))]
    found: list[pl.DataFrame] = []

    def count(domain: str, quota: str, name: str, wanted: int | None, rows: pl.DataFrame) -> None:
        counted = rows.select(pl.lit(domain).alias("domain"), pl.lit(quota).alias("quota"), pl.lit(name).alias("name"),
                              pl.lit(wanted, pl.Int64).alias("wanted"),
                              **(sums if quota == "tokens" else counts)).head(1)  # fmt: skip
        missing = pl.lit(None, pl.Int64) if quota == "tokens" else (pl.col("wanted") - pl.col("kept")).clip(0)
        found.append(
            counted.with_columns(pl.col("offered", "fit", "kept").cast(pl.Int64)).with_columns(missing=missing)
        )

    for domain in domains:
        rows, quota = merged.filter(domain=domain), settings.quotas.get(domain)
        count(domain, "domain", domain, quota.rows if quota else None, rows)
        if quota is None:
            continue
        for name, wanted in quota.parts.items():
            count(domain, "part", name, wanted, rows.filter(part=name))
        for name, wanted in quota.categories.items():
            count(domain, "category", name, wanted, rows.filter(category=name))
        if quota.tokens is not None:
            count(domain, "tokens", domain, quota.tokens, rows)
    return pl.concat([pl.DataFrame(schema=SCHEMA), *(one.select(SCHEMA.names()) for one in found)])
