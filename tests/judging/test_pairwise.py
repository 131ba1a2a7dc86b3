"""Pairs: four judgements, two in either order; kept when the mean difference is more than one."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.engines import Failure, Request
from r1data.judging import Judge, PairItem, Preference, pairwise_fingerprint, prefer
from r1data.judging.pairwise import SCORES, orders, preferred
from r1data.recipe import JudgeSettings
from tests.judging.bench import StubEngine, judge_with, model
from tests.judging.reading import quotations

PAIR = PairItem("1" * 32, "Write a haiku.", "a good one", "a bad one", "en")


def ask(engine: StubEngine, by: Judge, items: list[PairItem], seed: int = 0) -> list[Preference]:
    async def go() -> list[Preference]:
        return [preference async for preference in prefer(items, engine, by, 3, seed)]

    return asyncio.run(go())


def compared(verdict: str) -> str:
    return json.dumps({"own_answer": "mine", "comparison": "so", "verdict": verdict})


def sees_good_first(by: Judge, request: Request) -> bool:
    text = by.model.tokenizer.decode(request.tokens).removeprefix("<|bos|><|user|>")
    found, _, _ = quotations(text.removesuffix("<|end|><|assistant|>"))
    assert set(found.values()) == {"Write a haiku.", "a good one", "a bad one"}
    return found["answer A"] == "a good one"


def test_scores_are_turned_back_and_averaged(tiny: Path) -> None:
    by = judge_with(tiny)
    engine = StubEngine(lambda request, number: compared("A>>B" if sees_good_first(by, request) else "B>A"))
    (preference,) = ask(engine, by, [PAIR])
    assert sorted(preference.scores) == [1, 1, 2, 2] and preference.difference == 1.5
    assert (preference.preferred, preference.kept, preference.error) == ("first", True, None)
    assert sorted(preference.swapped) == [False, False, True, True]
    assert len({request.seed for request in engine.asked}) == 4


def test_a_judge_who_likes_a_place_prefers_nothing(tiny: Path) -> None:
    for verdict in SCORES:
        (preference,) = ask(StubEngine(lambda request, number, v=verdict: compared(v)), judge_with(tiny), [PAIR])  # type: ignore[misc]
        assert preference.difference == 0 and not preference.kept


def test_the_second_can_win(tiny: Path) -> None:
    by = judge_with(tiny)
    engine = StubEngine(lambda request, number: compared("B>>A" if sees_good_first(by, request) else "A>>B"))
    (preference,) = ask(engine, by, [PAIR])
    assert (preference.difference, preference.preferred) == (-2, "second")


@pytest.mark.parametrize("fault", [Failure("HTTP 400"), "A>>B", compared("A"), '{"verdict": "A>>B"}'])
def test_a_fault_is_told_and_the_pair_is_not_kept(tiny: Path, fault: str | Failure) -> None:
    by = judge_with(tiny)

    def script(request: Request, number: int) -> str | Failure:
        if number in (2, 3, 4):
            return compared("A>>B" if sees_good_first(by, request) else "B>>A")
        return fault

    (preference,) = ask(StubEngine(script), by, [PAIR])
    assert preference.difference is None and not preference.kept and len(preference.scores) == 3
    assert preference.error is not None and preference.error.startswith("3 attempts failed")


@given(st.text(max_size=40), st.integers(min_value=0, max_value=10**9))
def test_orders_are_balanced_and_belong_to_pair_and_seed(identity: str, seed: int) -> None:
    pair = PairItem(identity, "q", "a", "b", "en")
    assert sorted(orders(pair, seed)) == [False, False, True, True]
    assert orders(pair, seed) == orders(pair, seed)


def test_orders_are_random() -> None:
    seen = {orders(PairItem(f"{n:032x}", "q", "a", "b", "en"), 0) for n in range(200)}
    assert len(seen) == 6
    assert len({orders(PAIR, seed) for seed in range(100)}) == 6


@pytest.mark.parametrize(
    ("difference", "winner"),
    [(2.0, "first"), (1.25, "first"), (1.0, None), (0.0, None), (-1.0, None), (-1.25, "second"), (None, None)],
)
def test_kept_means_more_than_one(difference: float | None, winner: str | None) -> None:
    assert preferred(difference) == winner


def test_many_pairs(tiny: Path) -> None:
    pairs = [PairItem(f"{n:032x}", f"Question {n}", "one", "two", "zh" if n % 2 else "en") for n in range(12)]
    engine = StubEngine(lambda request, number: compared("A=B"))
    assert {p.id for p in ask(engine, judge_with(tiny), pairs)} == {pair.id for pair in pairs}
    assert len(engine.asked) == 48


def test_its_fingerprint_is_its_own(tiny: Path) -> None:
    from r1data.judging import judge_fingerprint

    loaded = model(tiny)
    assert pairwise_fingerprint(loaded, JudgeSettings()) != judge_fingerprint(loaded, JudgeSettings())
