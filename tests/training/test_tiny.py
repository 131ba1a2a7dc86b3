"""The tiny model's text is right where it means to be, wrong at the stated rates, and never seen in the demo."""

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random

import polars as pl
import pytest
import reasoning_gym
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from r1data import replies
from r1data.measures import measure
from r1data.verifiers import Check, verify
from schemas import Outcome
from training.tiny import gym
from training.tiny.corpus import Example, examples, held_out
from training.tiny.families import FAMILIES
from training.tiny.flaws import RATES, Flaw, draft, plain
from training.tiny.prompts import held_out_tasks, row
from training.tiny.tasks import Pen, Task
from training.tiny.tokenizer import for_transformers, from_corpus

ROOT = Path(__file__).parents[2]
NAMESPACE = {"__builtins__": {}, "max": max, "min": min}


@pytest.fixture(scope="module")
def corpus() -> list[Example]:
    return list(islice(examples(seed=5), 3000))


def careful(task: Task) -> str:
    """The task's reply by a pen that never slips."""
    rng = Random(1)
    return plain(draft(task.solve(Pen(rng, 0.0)), task.language, task.code, rng), rng).text


@pytest.mark.parametrize("family", FAMILIES)
def test_our_answers_are_right_and_a_careful_pen_finds_them(family: str) -> None:
    rng = Random(family)
    for number in range(150):
        task = FAMILIES[family](rng, "en" if number % 2 else "zh")
        assert task.answer == str(eval(task.code, NAMESPACE)), task.question
        answer = replies.split(careful(task)).answer
        check = Check("0" * 32, "math", task.answer, None, task.language, answer)
        assert verify(check).outcome == Outcome.CORRECT, (task.question, answer)


@pytest.mark.parametrize("family", gym.CONFIGURATIONS)
def test_a_careful_pen_satisfies_the_familys_own_scorer(family: str) -> None:
    score = reasoning_gym.get_score_answer_fn(family)
    for entry in islice(gym.entries(family, seed=123, size=60), 60):
        answer = careful(gym.task(family, entry)).rsplit("\\boxed{", 1)[1].rsplit("}", 1)[0]
        assert score(answer, entry) == 1.0, (entry["question"], answer)


def test_flaws_come_at_the_stated_rates(corpus: list[Example]) -> None:
    seen = Counter(example.flaw for example in corpus)
    for flaw, rate in RATES.items():
        assert abs(seen[flaw] / len(corpus) - rate) < 0.015, flaw


def test_the_factorys_measures_see_every_flaw(corpus: list[Example]) -> None:
    rows = pl.DataFrame(
        [(f"{n:032x}", e.task.language, e.reply.text, e.flaw) for n, e in enumerate(corpus)],
        schema=["completion_id", "language", "text", "flaw"], orient="row",
    )  # fmt: skip
    measured = measure(rows.drop("flaw")).join(rows, on="completion_id")
    caught = {
        Flaw.MIXED: pl.col("language_share") < 0.97,
        Flaw.LONG_PARAGRAPH: pl.col("longest_paragraph") > 400,
        Flaw.UNCLOSED_THINK: ~pl.col("think_in_order"),
        Flaw.OPEN_FENCE: pl.col("fence_unclosed"),
        Flaw.LOOP: pl.col("tail_repeats") >= 4,
    }
    for flaw, sees in caught.items():
        share = measured.filter(pl.col("flaw") == flaw).select(sees.fill_null(False).mean()).item()
        false = measured.filter(pl.col("flaw") == Flaw.NONE).select(sees.fill_null(False).mean()).item()
        assert share > 0.9 and false < 0.01, (flaw, share, false)


def test_what_is_shipped_and_what_the_demo_asks_was_never_trained_on(corpus: list[Example]) -> None:
    trained = {example.task.question for example in corpus}
    shipped = [json.loads(line) for path in (ROOT / "data/prompts").glob("arithmetic-*.jsonl") for line in path.open()]
    assert len(shipped) >= 240 and all(held_out(prompt["question"]) for prompt in shipped)
    assert not trained & {prompt["question"] for prompt in shipped}
    demo = yaml.safe_load((ROOT / "data/recipes/demo.yaml").read_text())
    for source in demo["prompts"]:
        if source["kind"] == "reasoning_gym":
            assert source["config"] == gym.CONFIGURATIONS[source["family"]]
            assert (source.get("seed", 0), source["size"] <= gym.RESERVED.size) == (gym.RESERVED.seed, True)
    assert not trained & gym.reserved_questions()


def test_the_shipped_prompts_are_what_the_command_makes() -> None:
    for language in ("en", "zh"):
        lines = (ROOT / f"data/prompts/arithmetic-{language}.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == [row(task) for task in held_out_tasks(language)]


def test_the_checkpoint_is_small_and_whole(tiny: Path) -> None:
    assert sum(path.stat().st_size for path in tiny.iterdir()) <= 4_000_000
    assert json.loads((tiny / "config.json").read_text())["model_type"] == "llama"
    assert {"model.safetensors", "tokenizer.json", "README.md"} <= {path.name for path in tiny.iterdir()}


def test_the_template_keeps_the_thought(tiny: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    turns = [
        {"role": "system", "content": "Think first."},
        {"role": "user", "content": "2 + 2?"},
        {"role": "assistant", "content": "<think>\nI add.\n</think>\n\n\\boxed{4}"},
    ]
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    assert "<think>\nI add.\n</think>\n\n\\boxed{4}<|end|>" in text
    cue = tokenizer.apply_chat_template(turns[:2], tokenize=False, add_generation_prompt=True)
    assert text.startswith(cue) and cue.endswith("<|assistant|>")
    ids = tokenizer.encode("<think>a</think>", add_special_tokens=False)
    assert tokenizer.decode(ids, skip_special_tokens=True) == "<think>a</think>"


@pytest.fixture(scope="module")
def tokenizer() -> object:
    return for_transformers(from_corpus(seed=0))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60).filter(lambda text: "<|" not in text))
def test_any_text_survives_the_tokenizer(tokenizer: object, text: str) -> None:
    ids = tokenizer.encode(text, add_special_tokens=False)  # type: ignore[attr-defined]
    assert tokenizer.decode(ids) == text  # type: ignore[attr-defined]
