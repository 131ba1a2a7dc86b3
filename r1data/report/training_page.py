"""The page of a training: how its numbers went, what it learnt from, what was left out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import yaml

from r1data.report.curves import curves
from r1data.report.html import environment
from r1data.store.files import write_text
from r1data.trained import TrainingFolder

LEFT_OUT = {
    "too_long": "longer than a sample may be; nothing is cut",
    "empty": "no reply to learn from",
    "special_tokens": "the reply spells tokens that begin or end turns",
    "template": "the chat template does not render it as it stands",
}


def write_training_page(root: Path) -> Path:
    """Write the page of the training in this folder, finished or not; returns its path."""
    page = root / "report.html"
    write_text(page, render_training_page(TrainingFolder(root)))
    return page


def _called(model: str) -> str:
    """What a model is called: a training's is in its folder `model`."""
    path = Path(model)
    return path.parent.name if path.name == "model" else path.name


def render_training_page(folder: TrainingFolder) -> str:
    """The page, from what the training has left so far."""
    job, summary, rows = folder.read_job(), folder.read_summary(), folder.read_metrics()
    settings = job["settings"]
    samples = dict(summary.get("samples", {}))
    return environment().get_template("training.html.jinja").render(
        name=settings.get("name") or folder.root.name,
        kind=settings["kind"],
        model=_called(job["model"]),
        done=bool(summary),
        step=rows[-1]["step"] if rows else 0,
        seconds=str(timedelta(seconds=round(summary.get("seconds", rows[-1]["seconds"] if rows else 0)))),
        speed=summary.get("tokens_per_second"),
        curves=curves(rows),
        samples=samples,
        held_out=summary.get("held_out"),
        left_out={name: samples[name] for name in LEFT_OUT if name in samples},
        meaning=LEFT_OUT,
        settings_yaml=yaml.safe_dump(settings, sort_keys=False, allow_unicode=True),
    )  # fmt: skip
