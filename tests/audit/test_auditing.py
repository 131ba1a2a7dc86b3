"""The audit: every prompt is in one place, with its reason, and is asked about once."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from r1data.audit import RULES, Audited, audit, no_audits
from r1data.audit.code_tests import tests_wanting as wanting
from r1data.audit.references import forms
from r1data.audit.twins import folded
from r1data.recipe import Audit, Recipe
from r1data.recipe.recipe import AuditRule
from r1data.sources import Ingested, read_prompts
from r1data.verifiers import Check, VerifierPool, verify
from r1data.verifiers.registry import version_of
from schemas import Audits, BadPrompts, Outcome, Verdict


class CountingPool(VerifierPool):
    """Judges in this process, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Check] = []
        self.outcome: Outcome | None = None

    def submit(self, check: Check) -> Future[Verdict]:
        self.asked.append(check)
        future: Future[Verdict] = Future()
        said = verify(check)
        if self.outcome is not None:
            said = Verdict(check.completion_id, check.verifier, version_of(check.verifier), self.outcome, None, "", 0.0)
        future.set_result(said)
        return future


@pytest.fixture
def pool() -> Iterator[CountingPool]:
    yield CountingPool()


def ingest(folder: Path, *files: list[dict[str, str]]) -> Ingested:
    sources = []
    for number, rows in enumerate(files):
        (folder / f"{number}.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
        sources.append({"kind": "file", "path": f"{number}.jsonl", "name": f"file {number}"})
    recipe = Recipe.model_validate({"name": "t", "model": "./m", "prompts": sources, "max_bad_prompts": 1.0})
    return read_prompts(recipe.model_copy(update={"folder": folder}))


def examine(
    ingested: Ingested, pool: VerifierPool, settings: Audit | None = None, known: pl.DataFrame | None = None
) -> tuple[Audited, pl.DataFrame]:
    """Audit, check that no prompt is lost, and return what is known of references afterwards."""
    saved = [no_audits() if known is None else known]
    audited = audit(
        ingested.prompts, settings or Audit(), pool, sources=ingested.sources, known=saved[-1], save=saved.append
    )
    assert audited.prompts.height + audited.set_aside.height == ingested.prompts.height
    assert BadPrompts.is_valid(audited.set_aside) and sum(audited.counts.values()) == audited.set_aside.height
    return audited, Audits.validate(saved[-1], cast=True)


GOOD = {"question": "What is 2 + 2?", "answer": "4"}
BAD = {
    "figure_missing": {"question": "In the figure, what is the angle x?", "answer": "40"},
    "link": {"question": "See https://example.org/a for x. What is 2x?", "answer": "40"},
    "several_questions": {"question": "(a) What is 2 * 3? (b) What is 3 * 4?", "answer": "6"},
    "proof": {"question": "Prove that 4 is even.", "answer": "trivial"},
    "answer_leaked": {"question": "What is 3 + 3?\nAnswer: 6", "answer": "6"},
    "reference_unreadable": {"question": "How high is the tower?", "answer": "See solution."},
    "duplicate": {"question": "what is 2+2 ?", "answer": "4"},
}


BROKEN = {"question": "What is 1/2 + 1/3?", "answer": "\\frac{5}{6"}


def test_every_prompt_is_set_aside_with_its_rule(tmp_path: Path, pool: CountingPool) -> None:
    ingested = ingest(tmp_path, [GOOD], list(BAD.values()))
    audited, _ = examine(ingested, pool)
    assert audited.prompts["messages"][0][0]["content"] == GOOD["question"] and audited.prompts.height == 1
    rules = {row["content"]: row["rule"] for row in audited.set_aside.to_dicts()}
    assert rules == {row["question"]: rule for rule, row in BAD.items()}
    assert all(audited.set_aside["detail"].str.len_chars() > 10) and set(audited.set_aside["source"]) == {"file 1"}


@pytest.mark.parametrize(
    ("outcome", "rule"),
    [
        (Outcome.INCORRECT, "reference_rejected"),
        (Outcome.NO_ANSWER, "reference_rejected"),
        (Outcome.UNDECIDED, "reference_rejected"),
        (Outcome.BAD_REFERENCE, "reference_unreadable"),
    ],
)
def test_what_the_verifier_says_of_the_reference(
    tmp_path: Path, pool: CountingPool, outcome: Outcome, rule: str
) -> None:
    pool.outcome = outcome
    audited, known = examine(ingest(tmp_path, [GOOD]), pool)
    assert audited.counts == {rule: 1} and known["rule"].to_list() == [rule]
    assert rule == "reference_unreadable" or audited.set_aside["detail"][0].startswith(outcome)


@pytest.mark.parametrize("rule", get_args(AuditRule))
def test_a_rule_can_be_switched_off(tmp_path: Path, pool: CountingPool, rule: str) -> None:
    others = tuple(name for name in get_args(AuditRule) if name != rule)
    row = BAD[rule] | {"answer": "4"}
    audited, _ = examine(ingest(tmp_path, [GOOD], [row]), pool, Audit(rules=others))
    assert audited.prompts.height == 2
    assert examine(ingest(tmp_path, [GOOD], [row]), pool)[0].counts == {rule: 1}


def test_the_recipe_knows_the_rules_that_there_are() -> None:
    assert {*RULES, "duplicate"} == set(get_args(AuditRule)) == set(Audit().rules)


def test_references_can_go_unchecked(tmp_path: Path, pool: CountingPool) -> None:
    ingested = ingest(tmp_path, [BROKEN, BAD["reference_unreadable"]])
    assert examine(ingested, pool, Audit(reference=False))[0].counts == {}
    assert not pool.asked


def test_a_second_audit_asks_nothing_and_says_the_same(tmp_path: Path, pool: CountingPool) -> None:
    ingested = ingest(tmp_path, [GOOD, BROKEN])
    first, known = examine(ingested, pool)
    assert known.height == 2 and len(pool.asked) == 2
    second, again = examine(ingested, pool, known=known)
    assert len(pool.asked) == 2 and second.set_aside.equals(first.set_aside) and again.equals(known)


def test_another_version_of_the_verifier_is_asked_anew(tmp_path: Path, pool: CountingPool) -> None:
    ingested = ingest(tmp_path, [GOOD])
    old = examine(ingested, pool)[1].with_columns(version=pl.col("version") + 1, rule=pl.lit("reference_rejected"))
    audited, known = examine(ingested, pool, known=old)
    assert len(pool.asked) == 2 and known.height == 1 and audited.prompts.height == 1


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.VERIFIER_ERROR])
def test_a_fault_of_ours_is_set_aside_and_tried_again(tmp_path: Path, pool: CountingPool, outcome: Outcome) -> None:
    ingested = ingest(tmp_path, [GOOD])
    pool.outcome = outcome
    audited, known = examine(ingested, pool)
    assert audited.counts == {"reference_rejected": 1} and outcome in audited.set_aside["detail"][0]
    assert not known.height
    pool.outcome = None
    assert examine(ingested, pool, known=known)[0].prompts.height == 1


