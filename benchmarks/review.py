"""How long a person waits for the next sample in `r1data review`, from the key to the picture, in a real Chromium.

    python benchmarks/review.py [--samples 200] [--pause 0.3] [--json]

Replies of about 12 KB with formulas, code and tables are approved one after the other by keyboard, `--pause` seconds
after each has appeared (0 leaves no time to read at all). A wait is measured inside the page: from the key being
pressed to the first frame that shows the next sample. The goal is 100 ms for each of 200. `page_cpu_ms` is the
processor time that the page's main thread takes for one sample, all told, which other programs on the machine change
little.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.review.browser import Page, chromium  # noqa: E402
from tests.review.serving import served  # noqa: E402
from tests.review.workspaces import workspace_of  # noqa: E402

STEP = (
    "Next I look at case {n}.{step}, where $a_{{{step}}} = \\frac{{{n} + {step}}}{{2}}$ and so \\(a_{{{step}}}^2 \\ge "
    "{step}\\). Wait, let me check that **once more** with `x = {step}`, as the sign of $x^{step}$ matters.\n\n"
)
CODE = (
    "```python\ndef value(x: int) -> int:\n    # case {n}\n    return sum(i * x for i in range({n}, {n} + 9))\n```\n\n"
)
TABLE = "| x | value |\n|---|---|\n" + "".join(f"| {x} | $\\sqrt{{{x}}}$ |\n" for x in range(8)) + "\n"
WATCH = """
(() => {
  window.waits = [];
  let pressed = 0;
  document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
  new MutationObserver(() => {
    if (!document.querySelector("main .sample")) return;
    const since = pressed;
    requestAnimationFrame(() => requestAnimationFrame(() => window.waits.push(performance.now() - since)));
  }).observe(document.querySelector("main"), {childList: true});
})()
"""


def reply(n: int) -> str:
    """One reply of about 12 KB to question `n`."""
    steps = "".join(STEP.format(n=n, step=step) for step in range(1, 45))
    return (
        f"<think>\nI begin with {n}.\n\n{steps}{CODE.format(n=n)}</think>\n\n{TABLE}So \\[x = 42\\] and \\boxed{{42}}."
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.3, help="seconds that one looks at a sample")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    loose = {"correctness": "any", "repeated_ngrams": 1, "repeated_lines": 1, "repeated_paragraphs": 1,
             "tail_repeats": 10**6, "looping_tail": 10**6, "similarity": 1, "bare_code": 10**6}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        exchanges = {f"What is {n} + {42 - n}?": reply(n) for n in range(options.samples + 1)}
        workspace = workspace_of(Path(folder), ROOT / "data/models/tiny", exchanges, **loose)
        with served(workspace.root, "ann") as server, chromium(Path(folder)) as page:
            page.open(server.link("ann"))
            waits, busy = pressed(page, options.samples, options.pause)
    told = {
        "samples": len(waits), "pause_seconds": options.pause, "median_ms": round(statistics.median(waits), 1),
        "p95_ms": round(sorted(waits)[int(0.95 * len(waits))], 1), "longest_ms": round(max(waits), 1),
        "over_100_ms": sum(wait > 100 for wait in waits), "page_cpu_ms": round(1000 * busy / len(waits), 1),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    print(json.dumps(told) if options.json else "\n".join(f"{name:<14} {value}" for name, value in told.items()))


def pressed(page: Page, samples: int, pause: float) -> tuple[list[float], float]:
    """Approve so many samples; the waits between them in milliseconds, and the page's processor time in seconds."""
    page.wait("document.querySelector('main .sample') !== null")
    page.run(WATCH)
    page.call("Performance.enable", timeDomain="threadTicks")
    before = used(page)
    for done in range(1, samples + 1):
        time.sleep(pause)
        page.press("a")
        page.wait(f"window.waits.length >= {done}")
    waits: list[float] = page.run("window.waits")
    return waits, used(page) - before


def used(page: Page) -> float:
    """Processor time of the page's main thread so far, in seconds: script, style and layout, prefetching included."""
    told = {one["name"]: one["value"] for one in page.call("Performance.getMetrics")["metrics"]}
    return float(told["TaskDuration"])


if __name__ == "__main__":
    main()
