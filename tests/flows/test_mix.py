"""The flows of a mix: parts, people's review, the merge, the Hub; and what a second run does not do again."""

import json
from pathlib import Path

import pytest
import yaml

pytest.importorskip("prefect", reason="the flows extra is not installed")

from prefect.client.orchestration import get_client

from flows.cold_start import cold_start
from flows.holding import bury_all, holding
from flows.parts import waves
from flows.r1_data import r1_data
from r1data.errors import WorkspaceError
from r1data.recipe import Mix
from tests.end_to_end.rehearsal import write_recipe
from tests.flows.test_reasoning import write_runtime

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect")]


def write_mix(folder: Path, tiny: Path) -> Path:
    """Two small parts."""
    write_recipe(folder, tiny, prompts=20)
    part = {"kind": "recipe", "recipe": "recipe.yaml"}
    parts = [
        {"name": "direct", "group": "cold_start", **part, "set": {"seed": 1}},
        {"name": "sums", "group": "reasoning", **part, "set": {"seed": 2}},
    ]
    path = folder / "mix.yaml"
    path.write_text(yaml.safe_dump({"name": "small", "parts": parts, "merge": {"same_prompt": "every_part"}}))
    return path


def drawn(root: Path) -> set[Path]:
    return set(root.glob("parts/*/completions/*"))


def test_the_whole_mix_and_again(tmp_path: Path, tiny: Path) -> None:
    mix, runtime, root = write_mix(tmp_path, tiny), write_runtime(tmp_path), tmp_path / "w"
    assert r1_data(mix, root, runtime) == root
    assert list((root / "dataset" / "data").glob("*.parquet"))
    parts = drawn(root)
    assert {path.parts[-3] for path in parts} == {"direct", "sums"}
    r1_data(mix, root, runtime)
    assert drawn(root) == parts, "nothing is drawn again"
    assert not list(root.rglob("flow-*.json"))


def test_a_folder_is_one_runs_and_who_died_there_is_marked(tmp_path: Path, tiny: Path) -> None:
    mix, runtime, root = write_mix(tmp_path, tiny), write_runtime(tmp_path), tmp_path / "w"
    with get_client(sync_client=True) as client:
        dead = client.create_flow_run(cold_start)
    root.mkdir()
    holder = root / "flow-cold_start.json"
    holder.write_text(json.dumps({"flow_run_id": str(dead.id), "process": 1, "host": "elsewhere"}))
    assert cold_start(mix, root, runtime) is True
    with get_client(sync_client=True) as client:
        assert client.read_flow_run(dead.id).state_name == "Crashed"
    with holding(root, "cold_start"):
        assert bury_all(tmp_path) == [], "it is alive"
        with pytest.raises(WorkspaceError, match="is at work here"):
            cold_start(mix, root, runtime)


def test_what_a_holder_wrote_may_be_nonsense(tmp_path: Path) -> None:
    for text in ("", "[]", "{", '{"flow_run_id": "no id"}', '{"flow_run_id": "00000000-0000-0000-0000-000000000000"}'):
        (tmp_path / "flow-general.json").write_text(text)
        assert bury_all(tmp_path) == []


def test_what_rewrites_comes_after_what_it_rewrites() -> None:
    def part(name: str, *of: str) -> dict[str, object]:
        rewritten = {"kind": "rewrite", "of": of, "model": "tiny"} if of else {"kind": "recipe", "recipe": "r.yaml"}
        return {"name": name, "group": "cold_start", **rewritten}

    parts = [
        part("few-shot"),
        part("direct"),
        part("polished", "few-shot", "direct"),
        part("zero"),
        part("more", "zero"),
    ]
    mix = Mix.model_validate({"name": "m", "parts": parts})
    assert waves(mix.parts) == [["few-shot", "direct", "zero"], ["polished", "more"]]
    assert waves(mix.parts[2:3]) == [["polished"]], "what it rewrites is there already"
