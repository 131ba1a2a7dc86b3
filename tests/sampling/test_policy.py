"""The policy: how many draws follows from how draws ended, in the order of their indices, and from nothing else."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from r1data.prompts import Rendered
from r1data.recipe import AdaptiveDraws, Recipe
from r1data.sampling import Ask, Candidate, Counts, Cut, End, Pursuit, Wave, draws_for, next_step, share_out
from r1data.sampling.policy import draws_needed, pass_rate_bound
from schemas import StopReason

RENDERED = Rendered("2+2", (1, 2), "r")
policies = st.builds(
    AdaptiveDraws,
    target=st.integers(1, 4),
    max=st.integers(4, 24),
    growth=st.sampled_from([0.0, 0.5, 1.0]),
    give_up_below=st.sampled_from([None, 0.1, 0.4]),
    confidence=st.sampled_from([0.8, 0.95]),
)
endings = st.sampled_from(["good", "bad", "failed", "same"])


def end_of(ending: str, draw: int) -> End:
    return {"good": End(accepted=str(draw)), "same": End(accepted="same"), "bad": End(), "failed": End(failed=True)}[
        ending
    ]


def run(pursuit: Pursuit, script: list[str], dice: random.Random, stop_after: int | None = None) -> list[int]:
    """Let draws end in any order; returns them in the order in which they were asked for."""
    asked: list[int] = []
    under_way: list[Ask] = pursuit.advance()
    asked += [ask.draw for ask in under_way]
    while under_way and (stop_after is None or stop_after > 0):
        ask = under_way.pop(dice.randrange(len(under_way)))
        pursuit.end(ask.draw, end_of(script[ask.draw], ask.draw))
        more = pursuit.advance()
        under_way += more
        asked += [ask.draw for ask in more]
        stop_after = None if stop_after is None else stop_after - 1
    return asked


@given(policies, st.lists(endings, min_size=24, max_size=24), st.randoms(use_true_random=False))
def test_the_order_of_replies_changes_nothing(policy: AdaptiveDraws, script: list[str], dice: random.Random) -> None:
    one, other = Pursuit("p", RENDERED, policy), Pursuit("p", RENDERED, policy)
    drawn = run(one, script, random.Random(0))
    assert sorted(run(other, script, dice)) == sorted(drawn) == list(range(one.until))
    assert one.stop is other.stop is not None and one.counts() == other.counts()


@given(policies, st.lists(endings, min_size=24, max_size=24), st.integers(0, 24), st.randoms(use_true_random=False))
def test_a_restart_changes_nothing(
    policy: AdaptiveDraws, script: list[str], kill_after: int, dice: random.Random
) -> None:
    whole = Pursuit("p", RENDERED, policy)
    run(whole, script, random.Random(0))
    killed = Pursuit("p", RENDERED, policy)
    run(killed, script, dice, stop_after=kill_after)
    resumed = Pursuit("p", RENDERED, policy, ends=dict(killed.ends))
    asked = run(resumed, script, dice)
    assert not set(asked) & set(killed.ends), "drawn twice"
    assert (resumed.stop, resumed.until, resumed.counts()) == (whole.stop, whole.until, whole.counts())


@given(policies, st.lists(endings, min_size=24, max_size=24))
def test_a_stop_is_for_a_reason(policy: AdaptiveDraws, script: list[str]) -> None:
    pursuit = Pursuit("p", RENDERED, policy)
    run(pursuit, script, random.Random(0))
    counts = pursuit.counts()
    assert counts.drawn <= policy.max
    match pursuit.stop:
        case StopReason.ENOUGH:
            assert counts.accepted >= policy.target
        case StopReason.LIMIT:
            assert counts.drawn == policy.max and counts.accepted < policy.target
        case StopReason.HOPELESS:
            assert policy.give_up_below is not None
            assert pass_rate_bound(counts, policy.confidence) < policy.give_up_below
        case StopReason.FAILED:
            assert counts.failed == counts.drawn > 0
        case _:
            raise AssertionError(pursuit.stop)


@given(st.lists(endings, min_size=16, max_size=16), st.integers(1, 4))
def test_without_growth_no_draw_is_wasted(script: list[str], target: int) -> None:
    pursuit = Pursuit("p", RENDERED, AdaptiveDraws(target=target, max=16, growth=0))
    run(pursuit, script, random.Random(0))
    if pursuit.stop is StopReason.ENOUGH:
        assert pursuit.counts().accepted == target
        before = {e.accepted for d, e in pursuit.ends.items() if d < pursuit.until - 1 and e.accepted}
        assert len(before) == target - 1, "it could have stopped earlier"


def test_a_fixed_number_is_a_fixed_number() -> None:
    pursuit = Pursuit("p", RENDERED, 5)
    assert run(pursuit, ["good"] * 5, random.Random(0)) == [0, 1, 2, 3, 4]
    assert pursuit.stop is StopReason.LIMIT and next_step(5, Counts()) == Wave(5)


def test_draws_of_another_policy_count_as_far_as_this_one_asks() -> None:
    ends = {n: End(accepted=str(n)) for n in range(16)}
    pursuit = Pursuit("p", RENDERED, AdaptiveDraws(target=2, max=16), ends=ends)
    assert pursuit.advance() == [] and pursuit.stop is StopReason.ENOUGH and pursuit.until == 2


def test_a_restart_does_not_look_ahead() -> None:
    """Draw 3 is good, and draw 5 shows that no further one can succeed: none of it was known after draws 0 and 1."""
    policy = AdaptiveDraws(target=2, max=8, growth=1)
    ends = {n: End() for n in range(6)} | {3: End("good"), 5: End(failed=True, hopeless=True)}
    live, resumed = Pursuit("p", RENDERED, policy), Pursuit("p", RENDERED, policy, ends=dict(ends))
    asks = live.advance()
    while asks:
        for ask in asks:
            live.end(ask.draw, ends.get(ask.draw, End(failed=True, hopeless=True)))
        asks = live.advance()
    while asks := resumed.advance():
        for ask in asks:
            resumed.end(ask.draw, End(failed=True, hopeless=True))
    assert (resumed.stop, resumed.until) == (live.stop, live.until) and live.counts().accepted == 1


def test_interrupted_draws_go_on_only_where_it_matters() -> None:
    cut = Cut(1, "abc", (7,), 2, 10, 0.1)
    pursuit = Pursuit("p", RENDERED, AdaptiveDraws(target=1, max=4, growth=0), cuts={0: cut})
    asks = pursuit.advance()
    assert [(a.draw, a.cut, a.finish) for a in asks] == [(0, cut, False)]
    pursuit = Pursuit("p", RENDERED, AdaptiveDraws(target=1, max=4), ends={1: End("x")}, cuts={0: cut})
    pursuit.until = 2
    asks = pursuit.advance()
    assert [(a.draw, a.finish) for a in asks] == [(0, True)], "the prompt has enough: it stays as it is"
    pursuit.end(0, End())
    assert pursuit.advance() == [] and pursuit.stop is StopReason.ENOUGH


@pytest.mark.parametrize(
    ("accepted", "tried", "confidence", "bound"),
    # From the exact formula where there is one, 1 - alpha**(1/n) for none of n, and from published tables otherwise.
    [(0, 10, 0.95, 1 - 0.05 ** (1 / 10)), (0, 59, 0.95, 1 - 0.05 ** (1 / 59)), (1, 10, 0.975, 0.44502),
     (2, 20, 0.975, 0.31698), (5, 5, 0.9, 1.0), (0, 0, 0.95, 1.0)],
)  # fmt: skip
def test_the_bound_is_the_exact_one(accepted: int, tried: int, confidence: float, bound: float) -> None:
    assert pass_rate_bound(Counts(tried, accepted), confidence) == pytest.approx(bound, abs=1e-4)
    assert pass_rate_bound(Counts(tried + 3, accepted, failed=3), confidence) == pytest.approx(bound, abs=1e-4)


def test_prompts_at_the_bound_are_seldom_given_up() -> None:
    """Looking after each wave costs something: with 95% asked for, at most one in ten may be given up wrongly."""
    dice, policy = random.Random(7), AdaptiveDraws(target=8, max=200, give_up_below=0.1, confidence=0.95)
    given_up = 0
    for _ in range(300):
        pursuit = Pursuit("p", RENDERED, policy)
        run(pursuit, ["good" if dice.random() < 0.1 else "bad" for _ in range(200)], dice)
        given_up += pursuit.stop is StopReason.HOPELESS
    assert given_up < 30
    hopeless = Pursuit("p", RENDERED, policy)
    run(hopeless, ["bad"] * 200, dice)
    assert hopeless.stop is StopReason.HOPELESS and hopeless.until < 60


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(4, 16), st.integers(0, 3)), max_size=30),
    st.integers(0, 200),
    st.integers(1, 4),
)
def test_a_budget_is_never_overspent(stopped: list[tuple[int, int]], left: int, target: int) -> None:
    policy = AdaptiveDraws(target=target, max=16, budget=8, ceiling=40)
    candidates = [Candidate(f"{n:03d}", Counts(drawn, min(got, target - 1))) for n, (drawn, got) in enumerate(stopped)]
    limits = share_out(policy, candidates, left)
    drawn = {c.prompt_id: c.counts.drawn for c in candidates}
    assert sum(limit - drawn[one] for one, limit in limits.items()) <= left
    assert all(drawn[one] < limit <= 40 for one, limit in limits.items())
    assert limits == share_out(policy, list(reversed(candidates)), left), "no order of prompts matters"


def test_the_most_promising_come_first() -> None:
    policy = AdaptiveDraws(target=2, max=16, budget=8, ceiling=64)
    near, far = Candidate("near", Counts(16, 1)), Candidate("far", Counts(16, 0))
    assert list(share_out(policy, [far, near], 10)) == ["near"]
    assert set(share_out(policy, [far, near], 200)) == {"near", "far"}


@given(st.integers(1, 6), st.floats(0.05, 0.95))
def test_draws_needed_is_the_fewest_that_do(wanted: int, rate: float) -> None:
    def chance(tries: int) -> float:
        return 1 - sum(math.comb(tries, k) * rate**k * (1 - rate) ** (tries - k) for k in range(wanted))

    need = draws_needed(wanted, rate)
    assert chance(need) >= 0.9 - 1e-9
    assert need == wanted or chance(need - 1) < 0.9 + 1e-9


def test_what_no_rule_can_check_gets_a_fixed_number() -> None:
    base = {"name": "t", "model": "./m", "prompts": [{"kind": "shipped", "dataset": "x"}]}
    adaptive = Recipe.model_validate(base | {"sampling": {"draws": {"target": 2, "max": 9, "unjudged": 3}}})
    assert draws_for(adaptive, "math", "4") == adaptive.sampling.draws
    assert draws_for(adaptive, "judge", None) == 3
    by_majority = Recipe.model_validate(
        base | {"sampling": {"draws": {"target": 2, "unjudged": 3}}, "audit": {"fill_references": {"min_answers": 5}}}
    )
    assert draws_for(by_majority, "math", None) == 5 and isinstance(draws_for(by_majority, "math", "4"), AdaptiveDraws)
    assert draws_for(by_majority, "code", None) == by_majority.sampling.draws


@pytest.mark.parametrize(
    ("sampling", "words"),
    [
        ({"draws": {"target": 5, "max": 4}}, "less than target"),
        ({"draws": {"max": 8, "ceiling": 7}}, "less than max"),
        ({"draws": {"target": 4, "budget": 3}}, "less than target"),
        ({"draws": {"target": 2}, "temperature": 0}, "same reply every time"),
        ({"caps": [100, 50]}, "caps must grow"),
        ({"caps": [100], "max_tokens": 100}, "caps must grow"),
    ],
)
def test_what_does_not_fit_together_is_refused(sampling: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Recipe.model_validate(
            {"name": "t", "model": "./m", "prompts": [{"kind": "shipped", "dataset": "x"}], "sampling": sampling}
        )
