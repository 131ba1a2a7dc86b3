"""The assembling flow publishes what is new, and nothing where nothing is; what it published is what it staged."""

from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("prefect", reason="the flows extra is not installed")

from flows.assemble import assemble
from flows.r1_data import r1_data
from tests.flows.test_mix import write_mix
from tests.flows.test_reasoning import write_runtime
from tests.publishing.staging import Publisher
from tests.publishing.test_roundtrip import LOAD, call

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect")]
REPO = "me/small"


def test_a_mix_is_published_once_and_again_when_it_is_another(
    tmp_path: Path, tiny: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in publisher.environment.items():
        monkeypatch.setenv(name, value)
    mix, runtime, root = write_mix(tmp_path, tiny), write_runtime(tmp_path), tmp_path / "w"
    r1_data(mix, root, runtime, repo=REPO)
    published = publisher.hub.repos[REPO]
    assert list(published.tags) == ["v1"] and published.private
    commits = len(published.commits)
    for again in (lambda: r1_data(mix, root, runtime, repo=REPO), lambda: assemble(mix, root, runtime, repo=REPO)):
        again()
        assert (list(published.tags), len(published.commits)) == (["v1"], commits), "nothing is new"

    ran = call(publisher, tmp_path, "-c", LOAD, REPO, "v1", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    splits = {path.stem for path in tmp_path.glob("*.parquet")}
    staged = sorted((root / "dataset" / "data").glob("*.parquet"))
    assert splits == {path.name.split("-")[0] for path in staged}
    for split in splits:
        files = [path for path in staged if path.name.startswith(f"{split}-")]
        assert pl.read_parquet(tmp_path / f"{split}.parquet").rows() == pl.read_parquet(files).rows(), split

    mix.write_text(mix.read_text().replace("same_prompt: every_part", "same_prompt: first_part"))
    assemble(mix, root, runtime, repo=REPO)
    assert list(published.tags) == ["v1", "v2"]
