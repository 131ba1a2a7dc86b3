"""One verifier: the dataset, the reward and the evaluation say the same of the same completions (promise 6)."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from r1data.progress import Progress, Silence
from r1data.recipe import Rewards, Selection
from r1data.stages.grade import Grader
from r1data.verifiers import VerifierPool, check_of
from schemas import Outcome
from training.rewards import FAULT, Scorer, points

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pool() -> Iterator[VerifierPool]:
    with VerifierPool(2, 5.0) as pool:
        yield pool


def replies(answer: str, rng: random.Random) -> list[str]:
    """Right, wrong, without an answer, without an end, hostile, in another language."""
    wrong = str(rng.randint(1000, 9999))
    return [
        f"<think>\nI compute it.\n\nSo the answer is {answer}.\n</think>\n\nThe answer is \\boxed{{{answer}}}.",
        f"<think>\n我来计算，所以答案是 {answer}。\n</think>\n\nThe answer is \\boxed{{{answer}}}.",
        f"<think>\nI compute it.\n</think>\n\nThe answer is \\boxed{{{wrong}}}.",
        f"<think>\nIt is \\boxed{{{answer}}}, or is it",
        "<think>\n\n</think>\n\n",
        "",
        f"\\boxed{{{answer}}}",
        f"</think></think>\x00\ud7ff{answer}" + "\\boxed{" * 40,
        f"<think>a</think> first \\boxed{{{wrong}}}, no: \\boxed{{{answer}}}",
        "<think>x</think> \\boxed{9^{9^{9^{9}}}}",
    ]


@pytest.fixture(scope="module")
def asked() -> tuple[list[dict[str, Any]], list[str]]:
    rng = random.Random(3)
    rows, texts = [], []
    for name in ("practice-en", "practice-zh"):
        lines = (
            (REPOSITORY / "data" / "recipes" / "r1-small" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        )
        for line in lines[:6]:
            row = json.loads(line)
            for text in replies(row["answer"], rng):
                rows.append(row)
                texts.append(text)
    return rows, texts


def reward_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "messages": [{"role": "user", "content": row["question"]}], "verifier": "math", "reference": row["answer"],
            "task": None, "language": row["language"], "question": row["question"], "category": None, "thinking": None,
        }
        for row in rows
    ]  # fmt: skip


def test_dataset_reward_and_evaluation_agree(pool: VerifierPool, asked: tuple[list[dict[str, Any]], list[str]]) -> None:
    rows, texts = asked
    ids = [f"{place:032x}" for place in range(len(rows))]
    prompts = pl.DataFrame(
        {
            "prompt_id": ids, "language": [row["language"] for row in rows], "verifier": ["math"] * len(rows),
            "reference": [row["answer"] for row in rows], "task": [None] * len(rows), "thinking": [None] * len(rows),
            "messages": [[{"role": "user", "content": row["question"]}] for row in rows],
        },
        schema_overrides={"task": pl.String, "thinking": pl.Boolean},
    )  # fmt: skip
    completions = pl.DataFrame(
        {
            "completion_id": ids, "prompt_id": ids, "text": texts, "finish_reason": ["stop"] * len(rows),
            "completion_tokens": pl.Series([1] * len(rows), dtype=pl.Int32),
        }
    )  # fmt: skip
    grader = Grader(prompts, pool, Selection(), Progress(Silence()))
    grader.take_frame(completions)
    verdicts, measures = grader.finish()

    scorer = Scorer(pool, Rewards(language=1.0), {})
    scorer.begin(reward_rows(rows))
    shuffled = list(range(len(rows)))
    random.Random(1).shuffle(shuffled)  # completions end in any order
    for first in range(0, len(shuffled), 7):
        some = shuffled[first : first + 7]
        scorer.take(some, [texts[place] for place in some])
    scores = scorer.scores()

    checked = [
        pool.submit(check_of({"id": key, "verifier": "math", "reference": row["answer"], "response": text,
                              "language": row["language"], "prompt": row["question"]}))
        for key, row, text in zip(ids, rows, texts, strict=True)
    ]  # fmt: skip
    by_id = dict(verdicts.select("completion_id", "outcome").iter_rows())
    assert [by_id[key] for key in ids] == [verdict.result().outcome for verdict in checked]
    assert scores["accuracy"] == [points(Outcome(by_id[key])) for key in ids]
    assert scores["format"] == [float(well) for well in measures["think_in_order"]]
    assert scores["language"] == measures["language_share"].fill_null(0.0).to_list()
    assert {Outcome(one) for one in by_id.values()} >= {Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER}


@pytest.mark.parametrize("outcome", [Outcome.BAD_REFERENCE, Outcome.TIMEOUT, Outcome.VERIFIER_ERROR, Outcome.UNDECIDED])
def test_a_fault_is_not_worth_nothing(outcome: Outcome) -> None:
    assert points(outcome) == FAULT


def test_a_reference_that_nobody_can_read_gives_no_reward(pool: VerifierPool) -> None:
    scorer = Scorer(pool, Rewards(), {})
    row = reward_rows([{"question": "?", "answer": "", "language": "en"}])[0]
    scorer.begin([row, row | {"verifier": "quality"}])
    scorer.take([0, 1], ["<think>\na b c\n</think>\n\n\\boxed{1}"] * 2)
    assert scorer.scores()["accuracy"] == [FAULT, None]  # a fault, and one that no rule is for
    assert scorer.scores()["format"] == [1.0, 1.0]


def test_a_prompt_that_wants_no_thought_is_well_answered_without(pool: VerifierPool) -> None:
    scorer = Scorer(pool, Rewards(), {})
    row = reward_rows([{"question": "Hello!", "answer": "", "language": "en"}])[0]
    scorer.begin([row | {"verifier": "quality", "thinking": False}] * 2)
    scorer.take([0, 1], ["Hello!", "<think>\nA greeting.\n</think>\n\nHello!"])
    assert scorer.scores()["format"] == [1.0, 0.0]


def test_equal_weights_are_the_default() -> None:
    assert {Rewards().accuracy, Rewards().format, Rewards().model} == {1.0}
    assert Rewards().language == 0.0


def test_what_weighs_nothing_is_watched_all_the_same(pool: VerifierPool) -> None:
    scorer = Scorer(pool, Rewards(format=0), {})
    assert dict(zip(scorer.names, scorer.weights, strict=True)) == {"accuracy": 1, "format": 0, "language": 0}
