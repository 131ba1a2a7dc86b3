"""A merge on disk: what is written equals what was decided, says so in its card, and appears whole or not at all."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from r1data.cli.app import app
from r1data.errors import RecipeError, WorkspaceError
from r1data.explain import DrawStory, PromptStory, UnknownId, explain_mix
from r1data.merging import shortage
from r1data.progress import Progress, Silence
from r1data.recipe import Merge, read_merge
from r1data.report.mix_card import part_facts, render_mix_card
from r1data.stages.merge import merge
from r1data.store.merged_folder import MergedFolder
from r1data.store.scatter import Scatter
from schemas import Examples
from tests.end_to_end.rehearsal import rehearse, write_recipe
from tests.merging.making import FACTS, example, frame, merged, put, reply

QUOTAS = Merge(quotas={"math": 12, "code": 30, "stem": 5}, test_share=0.3, keep_per_prompt=2)  # type: ignore[dict-item]


def parts() -> dict[str, list[dict[str, Any]]]:
    one = [example(("a", n), f"What is {n // 2} + 2?") for n in range(30)]
    two = [
        example(("b", n), f"What is {n} + 2?", domain="code", licence=None, source="a|b\n# c") for n in range(10, 30)
    ]
    return {"one": one, "two": two}


def files(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


def test_the_dataset_opens_and_holds_what_was_kept_and_nothing_else(tmp_path: Path) -> None:
    given_parts = parts()
    merging, table = merged(tmp_path, given_parts, QUOTAS, file_bytes=3000)
    loaded = datasets.load_dataset(str(tmp_path / "mix" / "dataset"), cache_dir=str(tmp_path / "cache"))
    rows = {row["example_id"]: row | {"split": split} for split in loaded for row in loaded[split]}
    kept = {row["example_id"]: row for row in table.filter("kept").to_dicts()}
    assert rows.keys() == kept.keys() and len(rows) == merging.kept > 12
    offered = {row["example_id"]: row | {"part": name} for name, some in given_parts.items() for row in some}
    for name, row in rows.items():
        assert row.pop("split") == kept[name]["split"]
        assert row == offered[name]
    assert len(list((tmp_path / "mix" / "dataset" / "data").glob("train-*"))) > 3
    assert merging.splits == dict(table.filter("kept").group_by("split").len().iter_rows())
    assert MergedFolder(tmp_path / "mix").read_summary()["kept"] == merging.kept


def test_the_files_hang_on_nothing_but_the_examples(tmp_path: Path) -> None:
    chance = random.Random(1)
    mixed = {name: chance.sample(some, len(some)) for name, some in parts().items()}
    merged(tmp_path / "a", parts(), QUOTAS, file_bytes=5000)
    merged(tmp_path / "b", mixed, QUOTAS, file_bytes=5000, files=4)
    assert files(tmp_path / "a" / "mix" / "dataset") == files(tmp_path / "b" / "mix" / "dataset")
    assert files(tmp_path / "a" / "mix")["merged.parquet"] == files(tmp_path / "b" / "mix")["merged.parquet"]


def test_shortage_is_told_and_nothing_is_repeated(tmp_path: Path) -> None:
    merging, table = merged(tmp_path, parts(), QUOTAS)
    told = {row["domain"]: row for row in merging.shortage}
    assert told["stem"] == {"domain": "stem", "quota": "domain", "name": "stem", "wanted": 5, "offered": 0, "fit": 0,
                            "kept": 0, "missing": 5}  # fmt: skip
    assert told["math"]["kept"] == 12 and told["math"]["missing"] == 0 and told["code"]["missing"] == 15
    assert merging.missing == 20 and table.filter("kept")["example_id"].is_unique().all()
    card = (tmp_path / "mix" / "dataset" / "README.md").read_text()
    assert "| stem | rows | 5 | 0 | 0 | 0 | **5** |" in card and "**20 rows are missing**" in card
    assert "20 rows are missing" in (tmp_path / "mix" / "report.html").read_text()


def test_the_cards_numbers_come_from_the_tables(tmp_path: Path) -> None:
    _, table = merged(tmp_path, parts(), QUOTAS)

    def card(of: pl.DataFrame) -> str:
        return render_mix_card(of, shortage(of, QUOTAS), QUOTAS, FACTS, {"train": "data/train-*.parquet"})

    first = table.filter("kept", domain="math")["example_id"][0]
    mine = pl.col("example_id") == first
    assert "| math | 12 | 1.0 | 100.0 | 1,200 |" in card(table)
    longer = table.with_columns(completion_tokens=pl.when(mine).then(1300).otherwise("completion_tokens"))
    assert "| math | 12 | 1.0 | 200.0 | 2,400 |" in card(longer)
    twice = table.with_columns(rounds=pl.when(mine).then(13).otherwise("rounds"))
    assert "| math | 12 | 2.0 | 100.0 | 1,200 |" in card(twice)
    gone = table.filter(~mine)
    assert "| math | 11 | 1.0 | 100.0 | 1,100 |" in card(gone)
    assert "| math | rows | 12 | 29 | 29 | 11 | **1** |" in card(gone)
    seen = table.with_columns(review=pl.when(mine).then(pl.lit("edited")))
    assert "| edited by a person | 1 |" in card(seen)


def test_no_text_of_a_row_can_be_anything_but_text_in_card_and_page(tmp_path: Path) -> None:
    bad = "</script><script>alert(1)</script>|x\n# Owned"
    rows = [example(n, f"{bad} {n}", reply(n), domain=bad, source=bad, category=bad, model=bad) for n in range(3)]
    merged(tmp_path, {"one": rows}, Merge(), facts=replace(FACTS, name="n|x\n# y", mix_yaml=f"name: {bad}\n```\n"))
    card = (tmp_path / "mix" / "dataset" / "README.md").read_text()
    body = card.split("## How to make it again")[0].split("\n---\n", 1)[1]
    assert "<script>" not in body and "\n# Owned" not in body and "\n# y" not in body
    yaml.safe_load(card.split("\n---\n")[0])
    assert "<script>" not in (tmp_path / "mix" / "report.html").read_text()


def test_parts_of_nothing_make_an_empty_dataset(tmp_path: Path) -> None:
    merging, table = merged(tmp_path, {"one": [], "two": []}, QUOTAS)
    assert merging.offered == merging.kept == table.height == 0 and merging.missing == 47
    there = MergedFolder(tmp_path / "mix").scan_examples().collect()
    assert there.height == 0 and Examples.is_valid(there)
    assert "**47 rows are missing**" in (tmp_path / "mix" / "dataset" / "README.md").read_text()


def test_a_part_that_is_none_is_named(tmp_path: Path) -> None:
    def tried(root: Path) -> None:
        merge({"one": root}, Merge(), 0, tmp_path / "mix", Progress(Silence()), FACTS)

    with pytest.raises(WorkspaceError, match="part 'one' has no dataset"):
        tried(tmp_path / "nowhere")
    put(tmp_path / "other", [])
    for name in (tmp_path / "other").rglob("*.parquet"):
        frame([example(1)]).drop("seed").write_parquet(name)
    with pytest.raises(WorkspaceError, match="no column seed"):
        tried(tmp_path / "other")
    put(tmp_path / "bad", [example(1, draw=-1)])
    with pytest.raises(WorkspaceError, match="rows that are no examples"):
        tried(tmp_path / "bad")
    put(tmp_path / "twice", [example(1), example(1)], files=2)
    with pytest.raises(WorkspaceError, match="twice"):
        tried(tmp_path / "twice")
    assert not (tmp_path / "mix" / "dataset").exists()


def test_a_dataset_of_an_older_version_is_read(tmp_path: Path) -> None:
    root = put(tmp_path / "old", [])
    newer = ["category", "part", "rewritten_from", "review"]
    for file in root.rglob("*.parquet"):
        frame([example(n, f"What is {n} + 1?") for n in range(5)]).drop(newer).write_parquet(file)
    merging = merge({"one": root}, Merge(), 0, tmp_path / "mix", Progress(Silence()), FACTS)
    assert merging.kept == 5
    Examples.validate(MergedFolder(tmp_path / "mix").scan_examples().collect())


def test_a_merge_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    merged(tmp_path, parts(), QUOTAS)
    before = files(tmp_path / "mix")
    data = tmp_path / "parts" / "two" / "dataset" / "data" / "00000.parquet"
    data.write_bytes(data.read_bytes()[:-2000])
    folders = {name: tmp_path / "parts" / name for name in ("one", "two")}
    with pytest.raises(WorkspaceError, match=r"two.*cannot be read"):
        merge(folders, QUOTAS, 1, tmp_path / "mix", Progress(Silence()), FACTS)
    assert files(tmp_path / "mix") == before


@pytest.mark.slow
def test_a_killed_merge_leaves_the_one_before_whole_and_the_next_one_ends_it(tmp_path: Path) -> None:
    merged(tmp_path, parts(), QUOTAS)
    before = files(tmp_path / "mix" / "dataset")
    many = [example(("m", n), f"What is {n} + 3?", reply(n, 3000)) for n in range(1500)]
    folders = {"many": put(tmp_path / "many", many, files=3)}
    command = [sys.executable, "-m", "r1data", "merge", f"many={folders['many']}", "--out", str(tmp_path / "mix")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list((tmp_path / "mix").glob(".staging-*-dataset/data/*")):
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert files(tmp_path / "mix" / "dataset") == before
    done = CliRunner().invoke(app, [*command[3:], "--json"])
    assert json.loads(done.stdout)["kept"] == 1500
    assert not list((tmp_path / "mix").glob(".staging-*"))
    assert MergedFolder(tmp_path / "mix").scan_examples().select(pl.len()).collect().item() == 1500


@pytest.mark.slow
def test_the_command_merges_runs_and_explain_leads_back_into_them(tmp_path: Path, tiny: Path) -> None:
    rehearse(write_recipe(tmp_path, tiny, prompts=12), tmp_path / "mix" / "parts" / "sums")
    more = [example(n, f"What is {n} + {n + 7}?", domain="other") for n in range(1, 40, 2)]
    put(tmp_path / "more", more)
    arguments = [f"sums={tmp_path / 'mix' / 'parts' / 'sums'}", f"more={tmp_path / 'more'}", "--out",
                 str(tmp_path / "mix"), "--set", "quotas.math=1000", "--scale", "0.5"]  # fmt: skip
    done = CliRunner().invoke(app, ["merge", *arguments, "--json"])
    told = json.loads(done.stdout)
    assert told["offered"] == told["kept"] + sum(told["reasons"].values())
    assert told["shortage"][0]["wanted"] == 500 and told["missing"] > 400
    assert "rows are missing" in CliRunner().invoke(app, ["merge", *arguments]).stdout
    table = MergedFolder(tmp_path / "mix").scan_merged().collect()
    kept = table.filter("kept", part="sums")["example_id"][0]
    story = explain_mix(tmp_path / "mix", kept[:12])
    assert "in the merged dataset, split train, from part sums" in story.fate and isinstance(story.story, DrawStory)
    assert story.story.fate == "in the dataset" and story.story.prompt is not None
    lost = table.filter(part="more", reason="duplicate")["example_id"][0]
    story = explain_mix(tmp_path / "mix", lost)
    assert "left out of the merged dataset: duplicate/prompt (in favour of" in story.fate and story.story is None
    asked = explain_mix(tmp_path / "mix", table.filter(part="sums")["prompt_id"][0])
    assert isinstance(asked.story, PromptStory) and asked.offers
    rejected = _rejected(tmp_path / "mix" / "parts" / "sums")
    assert "not offered to the merge by part sums" in explain_mix(tmp_path / "mix", rejected).fate
    with pytest.raises(UnknownId):
        explain_mix(tmp_path / "mix", "0123456789ab")
    shown = CliRunner().invoke(app, ["explain", lost, "-w", str(tmp_path / "mix")]).stdout
    assert "left out of the merged dataset" in " ".join(shown.split())
    _tells_of_the_part(tmp_path / "mix", table)


def _rejected(root: Path) -> str:
    decisions = pl.read_parquet(root / "decisions.parquet")
    found: str = decisions.filter(~pl.col("kept"))["completion_id"][0]
    return found


def _tells_of_the_part(root: Path, table: pl.DataFrame) -> None:
    """The card has the part's funnel, verdicts and recipe."""
    facts = part_facts("sums", root / "parts" / "sums")
    assert facts.funnel is not None and facts.funnel.kept == table.filter(part="sums").height
    card = (root / "dataset" / "README.md").read_text()
    assert f"| {facts.funnel.planned} | {facts.funnel.completed} | {facts.funnel.kept} (" in card
    assert "math (version" in card and "The recipe of part sums, with all defaults:" in card
    assert "Held against no benchmark: sums." in card and "came without a workspace: more." in card


