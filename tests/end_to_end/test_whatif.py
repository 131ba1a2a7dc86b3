"""`r1data whatif` foretells what running the recipe with other thresholds then does, and writes nothing."""

import json
from hashlib import blake2b
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from r1data.cli.app import app
from r1data.errors import RecipeError
from r1data.store import Workspace
from r1data.whatif import whatif
from tests.end_to_end.rehearsal import rehearse, write_recipe

SETTINGS = (
    ("selection.longest_paragraph=35",),
    ("selection.correctness=any", "selection.reasoning=optional"),
    ("selection.keep_per_prompt=1", "selection.keep_rule=shortest"),
    ("selection.keep_per_prompt=1", "selection.keep_rule=random"),
    ("selection.pass_rate=[0.1, 0.6]",),
    ("selection.quotas=[{column: language, value: en, rows: 5}]",),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("whatif")
    recipe = write_recipe(folder, tiny)
    rehearse(recipe, folder / "run")
    return recipe, folder / "run"


def digests(root: Path) -> dict[str, str]:
    return {str(p): blake2b(p.read_bytes()).hexdigest() for p in sorted(root.rglob("*")) if p.is_file()}


def test_it_foretells_the_run_and_writes_nothing(finished: tuple[Path, Path]) -> None:
    recipe, root = finished
    before = Workspace(root).tables().decisions.collect()
    for settings in SETTINGS:
        rehearse(recipe, root)
        stood = digests(root)
        told = whatif(Workspace(root), settings)
        assert digests(root) == stood
        rehearse(recipe, root, *settings)
        after = Workspace(root).tables().decisions.collect()
        both = before.join(after, on="completion_id", suffix="_after")
        assert (told.rows, told.kept_before, told.kept_after) == (
            both.height,
            before["kept"].sum(),
            after["kept"].sum(),
        )
        assert told.comes == both.filter(~pl.col("kept") & pl.col("kept_after")).height
        assert told.goes == both.filter(pl.col("kept") & ~pl.col("kept_after")).height
        assert told.comes + told.goes > 0, settings
        counts = dict(after["reason"].drop_nulls().value_counts().iter_rows())
        assert {one.reason: one.after for one in told.reasons if one.after} == counts
    rehearse(recipe, root)


def test_examples_are_rows_that_move(finished: tuple[Path, Path]) -> None:
    _, root = finished
    told = whatif(Workspace(root), ["selection.longest_paragraph=35", "selection.correctness=any"], examples=4)
    decisions = dict(Workspace(root).tables().decisions.select("completion_id", "kept").collect().iter_rows())
    assert {one.comes for one in told.examples} == {True, False}
    for one in told.examples:
        assert decisions[one.completion_id] is (not one.comes)
        assert one.question and one.text and one.findings and all(one.why)
    assert any("35 wanted" in why for one in told.examples if not one.comes for why in one.why)


def test_without_its_table_of_candidates_the_answer_is_the_same(finished: tuple[Path, Path]) -> None:
    _, root = finished
    told = whatif(Workspace(root), SETTINGS[0])
    (root / "candidates.parquet").rename(root / "away")
    try:
        assert whatif(Workspace(root), SETTINGS[0]) == told
    finally:
        (root / "away").rename(root / "candidates.parquet")


@pytest.mark.parametrize(
    ("setting", "answer"),
    [
        ("duplicates.ngram=5", "compared with each other anew"),
        ("contamination.ngrams=[8]", "held against benchmarks anew"),
        ("sampling.draws=9", "new draws"),
        ("selection.longest_paragraf=9", "did you mean 'longest_paragraph'"),
    ],
)
def test_what_needs_more_than_a_decision_is_said(finished: tuple[Path, Path], setting: str, answer: str) -> None:
    with pytest.raises(RecipeError, match=answer):
        whatif(Workspace(finished[1]), [setting])


def test_the_command_prints_for_people_and_for_programs(finished: tuple[Path, Path]) -> None:
    arguments = ["whatif", "-w", str(finished[1]), "--set", "selection.longest_paragraph=35"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "selection.longest_paragraph: 2000 → 35" in shown.output
    assert "goes" in shown.output
    printed = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert printed["kept_before"] + printed["comes"] - printed["goes"] == printed["kept_after"]
