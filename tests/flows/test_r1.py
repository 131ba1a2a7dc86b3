"""The flow of a pipeline: stages in their order, models measured, and a second run that finds all of it done."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("prefect", reason="the flows extra is not installed")

from flows.r1 import r1
from r1data.errors import RecipeError
from r1data.pipeline import begin_pipeline, open_pipeline
from r1data.progress import Progress, Silence
from r1data.recipe import Recipe, read_runtime
from r1data.sources import read_prompts
from r1data.store.pipeline_folder import standing, workspaces
from tests.flows.test_reasoning import write_runtime

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect")]

REPOSITORY = Path(__file__).parents[2]
PRACTICE = {
    "kind": "file",
    "path": str(REPOSITORY / "data" / "recipes" / "r1-small" / "practice-en.jsonl"),
    "limit": 24,
}

HELD_OUT = {"kind": "shipped", "dataset": "arithmetic-en", "limit": 8}


def write_pipeline(folder: Path, tiny: Path) -> Path:
    """A dataset sampled from the base, and the base fine-tuned on it."""
    recipe = {"name": "sums", "model": "base", "prompts": [PRACTICE], "sampling": {"draws": 4},
              "duplicates": {"prompts": "keep"}}  # fmt: skip
    (folder / "sums.yaml").write_text(json.dumps(recipe))
    pipeline = {
        "name": "two",
        "models": {"base": str(tiny)},
        "held_out": {"prompts": [HELD_OUT], "draws": 1, "max_tokens": 64},
        "stages": [
            {"name": "data", "kind": "data",
             "parts": [{"name": "sums", "group": "reasoning", "kind": "recipe", "recipe": "sums.yaml"}]},
            {"name": "tuned", "kind": "sft", "model": "base", "data": ["data"], "epochs": 1, "batch": 16,
             "max_length": 512, "learning_rate": 1e-4},
        ],
    }  # fmt: skip
    path = folder / "two.yaml"
    path.write_text(json.dumps(pipeline))
    return path


def test_every_stage_is_made_once(tmp_path: Path, tiny: Path) -> None:
    pipeline, runtime, root = write_pipeline(tmp_path, tiny), write_runtime(tmp_path), tmp_path / "w"
    assert r1(pipeline, root, runtime) == root
    scores = json.loads((root / "scores.json").read_text())
    assert list(scores["0"]) == ["base", "tuned"]
    assert all(one["completions"] == 8 for one in scores["0"].values())
    made = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.suffix in (".safetensors", ".parquet")}
    assert (root / "seed-0" / "models" / "tuned" / "model" / "model.safetensors") in made
    r1(pipeline, root, runtime)
    assert {path: path.stat().st_mtime_ns for path in made} == made, "nothing is made again"
    assert [(one.stage, one.state) for one in standing(root)] == [("base", "done"), ("data", "done"), ("tuned", "done")]
    assert [path.name for path in workspaces(root)] == ["sums", "base", "tuned"]
    page = (root / "report.html").read_text()
    assert "Every model" in page and "tuned" in page
    assert [line.split(" | ")[0] for line in (root / "models.md").read_text().splitlines()[2:]] == ["| base", "| tuned"]
    drawn = {path.stem: ElementTree.parse(path).getroot() for path in (root / "pictures").glob("*.svg")}
    assert {"accuracy", "format", "tuned-loss"} <= drawn.keys()
    assert all(one.tag == "{http://www.w3.org/2000/svg}svg" for one in drawn.values())
    assert not list(root.rglob("flow-*.json"))


def test_a_first_model_is_measured_once_for_all_seeds(tmp_path: Path, tiny: Path) -> None:
    changes = ["seeds=[3,4]"]
    job = open_pipeline(
        write_pipeline(tmp_path, tiny), read_runtime(None), tmp_path / "w", Progress(Silence()), changes
    )
    assert job.held_out(4, "base") == job.held_out(3, "base")
    assert job.held_out(4, "tuned") != job.held_out(3, "tuned")
    begin_pipeline(job)
    assert [(one.seed, one.stage) for one in standing(tmp_path / "w")] == [
        (3, "base"), (3, "data"), (3, "tuned"), (4, "data"), (4, "tuned"),
    ]  # fmt: skip


def test_a_stage_that_asks_what_is_held_out_is_refused(tmp_path: Path, tiny: Path) -> None:
    path = write_pipeline(tmp_path, tiny)
    recipe = json.loads((tmp_path / "sums.yaml").read_text())
    recipe["prompts"].append({"kind": "shipped", "dataset": "arithmetic-en"})
    (tmp_path / "sums.yaml").write_text(json.dumps(recipe))
    with pytest.raises(RecipeError, match="asks 8 of the held-out questions"):
        open_pipeline(path, read_runtime(None), tmp_path / "w", Progress(Silence()), [])
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("where", ["general", "replies", "conversations"])
def test_no_way_leads_a_held_out_question_into_a_stage(tmp_path: Path, tiny: Path, where: str) -> None:
    path = write_pipeline(tmp_path, tiny)
    pipeline = json.loads(path.read_text())
    data, tuned = pipeline["stages"]
    shipped = {"kind": "shipped", "dataset": "arithmetic-en", "limit": 8}
    question = read_prompts(Recipe.model_validate({"name": "x", "model": str(tiny), "prompts": [shipped]})).prompts
    asked = question["messages"][3][-1]["content"]
    reply = {"question": asked, "response": "No.", "language": "en", "domain": "math", "verifier": "quality",
             "model": "me"}  # fmt: skip
    (tmp_path / "replies.jsonl").write_text(json.dumps(reply) + "\n")
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": "No."}]
    (tmp_path / "talk.jsonl").write_text(json.dumps({"messages": turns}) + "\n")
    if where == "replies":
        data["parts"].append(
            {"name": "more", "group": "general", "kind": "replies",
             "sources": [{"kind": "file", "path": "replies.jsonl"}]}
        )  # fmt: skip
    elif where == "conversations":
        tuned["data"].append("./talk.jsonl")
    else:
        general = {"prompts": [shipped], "last_steps": 1, "helpfulness": "./rater"}
        pipeline["stages"].append(
            {"name": "last", "kind": "grpo", "model": "tuned", "prompts": [PRACTICE], "steps": 2, "general": general}
        )
    path.write_text(json.dumps(pipeline))
    with pytest.raises(RecipeError, match="of the held-out questions"):
        open_pipeline(path, read_runtime(None), tmp_path / "w", Progress(Silence()), [])


def test_a_relative_folder_is_where_it_was_named(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipes").mkdir()
    path = write_pipeline(tmp_path / "recipes", tiny)
    monkeypatch.chdir(tmp_path)
    job = open_pipeline(path, read_runtime(None), Path("w"), Progress(Silence()), [])
    assert job.model(0, "tuned") == tmp_path / "w" / "seed-0" / "models" / "tuned" / "model"
