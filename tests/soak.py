"""The soak: rounds of `tests/end_to_end/test_kill_anywhere.py`, fixed and adaptive in turn, as long as you like.

    python -m tests.soak --minutes 60 [--seed SEED]

Every round has a seed of its own, which it prints: `--seed SEED --minutes 0` repeats that one. The first round that
ends in another way than a run left in peace ends the soak, and leaves its folder to look at.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.end_to_end.test_kill_anywhere import RECIPES, kill_anywhere


def soak(minutes: float, first_seed: int | None) -> int:
    """Go round until the time is up; returns an exit status."""
    end = time.monotonic() + 60 * minutes
    kills: Counter[str] = Counter()
    rounds = 0
    while True:
        for kind in RECIPES:
            seed = random.SystemRandom().randrange(1 << 32) if first_seed is None else first_seed
            folder = Path(tempfile.mkdtemp(prefix=f"r1data-soak-{kind}-"))
            began = time.monotonic()
            print(f"round {rounds + 1}: {kind}, seed {seed}", flush=True)
            try:
                toll = kill_anywhere(folder, REPOSITORY / "data" / "models" / "tiny", kind, seed)
            except BaseException:
                traceback.print_exc()
                print(f"round {rounds + 1} ({kind}, seed {seed}) went wrong; look at {folder}", flush=True)
                return 1
            shutil.rmtree(folder)
            rounds += 1
            kills += toll.kills
            print(f"round {rounds}: well after {time.monotonic() - began:.0f} s; {dict(kills)} so far", flush=True)
        if time.monotonic() >= end:
            print(f"{rounds} rounds, {kills.total()} kills: all tables ended as if nothing had been")
            return 0


def main() -> None:
    """Read the command line and soak."""
    parser = argparse.ArgumentParser(description="Kill runs at random moments for a long time.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="of a round to repeat")
    options = parser.parse_args()
    sys.exit(soak(options.minutes, options.seed))


if __name__ == "__main__":
    main()
