"""reasoning-gym: the same rows on every run, each accepted by its family's own scorer from the stored JSON."""

import json
import os
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import reasoning_gym

from r1data.errors import SourceError
from r1data.recipe import GymPrompts
from r1data.sources import gym
from tests.sources.reading import read

FAMILIES = ["chain_sum", "basic_arithmetic", "gcd", "lcm", "number_sorting", "spell_backward", "letter_counting",
            "simple_equations", "leg_counting", "fraction_simplification", "zebra_puzzles", "calendar_arithmetic",
            "simple_geometry", "countdown", "knights_knaves", "polynomial_multiplication",
            "time_intervals"]  # fmt: skip
UNSTABLE = ["isomorphic_strings", "knight_swap", "polynomial_multiplication", "ransom_note", "word_ladder"]
"""Families whose rows would depend on the hash seed."""


def source(family: str, size: int = 4, **config: object) -> GymPrompts:
    return GymPrompts(kind="reasoning_gym", family=family, size=size, config=config)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_accepts_its_own_answers_from_the_stored_task_alone(tmp_path: Path, family: str) -> None:
    ingested = read(tmp_path, {"kind": "reasoning_gym", "family": family, "size": 5, "seed": 3})
    assert ingested.prompts.height + ingested.duplicates == 5 and ingested.bad.height == 0
    score = reasoning_gym.get_score_answer_fn(family)
    for row in ingested.prompts.iter_rows(named=True):
        task = json.loads(row["task"])
        assert (task["family"], row["domain"], row["verifier"]) == (family, "logic", "logic")
        assert task["entry"]["question"].strip() == row["messages"][0]["content"]
        assert score(row["reference"], task["entry"]) >= 0.999


@pytest.mark.parametrize(
    ("family", "rule"),
    [("rush_hour", "reference_missing"), ("game_of_life_halting", "reference_rejected_by_own_scorer")],
)
def test_a_row_that_could_never_be_judged_is_a_bad_row(tmp_path: Path, family: str, rule: str) -> None:
    good = {"kind": "reasoning_gym", "family": "gcd", "size": 1}
    ingested = read(tmp_path, good, {"kind": "reasoning_gym", "family": family, "size": 2})
    assert ingested.bad["rule"].to_list() == [rule] * 2
    assert ingested.bad["row"].to_list() == [f"{family}[seed=0]:{index}" for index in (0, 1)]


def test_grids_that_json_turns_into_lists_are_good_rows(tmp_path: Path) -> None:
    ingested = read(tmp_path, {"kind": "reasoning_gym", "family": "rearc", "size": 2})
    assert ingested.prompts.height == 2 and ingested.bad.height == 0


@pytest.mark.parametrize(
    ("family", "config", "remedy"),
    [
        ("chain_sums", {}, "did you mean 'chain_sum'"),
        ("chain_sum", {"min_term": 1}, "did you mean 'min_terms'"),
        ("chain_sum", {"min_terms": 5, "max_terms": 2}, "its settings: min_terms"),
        ("chain_sum", {"min_terms": "many"}, "its settings: min_terms"),
        ("chain_sum", {"seed": 5}, "set seed beside config"),
    ],
)
def test_a_wrong_name_is_answered_with_what_there_is(family: str, config: dict[str, object], remedy: str) -> None:
    with pytest.raises(SourceError) as caught:
        list(gym.read_gym(source(family, **config)))
    assert remedy in str(caught.value.remedy)


@pytest.mark.slow
def test_rows_do_not_depend_on_the_hash_seed_nor_on_what_ran_before() -> None:
    code = (
        "import sys; from r1data.recipe import GymPrompts; from r1data.sources.gym import read_gym\n"
        "for f in sys.argv[1:]:\n"
        "    print(f, *(p.prompt_id for p in read_gym(GymPrompts(kind='reasoning_gym', family=f, size=3))))"
    )
    outputs = []
    for seed, families in (("1", UNSTABLE), ("2", UNSTABLE[::-1])):
        done = subprocess.run(
            [sys.executable, "-c", code, *families],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        outputs.append(sorted(done.stdout.splitlines()))
    assert outputs[0] == outputs[1] and len(outputs[0]) == len(UNSTABLE)


def test_rows_do_not_depend_on_the_day() -> None:
    tasks = [prompt.task for prompt in gym.read_gym(source("time_intervals", 20, task_types=["time", "time_ms"]))]
    starts = {json.loads(task)["entry"]["metadata"]["start_time"][:10] for task in tasks}
    assert starts == {"2000-01-01"}


def test_our_own_random_numbers_stay_as_they_are() -> None:
    random.seed(7)
    expected = random.random()
    random.seed(7)
    list(gym.read_gym(source("gcd")))
    assert random.random() == expected


def test_a_source_left_half_read_does_not_disturb_the_next() -> None:
    expected = list(gym.read_gym(source("gcd")))
    rows = gym.read_gym(source("lcm", 3000))
    next(rows)
    rows.close()
    assert list(gym.read_gym(source("gcd"))) == expected


def test_a_process_that_dies_is_an_error_and_the_next_source_gets_another() -> None:
    rows = gym.read_gym(source("gcd", 200_000))
    next(rows)
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if str(gym.PROGRAM) in child.cmdline():
                child.kill()
    with pytest.raises(SourceError, match="its process ended"):
        list(rows)
    assert len(list(gym.read_gym(source("gcd")))) == 4
