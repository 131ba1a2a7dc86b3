"""reasoning-gym answers are judged by their family's own scorer, from what is stored."""

import json
from pathlib import Path

import pytest

from r1data.recipe import Recipe
from r1data.sources import read_prompts
from r1data.verifiers import Check, gym, verify
from schemas import Outcome

FAMILIES = ["chain_sum", "gcd", "number_sorting", "spell_backward", "letter_counting", "simple_equations", "countdown"]


def checks(family: str) -> list[tuple[str, str]]:
    source = {"kind": "reasoning_gym", "family": family, "size": 4, "seed": 11}
    recipe = Recipe.model_validate({"name": "t", "model": "./m", "prompts": [source]})
    prompts = read_prompts(recipe.model_copy(update={"folder": Path()})).prompts
    return list(prompts.select("reference", "task").iter_rows())


def judge(answer: str | None, task: str | None) -> Outcome:
    return verify(Check("0" * 32, "logic", None, task, "en", answer)).outcome


@pytest.mark.parametrize("family", FAMILIES)
def test_the_right_answer_in_all_its_forms(family: str) -> None:
    for reference, task in checks(family):
        escaped = reference.replace("{", "\\{").replace("}", "\\}").replace("%", "\\%")
        for form in (
            f"\\boxed{{{escaped}}}",
            f"\\boxed{{\\text{{{escaped}}}}}",
            f"<answer>{reference}</answer>",
            reference,
        ):
            assert judge(f"I worked it out.\n\n{form}", task) == Outcome.CORRECT, form
        assert judge("\\boxed{certainly not this}", task) == Outcome.INCORRECT


SEVERAL_LINES = ["mini_sudoku", "rotate_matrix", "n_queens", "binary_matrix"]


OTHERS = ["caesar_cipher", "word_sorting", "palindrome_partitioning", "group_anagrams"]


@pytest.mark.parametrize("family", [*FAMILIES, *SEVERAL_LINES, *OTHERS])
def test_the_right_answer_in_prose_and_fences(family: str) -> None:
    for reference, task in checks(family):
        for form in ("```\n{}\n```", "{}", "**Final answer**\n\n{}", "The answer is {}"):
            answer = form.replace("{}", reference)
            assert judge(f"I worked it out.\n\n{answer}", task) == Outcome.CORRECT, answer


@pytest.mark.parametrize("family", SEVERAL_LINES)
def test_a_remark_behind_lines_does_not_hide_them(family: str) -> None:
    for reference, task in checks(family):
        assert judge(f"So:\n\n{reference}\n\nThat is all there is to say about this one.", task) == Outcome.CORRECT
        assert judge(f"{reference}\n\nNo, rather:\n\n{reference[::-1]} 7", task) != Outcome.CORRECT


def test_what_cannot_be_judged_is_not_wrong() -> None:
    _, task = checks("gcd")[0]
    assert judge(None, task) == Outcome.NO_ANSWER
    assert judge("x" * 300, task) == Outcome.NO_ANSWER
    assert judge("\\boxed{4}", None) == Outcome.BAD_REFERENCE
    assert judge("\\boxed{4}", "{") == Outcome.BAD_REFERENCE
    assert judge("\\boxed{4}", json.dumps({"family": "none", "config": {}, "entry": {}})) == Outcome.BAD_REFERENCE
    for broken in ({"entry": {}}, {"entry": 3}, {"config": {"no": 1}}):
        assert judge("\\boxed{4}", json.dumps(json.loads(task) | broken)) == Outcome.BAD_REFERENCE


class Fragile:
    """A scorer that wants a tuple, and falls over what is no number."""

    def score_answer(self, answer: str, entry: dict) -> float:
        return float(int(answer) == entry["metadata"]["n"][0] and isinstance(entry["metadata"]["n"], tuple))


def test_a_scorer_that_falls_over_an_answer_has_judged_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gym, "_scorer", lambda family, config: Fragile())
    task = json.dumps({"family": "f", "config": {}, "entry": {"answer": "7", "metadata": {"n": [7]}}})
    assert judge("\\boxed{7}", task) == Outcome.CORRECT
    assert judge("\\boxed{seven}", task) == Outcome.INCORRECT
    assert judge("\\boxed{8}", task) == Outcome.INCORRECT
    assert judge("\\boxed{8}", task.replace('"7"', '"x"')) == Outcome.BAD_REFERENCE


def test_a_scorer_that_accepts_anything_is_not_believed() -> None:
    task = json.dumps({"family": "game_of_life_halting", "config": {}, "entry": {"answer": True, "metadata": {}}})
    assert judge("\\boxed{True}", task) == Outcome.BAD_REFERENCE


@pytest.mark.slow
@pytest.mark.parametrize("family", ["arc_agi", "rearc"])
def test_grids_that_json_turned_into_lists(family: str) -> None:
    import reasoning_gym

    entry = reasoning_gym.create_dataset(family, size=1, seed=1)[0]
    task = json.dumps({"family": family, "config": {}, "entry": entry}, default=str)
    assert judge(f"<answer>{entry['answer']}</answer>", task) == Outcome.CORRECT
    assert judge("<answer>1 2\n3 4</answer>", task) == Outcome.INCORRECT
