"""What is compiled hangs on all sources: a changed constant in another module must not meet old machine code."""

from pathlib import Path

import pytest

from r1data.texts import kernels


def test_the_cache_moves_when_any_source_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for home in kernels.HOMES:
        (tmp_path / home).mkdir()
        (tmp_path / home / "one.py").write_text("LIMIT = 1\n")
    monkeypatch.setattr(kernels, "PACKAGE", tmp_path)
    before = kernels._cache_folder()
    assert before == kernels._cache_folder() and before.is_dir()
    for home in kernels.HOMES:
        (tmp_path / home / "one.py").write_text("LIMIT = 2\n")
        after = kernels._cache_folder()
        assert after != before
        before = after
    kernels._sweep(before)
    assert [path.name for path in (tmp_path / "__pycache__").iterdir()] == [before.name]


def test_a_package_that_cannot_be_written_has_its_cache_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__pycache__").write_text("in the way")
    monkeypatch.setattr(kernels, "PACKAGE", tmp_path / "package")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert kernels._cache_folder().parent == tmp_path / "cache" / "r1data"
