"""Every kind of training, a few steps of it: adapters, reward models, faults, what comes in the last part only."""

import json
import shutil
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoTokenizer

from r1data.errors import ModelError, RecipeError, SourceError, TrainingError
from r1data.progress import Progress, Silence
from r1data.recipe import Grpo, RewardModelling, Sft, TrainingRuntime
from r1data.train import TrainingJob, look_at, open_training, prepare
from tests.training.test_conversations import SWALLOWS
from training.check import check
from training.checkpoints import MARK, latest
from training.job import Job
from training.prompts import order
from training.reward_model import RewardModel, judged_pairs, told_right
from training.tiny import general

REPOSITORY = Path(__file__).parents[2]
ON_CPU = TrainingRuntime(device="cpu", log_to=())
KINDS: dict[str, type[Sft] | type[Grpo] | type[RewardModelling]] = {"sft": Sft, "grpo": Grpo, "reward": RewardModelling}
SUMS = {"kind": "file", "path": str(REPOSITORY / "data" / "recipes" / "r1-small" / "practice-en.jsonl"), "limit": 20}


def job_for(folder: Path, where: TrainingRuntime = ON_CPU, **settings: Any) -> TrainingJob:
    tiny = str(REPOSITORY / "data" / "models" / "tiny")
    what = KINDS[settings["kind"]].model_validate({"model": tiny, **settings})
    return open_training(what, where, folder, Progress(Silence()))


def train_here(job: TrainingJob) -> dict[str, Any]:
    """Prepare and train in this process; returns the summary."""
    job.folder.root.mkdir(parents=True, exist_ok=True)
    assert not prepare(job)
    home = {"sft": "training.sft", "grpo": "training.grpo", "reward": "training.reward_model"}
    summary: dict[str, Any] = import_module(home[job.settings.kind]).train(Job.read(job.folder.root))
    return summary


def write_lines(path: Path, rows: Any) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def talks(count: int) -> list[dict[str, Any]]:
    rows = list(general.conversations())[:count]
    return [
        {"messages": [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["response"]}]}
        for row in rows
    ]


@pytest.mark.slow
def test_adapters_are_merged_into_the_model(tmp_path: Path) -> None:
    data = write_lines(tmp_path / "d.jsonl", talks(32))
    job = job_for(tmp_path / "t", kind="sft", data=[data], epochs=1, batch=8, max_length=256, learning_rate=1e-2,
                  lora={"rank": 4, "alpha": 8})  # fmt: skip
    summary = train_here(job)
    before = load_file(REPOSITORY / "data" / "models" / "tiny" / "model.safetensors")
    after = load_file(job.folder.model / "model.safetensors")
    assert before.keys() == after.keys()
    assert any((before[name].float() - after[name].float()).abs().max() > 1e-3 for name in before)
    assert not list(job.folder.model.glob("adapter*"))
    assert summary["samples"]["taken"] == 32 and summary["steps"] == 4


@pytest.mark.slow
def test_reward_models_learn_what_they_are_for(tmp_path: Path) -> None:
    pairs, points, unseen = list(general.pairs(1)), list(general.points()), list(general.points(held_out=True))
    common = {"kind": "reward", "max_length": 256, "learning_rate": 5e-4, "batch": 32}
    helpful = job_for(
        tmp_path / "h", loss="pairwise", data=[write_lines(tmp_path / "p.jsonl", pairs)], epochs=4, **common
    )
    safe = job_for(
        tmp_path / "s",
        loss="pointwise",
        data=[write_lines(tmp_path / "s.jsonl", points)],
        epochs=10,
        held_out=[write_lines(tmp_path / "u.jsonl", unseen)],
        **common,
    )
    assert train_here(helpful)["samples"]["taken"] == len(pairs)
    summary = train_here(safe)
    assert summary["samples"]["taken"] == len(points)
    assert summary["held_out"]["rows"] == len(unseen)
    assert 0.5 < summary["held_out"]["share"] <= 1

    rater = RewardModel.load(helpful.folder.model, "cpu")
    assert rater.part == "answer"
    assert told_right(rater, "pairwise", pairs)["share"] > 0.8
    turned = [{**row, "chosen": row["rejected"], "rejected": row["chosen"]} for row in pairs]
    assert told_right(rater, "pairwise", turned)["share"] < 0.2
    asked = [row["messages"] for row in pairs]
    better = rater.rate(asked[:1], [pairs[0]["chosen"]])
    thought = rater.rate(asked[:1], [f"<think>\nanything at all\n</think>\n\n{pairs[0]['chosen']}"])
    assert thought == pytest.approx(better, abs=1e-5), "it reads the answer alone"
    assert rater.rate(asked[:2], ["<think>\nno end", "<|end|>"]) == [0.0, 0.0], "there is nothing to read"

    guard = RewardModel.load(safe.folder.model, "cpu")
    assert guard.part == "whole"
    assert told_right(guard, "pointwise", points)["share"] > 0.8


