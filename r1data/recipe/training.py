"""Training: what to train a model on, and how. Identity, as in a recipe; where it is trained is the runtime's.

The defaults are the paper's for the full size (R1 paper, 2.1, 3.1, 3.2 and B.4). `training/` carries them out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from r1data.recipe.recipe import Model, Source, Template
from r1data.recipe.strict import Strict

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Schedule = Literal["cosine", "constant"]


class Lora(Strict):
    """Low-rank adapters in the place of all weights; they are merged into the model when training ends."""

    rank: Annotated[int, Field(ge=1)] = 16
    alpha: Annotated[float, Field(gt=0)] = 32.0
    dropout: Share = 0.0
    targets: tuple[str, ...] | Literal["all-linear"] = "all-linear"


class Training(Strict):
    """What every training has in common. `batch` is the number of samples that one step of the optimiser sees, on all
    devices together.
    """

    model: Model
    """Where it begins: a folder, relative to the file, or a name on the Hub."""
    name: str | None = None
    """Of what comes out; by default the file's."""
    seed: int = 0
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Schedule
    final_share: Share = 0.1
    """A cosine ends at this share of the learning rate."""
    warmup: Share = 0.0
    """Share of the steps in which the learning rate rises to its height."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    grad_clip: Annotated[float, Field(gt=0)] = 1.0
    lora: Lora | None = None
    chat_template: str | None = None
    """A Jinja file that takes the place of the model's own chat template, and stays with what comes out."""
    end_token: str | None = None
    """The token that ends a reply, where the tokenizer names another than the chat template writes, as that of Qwen's
    bases does (`<|im_end|>`). What comes out names this one."""
    positions: Annotated[int, Field(ge=1)] | None = None
    """Tokens that what comes out has room for (`max_position_embeddings`), where the model says less."""
    folder: Path = Field(default=Path(), exclude=True)
    """Where the file was read from: relative paths start here. Set by the reader, no part of the identity."""

    @field_validator("model", mode="before")
    @classmethod
    def _model_by_name(cls, model: object) -> object:
        return {"id": model} if isinstance(model, str) else model

    def resolve(self, path: str) -> Path:
        """A path of the file as an absolute one."""
        return (self.folder / Path(path).expanduser()).resolve()


class Sft(Training):
    """Supervised fine-tuning on conversations, and distillation, which is the same on a teacher's (B.4.2, B.4.3)."""

    kind: Literal["sft"]
    data: Annotated[tuple[str, ...], Field(min_length=1)]
    """Datasets of `r1data run`, `merge` or `refine` (the folder, or the workspace that it is in), or JSONL files with
    `messages`."""
    epochs: Annotated[float, Field(gt=0)] = 2.0
    batch: Annotated[int, Field(ge=1)] = 64
    max_length: Annotated[int, Field(ge=2)] = 32768
    """Tokens of a sample, prompt and reply together. A longer one is dropped and counted, never cut."""
    packing: bool = False
    """Several samples in one row. Needs an attention that keeps them apart (`runtime.training.attention`)."""
    learning_rate: Annotated[float, Field(gt=0)] = 5e-6
    schedule: Schedule = "cosine"


class Rewards(Strict):
    """How much each reward counts; 0 switches it off. Equal weights, as in the paper (2.2, 3.2)."""

    accuracy: Weight = 1.0
    """1 for a verdict `correct`, 0 for `incorrect` and `no_answer`; none where the verifier could not say."""
    format: Weight = 1.0
    """1 for one thought in its tags with an answer behind it; for a prompt that wants no thought, 1 without one."""
    language: Weight = 0.0
    """Share of the thought's words that are in the prompt's language (Eq. 7)."""
    model: Weight = 1.0
    """What a reward model says of replies that no rule can check (3.1), between 0 and 1; for `general` prompts only."""


