"""reasoning-gym answers are judged by their family's own scorer, from what is stored."""

import json
from pathlib import Path

import pytest

from r1data.recipe import Recipe
from r1data.sources import read_prompts
from r1data.verifiers import Check, verify
from schemas import Outcome

FAMILIES = ["chain_sum", "gcd", "number_sorting", "spell_backward", "letter_counting", "simple_equations", "countdown"]


def checks(family: str) -> list[tuple[str, str]]:
    source = {"kind": "reasoning_gym", "family": family, "size": 4, "seed": 11}
    recipe = Recipe.model_validate({"name": "t", "model": "./m", "prompts": [source]})
    prompts = read_prompts(recipe.model_copy(update={"folder": Path()})).prompts
    return list(prompts.select("reference", "task").iter_rows())


def judge(answer: str | None, task: str | None) -> Outcome:
    return verify(Check("0" * 32, "reasoning_gym", None, task, "en", answer)).outcome


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


def test_what_cannot_be_judged_is_not_wrong() -> None:
    _, task = checks("gcd")[0]
    assert judge(None, task) == Outcome.NO_ANSWER
    assert judge("x" * 300, task) == Outcome.NO_ANSWER
    assert judge("\\boxed{4}", None) == Outcome.BAD_REFERENCE
    assert judge("\\boxed{4}", "{") == Outcome.BAD_REFERENCE
    assert judge("\\boxed{4}", json.dumps({"family": "none", "config": {}, "entry": {}})) == Outcome.BAD_REFERENCE
    broken = json.loads(task) | {"entry": {}}
    assert judge("\\boxed{4}", json.dumps(broken)) == Outcome.VERIFIER_ERROR