@pytest.mark.slow
def test_a_fault_teaches_nothing_and_reward_models_come_last(tmp_path: Path) -> None:
    pairs = write_lines(tmp_path / "p.jsonl", list(general.pairs(1))[:64])
    helpful = job_for(tmp_path / "h", kind="reward", loss="pairwise", data=[pairs], epochs=1, batch=32, max_length=256)
    train_here(helpful)
    good = json.loads(Path(SUMS["path"]).read_text(encoding="utf-8").splitlines()[0])
    bad = {**good, "question": "What is it?", "answer": "\\frac{1}{"}
    talk = write_lines(tmp_path / "talk.jsonl", list(general.prompts())[8:24])
    job = job_for(
        tmp_path / "t", kind="grpo", steps=4, questions=2, group=4, rollout_steps=1, max_tokens=160, kl=0.01,
        learning_rate=1e-5, rewards={"language": 1.0},
        prompts=[{"kind": "file", "path": write_lines(tmp_path / "q.jsonl", [good, bad])}],
        general={"prompts": [{"kind": "file", "path": talk}], "last_steps": 2, "share": 0.5,
                 "helpfulness": str(helpful.folder.model)},
    )  # fmt: skip
    train_here(job)
    rows = job.folder.read_metrics()
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert all(row["faults"] <= 0.5 for row in rows), "half of the questions have a good reference"
    assert any(row["faults"] for row in rows), "an answer to the other half cannot be judged"
    assert ["reward_model" in row for row in rows] == [False, False, True, True]
    assert all("kl" in row for row in rows)


def test_what_is_too_long_is_dropped_and_counted_never_cut(tmp_path: Path) -> None:
    long = {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "word " * 400}]}
    forged = {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "<|end|>"}]}
    data = write_lines(tmp_path / "d.jsonl", [*talks(10), long, forged, long])
    job = job_for(tmp_path / "t", kind="sft", data=[data], max_length=200)
    job.folder.root.mkdir()
    prepare(job)
    found = check(Job.read(job.folder.root))
    counts = Counter(found["counts"])
    assert (counts["taken"], counts["too_long"], counts["special_tokens"]) == (10, 2, 1)
    assert counts["taken"] + counts["too_long"] + counts["special_tokens"] == found["conversations"] == 13
    first = found["rows"][0]
    assert (first["prompt"], first["end"]) == ("<|bos|><|user|>Hello!<|end|><|assistant|>", "<|end|>")
    assert first["learnt"] == talks(1)[0]["messages"][-1]["content"]


