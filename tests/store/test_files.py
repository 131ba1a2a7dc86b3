"""A file or folder appears whole or not at all."""

from pathlib import Path

import polars as pl
import pytest

from r1data.store import write_parquet, written_whole
from r1data.store.files import folder_written_whole, sweep_staging


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "table.parquet"
    write_parquet(target, pl.DataFrame({"a": [1]}))
    with pytest.raises(RuntimeError), written_whole(target) as staging:
        staging.write_bytes(b"half")
        raise RuntimeError
    assert pl.read_parquet(target)["a"].to_list() == [1]
    assert [p.name for p in tmp_path.iterdir()] == ["table.parquet"]


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "dataset"
    with folder_written_whole(target) as staging:
        (staging / "old").write_text("old")
    with pytest.raises(RuntimeError), folder_written_whole(target) as staging:
        (staging / "new").write_text("new")
        raise RuntimeError
    assert [p.name for p in target.iterdir()] == ["old"]
    with folder_written_whole(target) as staging:
        (staging / "new").write_text("new")
    assert [p.name for p in target.iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["dataset"]


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".staging-1-x.parquet").write_text("half")
    (tmp_path / ".staging-1-dataset").mkdir()
    sweep_staging(tmp_path)
    assert [p.name for p in tmp_path.rglob("*")] == ["sub"]
