"""The pure parts, and the laws of the counts for whatever submissions and generators do."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.test_cases import Flag, Problem, Settings, Submission, Test, build
from r1data.test_cases.agreement import Candidate, agree
from r1data.test_cases.building import Fate
from r1data.test_cases.choosing import choose
from r1data.verifiers.code import Limits, Run, Status

FATES = {fate.value for fate in Fate}


def ok(text: str, seconds: float = 0.0) -> Run:
    return Run(Status.OK, text, seconds=seconds)


def same(left: str, right: str) -> bool:
    return left == right


def candidates(number: int, expected: str | None = None) -> list[Candidate]:
    return [Candidate(str(place), f"c{place}", expected) for place in range(number)]


# --- agreement


def test_a_majority_needs_evidence_before_anybody_is_suspected() -> None:
    runs = [[ok("a")] * 2, [ok("a")] * 2, [ok("b")] * 2]
    assert agree(candidates(2), runs, same).suspects == ()
    runs = [[ok("a")] * 3, [ok("a")] * 3, [ok("b")] * 3]
    agreement = agree(candidates(3), runs, same)
    assert agreement.suspects == (2,)
    assert [checked.output for checked in agreement.checked] == ["a"] * 3


def test_half_of_the_submissions_is_no_majority() -> None:
    runs = [[ok("a")] * 4, [ok("a")] * 4, [ok("b")] * 4, [ok("b")] * 4]
    agreement = agree(candidates(4), runs, same)
    assert agreement.suspects == () and agreement.mostly_disagree
    assert {checked.output for checked in agreement.checked} == {None}


def test_being_against_the_majority_now_and_then_is_no_ground_for_suspicion() -> None:
    runs = [[ok("a")] * 4, [ok("a")] * 4, [ok("a"), ok("a"), ok("b"), ok("b")]]
    agreement = agree(candidates(4), runs, same)
    assert agreement.suspects == () and not agreement.mostly_disagree
    assert [checked.output for checked in agreement.checked] == ["a", "a", None, None]


def test_a_submission_that_crashes_where_others_agree_is_suspected() -> None:
    runs = [[ok("a")] * 3, [ok("a")] * 3, [Run(Status.RUNTIME_ERROR)] * 3]
    assert agree(candidates(3), runs, same).suspects == (2,)


def test_a_fault_of_ours_makes_nobody_suspect() -> None:
    runs = [[ok("a")] * 3, [ok("a")] * 3, [Run(Status.SANDBOX_ERROR)] * 3]
    agreement = agree(candidates(3), runs, same)
    assert agreement.suspects == () and {checked.output for checked in agreement.checked} == {None}


def test_the_output_that_came_with_a_test_is_a_vote_and_is_kept_as_it_is() -> None:
    def folded(left: str, right: str) -> bool:
        return left.lower() == right.lower()

    agreement = agree(candidates(3, "A"), [[ok("a", 0.5)] * 3, [ok("b")] * 3, [ok("a", 0.2)] * 3], folded)
    assert agreement.suspects == (1,)
    assert {(checked.output, checked.seconds) for checked in agreement.checked} == {("A", 0.5)}
    assert agree(candidates(3, "z"), [[ok("a")] * 3], same).mostly_disagree


# --- choosing


def catches(*sets: Sequence[int]) -> list[frozenset[int]]:
    return [frozenset(one) for one in sets]


def test_the_cover_comes_first() -> None:
    assert choose(catches([1], [2], [1, 2], [3], []), fewest=0, most=2) == [2, 3]


def test_then_further_covers_while_there_is_room() -> None:
    assert choose(catches([1], [2], [1, 2], [3], []), fewest=0, most=3) == [0, 2, 3]
    assert choose(catches([1], [2], [1, 2], [3], []), fewest=0, most=9) == [0, 1, 2, 3]


def test_tests_that_catch_nothing_only_fill_up() -> None:
    assert choose(catches([], [1], [], []), fewest=3, most=9) == [0, 1, 2]
    assert choose(catches([], [1], [], []), fewest=1, most=9) == [1]
    assert choose(catches([], [], []), fewest=5, most=2) == [0, 1]


CATCHES = st.lists(st.frozensets(st.integers(0, 6)), max_size=14)


@given(CATCHES, st.integers(0, 6), st.integers(1, 12))
def test_what_is_chosen_holds_its_promises(caught: list[frozenset[int]], fewest: int, most: int) -> None:
    kept = choose(caught, fewest, most)
    assert kept == sorted(set(kept)) and len(kept) <= most
    assert len(kept) >= min(fewest, most, len(caught))
    everything = frozenset().union(*caught)
    assert len(kept) == most or frozenset().union(*(caught[test] for test in kept)) == everything
    fillers = sum(not caught[test] for test in kept)
    assert not fillers or len(kept) <= fewest


# --- the counts, for programs that do anything at all

STATUSES = st.sampled_from(list(Status))
RUNS = st.builds(Run, STATUSES, st.sampled_from(["", "0", "1", "1\n", "2"]), seconds=st.sampled_from([0.0, 3.0]))
SOURCES = st.lists(st.sampled_from("abcdef"), max_size=4)


@settings(max_examples=300, deadline=None)
@given(
    correct=SOURCES,
    wrong=SOURCES,
    generators=st.lists(st.sampled_from("ghi"), max_size=3),
    tests=st.lists(st.tuples(st.sampled_from(["0", "1", "9"]), st.sampled_from(["0", "1"])), max_size=4),
    table=st.lists(RUNS, min_size=1, max_size=12),
    seeds=st.integers(0, 3),
    most=st.integers(1, 4),
)
def test_every_candidate_has_one_fate(
    correct: list[str],
    wrong: list[str],
    generators: list[str],
    tests: list[tuple[str, str]],
    table: list[Run],
    seeds: int,
    most: int,
) -> None:
    asked = 0

    def run(source: str, language: str, inputs: Sequence[str], limits: Limits) -> list[Run]:
        nonlocal asked
        asked += len(inputs) if source in "ghi" else 0
        return [table[sum(map(ord, source + text)) % len(table)] for text in inputs]

    problem = Problem(
        id="p",
        prompt="?",
        language="python",
        correct=tuple(Submission(source, "python") for source in correct),
        wrong=tuple(Submission(source, "python") for source in wrong),
        generators=tuple(generators),
        tests=tuple(Test(*pair) for pair in tests),
    )
    built = build(problem, Settings(seeds, min_tests=2, max_tests=most), run)
    counts = built.counts
    assert counts.generator_runs == asked
    assert counts.candidates == counts.given + counts.generator_runs - counts.failed_runs == len(built.accounts)
    assert counts.candidates == counts.kept + counts.redundant + counts.invalid + counts.duplicate
    assert len({account.origin for account in built.accounts}) == counts.candidates
    assert {account.fate.value for account in built.accounts} <= FATES
    assert counts.kept == len(built.tests) <= most
    assert len({test.input.rstrip("\n") for test in built.tests}) == counts.kept
    assert all(account.reason for account in built.accounts if account.fate in (Fate.INVALID, Fate.DUPLICATE))
    assert (Flag.NO_VALID_TESTS in built.flags) == (counts.kept == 0)
    assert (Flag.CANNOT_TELL in built.flags) == (counts.kept > 0 and counts.caught < counts.wrong)
