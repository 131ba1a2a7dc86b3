"""The figures of the labelled texts, which the documentation names."""

import pytest

from r1data.contamination.benchmark import CASES, CaseError, run_benchmark
from tests.contamination.making import lookalikes, planted


def test_planted_items_are_found_and_look_alikes_left_alone() -> None:
    result = run_benchmark()
    found, accused = result.total(True), result.total(False)
    assert found.cases >= 200 and accused.cases >= 600
    for rate in result.rates:
        if rate.planted:
            assert rate.share >= 0.95, (rate, result.missed)
    assert accused.share < 0.005, result.accused


def test_the_cases_are_what_the_generator_makes() -> None:
    for name, cases in (("planted", planted()), ("lookalikes", lookalikes())):
        assert len((CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()) == len(list(cases))


def test_cases_that_are_not_there_are_a_clear_error(tmp_path) -> None:
    with pytest.raises(CaseError, match=r"items\.jsonl"):
        run_benchmark(tmp_path)
