"""The card opens with datasets, counts right, and claims nothing that no row says."""

from dataclasses import replace
from pathlib import Path

import datasets
import polars as pl
import pytest
import yaml

from r1data.recipe import Template
from r1data.report import render_card
from tests.report.test_report import FACTS, GOOD, RECIPE, tables


def test_the_card_opens_with_datasets_and_counts_right(tmp_path: Path) -> None:
    given_tables = tables([GOOD, "no"])
    card = render_card(given_tables, RECIPE, FACTS)
    header = yaml.safe_load(card.split("---")[1])
    assert header["license"] == "apache-2.0" and header["language"] == ["en"]
    assert "| math | 1 | 1.0 | 12.0 | 12 |" in card and "s\\|&lt;b>x" in card and "math (version 1)" in card
    (tmp_path / "data").mkdir()
    given_tables.examples.collect().write_parquet(tmp_path / "data" / "train-00000-of-00001.parquet")
    (tmp_path / "README.md").write_text(card)
    loaded = datasets.load_dataset(str(tmp_path), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded[0]["example_id"] == f"{0:032x}"


@pytest.mark.parametrize(
    ("licences", "license_", "name"),
    [
        (["MIT", "MIT"], "mit", None),
        (["MIT", None], "other", "MIT, not stated"),
        (["MIT", "Apache-2.0"], "other", "Apache-2.0, MIT"),
        (["ask: me\n---"], "other", "ask: me ---"),
        ([], "other", None),
    ],
)
def test_the_card_claims_no_licence_that_a_row_lacks(
    licences: list[str | None], license_: str, name: str | None
) -> None:
    whole = tables([GOOD])
    row = whole.examples.collect()
    rows = [row.with_columns(licence=pl.lit(licence, pl.String)) for licence in licences]
    examples = pl.concat(rows) if rows else row.clear()
    card = render_card(replace(whole, examples=examples.lazy()), RECIPE, FACTS)
    header = yaml.safe_load(card[4 : card.index("\n---\n", 4)])
    assert (header["license"], header.get("license_name")) == (license_, name)


def test_a_recipe_cannot_close_the_cards_code_block() -> None:
    system = "Write\n```\n# Owned\n````\ncode"
    recipe = RECIPE.model_copy(update={"template": Template(system=system)})
    card = render_card(tables([GOOD]), recipe, FACTS)
    block = card[card.index("`````yaml\n") + 10 : card.rindex("\n`````")]
    assert yaml.safe_load(block)["template"]["system"] == system
