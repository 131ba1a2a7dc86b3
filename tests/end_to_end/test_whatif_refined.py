"""`r1data whatif` over a refined file foretells what refining it by other settings gives."""

import json
from pathlib import Path

import polars as pl

from r1data.progress import Progress, Silence
from r1data.recipe import read_refinement
from r1data.stages.refine import refine_file
from r1data.stages.whatif import whatif_refined

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
