"""``python loading.py TRAINER TASK FOLDER MODEL`` loads an export with the trainer's own loader and prints it.

Run in a process of its own with the trainer on PYTHONPATH. What is printed last is a line of JSON: the number of
samples, the first sample's text, and the part of it that is learnt (None for prompts).
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from datasets import load_dataset
from transformers import AutoTokenizer

Seen = tuple[int, str, str | None]


def trl(task: str, folder: Path, tokenizer: Any) -> Seen:
    import tempfile

    from transformers import LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer
    from trl.data_utils import is_conversational, maybe_apply_chat_template

    rows = load_dataset("parquet", data_files=str(folder / "train.parquet"), split="train")
    if task == "rl":
        assert is_conversational(rows[0])
        return len(rows), maybe_apply_chat_template({"prompt": rows[0]["prompt"]}, tokenizer)["prompt"], None
    small = LlamaConfig(vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                        num_attention_heads=2, eos_token_id=tokenizer.eos_token_id)  # fmt: skip
    with tempfile.TemporaryDirectory() as out:
        trainer = SFTTrainer(
            model=LlamaForCausalLM(small), args=SFTConfig(output_dir=out, use_cpu=True, report_to=[], bf16=False),
            train_dataset=rows, processing_class=tokenizer,
        )  # fmt: skip
        one = trainer.train_dataset[0]
        learnt = [label for label in one["labels"] if label >= 0]
        return len(trainer.train_dataset), tokenizer.decode(one["input_ids"]), tokenizer.decode(learnt)


def verl(task: str, folder: Path, tokenizer: Any) -> Seen:
    from omegaconf import OmegaConf

    file = str(folder / "train.parquet")
    if task == "rl":
        from verl.utils.dataset.rl_dataset import RLHFDataset

        rows = RLHFDataset(
            file, tokenizer, OmegaConf.create({"cache_dir": str(folder / "cache"), "filter_overlong_prompts": False})
        )
        one = rows[0]
        assert one["reward_model"]["style"] == "rule" and one["data_source"]
        return (
            len(rows),
            tokenizer.apply_chat_template(one["raw_prompt"], add_generation_prompt=True, tokenize=False),
            None,
        )
    from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset

    config = OmegaConf.create({"pad_mode": "no_padding", "max_length": 1024, "ignore_input_ids_mismatch": True})
    rows = MultiTurnSFTDataset(file, tokenizer, config)
    one = rows[0]
    learnt = one["input_ids"][one["loss_mask"].bool()]
    return len(rows), tokenizer.decode(one["input_ids"]), tokenizer.decode(learnt)


def openrlhf(task: str, folder: Path, tokenizer: Any) -> Seen:
    from openrlhf.datasets import PromptDataset, SFTDataset

    rows = load_dataset("json", data_files=str(folder / "train.jsonl"), split="train")
    keys = {"sft": {"input_key": "messages"}, "rl": {"input_key": "prompt", "label_key": "label"}}[task]
    data = SimpleNamespace(apply_chat_template=True, **keys)
    strategy = SimpleNamespace(args=SimpleNamespace(data=data), is_rank_0=lambda: False)
    if task == "rl":
        prompts = PromptDataset(rows, tokenizer, strategy)
        _, prompt, label, _ = prompts[0]
        assert label
        return len(prompts), prompt, None
    samples = SFTDataset(rows, tokenizer, 1024, strategy, num_processors=1)
    return len(samples), samples.prompts[0] + samples.responses[0], samples.responses[0]


def llamafactory(task: str, folder: Path, tokenizer: Any) -> Seen:
    from llamafactory.data.loader import get_dataset
    from llamafactory.data.template import get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments, ModelArguments
    from transformers import Seq2SeqTrainingArguments

    arguments = DataArguments(
        dataset="r1data", dataset_dir=str(folder), template=None, cutoff_len=1024, overwrite_cache=True,
        preprocessing_num_workers=None,
    )  # fmt: skip
    template = get_template_and_fix_tokenizer(tokenizer, arguments)  # from the tokenizer's own
    training = Seq2SeqTrainingArguments(output_dir=str(folder / "out"), use_cpu=True, report_to=[], do_train=True)
    rows = get_dataset(template, ModelArguments(model_name_or_path="x"), arguments, training, "sft", tokenizer)
    samples = rows["train_dataset"]
    one = samples[0]
    learnt = [label for label in one["labels"] if label >= 0]
    return len(samples), tokenizer.decode(one["input_ids"]), tokenizer.decode(learnt)


def swift(task: str, folder: Path, tokenizer: Any) -> Seen:
    from swift.dataset import load_dataset as load

    rows, _ = load(str(folder / "train.jsonl"), use_hf=True, remove_unused_columns=False)
    one = rows[0]
    text = tokenizer.apply_chat_template(one["messages"], tokenize=False, add_generation_prompt=task == "rl")
    if task == "rl":
        assert one["solution"]
        return len(rows), text, None
    return len(rows), text, one["messages"][-1]["content"] + tokenizer.eos_token


LOADERS = {"trl": trl, "verl": verl, "openrlhf": openrlhf, "llamafactory": llamafactory, "ms-swift": swift}

if __name__ == "__main__":
    trainer, task, folder, model = sys.argv[1:]
    samples, text, learnt = LOADERS[trainer](task, Path(folder), AutoTokenizer.from_pretrained(model))
    print(json.dumps({"samples": samples, "text": text, "learnt": learnt}))