def test_of_twins_the_one_of_the_first_source_stays(tmp_path: Path, pool: CountingPool) -> None:
    rows = [{"question": f"What  is {n} + {n} ?", "answer": str(2 * n)} for n in range(20)]
    twins = [{"question": f"what is {n}+{n}", "answer": str(2 * n)} for n in range(20)]
    for files, kept in (((rows, twins), rows), ((twins, rows), twins)):
        audited, _ = examine(ingest(tmp_path, *files), pool)
        assert audited.counts == {"duplicate": 20} and set(audited.prompts["source"]) == {"file 0"}
        assert {m[0]["content"] for m in audited.prompts["messages"]} == {row["question"] for row in kept}
    ids = set(audited.prompts["prompt_id"])
    assert all(any(prompt_id in detail for prompt_id in ids) for detail in audited.set_aside["detail"])


def test_another_wording_of_a_question_is_set_aside_with_its_twin(tmp_path: Path, pool: CountingPool) -> None:
    question = "Tom puts 12 apples into each of 5 boxes and eats 3 of them. How many apples are in the boxes then?"
    first = {"question": question, "answer": "57"}
    again = first | {"question": question.replace("into each of", "in each one of").replace("one of", "of his")}
    other = {"question": question.replace("12", "13"), "answer": "62"}
    ingested = ingest(tmp_path, [first, other], [again])
    audited, _ = examine(ingested, pool)
    assert audited.counts == {"near_duplicate": 1} and set(audited.prompts["source"]) == {"file 0"}
    kept = audited.prompts.filter(pl.col("reference") == "57")["prompt_id"][0]
    assert kept in audited.set_aside["detail"][0] and "similarity 0." in audited.set_aside["detail"][0]
    apart = Audit(rules=tuple(rule for rule in get_args(AuditRule) if rule != "duplicate"))
    assert examine(ingested, pool, apart)[0].set_aside.height == 0
    unlike = audit(ingested.prompts, Audit(), pool, sources=ingested.sources, known=no_audits(), near=False)
    assert unlike.set_aside.height == 0


