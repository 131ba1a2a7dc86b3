"""The report in a real browser: it opens without network, and nothing that a model wrote runs in it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from r1data.report import render_report
from tests.report.test_report import FACTS, GOOD, HOSTILE, RECIPE, tables

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

ATTACKS = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg onload=\"document.title='owned'\">",
    "</pre></details><style onload=\"document.title='owned'\">*{display:none}</style>",
    "$\\text{<img src=x onerror=document.title='owned'>}$",
]


@pytest.mark.slow
def test_nothing_that_a_model_wrote_runs(tmp_path: Path) -> None:
    texts = [GOOD, *(f"<think>\n{attack}\n</think>\n\n\\boxed{{4}} {attack}" for attack in ATTACKS), *HOSTILE]
    page = tmp_path / "report.html"
    page.write_text(render_report(tables(texts, ATTACKS[0], ATTACKS[1]), RECIPE, FACTS), encoding="utf-8")
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"file://{page}",
    ]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "<title>t · r1data report</title>" in dom
    assert "From planned to kept" in dom and "<math" in dom and "<img" not in dom and "<script" not in dom
