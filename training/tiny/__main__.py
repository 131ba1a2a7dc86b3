"""``python -m training.tiny --out data/models/tiny --seed 0`` makes the tiny model from nothing."""

import argparse
from dataclasses import replace
from pathlib import Path

from training.tiny.train import SMALLER, Budget, Shape, make


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.tiny", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and the tokenizer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=Budget.steps, help="fewer steps make a worse model sooner")
    parser.add_argument("--float32", action="store_true", help="for a CPU without bfloat16 instructions")
    parser.add_argument("--smaller", action="store_true", help="the smaller network, which the R1 flow distils into")
    arguments = parser.parse_args()
    budget = replace(Budget(), steps=arguments.steps, bfloat16=not arguments.float32)
    make(arguments.out, arguments.seed, budget, SMALLER if arguments.smaller else Shape())


if __name__ == "__main__":
    main()
