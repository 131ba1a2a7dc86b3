"""The judge in a run: whom it judges under each policy, once, and with equal tables after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml

from r1data import replies
from r1data.engines.scripted import ScriptedEngine
from r1data.errors import ModelError
from r1data.explain import DrawStory, PromptStory, explain
from r1data.progress import Progress, Silence
from r1data.recipe import read_recipe, read_runtime
from r1data.run import run
from r1data.selection import combined
from r1data.stages import judge_missing, open_job
from r1data.stages.judge import _items, question_of, unjudged
from r1data.status import status
from r1data.store import Workspace
from tests.conftest import PATIENT
from tests.end_to_end.rehearsal import SCRIPTED, assert_same, contents, rehearse, write_recipe

JUDGED_UNDER = {
    "rule": lambda rule: False, "judge": lambda rule: True,
    "or": lambda rule: rule != "correct", "and": lambda rule: rule in ("correct", "undecided"),
}  # fmt: skip


@pytest.fixture(scope="module")
def by_policy(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> dict[str, Path]:
    """A workspace for each policy, of the same recipe."""
    folder = tmp_path_factory.mktemp("policies")
    recipe = write_recipe(folder, tiny)
    for policy in JUDGED_UNDER:
        rehearse(recipe, folder / policy, f"verification.policy={policy}")
    return {policy: folder / policy for policy in JUDGED_UNDER}


def sides(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What the rule and what the judge says of each completion."""
    verdicts = contents(root)["verdicts"].select("completion_id", "verifier", "outcome")
    rule, judge = verdicts.filter(pl.col("verifier") != "judge"), verdicts.filter(pl.col("verifier") == "judge")
    return dict(rule.drop("verifier").iter_rows()), dict(judge.drop("verifier").iter_rows())


def stored(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in sorted((root / "verdicts").iterdir())}


@pytest.mark.parametrize("policy", JUDGED_UNDER)
def test_each_policy_asks_only_about_what_it_needs(by_policy: dict[str, Path], policy: str) -> None:
    rule, judge = sides(by_policy[policy])
    assert len(rule) == 160
    assert set(judge) == {one for one, outcome in rule.items() if JUDGED_UNDER[policy](outcome)}
    manifest = Workspace(by_policy[policy]).read_manifest()
    assert manifest["policy"] == policy and len(manifest["judging"]) == 12


def test_the_policies_keep_what_they_say(by_policy: dict[str, Path]) -> None:
    """Kept by a policy: right by it, and not rejected for anything but correctness."""
    any_right = contents(by_policy["judge"])["decisions"]
    legible = {
        row["completion_id"]
        for row in any_right.to_dicts()
        if not set(row["reasons"]) - {"incorrect", "no_answer", "unverified"}
    }
    for policy, root in by_policy.items():
        rule, judge = sides(root)
        for row in contents(root)["decisions"].to_dicts():
            one = row["completion_id"]
            says = {"rule": rule[one] == "correct", "judge": judge.get(one) == "correct"}
            right = {
                "rule": says["rule"], "judge": says["judge"], "or": says["rule"] or says["judge"],
                "and": says["rule"] and says["judge"],
            }[policy]  # fmt: skip
            if one in legible:
                assert row["kept"] or not right or row["reasons"] == ["duplicate"], (policy, row)
            assert right or not row["kept"], (policy, row)


def test_everything_that_counts_goes_by_the_policy(by_policy: dict[str, Path]) -> None:
    recipes = set()
    for policy, root in by_policy.items():
        state, tables = status(Workspace(root)), contents(root)
        assert state.judged == state.completed == state.kept + state.rejected == 160
        examples = tables["examples"]
        recipes |= set(examples["recipe"])
        outcomes = combined(tables["verdicts"].lazy(), policy).collect()  # type: ignore[arg-type]
        owners = tables["completions"].select("completion_id", "prompt_id")
        judged = outcomes.filter(pl.col("outcome").is_in(["correct", "incorrect", "no_answer"])).join(
            owners, on="completion_id"
        )
        rates = dict(judged.group_by("prompt_id").agg((pl.col("outcome") == "correct").mean()).iter_rows())
        assert all(row["pass_rate"] == rates[row["prompt_id"]] for row in examples.to_dicts())
        card = (root / "dataset" / "README.md").read_text()
        assert ("policy: or" in card) == (policy == "or") and ("judge (version 1)" in card) == (policy != "rule")
        story = explain(Workspace(root), tables["prompts"]["prompt_id"][0])
        assert isinstance(story, PromptStory) and len(story.draws) == 4
        draw = explain(Workspace(root), tables["completions"]["completion_id"][0])
        assert isinstance(draw, DrawStory) and 1 <= len(draw.verdicts) <= 2
    assert len(recipes) == 4, "each policy is a recipe of its own"


def test_a_second_run_judges_nothing(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=10)
    rehearse(recipe, tmp_path / "w", "verification.policy=or")
    before = stored(tmp_path / "w")
    rehearse(recipe, tmp_path / "w", "verification.policy=or")
    assert stored(tmp_path / "w") == before


