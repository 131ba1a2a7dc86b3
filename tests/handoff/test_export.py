"""What is exported is what the other trainer reads: loaded with its own loader where its package is there, and held
against its documented keys in any case.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from r1data.errors import RecipeError, SourceError
from r1data.handoff import FORMATS, export

REPOSITORY = Path(__file__).parents[2]
TRAINERS = REPOSITORY / ".venv" / "handoff"
HERE = {"trl"}
"""Trainers that r1data itself needs."""

QUESTIONS = ("What is 7 + 5?", "计算 3 + 4。", "Say hello.")
REPLIES = (
    "<think>\nI add 7 and 5.\n\n7 + 5 = 12.\n</think>\n\nThe answer is \\boxed{12}.",
    "<think>\n我需要计算 3 + 4。\n</think>\n\n答案是 \\boxed{7}。",
    "Hello!",
)
CASES = [(name, task) for name, form in FORMATS.items() for task in form.make]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as far as an export looks: its dataset and its prompts."""
    root = tmp_path_factory.mktemp("handoff") / "w"
    (root / "dataset" / "data").mkdir(parents=True)
    asked = [[{"role": "user", "content": question}] for question in QUESTIONS]
    examples = [[*turns, {"role": "assistant", "content": reply}] for turns, reply in zip(asked, REPLIES, strict=True)]
    pl.DataFrame({"example_id": ["0", "1", "2"], "messages": examples}).write_parquet(
        root / "dataset" / "data" / "train-00000.parquet"
    )
    pl.DataFrame(
        {
            "prompt_id": ["0", "1", "2"], "messages": asked, "verifier": ["math", "math", "quality"],
            "reference": ["12", "7", None], "task": [None, '{"tolerance": 0}', None], "language": ["en", "zh", "en"],
            "domain": ["math", "math", "general"], "source": ["here"] * 3,
        }
    ).write_parquet(root / "prompts.parquet")  # fmt: skip
    return root


def rows_of(folder: Path) -> list[dict[str, Any]]:
    (file,) = folder.glob("train.*")
    if file.suffix == ".parquet":
        return pl.read_parquet(file).to_dicts()
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_every_row_arrives_as_documented(name: str, task: Any, workspace: Path, tmp_path: Path) -> None:
    done = export(workspace, name, task, tmp_path / "out")
    rows = rows_of(done.folder)
    assert len(rows) == (3 if task == "sft" else 2)
    assert done.left_out == (0 if task == "sft" else 1)
    assert sum(done.files.values()) == len(rows)
    needed = {
        ("trl", "sft"): {"prompt", "completion"}, ("trl", "rl"): {"prompt", "reference"},
        ("verl", "sft"): {"messages"},
        ("verl", "rl"): {"data_source", "prompt", "ability", "reward_model", "extra_info"},
        ("openrlhf", "sft"): {"messages"}, ("openrlhf", "rl"): {"prompt", "label"},
        ("llamafactory", "sft"): {"messages"}, ("ms-swift", "sft"): {"messages"},
        ("ms-swift", "rl"): {"messages", "solution"},
    }[name, task]  # fmt: skip
    assert all(needed <= row.keys() for row in rows)
    if task == "sft":
        replies = [(row["completion"] if name == "trl" else row["messages"])[-1] for row in rows]
        assert [turn["content"] for turn in replies] == list(REPLIES)
    assert "<think>" in (done.folder / "README.md").read_text()


@pytest.mark.parametrize(("name", "task"), CASES)
def test_the_trainers_own_loader_reads_it(name: str, task: Any, workspace: Path, tmp_path: Path, tiny: Path) -> None:
    home = TRAINERS / name
    if name not in HERE and not home.is_dir():
        pytest.skip(f"{name} is not there; scripts/handoff.sh puts it there")
    folder = export(workspace, name, task, tmp_path / "out").folder
    paths = [str(REPOSITORY), *([] if name in HERE else [str(home), str(TRAINERS / "needed")])]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("loading.py")), name, task, str(folder), str(tiny)],
        env={**os.environ, "PYTHONPATH": ":".join(paths), "HF_HOME": str(tmp_path / "hf"), "OMP_NUM_THREADS": "1",
             "MODELSCOPE_CACHE": str(tmp_path / "ms"), "DISABLE_VERSION_CHECK": "1"},
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["samples"] == (3 if task == "sft" else 2)
    asked = f"<|bos|><|user|>{QUESTIONS[0]}<|end|><|assistant|>"
    if task == "rl":
        assert seen["text"] == asked
    else:
        assert seen["text"] == f"{asked}{REPLIES[0]}<|end|>"
        assert seen["learnt"] == f"{REPLIES[0]}<|end|>"


def test_a_form_that_nobody_knows_is_refused(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="none that is known"):
        export(workspace, "nemo", "sft", tmp_path / "out")
    with pytest.raises(RecipeError, match="reads no prompts"):
        export(workspace, "llamafactory", "rl", tmp_path / "out")


def test_no_folder_of_somebody_else_is_taken_the_place_of(workspace: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    for folder in (mine, workspace):
        with pytest.raises(SourceError, match="is there already"):
            export(workspace, "trl", "sft", folder)
    assert (mine / "thesis.tex").read_text() == "years of work"
    for _ in range(2):  # over an export of its own, another may come
        assert export(workspace, "trl", "sft", tmp_path / "out").files == {"train.parquet": 3}


def test_questions_of_the_test_split_are_not_trained_on(workspace: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    shutil.copytree(workspace, root)
    asked = pl.read_parquet(root / "dataset" / "data" / "train-00000.parquet")
    asked.head(1).write_parquet(root / "dataset" / "data" / "test-00000.parquet")
    asked.tail(2).write_parquet(root / "dataset" / "data" / "train-00000.parquet")
    done = export(root, "verl", "rl", tmp_path / "out")
    assert (done.held_back, done.left_out, done.files) == (1, 1, {"train.parquet": 1})
    pl.read_parquet(root / "prompts.parquet").tail(1).write_parquet(root / "prompts.parquet")
    with pytest.raises(SourceError, match="nothing is left"):
        export(root, "verl", "rl", tmp_path / "out")
    assert rows_of(tmp_path / "out"), "the export before is still there"


def test_where_there_is_no_dataset_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no dataset"):
        export(tmp_path, "trl", "sft", tmp_path / "out")
    assert not (tmp_path / "out").exists()
