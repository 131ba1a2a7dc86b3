"""What most draws answer: counted by what answers mean, not by how they are spelled."""

from collections.abc import Sequence
from fractions import Fraction

import polars as pl
import pytest

from r1data.selection.majority import MOST_SPELLINGS, Pair, majorities, references, spelling, suspects
from schemas import References

P, Q = "a" * 32, "b" * 32


def frame(*rows: tuple[str, str | None, str]) -> pl.DataFrame:
    schema = {"prompt_id": pl.String, "extracted": pl.String, "outcome": pl.String}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def draws(prompt_id: str, extracted: str | None, outcome: str, times: int) -> list[tuple[str, str | None, str]]:
    return [(prompt_id, extracted, outcome)] * times


def as_numbers(pairs: Sequence[Pair]) -> list[bool]:
    return [Fraction(one) == Fraction(other) for _, one, other in pairs]


def never(pairs: Sequence[Pair]) -> list[bool]:
    return [False] * len(pairs)


PROMPTS = pl.DataFrame({"prompt_id": [P, Q], "reference": ["4", None]})


def test_answers_that_are_the_same_count_together() -> None:
    answers = frame(*draws(P, "0.5", "incorrect", 2), *draws(P, "1/2", "incorrect", 2), *draws(P, "3", "correct", 3))
    assert majorities(answers, never).row(0)[1:4] == ("3", 3 / 7, 7)
    assert majorities(answers, as_numbers).row(0)[1:4] == ("0.5", 4 / 7, 7)


def test_draws_without_an_answer_are_judged_but_agree_with_nobody() -> None:
    answers = frame(*draws(P, "5", "incorrect", 4), *draws(P, None, "no_answer", 3), *draws(P, " ", "timeout", 2))
    row = majorities(answers, never).to_dicts()[0]
    assert (row["agreement"], row["answers"], row["judged"], row["correct"]) == (1.0, 4, 7, 0)
    assert majorities(answers, never, min_answers=5).is_empty()


@pytest.mark.parametrize(
    ("rows", "suspect"),
    [
        (draws(P, "5", "incorrect", 4), True),
        (draws(P, "5", "incorrect", 3), False),
        (draws(P, "5", "incorrect", 6) + draws(P, "4", "correct", 4), True),
        (draws(P, "5", "incorrect", 5) + draws(P, "4", "correct", 5), False),
        (draws(P, "4", "correct", 9) + draws(P, "5", "incorrect", 1), False),
        (draws(Q, "5", "bad_reference", 9), False),
        (draws(P, "5", "timeout", 9), False),
    ],
)
def test_a_suspect_is_contradicted_by_enough_draws(rows: list[tuple[str, str | None, str]], suspect: bool) -> None:
    found = suspects(PROMPTS, frame(*rows), never)
    assert found.height == suspect
    if suspect:
        row = found.to_dicts()[0]
        assert (row["reference"], row["majority"]) == ("4", "5") and row["agreement"] >= 0.6


def test_the_clearest_suspects_come_first() -> None:
    prompts = pl.DataFrame({"prompt_id": [P, Q], "reference": ["4", "9"]})
    answers = frame(*draws(P, "5", "incorrect", 7), *draws(P, "6", "incorrect", 1), *draws(Q, "8", "incorrect", 4))
    assert suspects(prompts, answers, never)["prompt_id"].to_list() == [Q, P]


def test_a_reference_is_named_where_enough_agree() -> None:
    answers = frame(*draws(P, "\\frac{1}{2}", "bad_reference", 3), *draws(P, "7", "bad_reference", 1),
                    *draws(Q, "7", "bad_reference", 2), *draws(Q, "8", "bad_reference", 2))  # fmt: skip
    named = references(answers, never, min_agreement=0.75, min_answers=4)
    assert References.is_valid(named)
    assert named.to_dicts() == [{"prompt_id": P, "reference": "\\frac{1}{2}", "agreement": 0.75, "answers": 4}]
    assert references(answers, never, min_agreement=0.8, min_answers=4).is_empty()
    assert references(answers, never, min_agreement=0.75, min_answers=5).is_empty()


def test_the_order_of_rows_decides_nothing() -> None:
    answers = frame(*draws(P, "1/2", "incorrect", 2), *draws(P, "0.5", "incorrect", 2), *draws(P, "3", "correct", 4),
                    *draws(Q, "b", "incorrect", 2), *draws(Q, "a", "incorrect", 2))  # fmt: skip
    first = majorities(answers, never)
    for seed in range(5):
        assert majorities(answers.sample(fraction=1, shuffle=True, seed=seed), never).equals(first)


def test_a_prompt_with_many_answers_asks_about_few() -> None:
    asked: list[Pair] = []

    def remember(pairs: Sequence[Pair]) -> list[bool]:
        asked.extend(pairs)
        return [False] * len(pairs)

    majorities(frame(*((P, str(n), "incorrect") for n in range(200))), remember)
    assert len(asked) == MOST_SPELLINGS * (MOST_SPELLINGS - 1) // 2


def test_no_answers_are_no_majority() -> None:
    assert majorities(frame(), never).is_empty() and suspects(PROMPTS, frame(), never).is_empty()


@pytest.mark.parametrize(
    ("text", "plain"),
    [("$ 4 $", "4"), ("\\dfrac{1}{2}.", "\\frac{1}{2}"), (" x = 3", "x=3"),
     ("\\left(1,\\ 2\\right)", "(1,2)"), (None, "")],
)  # fmt: skip
def test_trifles_make_no_other_answer(text: str | None, plain: str) -> None:
    assert pl.select(spelling(pl.lit(text, dtype=pl.String))).item() == plain
