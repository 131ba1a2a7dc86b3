"""What the rule says of a prompt decides how it is put, what is kept of its replies, and what its rows look like."""

import json
from pathlib import Path

import polars as pl
import pytest
import yaml

from r1data.model import load_model
from r1data.prompts import Renderer
from r1data.recipe import Recipe, Selection, Template
from r1data.selection import accepted
from r1data.store import Workspace
from schemas import Message
from tests.end_to_end.rehearsal import contents, rehearse
from tests.selection.rows import measures

ASKED = [
    {"question": "Hello!", "category": "open_questions"},
    {"question": "Compare tea and coffee as a morning drink.", "category": "open_questions"},
    {"question": "What is the capital of France?", "category": "factual_qa"},
    {"question": "Is it right to lie? Say so yourself.", "category": "open_questions", "thinking": False},
]
PLAIN = {"system": "Answer at once.", "prefill": "<think>\n\n</think>\n\n"}


def general(folder: Path, tiny: Path, thinking: str) -> Path:
    source = {"kind": "file", "path": "general.jsonl", "domain": "general", "verifier": "quality", "thinking": thinking}
    (folder / "general.jsonl").write_text("\n".join(json.dumps(row) for row in ASKED), encoding="utf-8")
    recipe = {
        "name": "general", "model": str(tiny), "prompts": [source], "sampling": {"draws": 2, "max_tokens": 400},
        "template": {"system": "Think.", "prefill": "<think>\n", "plain": PLAIN},
        "selection": {"reasoning": "optional"}, "verification": {"quality": {"threshold": 1}},
    }  # fmt: skip
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return path


def test_a_plain_prompt_has_another_system_message_and_prefill(tiny: Path) -> None:
    prompts = [{"kind": "shipped", "dataset": "x"}]
    model = load_model(Recipe.model_validate({"name": "t", "model": str(tiny), "prompts": prompts}))
    template = Template.model_validate({"system": "Think.", "prefill": "<think>\n", "plain": PLAIN})
    renderer, turns = Renderer(model, template), [Message("user", "Hello!")]
    thought, plain = renderer.render(turns, "en", thinking=True), renderer.render(turns, "en", thinking=False)
    assert thought == renderer.render(turns, "en") and thought.text.endswith("<think>\n") and "Think." in thought.text
    assert plain.text.endswith("<think>\n\n</think>\n\n") and "Answer at once." in plain.text
    assert (thought.prefill, plain.prefill) == ("<think>\n", "<think>\n\n</think>\n\n")
    without = Renderer(model, Template(system="Think.", prefill="<think>\n"))
    assert without.render(turns, "en", thinking=False) == without.render(turns, "en", thinking=True)


@pytest.mark.parametrize("reasoning", ["required", "optional"])
def test_the_prompt_goes_before_the_recipe(reasoning: str) -> None:
    bare = {"think_in_order": False, "think_opens": 0, "think_closes": 0, "reasoning_chars": 0}
    rows = measures({}, bare, {}, bare, {}, bare, bare | {"answer_chars": 0}).with_columns(
        thinking=pl.Series([True, True, False, False, None, None, False]),
        outcome=pl.lit("correct"), finish_reason=pl.lit("stop"),
    )  # fmt: skip
    optional = reasoning == "optional"
    good = accepted(rows, Selection.model_validate({"reasoning": reasoning})).to_list()
    assert good == [True, False, False, True, True, optional, False]


def test_a_run_keeps_to_it(tmp_path: Path, tiny: Path) -> None:
    root = tmp_path / "workspace"
    result = rehearse(general(tmp_path, tiny, "rule"), root, runtime=("engine.flaws=0",))
    tables = contents(root)
    asked = {row["messages"][0]["content"]: row["thinking"] for row in tables["prompts"].iter_rows(named=True)}
    assert list(map(asked.get, (row["question"] for row in ASKED))) == [False, True, False, False]
    drawn = tables["completions"].join(tables["prompts"].select("prompt_id", "thinking"), on="prompt_id")
    closed = drawn["text"].str.starts_with("<think>\n\n</think>\n\n")
    assert (closed == ~drawn["thinking"]).all()
    assert set(tables["verdicts"]["verifier"]) == {"quality"} and result.funnel.rejected + result.funnel.kept == 8
    decided = drawn.join(tables["decisions"], on="completion_id")
    # The scripted engine always thinks: behind a closed thought that is one too many.
    assert decided.filter(~pl.col("thinking"))["findings"].list.contains("format/unwanted_thought").all()
    again = contents(root)
    rehearse(general(tmp_path, tiny, "rule"), root, runtime=("engine.flaws=0",))
    assert all(again[name].equals(table) for name, table in contents(root).items())


def test_a_model_may_say_it(tmp_path: Path, tiny: Path) -> None:
    recipe, root = general(tmp_path, tiny, "model"), tmp_path / "workspace"
    rehearse(recipe, root, runtime=("engine.flaws=0",))
    opinions = Workspace(root).read_opinions()
    prompts = Workspace(root).read_prompts()
    assert opinions.height == 3, "a row that says it itself is not asked about"
    both = opinions.join(prompts.select("prompt_id", "thinking"), on="prompt_id")
    assert (both["model"] == both["thinking"]).all() and both["rule"].null_count() == 0
    stored = {path: path.stat().st_mtime_ns for path in (root / "opinions").iterdir()}
    rehearse(recipe, root, runtime=("engine.flaws=0",))
    assert stored == {path: path.stat().st_mtime_ns for path in (root / "opinions").iterdir()}, "asked once"


def test_where_the_model_fails_the_rule_counts(tmp_path: Path, tiny: Path) -> None:
    recipe, root = general(tmp_path, tiny, "model"), tmp_path / "workspace"
    rehearse(recipe, root, runtime=("judge_engine={kind: scripted, flaws: 1, failures: 1}",))
    opinions = Workspace(root).read_opinions()
    assert opinions["model"].null_count() == 3
    said = opinions.join(Workspace(root).read_prompts(), on="prompt_id")
    assert (said["rule"] == said["thinking"]).all()


def test_with_no_source_that_asks_a_model_none_is_asked(tmp_path: Path, tiny: Path) -> None:
    root = tmp_path / "workspace"
    rehearse(general(tmp_path, tiny, "never"), root)
    assert not Workspace(root).read_opinions().height
    assert not Workspace(root).read_prompts()["thinking"].any()