class General(Strict):
    """Prompts that no rule can check, and the reward models that rate their replies. Only in the last steps: in more of
    them the policy learns what the reward models like instead of what they are for (3.2.2, Fig. 6).
    """

    prompts: Annotated[tuple[Source, ...], Field(min_length=1)]
    last_steps: Annotated[int, Field(ge=1)] = 400
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Of the prompts of those steps."""
    helpfulness: str | None = None
    """Folder of the pairwise reward model, which reads the answer alone."""
    safety: str | None = None
    """Folder of the pointwise one, which reads the whole reply; it rates prompts of the category `safety`."""

    @model_validator(mode="after")
    def _somebody_rates(self) -> General:
        if self.helpfulness is None and self.safety is None:
            raise ValueError("name a reward model: helpfulness, safety, or both")
        return self


class Grpo(Training):
    """Group relative policy optimisation (2.1, 3.2; A.3), on prompts with rewards."""

    kind: Literal["grpo"]
    prompts: Annotated[tuple[Source, ...], Field(min_length=1)]
    steps: Annotated[int, Field(ge=1)] = 10400
    questions: Annotated[int, Field(ge=1)] = 32
    """Different prompts of one step."""
    group: Annotated[int, Field(ge=2)] = 16
    """Completions of each."""
    rollout_steps: Annotated[int, Field(ge=1)] = 16
    """Steps that one generation is for: so many times `questions` prompts are answered at once, and the answers are
    split at random. 1 keeps every step on the newest policy."""
    temperature: Annotated[float, Field(gt=0)] = 1.0
    max_tokens: Annotated[int, Field(ge=1)] = 32768
    kl: Annotated[float, Field(ge=0)] = 0.001
    clip: Annotated[float, Field(gt=0)] = 10.0
    reference_every: Annotated[int, Field(ge=1)] | None = 400
    """Steps after which the reference model becomes the latest policy."""
    mask_truncated: bool = False
    """Leave completions out that the limit cut; by default they have what their verdict gives, which is little."""
    rewards: Rewards = Rewards()
    general: General | None = None
    template: Template = Template()
    """How a prompt becomes the text that the model continues: `r1-zero` is the paper's for a base model (Table 1)."""
    deadline: Annotated[float, Field(gt=0)] = 10.0
    """Seconds that one check may take, as in `verification.deadline`."""
    learning_rate: Annotated[float, Field(gt=0)] = 3e-6
    schedule: Schedule = "constant"


class RewardModelling(Training):
    """A reward model: the network with a head that gives one number (3.1)."""

    kind: Literal["reward"]
    loss: Literal["pairwise", "pointwise"]
    """`pairwise` learns from `chosen` and `rejected` (helpfulness), `pointwise` from `response` and `safe` (safety)."""
    data: Annotated[tuple[str, ...], Field(min_length=1)]
    """JSONL files with `messages` (the prompt) and the columns of the loss; for pairs what `r1data judge pairs` wrote,
    too."""
    held_out: tuple[str, ...] = ()
    """JSONL files of the same form that the trained model is only measured on."""
    min_difference: Annotated[float, Field(ge=0)] = 1.0
    """Of judged pairs: those are learnt whose scores differ by more, as in the paper."""
    reads: Literal["answer", "whole"] | None = None
    """Of a reply; by default the answer alone for pairs, the whole reply for points."""
    epochs: Annotated[float, Field(gt=0)] = 1.0
    batch: Annotated[int, Field(ge=1)] = 256
    max_length: Annotated[int, Field(ge=2)] = 8192
    learning_rate: Annotated[float, Field(gt=0)] = 6e-6
    schedule: Schedule = "cosine"

    DEFAULT_READS: ClassVar[dict[str, Literal["answer", "whole"]]] = {"pairwise": "answer", "pointwise": "whole"}

    @property
    def part(self) -> Literal["answer", "whole"]:
        """What it reads of a reply."""
        return self.reads or self.DEFAULT_READS[self.loss]


AnyTraining = Annotated[Sft | Grpo | RewardModelling, Field(discriminator="kind")]


class TrainingRuntime(Strict):
    """Where a model is trained, and how much at once. Nothing here changes what the training is."""

    device: Literal["auto", "cpu", "gpu"] = "auto"
    micro_batch: Annotated[int, Field(ge=1)] | None = None
    """Samples that a device takes at once; what is left of `batch` is accumulated. By default all of it."""
    processes: Annotated[int, Field(ge=1)] = 1
    """Processes in all, one for each GPU."""
    accelerate: str | None = None
    """A configuration of accelerate (FSDP, DeepSpeed), relative to the runtime's file."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    attention: str | None = None
    """What transformers calls `attn_implementation`, such as `flash_attention_2`."""
    gradient_checkpointing: bool = False
    rollouts: Literal["auto", "vllm", "transformers"] = "auto"
    """What writes completions in GRPO: vLLM where there is a GPU, transformers on a CPU."""
    vllm_memory: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Share of the GPU's memory for vLLM, beside the training."""
    rollout_batch: Annotated[int, Field(ge=1)] = 128
    """Completions that a CPU writes at once."""
    checkpoint_every: Annotated[int, Field(ge=1)] = 20
    """Steps between checkpoints: what a kill costs at most."""
    keep_checkpoints: Annotated[int, Field(ge=2)] = 2
    """At least two: the older one is removed before the newer one is known to be whole."""
    log_to: tuple[Literal["tensorboard", "trackio"], ...] = ("tensorboard",)
    settings: dict[str, Any] = {}
    """More arguments of TRL's configuration, by name; none that a training's file sets."""
