"""The report in a real browser: it opens without network, and nothing that a model wrote runs in it."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from r1data.recipe import Refinement, Selection
from r1data.report import RefinedFacts, render_refined, render_report
from schemas import Reason
from tests.conftest import PATIENT
from tests.report.rows import decided, measured
from tests.report.test_report import FACTS, GOOD, HOSTILE, RECIPE, data_of, tables, without_our_script

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

ATTACKS = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg onload=\"document.title='owned'\">",
    "</pre></details><style onload=\"document.title='owned'\">*{display:none}</style>",
    "$\\text{<img src=x onerror=document.title='owned'>}$",
]


MOVES = """
addEventListener("load", () => {
  for (const [key, stop] of Object.entries(%s)) {
    const dials = JSON.parse(document.getElementById("panel-data").textContent).dials;
    const place = dials.findIndex((dial) => dial.key === key);
    const input = document.querySelector(`[data-dial="${place}"]`);
    if (input.type === "checkbox") input.checked = stop === 0;
    else input.value = stop;
    input.dispatchEvent(new Event("input", {bubbles: true}));
  }
});
"""
"""A hand that moves sliders and switches. Only pages whose policy was opened for it let it run."""


def opened(page: str, folder: Path) -> str:
    """The document that the browser has made of a page."""
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        f"--user-data-dir={folder / 'profile'}", "--dump-dom", f"file://{path}",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENT, check=True).stdout


@pytest.mark.slow
def test_nothing_that_a_model_wrote_runs(tmp_path: Path) -> None:
    texts = [GOOD, *(f"<think>\n{attack}\n</think>\n\n\\boxed{{4}} {attack}" for attack in ATTACKS), *HOSTILE]
    page = render_report(tables(texts, ATTACKS[0], ATTACKS[1]), RECIPE, replace(FACTS, workspace=ATTACKS[3]))
    dom = without_our_script(opened(page, tmp_path))
    assert "<title>t · r1data report</title>" in dom
    assert "From planned to kept" in dom and "<math" in dom and "<img" not in dom and "<script" not in dom


@pytest.mark.slow
def test_no_script_but_ours_runs(tmp_path: Path) -> None:
    page = render_report(tables([GOOD]), RECIPE, FACTS)
    foreign = page.replace("</body>", "<script>document.title='owned'</script></body>")
    assert "<title>t · r1data report</title>" in opened(foreign, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "moved",
    [{}, {"longest_paragraph": "2500", "language_share": "0.985"}, {"tail_repeats": "3", "cut_off": "keep",
     "code_in_reasoning": "drop", "foreign_words": "400"}],
    ids=["none", "two", "four"],
)  # fmt: skip
def test_a_moved_slider_shows_what_selection_decides(moved: dict[str, str], tmp_path: Path) -> None:
    rows, settings = measured(900), Refinement()
    frame = decided(rows, settings.selection)
    attack = ATTACKS[0]
    page = render_refined(
        frame, settings, RefinedFacts(attack, "2026", "0.1.0", command=f"r1data whatif '{attack}'"),
        lambda ids: dict.fromkeys(ids, attack), lambda ids: dict.fromkeys(ids, attack),
    )  # fmt: skip
    dials = {dial["key"]: dial for dial in data_of(page)["dials"]}
    stops = {key: dials[key]["settings"].index(setting) for key, setting in moved.items()}
    for_the_hand = re.sub(r"script-src 'sha256-[^']+'", "script-src 'unsafe-inline'", page)
    for_the_hand = for_the_hand.replace("</body>", f"<script>{MOVES % json.dumps(stops)}</script></body>")
    dom = opened(for_the_hand, tmp_path)
    then = decided(rows, Selection.model_validate(moved))
    shown = re.search(r'data-panel="kept">([\d,]+)<', dom)
    assert shown is not None and int(shown[1].replace(",", "")) == then["kept"].sum()
    firsts = dict(then.filter(~pl.col("kept")).group_by("reason").len().iter_rows())
    for place, reason in enumerate(Reason):
        line = re.search(rf'data-reason="{place}".*?data-then="">([\d,]+)<', dom, re.DOTALL)
        assert line is not None and int(line[1].replace(",", "")) == firsts.get(reason.value, 0)
    words = "".join(f" --set selection.{dial}={moved[dial]}" for dial in dials if dial in moved)
    command = re.search(r'<pre data-panel="command">(.*?)</pre>', dom, re.DOTALL)
    assert command is not None and command[1].endswith(words) and "&lt;script&gt;" in command[1]
