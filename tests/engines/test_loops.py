"""Loops are found wherever they are, natural text is left alone, and pieces do not matter."""

import random
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from r1data.engines.loops import LONGEST_PERIOD, STEP, LoopWatch, loop_at
from r1data.recipe import Loops

RULE = Loops()
SMALL = Loops(repetitions=3, characters=64)
WORDS = "so the sum of both is what we had before and then it follows that x equals two hence we check again".split()


def prose(seed: int, length: int) -> str:
    """Text like that of a model: words, numbers, sentences."""
    dice = random.Random(seed)
    words = []
    while sum(map(len, words)) < length:
        words.append(dice.choice(WORDS) if dice.random() < 0.9 else str(dice.randint(0, 9999)))
    return " ".join(words)[:length]


def end_of(text: str, rule: Loops = RULE, written: str = "", cuts: tuple[int, ...] = ()) -> int | None:
    """Where the watch cuts a text that comes in these pieces."""
    watch = LoopWatch(rule, written)
    for start, stop in zip((0, *sorted(cuts)), (*sorted(cuts), len(text)), strict=True):
        if watch.take(text[start:stop]):
            break
    return watch.text_end


def has_loop(text: str, end: int, rule: Loops) -> bool:
    """What `loop_at` decides, by trying every period."""
    for period in range(1, min(LONGEST_PERIOD, end) + 1):
        length = max(rule.repetitions * period, rule.characters)
        if length <= end and text[end - length + period : end] == text[end - length : end - period]:
            return True
    return False


@settings(deadline=None, max_examples=400)
@given(
    head=st.text("ab", max_size=40), unit=st.text("ab", min_size=1, max_size=60), times=st.integers(1, 40),
    middle=st.text("ab", max_size=40), again=st.integers(0, 6), tail=st.text("ab", max_size=3),
)  # fmt: skip
def test_it_finds_what_trying_every_period_finds(
    head: str, unit: str, times: int, middle: str, again: int, tail: str
) -> None:
    text = (head + (unit * times + middle) * again + unit * times + tail).rjust(32, "c")
    assert loop_at(text, len(text), SMALL) == has_loop(text, len(text), SMALL)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 9999), period=st.integers(1, LONGEST_PERIOD), start=st.integers(0, 5000),
    run=st.integers(0, 400),
)  # fmt: skip
@example(seed=1, period=LONGEST_PERIOD, start=0, run=0)
@example(seed=1, period=700, start=300, run=690)
def test_a_planted_loop_is_cut_soon_after_the_rule_holds(seed: int, period: int, start: int, run: int) -> None:
    """Also a passage with a long run of one character at its end, which looks like a loop of its own."""
    passage = (prose(seed, period)[: max(1, period - run)] + "=" * run)[:period]
    length = max(RULE.repetitions * period, RULE.characters)
    head = prose(seed + 1, start)
    text = head + passage * (length // period + STEP // period + 3)
    end = end_of(text)
    assert end is not None
    assert end <= len(head) + length + STEP
    assert end % STEP == 0


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 9999), written=st.integers(0, 9000),
    cuts=st.lists(st.integers(0, 12000), max_size=12), loops=st.booleans(),
)  # fmt: skip
def test_pieces_do_not_matter(seed: int, written: int, cuts: list[int], loops: bool) -> None:
    text = prose(seed, 6000) + (prose(seed, 83) * 40 if loops else prose(seed + 1, 3000)) + prose(seed + 2, 3000)
    whole = end_of(text)
    assert (whole is not None) == loops
    assert end_of(text, cuts=tuple(cut for cut in cuts if cut <= len(text))) == whole
    if whole is None or written < whole:  # an earlier stage may have written any part of it
        rest = end_of(text[written:], written=text[:written])
        assert rest == (None if whole is None else whole - written)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 9999))
def test_prose_is_not_cut(seed: int) -> None:
    assert end_of(prose(seed, 20_000)) is None


def test_texts_that_repeat_themselves_almost_are_not_cut() -> None:
    numbered = "\n".join(f"{number}. We check the case n = {number}, and it does not work." for number in range(600))
    table = "\n".join(f"| {n:4} | {n * n:8} |" for n in range(1500))
    once_more = prose(7, 900) * (RULE.repetitions - 1)
    assert [end_of(text) for text in (numbered, table, once_more)] == [None, None, None]


def test_a_short_passage_may_repeat_until_it_is_long() -> None:
    assert end_of("0" * (RULE.characters - STEP)) is None
    assert end_of("Wait, let me think. " * 11 + prose(1, 500)) is None
    assert end_of("0" * 3000) == 1280


def test_half_a_character_and_other_planes() -> None:
    assert end_of("🙂\ud800" * 2000) is not None
    assert end_of("让我再想一想。" * 400) is not None


ADVERSARIAL = {
    "runs": lambda n: "".join("a" * (i % 700) + "b" for i in range(n // 300)),
    "one break": lambda n: ("a" * 4000 + "b" + "a" * 4000 + "c") * (n // 8000),
    "fibonacci": lambda n: _fibonacci(n),
    "nested": lambda n: "".join(("ab" * 20 + "c") * (i % 50) + "d" for i in range(n // 1000)),
    "eleven times": lambda n: "".join((prose(i, 300) * 11) for i in range(n // 3300)),
    "blanks": lambda n: ("x" + " " * 1100) * 8 + "".join(f"{i} {' ' * 900}" for i in range(n // 900)),
}


def _fibonacci(length: int) -> str:
    one, other = "a", "ab"
    while len(other) < length:
        one, other = other, other + one
    return other[:length]


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_the_work_on_hostile_text_is_bounded(name: str) -> None:
    """Counted in lines run and not in seconds: some hundreds for each place that is looked at."""
    text = ADVERSARIAL[name](100_000)
    lines = 0

    def count(frame: object, event: str, arg: object) -> object:
        nonlocal lines
        lines += event == "line"
        return count

    sys.settrace(count)  # type: ignore[arg-type]
    try:
        end_of(text)
    finally:
        sys.settrace(None)
    assert lines < 1000 * (len(text) // STEP)
