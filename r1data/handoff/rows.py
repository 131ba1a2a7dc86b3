"""Rows: an example, or a prompt with its reference, in the shape that each trainer documents.

Every function is from one row of a table to one row of the file. Conversations are lists of {role, content}, the
reply's thought in its tags within the content: whoever renders them must not leave it out (docs/training.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Row = Mapping[str, Any]
Task = Literal["sft", "rl"]


def trl_sft(row: Row) -> dict[str, Any]:
    """TRL: conversational prompt and completion; the loss is on the completion alone."""
    *prompt, reply = _messages(row)
    return {"prompt": prompt, "completion": [reply]}


def trl_rl(row: Row) -> dict[str, Any]:
    """TRL: `prompt`; every other column is handed to the reward functions by its name."""
    return {"prompt": _messages(row), **_checked(row)}


def verl_sft(row: Row) -> dict[str, Any]:
    """verl: `messages`, the key that its multi-turn SFT reads by default."""
    return {"messages": _messages(row)}


def verl_rl(row: Row) -> dict[str, Any]:
    """verl: prompt, the source that picks a reward function, and what that function needs."""
    return {
        "data_source": row["source"],
        "prompt": _messages(row),
        "ability": row["domain"],
        "reward_model": {"style": "rule", "ground_truth": row["reference"] or ""},
        "extra_info": {"index": row["prompt_id"], "split": "train", **_checked(row)},
    }


def openrlhf_sft(row: Row) -> dict[str, Any]:
    """OpenRLHF: the whole conversation under `--data.input_key messages`, without an output key."""
    return {"messages": _messages(row)}


def openrlhf_rl(row: Row) -> dict[str, Any]:
    """OpenRLHF: `--data.input_key prompt --data.label_key label`."""
    return {"prompt": _messages(row), "label": row["reference"] or "", "datasource": row["source"]}


def llamafactory_sft(row: Row) -> dict[str, Any]:
    """LLaMA-Factory: `messages` in the openai form, which `dataset_info.json` describes."""
    return {"messages": _messages(row)}


def swift_sft(row: Row) -> dict[str, Any]:
    """ms-swift: its standard form, `messages`."""
    return {"messages": _messages(row)}


def swift_rl(row: Row) -> dict[str, Any]:
    """ms-swift: `messages` that end with the user; `solution` is what its accuracy reward reads."""
    return {"messages": _messages(row), "solution": row["reference"] or "", **_checked(row)}


def _messages(row: Row) -> list[dict[str, str]]:
    return [{"role": turn["role"], "content": turn["content"]} for turn in row["messages"]]


def _checked(row: Row) -> dict[str, Any]:
    """What the factory's verifiers need, in plain columns."""
    return {
        "prompt_id": row["prompt_id"], "verifier": row["verifier"], "reference": row["reference"],
        "task": row["task"], "language": row["language"], "domain": row["domain"],
    }  # fmt: skip


def dataset_info(name: str, file: str) -> str:
    """LLaMA-Factory's description of a file of `messages`."""
    described = {
        name: {
            "file_name": file, "formatting": "sharegpt", "columns": {"messages": "messages"},
            "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant",
                     "system_tag": "system"},
        }
    }  # fmt: skip
    return json.dumps(described, indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class Format:
    """A trainer's form. `make` has the function for each task, `suffix` the files' type, and `use` says how the files
    are named to the trainer.
    """

    make: dict[Task, Callable[[Row], dict[str, Any]]]
    suffix: Literal["jsonl", "parquet"]
    use: dict[Task, str]


FORMATS: dict[str, Format] = {
    "trl": Format(
        {"sft": trl_sft, "rl": trl_rl}, "parquet",
        {"sft": 'load_dataset("parquet", data_files="{file}") as train_dataset of SFTTrainer',
         "rl": 'load_dataset("parquet", data_files="{file}") as train_dataset of GRPOTrainer'},
    ),
    "verl": Format(
        {"sft": verl_sft, "rl": verl_rl}, "parquet",
        {"sft": "data.train_files={file} data.messages_key=messages data.truncation=error",
         "rl": "data.train_files={file} data.prompt_key=prompt data.truncation=error"},
    ),
    "openrlhf": Format(
        {"sft": openrlhf_sft, "rl": openrlhf_rl}, "jsonl",
        {"sft": "--data.dataset {file} --data.input_key messages --data.apply_chat_template",
         "rl": "--data.prompt_dataset {file} --data.input_key prompt --data.label_key label "
               "--data.apply_chat_template"},
    ),
    "llamafactory": Format(
        {"sft": llamafactory_sft}, "jsonl",
        {"sft": "dataset_dir: {folder}, dataset: {name}, and a template that keeps the thought (docs/training.md)"},
    ),
    "ms-swift": Format(
        {"sft": swift_sft, "rl": swift_rl}, "jsonl", {"sft": "--dataset {file}", "rl": "--dataset {file}"},
    ),
}  # fmt: skip
