"""`r1data whatif` over a refined file foretells what refining it by other settings gives."""

import json
import random
from pathlib import Path

import polars as pl

from r1data.progress import Progress, Silence
from r1data.recipe import read_refinement
from r1data.stages.refine import refine_file
from r1data.whatif import whatif_refined

SETTINGS = ("selection.longest_paragraph=100", "selection.similarity=0.3", "selection.reasoning=optional")


def test_it_foretells_what_refining_gives(tmp_path: Path) -> None:
    words = (
        "we add one number to another and look at what comes of it before we go on to the next step of the sum".split()
    )
    rows = []
    for n in range(60):
        thought = " ".join(words[(n * 7 + k * (n % 5 + 1)) % len(words)] for k in range(10 + n % 40))
        reply = f"<think>\nFor {n}: {thought}.\n</think>\n\nIt is \\boxed{{{n}}}." if n % 9 else f"It is {n}."
        rows.append({"id": f"row-{n}", "prompt": f"What is {n // 3}?", "response": reply})
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    tables = []
    for settings in ((), SETTINGS):
        out = tmp_path / f"out{len(tables)}.parquet"
        refine_file(source, out, read_refinement(None, list(settings)), Progress(Silence()), verify=False, workers=1)
        tables.append(pl.read_parquet(out))
    before, after = tables
    told = whatif_refined(tmp_path / "out0.parquet", SETTINGS)
    assert (told.rows, told.kept_before, told.kept_after) == (60, before["kept"].sum(), after["kept"].sum())
    assert told.comes == (~before["kept"] & after["kept"]).sum() > 0
    assert told.goes == (before["kept"] & ~after["kept"]).sum() > 0
    ids = {one.completion_id for one in told.examples}
    assert ids <= set(before.filter(pl.Series(before["kept"] != after["kept"]))["id"])


def test_the_settings_stand_in_the_table_and_nothing_moves_by_itself(tmp_path: Path) -> None:
    """Rows that only their neighbours speak against, near-copies and twin prompts, stay where they are."""
    tail = "In how many days will the old ferry have carried all forty barrels of herring over the wide river?"
    words = (
        "harbour wall captain lantern rope market clerk cellar bridge tower garden bell candle carpet mirror".split()
    )
    rows = []
    for n in range(12):
        draw = random.Random(n)
        sentences = (" ".join(["The", *draw.sample(words, 5), "and the", *draw.sample(words, 4)]) for _ in range(9))
        body = ".\n\n".join(sentences)
        prompt = f"{tail} Think well." if n % 2 else tail
        rows.append({"id": f"row-{n}", "prompt": prompt, "response": f"<think>\n{body}\n</think>\n\nIt is {n}."})
    source, out = tmp_path / "in.jsonl", tmp_path / "out.parquet"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    settings = read_refinement(None, ["selection.similarity=0.95", "selection.keep_per_prompt=5"])
    refine_file(source, out, settings, Progress(Silence()), verify=False, workers=1)
    table = pl.read_parquet(out)
    assert set(table["findings"].explode()) >= {"duplicate/prompt", "surplus/rank"}
    told = whatif_refined(out, ())
    assert (told.comes, told.goes, told.kept_before) == (0, 0, table["kept"].sum()) and not told.changed
    assert whatif_refined(out, ["selection.keep_per_prompt=2"]).kept_after == 2
