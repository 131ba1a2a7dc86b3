"""The audit as part of a run: told, stored, free of charge the second time; and references by majority."""

import json
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from r1data.cli.app import app
from r1data.errors import SourceError
from r1data.explain import PromptStory, explain
from r1data.progress import Progress, Silence, Tally
from r1data.recipe import read_recipe, read_runtime
from r1data.run import run
from r1data.sources.shipped import FOLDER
from r1data.stages import Job, fill_references, open_job
from r1data.store import Workspace
from r1data.verifiers import VerifierPool
from tests.audit.test_auditing import BAD
from tests.end_to_end.rehearsal import SCRIPTED, rehearse, write_recipe

DEMO = FOLDER.parent / "recipes" / "demo.yaml"


class Notes:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def counts(self, tally: Tally) -> None:
        pass


def add_rows(folder: Path, *rows: dict[str, str | None]) -> None:
    with (folder / "prompts.jsonl").open("a") as file:
        file.writelines("\n" + json.dumps(row) for row in rows)


def test_a_run_tells_what_the_audit_sets_aside(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=6, max_bad_prompts=0.0)
    add_rows(tmp_path, BAD["figure_missing"], BAD["proof"])
    for _ in range(2):
        notes = Notes()
        run(open_job(read_recipe(recipe), read_runtime(None, SCRIPTED), tmp_path / "w", Progress(notes)))
        audited = "2 set aside by the audit: 1 figure_missing, 1 proof"
        assert f"6 prompts (0 unusable rows set aside, 0 duplicates, {audited})" in notes.lines
    tables = Workspace(tmp_path / "w").tables()
    assert sorted(tables.bad_prompts.collect()["rule"]) == ["figure_missing", "proof"]
    assert tables.prompts.collect().height == 6 == Workspace(tmp_path / "w").read_audits().height


def test_a_run_with_nothing_left_stops(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=0)
    add_rows(tmp_path, BAD["figure_missing"])
    with pytest.raises(SourceError, match="sets all 1 prompts aside: 1 figure_missing"):
        rehearse(recipe, tmp_path / "w")
    assert Workspace(tmp_path / "w").tables().bad_prompts.collect().height == 1


def test_the_command_shows_counts_and_writes_nothing(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=6)
    add_rows(tmp_path, BAD["figure_missing"], BAD["proof"])
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    told = json.loads(CliRunner().invoke(app, ["audit", str(recipe), "--json"]).stdout)
    assert told["set_aside"] == {"figure_missing": 1, "proof": 1} and told["prompts"] == 6 and told["rows"] == 8
    assert {row["rule"]: row["examples"][0]["content"] for row in told["by_source"]} == {
        rule: BAD[rule]["question"] for rule in ("figure_missing", "proof")
    }
    shown = CliRunner().invoke(app, ["audit", str(recipe), "--set", "audit.rules=[proof]"]).stdout
    assert "8 rows = 7 prompts + 0 unusable + 0 duplicates + 1 set aside" in shown
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_the_demo_and_the_shipped_prompts_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = tmp_path / "all.yaml"
    shipped = [{"kind": "shipped", "dataset": path.stem} for path in sorted(FOLDER.glob("*.jsonl"))]
    everything.write_text(yaml.safe_dump({"name": "all", "model": "./none", "prompts": shipped}))
    monkeypatch.chdir(tmp_path)
    for recipe in (DEMO, everything):
        told = json.loads(CliRunner().invoke(app, ["audit", str(recipe), "--json"]).stdout)
        assert told["set_aside"] == {} and told["prompts"] == told["rows"] - told["duplicates"] > 100


FILL = ("audit.fill_references.min_agreement=0.75", "audit.fill_references.min_answers=4")
UNKNOWN = {"question": "What is 20 + 22?", "answer": None}


def fill(recipe: Path, root: Path, *changes: str) -> int:
    """Only the step that names references, on what the workspace holds."""
    job: Job = open_job(read_recipe(recipe, list(changes)), read_runtime(None, SCRIPTED), root, Progress(Silence()))
    with VerifierPool(2, 20) as pool:
        return fill_references(job, pool)


