"""Workspaces whose dataset is staged, without a run: rows made here, decided, carded and written as a run does it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from r1data.publishing import Published, Request, publish
from r1data.publishing.patience import Patience
from r1data.recipe import Recipe
from r1data.report import RunFacts, render_card
from r1data.store import Tables, Workspace
from r1data.store import workspace as store
from schemas import BadPrompts, Completions, Decisions, Examples, Measures, Prompts, Verdicts
from tests.publishing.fake_hub import TOKEN, FakeHub

REPO = "team/sums"
RECIPE = Recipe.model_validate({"name": "sums", "model": "./m", "prompts": [{"kind": "shipped", "dataset": "x"}]})
FACTS = RunFacts("r" * 32, "scripted 1", "tiny", "m" * 32, 12.0, "2026-01-01T00:00:00+00:00", "0.1.0", "r1data run")
QUESTIONS = ("What is {0} + {0}?", "{0} 加 {0} 等于多少？", "Is {0} \u202eeven\u202c? <script>x</script>")


def examples(rows: int, start: int = 0, **same: object) -> pl.DataFrame:
    """Rows of the published table; `same` sets a column to one value."""
    made = [
        {
            "example_id": hashlib.md5(f"e{n}".encode()).hexdigest(),
            "prompt_id": hashlib.md5(f"p{n // 2}".encode()).hexdigest(),
            "messages": [
                {"role": "user", "content": QUESTIONS[n % 3].format(n // 2)},
                {"role": "assistant", "content": f"<think>\nTwice {n}.\n\n{'词 ' * n}\n</think>\n\n\\boxed{{{n}}}"},
            ],
            "domain": ("math", "code", "logic_puzzles")[n % 3],
            "language": ("en", "zh", "en")[n % 3],
            "reference": None if n % 5 == 0 else str(n),
            "verifier": "math",
            "pass_rate": None if n % 7 == 0 else n % 4 / 4,
            "prompt_tokens": 10 + n,
            "completion_tokens": 100 + n,
            "source": "made here",
            "licence": "MIT",
            "model": "tiny",
            "model_fingerprint": "m",
            "route": "r",
            "draw": n % 2,
            "seed": n,
            "recipe": "abc",
        }
        | same
        for n in range(start, start + rows)
    ]
    empty = Examples.create_empty()
    frame = pl.DataFrame(made, schema=dict(empty.schema))
    return Examples.validate(frame, cast=True)


def stage(root: Path, rows: pl.DataFrame, files: int = 3, when: str = FACTS.when) -> Workspace:
    """Make or remake a workspace that holds these rows as its dataset, in so many files."""
    workspace = Workspace(root)
    manifest = {"name": "sums", "recipe": "abc", "route": "r", "model_fingerprint": "m", "grades": "g"}
    workspace.write_manifest(manifest, "name: sums\n")
    kept = rows.select(
        completion_id="example_id", prompt_id="prompt_id", kept=pl.lit(True), reason=pl.lit(None, pl.String),
        reasons=pl.lit([], pl.List(pl.String)), findings=pl.lit([], pl.List(pl.String)), rank=pl.lit(1, pl.Int32),
        duplicate_of=pl.lit(None, pl.String), similarity=pl.lit(None, pl.Float64),
        contaminated_by=pl.lit(None, pl.String),
    )  # fmt: skip
    dropped = kept.head(3).with_columns(
        completion_id=pl.col("completion_id").str.reverse(), kept=pl.lit(False), reason=pl.lit("format"),
        reasons=pl.lit(["format"]), rank=pl.lit(None, pl.Int32),
    )  # fmt: skip
    workspace.write_decisions(Decisions.validate(pl.concat([kept, dropped]), cast=True), pl.DataFrame({"x": [1]}))
    before = (Prompts, BadPrompts, Completions, Verdicts, Measures, Decisions)

    def card(examples: pl.LazyFrame, data_files: str) -> str:
        tables = Tables(0, *(schema.create_empty().lazy() for schema in before), examples)
        return render_card(tables, RECIPE, replace(FACTS, when=when), data_files)

    size = -(-rows.height // files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "DATASET_FILE_BYTES", 1)
        workspace.write_dataset((rows.slice(start, size) for start in range(0, rows.height, size)), card)
    return workspace


class Publisher:
    """Publishes to one fake Hub without waiting, and keeps what was said and how long it would have waited."""

    def __init__(self, hub: FakeHub) -> None:
        self.hub = hub
        self.said: list[str] = []
        self.waits: list[float] = []

    @property
    def environment(self) -> dict[str, str]:
        return {"HF_TOKEN": TOKEN, "HF_ENDPOINT": self.hub.url}

    def __call__(self, workspace: Workspace, repo: str = REPO, **request: object) -> Published:
        patience = Patience(first=0.0, sleep=self.waits.append)
        asked = Request(repo, **request)  # type: ignore[arg-type]
        return publish(workspace, asked, self.said.append, environment=self.environment, patience=patience)


def state(hub: FakeHub, repo: str = REPO) -> dict[str, object]:
    """All that a publication leaves on the Hub for readers: files of the newest commit and of every tag, privacy."""
    found = hub.repos[repo]
    return {
        "main": hub.contents(repo),
        "tags": {tag: hub.contents(repo, oid) for tag, oid in found.tags.items()},
        "private": found.private,
    }


def edit_card(workspace: Workspace, change: Callable[[str], str]) -> None:
    path = workspace.root / "dataset" / "README.md"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def remembered(workspace: Workspace, repo: str = REPO) -> dict[str, object]:
    kept: dict[str, object] = json.loads((workspace.root / "publish" / f"{repo.replace('/', '--')}.json").read_text())
    return kept