OTHER_END = (
    "{{- '<|bos|>' }}{%- for m in messages %}{{- '<|' + m['role'] + '|>' + m['content'] + '<|pad|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)


@pytest.mark.slow
def test_the_end_of_the_template_and_more_room_stay_with_the_model(tmp_path: Path) -> None:
    (tmp_path / "t.jinja").write_text(OTHER_END)
    data = write_lines(tmp_path / "d.jsonl", talks(8))
    given = {"kind": "sft", "data": [data], "batch": 8, "epochs": 1, "chat_template": str(tmp_path / "t.jinja")}
    with pytest.raises(ModelError, match="another token than the model") as error:
        train_here(job_for(tmp_path / "no", max_length=256, **given))
    assert "end_token" in str(error.value.remedy)
    with pytest.raises(ModelError, match="has room for 1,024 tokens") as error:
        train_here(job_for(tmp_path / "long", max_length=2048, end_token="<|pad|>", **given))
    assert "positions: 2048" in str(error.value.remedy)
    job = job_for(tmp_path / "t", max_length=2048, positions=2048, end_token="<|pad|>", **given)
    assert train_here(job)["samples"]["taken"] == 8
    tokenizer = AutoTokenizer.from_pretrained(job.folder.model)
    assert tokenizer.eos_token == "<|pad|>"
    ends = json.loads((job.folder.model / "generation_config.json").read_text())["eos_token_id"]
    assert tokenizer.eos_token_id in ends
    assert json.loads((job.folder.model / "config.json").read_text())["max_position_embeddings"] == 2048


@pytest.mark.slow
def test_completions_that_are_all_cut_teach_nothing_where_cut_ones_are_masked(tmp_path: Path) -> None:
    job = job_for(
        tmp_path / "t", kind="grpo", steps=2, questions=2, group=4, rollout_steps=1, max_tokens=4, kl=0,
        learning_rate=1e-4, prompts=[SUMS], mask_truncated=True,
    )  # fmt: skip
    train_here(job)
    assert [row["truncated"] for row in job.folder.read_metrics()] == [1, 1]
    before = load_file(REPOSITORY / "data" / "models" / "tiny" / "model.safetensors")
    after = load_file(job.folder.model / "model.safetensors")
    assert all((before[name].float() == after[name].float()).all() for name in before)


@pytest.mark.slow
def test_a_training_killed_behind_its_last_checkpoint_ends_where_it_would_have(tmp_path: Path) -> None:
    data = write_lines(tmp_path / "d.jsonl", talks(32))
    job = job_for(tmp_path / "t", kind="sft", data=[data], epochs=1.5, batch=8, max_length=256, learning_rate=1e-3)
    steps = train_here(job)["steps"]
    assert steps == 6
    whole = load_file(job.folder.model / "model.safetensors")
    shutil.rmtree(job.folder.model)
    assert train_here(job)["steps"] == steps
    again = load_file(job.folder.model / "model.safetensors")
    assert all((whole[name] == again[name]).all() for name in whole)
    assert [row["step"] for row in job.folder.read_metrics()] == list(range(1, steps + 1))


@pytest.mark.parametrize("key", ["learning_rate", "max_steps", "max_length"])
def test_a_runtime_cannot_change_what_a_training_is(tmp_path: Path, key: str) -> None:
    where = TrainingRuntime(device="cpu", settings={key: 1})
    data = write_lines(tmp_path / "d.jsonl", talks(4))
    job = job_for(tmp_path / "t", where, kind="sft", data=[data], epochs=1, batch=4, max_length=256)
    with pytest.raises(RecipeError, match=f"settings: {key} would change"):
        train_here(job)


def test_packing_wants_an_attention_that_keeps_samples_apart(tmp_path: Path) -> None:
    job = job_for(tmp_path / "t", kind="sft", data=[write_lines(tmp_path / "d.jsonl", talks(4))], packing=True)
    with pytest.raises(ModelError, match="would look at each other"):
        train_here(job)


def test_data_without_conversations_is_named(tmp_path: Path) -> None:
    job = job_for(tmp_path / "t", kind="sft", data=[write_lines(tmp_path / "d.jsonl", [{"text": "a"}])])
    with pytest.raises(SourceError, match=r"d\.jsonl, line 1: has no key `messages`"):
        train_here(job)
    with pytest.raises(SourceError, match="there is no dataset"):
        prepare(job_for(tmp_path / "u", kind="sft", data=[str(tmp_path / "nowhere")]))


def test_a_folder_holds_one_training(tmp_path: Path) -> None:
    data = write_lines(tmp_path / "d.jsonl", talks(4))
    for epochs in (1, 1, 2):
        job = job_for(tmp_path / "t", kind="sft", data=[data], epochs=epochs)
        job.folder.root.mkdir(exist_ok=True)
        if epochs == 1:
            prepare(job)
            job.folder.metrics.touch()
        else:
            with pytest.raises(TrainingError, match="another training is in this folder"):
                prepare(job)
    write_lines(tmp_path / "d.jsonl", talks(5))
    with pytest.raises(TrainingError, match="another training"):
        prepare(job_for(tmp_path / "t", kind="sft", data=[data], epochs=1))


def test_half_a_checkpoint_does_not_count(tmp_path: Path) -> None:
    for step, whole in ((20, True), (100, True), (120, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{step}" / MARK).touch()
    assert latest(tmp_path) == tmp_path / "checkpoint-100"
    assert not (tmp_path / "checkpoint-120").exists()
    assert latest(tmp_path / "nothing") is None


@given(
    steps=st.integers(1, 40), questions=st.integers(1, 6), rollout=st.integers(1, 5), ruled=st.integers(1, 30),
    others=st.integers(0, 9), last=st.integers(1, 40), seed=st.integers(0, 9),
)  # fmt: skip
def test_prompts_come_in_an_order_that_the_seed_says(
    steps: int, questions: int, rollout: int, ruled: int, others: int, last: int, seed: int
) -> None:
    rated = {"prompts": [SUMS], "last_steps": last, "share": 0.5, "helpfulness": "x"}
    settings = Grpo.model_validate(
        {"kind": "grpo", "model": "m", "prompts": [SUMS], "steps": steps, "questions": questions, "seed": seed,
         "rollout_steps": rollout, "general": rated if others else None}
    )  # fmt: skip
    places = order(settings, ruled, others)
    assert places == order(settings, ruled, others)
    assert len(places) % (questions * rollout) == 0 and len(places) >= steps * questions
    early = places[: max(0, steps - last) * questions]
    assert all(place < ruled for place in early), "reward models have no say before the last steps"
    assert all(place < ruled + others for place in places)
    often = Counter(place for place in places if place < ruled)
    counts = [often[place] for place in range(ruled)]
    assert max(counts) - min(counts) <= 1, "none comes again before all have come"


def test_judged_pairs_are_learnt_from_where_the_difference_is_clear(tmp_path: Path) -> None:
    row = {"question": "?", "first": "a", "second": "b", "error": None}
    table = pl.DataFrame(
        [
            {**row, "preferred": "second", "difference": -2.5},
            {**row, "preferred": "first", "difference": 1.0},
            {**row, "preferred": None, "difference": 0.0},
            {**row, "preferred": None, "difference": None, "error": "no reply"},
        ]
    )
    table.write_parquet(tmp_path / "pairs.parquet")
    counts: Counter[str] = Counter()
    (only,) = judged_pairs(tmp_path / "pairs.parquet", 1.0, counts)
    assert (only["chosen"], only["rejected"], only["messages"][0]["content"]) == ("b", "a", "?")
    assert counts == {"even": 2, "failed": 1}


@pytest.mark.slow
def test_the_check_fails_on_a_template_that_swallows_the_reasoning(tmp_path: Path) -> None:
    (tmp_path / "t.jinja").write_text(SWALLOWS)
    data = write_lines(tmp_path / "d.jsonl", talks(4))
    job = job_for(tmp_path / "t", kind="sft", data=[data], max_length=512, chat_template=str(tmp_path / "t.jinja"))
    job.folder.root.mkdir()
    with pytest.raises(TrainingError, match="swallows the reasoning") as error:
        look_at(job)
    assert "chat_template" in str(error.value.remedy)
    plain = job_for(tmp_path / "u", kind="sft", data=[data], max_length=512)
    plain.folder.root.mkdir()
    assert look_at(plain)["counts"]["taken"] == 4
