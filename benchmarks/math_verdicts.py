"""Verdicts a second on realistic traces of about 19 KB: `r1data verify` beside math-verify in `datasets.map`.

    python benchmarks/math_verdicts.py [--rows 20000] [--baseline-rows 1500] [--json]

Both sides get the same kind of rows, from a Parquet file to a table of verdicts, with two processes each; start-up is
counted for both, and the baseline gets fewer rows since it is slow. The labels are known, so each side also says how
often it is wrong. The baseline is math-verify's documented use: `verify(parse(gold), parse(response))`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from r1data.progress import Progress, Silence
from r1data.stages import verify_file
from r1data.verifiers import VerifierPool

PROCESSES = 2
TRACE_CHARACTERS = 19_000
THOUGHTS = (
    "Let me look at the equation $x^2 - {a}x + {b} = 0$ again and see what the discriminant says.",
    "If I set $n = {a}$, then the sum is $\\frac{{{a}({a}+1)}}{{2}}$, which should be compared with {b}.",
    "Wait, that does not look right. The factor ${a} \\cdot {b}$ appears twice, so one of them has to be divided out.",
    "Trying small cases: for $k = {a}$ we get {b}, and for the next one the remainder changes sign.",
    "So the interval would be $[{a}, {b}]$, unless the left end is excluded by the square root in the denominator.",
    "Hmm, once more with the other formula: $\\sin^2\\theta + \\cos^2\\theta = 1$ gives \\boxed{{{a}}}.",
)


@dataclass(frozen=True, slots=True)
class Side:
    """How one side did."""

    name: str
    rows: int
    seconds: float
    false_accepts: int
    false_rejects: int
    undecided: int

    @property
    def per_second(self) -> float:
        """Rows a second, start-up included."""
        return self.rows / self.seconds


def answers(dice: random.Random) -> tuple[str, str, str]:
    """A reference, a right answer in another spelling, and a wrong one, as they occur in mathematics sets."""
    a, b = dice.randint(2, 99), dice.randint(2, 99)
    c, d = sorted(dice.sample(range(-20, 60), 2))
    kind = dice.choices(
        ("integer", "large", "fraction", "decimal", "pair", "interval", "set", "expression", "radical", "unit"),
        (40, 5, 15, 5, 8, 7, 5, 7, 5, 3),
    )[0]
    match kind:
        case "integer":
            return str(a * b), f"{a * b}", str(a * b + dice.choice((-1, 1, 10)))
        case "large":
            return str(10**9 * a + b), f"{10**9 * a + b:,}", str(10**9 * a + b + 1)
        case "fraction":
            return f"\\frac{{{a}}}{{{b}}}", f"\\dfrac{{{2 * a}}}{{{2 * b}}}", f"\\frac{{{a}}}{{{b + 1}}}"
        case "decimal":
            return f"{a / 4}", f"\\frac{{{a}}}{{4}}", f"{a / 4 + 0.5}"
        case "pair":
            return f"({a}, {b})", f"({a},{b})", f"({a + 1}, {b})"
        case "interval":
            return f"[{c}, {d})", f"{c} \\le x < {d}", f"[{c}, {d}]"
        case "set":
            return f"\\{{{c}, {d}\\}}", f"\\{{{d}, {c}\\}}", f"\\{{{c}, {d + 1}\\}}"
        case "expression":
            return f"x^2-{a * a}", f"(x-{a})(x+{a})", f"(x-{a})^2"
        case "radical":
            return f"{a}\\sqrt{{{2}}}", f"\\sqrt{{{2 * a * a}}}", f"{a}\\sqrt{{{3}}}"
        case _:
            return f"{a}\\text{{ cm}}", str(a), f"{a + 1}\\text{{ cm}}"


def write_rows(path: Path, count: int, seed: int) -> None:
    """Replies with a long thought in which there are boxes and formulas too, half of them right."""
    dice = random.Random(seed)
    pool = [thought.format(a=dice.randint(2, 99), b=dice.randint(2, 99)) for thought in THOUGHTS for _ in range(50)]
    rows = []
    for number in range(count):
        reference, right, wrong = answers(dice)
        good = dice.random() < 0.5
        thought, size = [], 0
        while size < TRACE_CHARACTERS:
            thought.append(dice.choice(pool))
            size += len(thought[-1]) + 2
        answer = f"Putting this together, the value is $\\boxed{{{right if good else wrong}}}$."
        text = "<think>\n" + "\n\n".join(thought) + f"\n</think>\n\n{answer}"
        rows.append({"id": str(number), "verifier": "math", "reference": reference, "response": text, "right": good})
    pl.DataFrame(rows).write_parquet(path, row_group_size=500)


def ours(path: Path, folder: Path) -> Side:
    """`r1data verify`, as the command line runs it."""
    out = folder / "verdicts.parquet"
    started = time.perf_counter()
    with VerifierPool(PROCESSES, 10.0) as pool:
        verify_file(path, out, pool, Progress(Silence()))
    seconds = time.perf_counter() - started
    found = pl.read_parquet(out, columns=["id", "outcome"]).join(
        pl.read_parquet(path, columns=["id", "right"]), on="id"
    )
    said = found["outcome"] == "correct"
    refused = found["outcome"].is_in(["incorrect", "no_answer"])
    return Side("r1data verify", found.height, seconds, int((said & ~found["right"]).sum()),
                int((refused & found["right"]).sum()), int((~said & ~refused).sum()))  # fmt: skip


def baseline(path: Path, folder: Path) -> Side:
    """math-verify in datasets.map, with two processes and nothing cached."""
    import datasets

    datasets.disable_progress_bars()
    started = time.perf_counter()
    rows = datasets.Dataset.from_parquet(str(path), cache_dir=str(folder / "cache"))
    judged = rows.map(_math_verify, num_proc=PROCESSES, remove_columns=["response"], load_from_cache_file=False)
    judged.select_columns(["id", "same"]).to_parquet(str(folder / "baseline.parquet"))
    seconds = time.perf_counter() - started
    same, right = pl.Series(judged["same"]), pl.Series(judged["right"])
    return Side("math-verify in datasets.map", len(judged), seconds, int((same & ~right).sum()),
                int((~same & right).sum()), 0)  # fmt: skip


def _math_verify(row: dict[str, str]) -> dict[str, bool]:
    from math_verify import parse, verify

    return {"same": bool(verify(parse(f"${row['reference']}$"), parse(row["response"])))}


def main() -> None:
    """Run both sides once and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--baseline-rows", type=int, default=1_500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="math-verdicts-"))
    try:
        write_rows(folder / "many.parquet", options.rows, seed=1)
        write_rows(folder / "few.parquet", options.baseline_rows, seed=2)
        sides = [ours(folder / "many.parquet", folder), baseline(folder / "few.parquet", folder)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ratio = sides[0].per_second / sides[1].per_second
    if options.json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count()}
        print(
            json.dumps({"sides": [asdict(s) | {"per_second": s.per_second} for s in sides], "ratio": ratio} | machine)
        )
        return
    print(f"{'two processes, traces of 19 KB':32} {'rows':>7} {'rows/s':>8} {'false accepts':>14} {'false rejects':>14}"
          f" {'undecided':>10}")  # fmt: skip
    for side in sides:
        print(f"{side.name:32} {side.rows:7,} {side.per_second:8,.0f} {side.false_accepts:14} {side.false_rejects:14}"
              f" {side.undecided:10}")  # fmt: skip
    print(f"ratio {ratio:.1f}")


if __name__ == "__main__":
    main()
