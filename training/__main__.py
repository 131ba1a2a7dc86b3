"""``python -m training FOLDER`` carries out the job that `r1data train` has written into the folder.

``python -m training --check FOLDER`` prints, as JSON, what the job would learn from.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with job.json")
    parser.add_argument("--check", action="store_true", help="print a batch with its mask, and train nothing")
    arguments = parser.parse_args()
    from r1data.errors import R1dataError
    from training.job import Job

    job = Job.read(arguments.folder)
    try:
        if arguments.check:
            from training.check import check

            print(json.dumps(check(job), ensure_ascii=False))
            return 0
        _train(job)
    except R1dataError as error:
        trouble = {"message": str(error), "remedy": error.remedy}
        if os.environ.get("RANK", "0") == "0":
            job.folder.trouble.write_text(json.dumps(trouble, ensure_ascii=False))
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _train(job: "Job") -> None:  # type: ignore[name-defined] # noqa: F821
    from importlib import import_module

    from r1data.trained import tokens_per_second

    home = {"sft": "training.sft", "grpo": "training.grpo", "reward": "training.reward_model"}
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(job.folder.root / "tensorboard")
    started = time.monotonic()
    summary = import_module(home[job.settings.kind]).train(job)
    if os.environ.get("RANK", "0") == "0":
        rows = job.folder.read_metrics()  # their time goes on over a kill
        summary["seconds"] = rows[-1]["seconds"] if rows else round(time.monotonic() - started, 1)
        if speed := tokens_per_second(rows):
            summary["tokens_per_second"] = round(speed)
        staged = job.folder.summary.with_suffix(".staged")
        staged.write_text(json.dumps(summary))
        staged.replace(job.folder.summary)


if __name__ == "__main__":
    sys.exit(main())