def test_settings_are_read_from_a_mix_or_alone_and_scaled(tmp_path: Path) -> None:
    (tmp_path / "alone.yaml").write_text("quotas: {math: 395285, general: {rows: 177812, categories: {writing: 500}}}")
    (tmp_path / "mix.yaml").write_text("name: x\nmerge: {quotas: {math: 7}, test_share: 0.1}")
    alone = read_merge(tmp_path / "alone.yaml").scaled(0.001)
    assert alone.quotas["math"].rows == 395 and alone.quotas["general"].categories == {"writing": 1}
    assert read_merge(tmp_path / "mix.yaml", ["keep_per_prompt=2"]).keep_per_prompt == 2
    with pytest.raises(RecipeError, match="did you mean 'quotas'"):
        read_merge(None, ["quota.math=3"])
    with pytest.raises(RecipeError, match="leave nothing to train on"):
        read_merge(None, ["test_share=0.6", "validation_share=0.5"])


@settings(max_examples=30)
@given(numbers=st.lists(st.lists(st.integers(0, 5), max_size=9), max_size=6), held=st.sampled_from([1, 400, 10**6]))
def test_a_scatter_gives_every_row_back_under_its_number(
    tmp_path_factory: pytest.TempPathFactory, numbers: Sequence[Sequence[int]], held: int
) -> None:
    scatter = Scatter(tmp_path_factory.mktemp("scatter"), "number", held)
    rows = [(number, f"{batch} {at}") for batch, some in enumerate(numbers) for at, number in enumerate(some)]
    for batch in range(len(numbers)):
        mine = [row for row in rows if row[1].startswith(f"{batch} ")]
        scatter.add(pl.DataFrame(mine, schema={"number": pl.UInt32, "text": pl.String}, orient="row"))
    found = [(number, text) for number, some in scatter.collected() for text in some["text"]]
    assert found == sorted(rows, key=lambda row: row[0])
