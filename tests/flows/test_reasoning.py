"""The Prefect flow makes the same rows as the command line, one task per shard, on a real Prefect server."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("prefect", reason="the flows extra is not installed")

from flows.reasoning import reasoning
from r1data.errors import SourceError
from tests.end_to_end.rehearsal import assert_same, rehearse, write_recipe

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect")]


def write_runtime(folder: Path) -> Path:
    path = folder / "runtime.yaml"
    path.write_text(yaml.safe_dump({"engine": {"kind": "scripted"}, "verify_workers": 1, "shard_prompts": 15}))
    return path


def test_flow_and_command_line_agree_and_a_second_run_samples_nothing(tmp_path: Path, tiny: Path) -> None:
    recipe, runtime = write_recipe(tmp_path, tiny), write_runtime(tmp_path)
    rehearse(recipe, tmp_path / "plain")
    assert reasoning(recipe, tmp_path / "flow", runtime) == tmp_path / "flow"
    assert_same(tmp_path / "plain", tmp_path / "flow")
    parts = sorted((tmp_path / "flow" / "completions").iterdir())
    reasoning(recipe, tmp_path / "flow", runtime)
    assert sorted((tmp_path / "flow" / "completions").iterdir()) == parts


def test_an_error_of_the_users_reaches_the_user(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny)
    (tmp_path / "prompts.jsonl").unlink()
    with pytest.raises(SourceError, match=r"prompts\.jsonl"):
        reasoning(recipe, tmp_path / "w", write_runtime(tmp_path))
