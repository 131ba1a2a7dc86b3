"""A job: what to train on what, as `r1data train` writes it down for the process that trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from r1data.recipe import AnyTraining, Grpo, RewardModelling, Sft, TrainingRuntime
from r1data.trained import TrainingFolder

_SETTINGS: TypeAdapter[Sft | Grpo | RewardModelling] = TypeAdapter(AnyTraining)


@dataclass(frozen=True, slots=True)
class Job:
    """`inputs` are the files to learn from: conversations, pairs or points, or for GRPO the table of rendered prompts.

    `special_tokens` says whether the tokenizer adds its own to a rendered prompt, which a chat template has already.
    """

    folder: TrainingFolder
    settings: Sft | Grpo | RewardModelling
    where: TrainingRuntime
    model: str
    revision: str | None
    inputs: tuple[Path, ...]
    chat_template: str | None
    special_tokens: bool
    reward_models: dict[str, str]
    held_out: tuple[Path, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Job:
        """The job that is written down in a folder."""
        what = TrainingFolder(folder).read_job()
        return cls(
            TrainingFolder(folder),
            _SETTINGS.validate_python(what["settings"]),
            TrainingRuntime.model_validate(what["where"]),
            what["model"],
            what["revision"],
            tuple(Path(path) for path in what["inputs"]),
            what["chat_template"],
            what["special_tokens"],
            what["reward_models"],
            tuple(Path(path) for path in what["held_out"]),
        )