def test_a_twin_with_a_bad_reference_does_not_take_the_good_one_with_it(tmp_path: Path, pool: CountingPool) -> None:
    bad = GOOD | {"answer": "\\frac{4"}
    audited, _ = examine(ingest(tmp_path, [bad], [GOOD | {"question": "what is 2+2"}]), pool)
    assert set(audited.counts) <= {"reference_rejected", "reference_unreadable"}
    assert audited.set_aside.height == 1 and audited.prompts["reference"].to_list() == ["4"]


def test_a_twin_with_another_reference_is_told(tmp_path: Path, pool: CountingPool) -> None:
    audited, _ = examine(ingest(tmp_path, [GOOD], [GOOD | {"question": "what is 2+2", "answer": "5"}]), pool)
    assert "whose reference is 4" in audited.set_aside["detail"][0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What is 2 + 2?", "what is 2+2", True),
        ("“Let $x = 3$. Find $x^2$.”", "let x=3; find x^2", True),
        ("计算：３＋４", "计算:3+4。", True),
        ("求 a 与 b 的和。", "求a与b的和", True),
        ("Let's go, how far?", "Let’s go; how far?", True),
        ("What is 384 + 2?", "What is 384 - 2?", False),
        ("What is 1.5 * 2?", "What is 15 * 2?", False),
        ("What is 5!?", "What is 5?", False),
        ("Find (a+b)c.", "Find a+(bc).", False),
        ("What is f'(2)?", "What is f(2)?", False),
        ("Add 12 and 3.", "Add 1 and 23.", False),
        ("The ratio is 3:4.", "The ratio is 34.", False),
        ("What is 12 3?", "What is 123?", False),
    ],
)
def test_folding_keeps_what_tells_questions_apart(one: str, other: str, same: bool) -> None:
    assert (folded(one) == folded(other)) == same


def test_a_whole_solution_is_an_answer_as_it_stands() -> None:
    assert forms("math", "4") == ("\\boxed{4}",)
    assert forms("math", "2 + 2 = 4\n#### 4") == ("2 + 2 = 4\n#### 4",)


@pytest.mark.parametrize(
    ("task", "lacks"),
    [
        (None, "no tests"), ("{", "no JSON"), ('{"tests": []}', "no tests"),
        ('{"tests": {"inputs": ["1"], "outputs": []}}', "1 inputs and 0 outputs"),
        ('{"tests": {"inputs": ["1"], "outputs": ["2"]}}', None),
        ('{"tests": "{\\"inputs\\": [\\"1\\"], \\"outputs\\": [\\"2\\"]}"}', None),
    ],
)  # fmt: skip
def test_a_program_needs_tests(task: str | None, lacks: str | None) -> None:
    found = wanting(task)
    assert found is None if lacks is None else lacks in (found or "")
