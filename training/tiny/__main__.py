"""``python -m training.tiny --out data/models/tiny --seed 0`` makes the tiny model from nothing."""

import argparse
from dataclasses import replace
from pathlib import Path

from training.tiny.train import Budget, make


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.tiny", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and the tokenizer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=Budget.steps, help="fewer steps make a worse model sooner")
    parser.add_argument("--float32", action="store_true", help="for a CPU without bfloat16 instructions")
    arguments = parser.parse_args()
    make(arguments.out, arguments.seed, replace(Budget(), steps=arguments.steps, bfloat16=not arguments.float32))


if __name__ == "__main__":
    main()