def of_the_unknown(root: Path) -> pl.DataFrame:
    """The verdicts of the prompt that has no reference of its own."""
    tables = Workspace(root).tables()
    lacking = tables.prompts.filter(pl.col("reference").is_null())
    mine = tables.completions.join(lacking, on="prompt_id", how="semi").select("completion_id", "text")
    return tables.verdicts.join(mine, on="completion_id").sort("completion_id").collect()


def pretend(root: Path, *extracted: str) -> None:
    """Have the verdicts on the prompt without a reference say that these answers were found."""
    verdicts = of_the_unknown(root).drop("text").with_columns(extracted=pl.Series(extracted))
    Workspace(root).replace_verdicts(Workspace(root).read_manifest()["grades"], verdicts)


def test_a_prompt_without_a_reference_needs_leave(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=6, max_bad_prompts=1.0)
    add_rows(tmp_path, UNKNOWN)
    assert rehearse(recipe, tmp_path / "w").plan.bad == 1
    allowed = rehearse(recipe, tmp_path / "w", *FILL).plan
    assert (allowed.prompts, allowed.bad, allowed.set_aside) == (7, 0, {})


@pytest.mark.slow
def test_the_majority_names_a_reference_and_the_draws_are_judged_by_it(tmp_path: Path, tiny: Path) -> None:
    recipe, root = write_recipe(tmp_path, tiny, prompts=3), tmp_path / "w"
    add_rows(tmp_path, UNKNOWN)
    rehearse(recipe, root, *FILL)
    others = Workspace(root).tables().verdicts.collect().height
    pretend(root, "42", "42.0", "\\frac{84}{2}", "7")
    assert fill(recipe, root, *FILL) == 1
    named = Workspace(root).read_references().to_dicts()[0]
    assert (named["reference"], named["agreement"], named["answers"]) == ("42", 0.75, 4)
    judged = of_the_unknown(root)
    assert "bad_reference" not in set(judged["outcome"])
    assert Workspace(root).tables().verdicts.collect().height == others
    story = explain(Workspace(root), named["prompt_id"])
    assert isinstance(story, PromptStory) and story.prompt["reference"] == "42"
    assert story.prompt["reference_by_majority"].startswith("75% of the 4 answers agree")
    # What the draws agree on no longer: the reference goes, and with it what it was judged by.
    pretend(root, "1", "2", "3", "4")
    assert fill(recipe, root, *FILL) == 0
    assert Workspace(root).read_references().is_empty() and set(of_the_unknown(root)["outcome"]) == {"bad_reference"}


@pytest.mark.slow
def test_suspects_are_listed(tmp_path: Path, tiny: Path) -> None:
    recipe, root = write_recipe(tmp_path, tiny, prompts=3), tmp_path / "w"
    rehearse(recipe, root)
    workspace = Workspace(root)
    tables = workspace.tables()
    wrong = tables.prompts.collect()["prompt_id"][0]
    mine = tables.completions.filter(pl.col("prompt_id") == wrong).select("completion_id")
    verdicts = tables.verdicts.join(mine, on="completion_id").collect()
    said = {"outcome": pl.lit("incorrect"), "extracted": pl.Series(["99", "99.0", "99", "1"])}
    workspace.replace_verdicts(workspace.read_manifest()["grades"], verdicts.with_columns(**said))
    told = json.loads(CliRunner().invoke(app, ["suspects", "-w", str(root), "--json"]).stdout)
    assert [(row["prompt_id"], row["majority"], row["agreement"]) for row in told] == [(wrong, "99", 0.75)]
    assert "99" in CliRunner().invoke(app, ["suspects", "-w", str(root)]).stdout
    stricter = CliRunner().invoke(app, ["suspects", "-w", str(root), "--min-agreement", "0.8", "--json"])
    assert json.loads(stricter.stdout) == []
