"""Datasets are read as streams, here from folders that `datasets` wrote."""

from pathlib import Path

import datasets
import pytest

from r1data.errors import SourceError
from tests.sources.reading import ROWS, read

TABLE = datasets.Dataset.from_list([{"problem": row["question"], "solution": str(row["answer"])} for row in ROWS])
COLUMNS = {"question": "problem", "answer": "solution"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    TABLE.save_to_disk(str(tmp_path / "saved"))
    datasets.DatasetDict({"test": TABLE}).save_to_disk(str(tmp_path / "dict"))
    (tmp_path / "parquet").mkdir()
    TABLE.to_parquet(str(tmp_path / "parquet" / "train.parquet"))
    return tmp_path


def test_folders_that_datasets_wrote_give_the_same_prompts(folder: Path) -> None:
    ids = []
    for name, split in (("saved", "train"), ("dict", "test"), ("parquet", "train")):
        source = {"kind": "hub", "dataset": f"./{name}", "split": split, "columns": COLUMNS}
        prompts = read(folder, source).prompts
        assert sorted(prompts["source_row"]) == [f"{split}:{number}" for number in (1, 2, 3)]
        assert read(folder, source | {"limit": 2}).rows == 2
        ids.append(prompts["prompt_id"].to_list())
    assert ids[0] == ids[1] == ids[2] and len(ids[0]) == 3


@pytest.mark.parametrize(
    ("source", "words", "remedy"),
    [
        ({"dataset": "./nothing"}, "there is no folder", "parquet"),
        ({"dataset": "./saved/state.json"}, "is a file", "kind: file"),
        ({"dataset": "./dict", "split": "tests"}, "no split 'tests'", "did you mean 'test'"),
        ({"dataset": "./parquet", "split": "tests"}, "tests", "save_to_disk"),
        ({"dataset": "./parquet", "columns": {"question": "problm"}}, "problm", "did you mean 'problem'"),
        ({"dataset": "nobody/nothing"}, "nobody/nothing", "reaches the Hub"),
        ({"dataset": "not a name at all!"}, "not a name", "check name"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(
    folder: Path, source: dict[str, object], words: str, remedy: str
) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read(folder, {"kind": "hub", **source})
    assert remedy in str(caught.value.remedy)


def test_a_stream_that_breaks_off_is_an_error_too(folder: Path) -> None:
    whole = (folder / "parquet" / "train.parquet").read_bytes()
    (folder / "parquet" / "train-2.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be read"):
        read(folder, {"kind": "hub", "dataset": "./parquet", "columns": COLUMNS})
