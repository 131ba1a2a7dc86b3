"""The labelled cases: that they are what they should be, and that the verifiers keep to their error rates on them."""

from collections import Counter
from pathlib import Path

import pytest

from r1data.verifiers import VERIFIERS, VerifierPool
from r1data.verifiers.benchmark import CASES, CaseError, known_rates, read_cases, run_benchmark
from schemas import Outcome

MOST_FALSE_ACCEPTS, MOST_FALSE_REJECTS = 0.002, 0.01


def test_there_are_cases_of_every_kind_and_each_says_why() -> None:
    cases = read_cases(CASES)
    assert len(cases) >= 600
    assert {case.check.verifier for case in cases} == set(VERIFIERS)
    assert {outcome for case in cases for outcome in case.expected} >= set(Outcome) - {Outcome.VERIFIER_ERROR}
    assert all(case.reason.strip() and case.topic for case in cases)
    chinese = Counter(case.check.language == "zh" for case in cases if case.check.verifier != "code")
    assert chinese[True] > 0.25 * chinese.total()


def test_the_rates_that_the_cards_name_are_those_of_the_verifiers_at_hand() -> None:
    kept = {row["verifier"]: row["version"] for row in known_rates()["verifiers"]}
    assert kept == {name: verifier.version for name, verifier in VERIFIERS.items()}, (
        "run r1data bench verifiers --write"
    )


@pytest.mark.slow
def test_the_verifiers_keep_to_their_rates() -> None:
    with VerifierPool(2, deadline=10) as pool:
        result = run_benchmark(CASES, pool)
    assert sum(r.false_accepts for r in result.rates) <= MOST_FALSE_ACCEPTS * sum(r.wrong_answers for r in result.rates)
    assert sum(r.false_rejects for r in result.rates) <= MOST_FALSE_REJECTS * sum(r.right_answers for r in result.rates)
    assert {r.verifier for r in result.rates} == set(VERIFIERS)
    assert result.agreement is not None and result.agreement.share > 0.75


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("{}", "KeyError"),
        ("nonsense", "JSONDecodeError"),
        ('{"id": "1", "verifier": "math", "response": "4", "reference": "4", "expected": "fine", "class": "x",'
         ' "reason": "y"}', "fine"),
        ('{"id": "1", "verifier": "math", "response_code": "__import__(\'os\')", "reference": "4",'
         ' "expected": "correct", "class": "x", "reason": "y"}', "only texts"),
    ],
)  # fmt: skip
def test_a_case_that_is_none_is_named(tmp_path: Path, line: str, trouble: str) -> None:
    (tmp_path / "some.jsonl").write_text(line + "\n")
    with pytest.raises(CaseError, match=r"some\.jsonl:1: .*") as caught:
        read_cases(tmp_path)
    assert trouble in str(caught.value)


def test_a_folder_without_cases_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="holds no cases"):
        read_cases(tmp_path)
