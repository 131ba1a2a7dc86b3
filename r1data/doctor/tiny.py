"""The check of the tiny model that the demo and the end-to-end tests sample from."""

from __future__ import annotations

from pathlib import Path

from r1data.doctor.finding import Finding, Status
from r1data.model import WEIGHTS

FOLDER = Path("data/models/tiny")


def tiny_model(folder: Path = FOLDER) -> Finding:
    """The folder has configuration, weights and tokenizer. Only the demo and the tests need it."""
    if not folder.is_dir():
        return _missing(f"there is no folder {folder}")
    weights = [path for pattern in WEIGHTS for path in folder.glob(pattern)]
    absent = [name for name in ("config.json", "tokenizer.json") if not (folder / name).is_file()]
    absent += [] if weights else ["weights (*.safetensors)"]
    if absent:
        return _missing(f"{folder} has no {', no '.join(absent)}")
    size = sum(path.stat().st_size for path in weights)
    return Finding("tiny model", Status.OK, f"{folder}, {size / 1e6:.1f} MB of weights")


def _missing(detail: str) -> Finding:
    return Finding("tiny model", Status.WARN, detail, "make tiny (in r1data's repository)")