def test_another_policy_keeps_what_was_judged_and_regrades_nothing(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=10)
    for policy in ("or", "and", "judge", "rule", "or"):
        before = stored(tmp_path / "w") if policy != "or" or (tmp_path / "w").exists() else {}
        rehearse(recipe, tmp_path / "w", f"verification.policy={policy}")
        after = stored(tmp_path / "w")
        assert before.items() <= after.items()
        assert sum("judge" not in path.name for path in after) == 1, "rules are graded once"
    rule, judge = sides(tmp_path / "w")
    assert set(rule) == set(judge)
    files = [pl.read_parquet(path) for path in after if "judge" in path.name]
    assert sum(map(len, files)) == 40, "each answer is judged once"


def test_another_judge_judges_anew_beside_the_old_one(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=10)
    rehearse(recipe, tmp_path / "w", "verification.policy=judge")
    first = stored(tmp_path / "w")
    rehearse(recipe, tmp_path / "w", "verification.policy=judge", "verification.judge.max_tokens=512")
    second = stored(tmp_path / "w")
    assert first.items() < second.items() and len(sides(tmp_path / "w")[1]) == 40
    verdicts = contents(tmp_path / "w")["verdicts"]
    assert verdicts.height == 80 and not verdicts.select("completion_id", "verifier", "version").is_duplicated().any()


