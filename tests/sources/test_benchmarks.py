"""Items of benchmarks come from files, folders and the Hub; what cannot be loaded stops the run or is named."""

import json
from pathlib import Path

import datasets
import pytest

from r1data.contamination.registry import BENCHMARKS
from r1data.errors import SourceError
from r1data.recipe import Contamination
from r1data.sources.benchmarks import load_benchmarks

R1 = """AIME 2024, MATH-500, CNMO 2024, LiveCodeBench, Codeforces, SWE-bench Verified, Aider-Polyglot, MMLU, MMLU-Redux,
MMLU-Pro, GPQA Diamond, SimpleQA, C-SimpleQA, DROP, FRAMES, IFEval, AlpacaEval 2.0, ArenaHard, CLUEWSC, C-Eval, CMMLU"""


def load(folder: Path, *benchmarks, **given):
    settings = Contamination.model_validate({"benchmarks": list(benchmarks), **given})
    return load_benchmarks(settings, lambda path: folder / path)


def test_the_registry_holds_what_r1_was_judged_on() -> None:
    assert [known.title for known in BENCHMARKS.values()] == [" ".join(name.split()) for name in R1.split(",")]
    for known in BENCHMARKS.values():
        assert known.question and known.items and (known.dataset is None or (known.split and known.confirmed))


def test_items_of_a_file_of_ones_own(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "How many?", "solution": "Two"}, {"id": 7, "text": "Where?"}, {"id": "c", "text": " "}]
    (tmp_path / "ours.jsonl").write_text("\n".join(map(json.dumps, rows)))
    loaded = load(tmp_path, {"name": "ours", "path": "ours.jsonl"})
    assert [(item.benchmark, item.item, item.text, item.solution) for item in loaded.items] == [
        ("ours", "a", "How many?", "Two"), ("ours", "7", "Where?", ""),
    ]  # fmt: skip
    assert [(one.name, one.items) for one in loaded.checked] == [("ours", 2)] and loaded.unchecked == ()
    (tmp_path / "other.jsonl").write_text(json.dumps(rows[0]))
    again = load(tmp_path, {"name": "ours", "path": "other.jsonl"}).checked[0].fingerprint
    assert again != loaded.checked[0].fingerprint


def test_a_known_benchmark_from_a_saved_folder_uses_its_columns(tmp_path: Path) -> None:
    row = {"question": "Which gas?", "choices": ["Neon", "Argon"], "answer": 1, "subject": "chemistry"}
    datasets.DatasetDict({"test": datasets.Dataset.from_list([row])}).save_to_disk(str(tmp_path / "mmlu"))
    source = {"name": "mmlu", "dataset": f"{tmp_path}/mmlu", "split": "test"}
    (item,) = load(tmp_path, source).items
    assert (item.benchmark, item.item, item.text, item.choices) == ("mmlu", "1", "Which gas?", "Neon\nArgon")


@pytest.mark.parametrize(
    ("source", "words", "remedy"),
    [
        ({"name": "mmul"}, "mmul", "did you mean 'mmlu'"),
        ({"name": "aider-polyglot"}, "on no Hub", "polyglot-benchmark"),
        ({"name": "ours", "path": "our.jsonl"}, "no file", "ours.jsonl"),
        ({"name": "ours", "path": "ours.jsonl", "question": "txt"}, "no column 'txt'", "did you mean 'text'"),
        ({"name": "ours", "dataset": "./nowhere"}, "there is no folder", "beside|has"),
    ],
)
def test_what_cannot_be_loaded_is_one_clear_error(tmp_path: Path, source, words: str, remedy: str) -> None:
    (tmp_path / "ours.jsonl").write_text(json.dumps({"id": "a", "text": "How many?"}))
    with pytest.raises(SourceError, match=words) as caught:
        load(tmp_path, source)
    assert any(one in str(caught.value.remedy) for one in remedy.split("|")), caught.value.remedy


def test_a_recipe_may_go_on_without_a_benchmark_but_not_without_its_name(tmp_path: Path) -> None:
    loaded = load(tmp_path, "aider-polyglot", unloadable="go_on")
    assert [one.name for one in loaded.unchecked] == ["aider-polyglot"] and not loaded.checked
    with pytest.raises(SourceError, match="mmul"):
        load(tmp_path, "mmul", unloadable="go_on")


def test_a_gated_benchmark_says_how_to_log_in(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(datasets, "load_dataset", _refused)
    with pytest.raises(SourceError, match="gpqa-diamond") as caught:
        load(tmp_path, "gpqa-diamond")
    assert "HF_TOKEN" in str(caught.value.remedy) and "go_on" in str(caught.value.remedy)


def _refused(*_, **__):
    raise PermissionError("401: the dataset is gated")
