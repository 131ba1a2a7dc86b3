"""The trainings that are shipped can be read, and those of the full size have the paper's numbers."""

from pathlib import Path

import pytest

from r1data.errors import RecipeError
from r1data.pipeline import open_pipeline
from r1data.progress import Progress, Silence
from r1data.recipe import Grpo, RewardModelling, Sft, read_pipeline, read_runtime, read_training

REPOSITORY = Path(__file__).parents[2]
TRAININGS = REPOSITORY / "data" / "training"
DISTILLED = {
    "qwen-1.5b": 1e-4, "qwen-7b": 8e-5, "qwen-14b": 7e-5, "qwen-32b": 6e-5, "llama-8b": 5e-5, "llama-70b": 2e-5,
}  # fmt: skip
"""R1 paper, Table 6."""


@pytest.mark.parametrize("path", sorted(TRAININGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_training_is_read(path: Path) -> None:
    assert read_training(path).name == path.stem
    assert f"`{path.name}`" in (TRAININGS / "README.md").read_text() or path.stem.startswith("distil-")


@pytest.mark.parametrize("path", sorted((REPOSITORY / "data" / "runtimes").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_runtime_is_read(path: Path) -> None:
    where = read_runtime(path).training
    assert where.accelerate is None or Path(where.accelerate).is_file()


@pytest.mark.parametrize("name", ["fsdp", "deepspeed-zero3"])
def test_accelerate_reads_its_configurations(name: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(REPOSITORY / "data" / "runtimes" / "accelerate" / f"{name}.yaml"))
    assert config.distributed_type.value == {"fsdp": "FSDP", "deepspeed-zero3": "DEEPSPEED"}[name]


def test_reinforcement_learning_has_the_papers_numbers() -> None:
    zero, dev2, last = (read_training(TRAININGS / f"{name}.yaml") for name in ("r1-zero", "r1-dev2", "r1"))
    for one in (zero, dev2, last):
        assert isinstance(one, Grpo)
        assert (one.learning_rate, one.kl, one.clip, one.group, one.questions) == (3e-6, 0.001, 10, 16, 32)
        assert (one.rollout_steps * one.questions * one.group, one.reference_every, one.max_tokens) == (
            8192,
            400,
            32768,
        )
    assert isinstance(zero, Grpo) and isinstance(dev2, Grpo) and isinstance(last, Grpo)
    longer = read_training(TRAININGS / "r1-zero-long.yaml")
    assert isinstance(longer, Grpo)
    assert (zero.steps + longer.steps, longer.max_tokens) == (10400, 65536)
    assert (zero.temperature, zero.template.name) == (1.0, "r1-zero")
    assert (zero.rewards.accuracy, zero.rewards.format, zero.rewards.language) == (1, 1, 0)
    assert dev2.rewards.language == 1
    assert last.general is not None
    assert (last.temperature, last.steps, last.general.last_steps) == (0.7, 1700, 400)


def test_fine_tuning_and_distillation_have_the_papers_numbers() -> None:
    sft = read_training(TRAININGS / "r1-dev3.yaml")
    assert isinstance(sft, Sft)
    assert (sft.epochs, sft.learning_rate, sft.schedule, sft.final_share) == (2, 5e-6, "cosine", 0.1)
    assert (sft.batch, sft.max_length, sft.packing) == (64, 32768, False)
    assert {name: read_training(TRAININGS / f"distil-{name}.yaml").learning_rate for name in DISTILLED} == DISTILLED


def test_reward_models_have_the_papers_numbers() -> None:
    helpful, safe = (read_training(TRAININGS / f"reward-{name}.yaml") for name in ("helpfulness", "safety"))
    assert isinstance(helpful, RewardModelling) and isinstance(safe, RewardModelling)
    for one in (helpful, safe):
        assert (one.learning_rate, one.batch, one.epochs, one.max_length) == (6e-6, 256, 1, 8192)
    assert (helpful.loss, helpful.part, helpful.min_difference) == ("pairwise", "answer", 1)
    assert (safe.loss, safe.part) == ("pointwise", "whole")


def test_the_whole_of_r1_in_small_has_every_stage() -> None:
    pipeline = read_pipeline(REPOSITORY / "data" / "recipes" / "r1-small.yaml")
    assert pipeline.measured == ("base", "zero", "dev1", "dev2", "dev3", "r1", "small", "distilled", "small-rl")
    assert [stage.model.id for stage in pipeline.stages if isinstance(stage, Sft)] == ["base", "base", "small"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["r1-small", "smollm2-gym"])
def test_no_pipeline_that_is_shipped_asks_what_it_holds_out(name: str, tmp_path: Path) -> None:
    path = REPOSITORY / "data" / "recipes" / f"{name}.yaml"
    open_pipeline(path, read_runtime(None), tmp_path / "w", Progress(Silence()), [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (["kind=dpo"], "should be one of sft, grpo, reward"),
        (["learning_rte=1"], "did you mean 'learning_rate'"),
        (["epochs=0"], "epochs"),
    ],
)
def test_what_is_wrong_is_named(changes: list[str], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        read_training(TRAININGS / "tiny-sft.yaml", changes)


def test_a_stage_that_needs_what_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "name: p\nmodels: {base: ./base}\nheld_out: {prompts: [{kind: shipped, dataset: arithmetic-en}]}\n"
        "stages: [{name: a, kind: sft, model: base, data: [later]}]\n"
    )
    with pytest.raises(RecipeError, match="stage a needs later"):
        read_pipeline(path)