@pytest.mark.slow
def test_a_prompt_for_the_judge_is_judged_under_every_policy(tmp_path: Path, tiny: Path) -> None:
    sources = [
        {"kind": "file", "path": "prompts.jsonl", "limit": 10},
        {"kind": "file", "path": "open.jsonl", "verifier": "judge"},
    ]
    recipe = write_recipe(tmp_path, tiny, prompts=10)
    recipe.write_text(yaml.safe_dump(yaml.safe_load(recipe.read_text()) | {"prompts": sources}))
    rows = [{"question": f"Why is the sky blue at {n}?", "answer": "Rayleigh scattering"} for n in range(5)]
    (tmp_path / "open.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for policy in ("rule", "and"):
        rehearse(recipe, tmp_path / policy, f"verification.policy={policy}")
        tables = contents(tmp_path / policy)
        mine = tables["prompts"].filter(pl.col("verifier") == "judge").select("prompt_id")
        drawn = set(tables["completions"].join(mine, on="prompt_id", how="semi")["completion_id"])
        rule, judge = sides(tmp_path / policy)
        assert len(drawn) == 20 and drawn <= set(judge) and not drawn & set(rule)
        assert status(Workspace(tmp_path / policy)).unjudged == 0
    before = stored(tmp_path / "and")
    rehearse(recipe, tmp_path / "and", "verification.policy=and")
    assert stored(tmp_path / "and") == before, "what has no rule is not graded again and again"


def test_the_reasoning_never_reaches_the_judge(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    complete = ScriptedEngine.complete
    recipe = write_recipe(tmp_path, tiny, prompts=10)
    job = open_job(
        read_recipe(recipe, ["verification.policy=judge"]), read_runtime(None, SCRIPTED), tmp_path / "w",
        Progress(Silence()),
    )  # fmt: skip

    async def listen(self, request):  # type: ignore[no-untyped-def]
        if request.json_schema is not None:
            asked.append(job.model.tokenizer.decode(request.tokens))
        return await complete(self, request)

    monkeypatch.setattr(ScriptedEngine, "complete", listen)
    rehearse(recipe, tmp_path / "w", "verification.policy=judge")
    thoughts = [replies.split(text) for text in contents(tmp_path / "w")["completions"]["text"]]
    lines = {line for reply in thoughts if reply.reasoning for line in reply.reasoning.split("\n") if len(line) > 10}
    assert len(asked) >= 35 and len(lines) > 10
    assert not [line for line in lines for prompt in asked if line in prompt]
    answers = {line for reply in thoughts if reply.answer for line in reply.answer.split("\n")}
    assert any(line in prompt for line in answers for prompt in asked)


class Ear(Silence):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def say(self, line: str) -> None:
        self.heard.append(line)


def test_a_judge_on_an_engine_of_its_own(tmp_path: Path, tiny: Path) -> None:
    perfect = ("judge_engine.kind=scripted", "judge_engine.judge_accuracy=1", "judge_engine.flaws=0")
    what = read_recipe(write_recipe(tmp_path, tiny, prompts=10), ["verification.policy=judge"])
    ear = Ear()
    run(open_job(what, read_runtime(None, [*SCRIPTED, *perfect]), tmp_path / "w", Progress(ear)))
    assert "40 answers for the judge (tiny)" in ear.heard and "40 of 40 judged" in ear.heard
    agreed = next(line for line in ear.heard if "agrees" in line).split()
    assert agreed[-4] == agreed[-2] and int(agreed[-2]) > 20
    rule, judge = sides(tmp_path / "w")
    assert {judge[one] for one, outcome in rule.items() if outcome == "correct"} == {"correct"}
    assert "correct" not in {judge[one] for one, outcome in rule.items() if outcome == "incorrect"}


def test_a_failing_judge_is_our_fault_and_can_be_asked_again(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=10)
    policy = "verification.policy=and"
    rehearse(recipe, tmp_path / "w", policy, runtime=("judge_engine.kind=scripted", "judge_engine.failures=1"))
    _, judge = sides(tmp_path / "w")
    assert set(judge.values()) == {"verifier_error"} and len(judge) > 5
    reasons = contents(tmp_path / "w")["decisions"].filter(pl.col("completion_id").is_in(list(judge)))["reasons"]
    assert all("unverified" in row and "incorrect" not in row for row in reasons.to_list())

    where = read_runtime(None, [*SCRIPTED, "engine.flaws=0"])
    job = open_job(read_recipe(recipe, [policy]), where, tmp_path / "w", Progress(Silence()))
    assert unjudged(job).height == 0 and judge_missing(job) == 0
    assert judge_missing(job, retry_failed=True) == len(judge)
    again = sides(tmp_path / "w")[1]
    assert set(again) == set(judge) and "verifier_error" not in again.values()


def test_a_judge_that_cannot_judge_is_refused_before_anything_is_drawn(tmp_path: Path, tiny: Path) -> None:
    mute = tmp_path / "mute"
    mute.mkdir()
    for path in tiny.iterdir():
        if path.name != "chat_template.jinja":
            (mute / path.name).symlink_to(path)
    recipe = write_recipe(tmp_path, tiny, prompts=4)
    with pytest.raises(ModelError, match="cannot judge"):
        rehearse(recipe, tmp_path / "w", "verification.policy=or", f"verification.judge.model={mute}")
    assert not (tmp_path / "w").exists()


def test_a_conversation_is_one_question() -> None:
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"},
             {"role": "user", "content": "2 + 2?"}]  # fmt: skip
    assert question_of(turns) == "User: Hello\n\nAssistant: Hi\n\nUser: 2 + 2?"
    assert question_of(turns[2:]) == "2 + 2?"


def test_a_thought_that_the_prompt_opened_and_no_reply_closed_stays_a_thought(tmp_path: Path, tiny: Path) -> None:
    """As with R1's own template: the first tag belongs to the prompt, so a reply that was cut has none at all."""
    opening = tmp_path / "opening"
    opening.mkdir()
    for path in tiny.iterdir():
        if path.name != "chat_template.jinja":
            (opening / path.name).symlink_to(path)
    template = (tiny / "chat_template.jinja").read_text()
    (opening / "chat_template.jinja").write_text(template + "{{ '<think>\\n' }}")
    recipe = write_recipe(tmp_path, opening, prompts=4)
    rehearse(recipe, tmp_path / "w", "verification.policy=judge")
    workspace = Workspace(tmp_path / "w")
    cut = workspace.read_part(workspace.parts()[0]).with_columns(text=pl.lit("so far I think that"))
    job = open_job(read_recipe(recipe), read_runtime(None, SCRIPTED), tmp_path / "w", Progress(Silence()))
    assert {item.answer for item in _items(job, cut)} == {None}
    whole = cut.with_columns(text=pl.lit("so far</think>It is 4."))
    assert {item.answer for item in _items(job, whole)} == {"It is 4."}


@pytest.fixture
def slow_run(tmp_path: Path, tiny: Path) -> Iterator[tuple[Path, list[str]]]:
    recipe = write_recipe(tmp_path, tiny)
    runtime = tmp_path / "runtime.yaml"
    runtime.write_text(
        yaml.safe_dump(
            {
                "engine": {"kind": "scripted"},
                "judge_engine": {"kind": "scripted", "latency_seconds": 0.05},
                "verify_workers": 2,
                "shard_prompts": 5,
                "concurrency": 8,
            }
        )
    )
    change = ["--set", "verification.policy=judge"]
    yield recipe, [sys.executable, "-m", "r1data", "run", str(recipe), "--runtime", str(runtime), *change]


@pytest.mark.slow
def test_killed_while_judging_it_goes_on_to_equal_tables(slow_run: tuple[Path, list[str]], tmp_path: Path) -> None:
    recipe, command = slow_run
    rehearse(recipe, tmp_path / "whole", "verification.policy=judge")
    for number in (signal.SIGKILL, signal.SIGINT):
        run = subprocess.Popen([*command, "-w", str(tmp_path / "w")], stderr=subprocess.DEVNULL)
        known, end = len(list((tmp_path / "w" / "verdicts").glob("*.judge-*"))), time.monotonic() + PATIENT
        while len(list((tmp_path / "w" / "verdicts").glob("*.judge-*"))) < known + 2 and time.monotonic() < end:
            time.sleep(0.02)
        os.kill(run.pid, number)
        assert run.wait(PATIENT) != 0
        judged = len(sides(tmp_path / "w")[1])
        assert 0 < judged < 160
    rehearse(recipe, tmp_path / "w", "verification.policy=judge")
    assert_same(tmp_path / "whole", tmp_path / "w")
    files = [pl.read_parquet(path) for path in (tmp_path / "w" / "verdicts").glob("*.judge-*")]
    assert sum(map(len, files)) == 160, "no answer was judged twice"
