"""Repetition: each kernel against the same in plain Python, and what must and must not look like repetition."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.measures import repetition
from r1data.measures.lines import WIDTHS
from r1data.texts import CHARACTER
from tests.measures.shapes import TEXTS, block_of, thoughts

FEW = st.lists(st.sampled_from(["a", "b", "ab ", "好", "\n", "é"]), max_size=60).map("".join)


def measured(text: str) -> dict[str, float]:
    return {name: column[0] for name, column in repetition.columns(thoughts(text)).items()}


@given(FEW | TEXTS)
def test_tails_are_counted_as_splitting_counts(text):
    expected = text.count(text[-24:]) if len(text) >= 24 else 1
    assert repetition.tail_repeats(block_of(text).texts)[0] == expected


@given(FEW)
def test_a_loop_is_the_longest_end_that_has_a_period(text):
    data = text.encode()
    longest = 0
    for turn in range(1, len(data) // 3 + 1):
        same = 0
        while same + turn < len(data) and data[-1 - same] == data[-1 - same - turn]:
            same += 1
        if same >= 2 * turn:
            longest = max(longest, same + turn)
    expected = sum(int(WIDTHS[byte]) for byte in data[len(data) - longest :])
    assert repetition.looping_tails(block_of(text).texts)[0] == expected


@given(st.lists(st.sampled_from(["one two ", "three ", "4 ", "好", "的事 ", "x y z "]), max_size=90).map("".join))
def test_runs_are_those_of_a_plain_search(text):
    block = block_of("<think>" + text + "</think>" + text[:20])
    words = block.words
    again = total = 0
    for part in (block.reasoning, block.answer):
        inside = [n for n in range(len(words.hashes)) if part.starts[0] <= words.starts[n] < part.ends[0]]
        weights = [repetition.HAN if words.kinds[n] == CHARACTER else repetition.WORD for n in inside]
        hashes = [words.hashes[n] for n in inside]
        seen, covered = set(), set()
        for end in range(1, len(inside) + 1):
            begin = end
            while begin > 0 and sum(weights[begin:end]) < repetition.RUN:
                begin -= 1
            if sum(weights[begin:end]) < repetition.RUN:
                continue
            run = tuple(hashes[begin:end])
            if run in seen:
                covered.update(range(begin, end))
            seen.add(run)
        again, total = again + len(covered), total + len(inside)
    assert repetition.columns(block)["repeated_ngrams"][0] == pytest.approx(
        max(again - repetition.FREE, 0) / total if total else 0
    )


@given(st.lists(st.sampled_from(["One line.", "another line", "x", "", "| a | b |", "- item"]), max_size=20))
def test_lines_are_counted_as_a_set_counts_them(lines):
    counted = [line for line in lines if len(line) >= 4 and not line.startswith("|")]
    expected = 1 - len(set(counted)) / len(counted) if counted else 0
    assert measured("\n".join(lines))["repeated_lines"] == pytest.approx(expected)


LOOP = "Wait, let me check this once more, since I am not sure about it. "


@pytest.mark.parametrize("turn", ["ha", LOOP, "那么答案是十二吗？", "Let us see.\n\n", LOOP * 7, "🙂", "x = 1\n"])
def test_a_loop_at_the_end_is_found_even_where_it_is_cut(turn):
    loop = (turn * (2 + 1200 // len(turn)))[:-1]
    lead = "We add the numbers and see that their sum is four; this is the end of it, or is it? "
    assert measured(lead + loop)["looping_tail"] >= len(loop.strip()) - len(turn)
    assert repetition.columns(block_of("<think>" + lead + loop))["looping_tail"][0] >= len(loop.strip()) - len(turn)


PROPER = [
    "\n".join(f"{n}. For n = {n} the sum is {n * (n + 1) // 2}, which is {n}({n} + 1)/2." for n in range(1, 60)),
    "| p | q | p and q |\n|---|---|---|\n" + "\n".join(f"| {a} | {b} | {a and b} |" for a in "TF" for b in "TF"),
    "\n\n".join(f"Case {n}: x = {n}k. Then x^2 = {n * n}k^2, so the remainder is {n * n % 7}." for n in range(1, 40)),
    "1, 2, 3, " * 3 + ", ".join(map(str, range(4, 200))),
    "The rose is red,\nthe night is long,\nand I sing on.\n\nThe sea is deep,\nthe wind is strong,\nand I sing on.",
    "\n".join(f"情形{n}：若余数为{n}，则平方的余数为{n * n % 9}。" for n in range(1, 30)),
]


@pytest.mark.parametrize("text", PROPER)
def test_what_repeats_by_nature_is_no_repetition(text):
    found = measured(text)
    assert found["looping_tail"] < 100
    assert max(found["repeated_lines"], found["repeated_paragraphs"], found["repeated_ngrams"]) < 0.2


@pytest.mark.parametrize("sentence", [LOOP, "让我再检查一下这个步骤，因为我还不太确定它是不是对的。"])
def test_a_paragraph_that_comes_again_is_seen_in_any_language(sentence):
    others = [f"Then we look at number {n}, whose square is {n * n}, and go on." for n in range(8)]
    found = measured("\n\n".join([*others[:4], sentence * 2, *others[4:], sentence * 2, sentence * 2]))
    assert found["repeated_paragraphs"] > 0.1
    assert found["repeated_ngrams"] > 0.1


def test_a_solution_may_say_what_the_thought_said():
    text = " ".join(f"Step {n} gives {n * n} and so we know it." for n in range(20))
    assert repetition.columns(block_of(f"<think>{text}</think>{text}"))["repeated_ngrams"][0] < 0.05


@pytest.mark.parametrize("turn", ["a", "ab", "a" * 1000 + "b", "a\n", "word ", "好", "1 2 3 4 5 6 7 8 9 0 "])
def test_time_grows_with_the_length_only(turn):
    repetition.columns(block_of("warm"))
    block = block_of("<think>" + turn * (1_000_000 // len(turn)))
    began = time.thread_time()
    repetition.columns(block)
    assert time.thread_time() - began < 1.0  # about 0.05 s


@pytest.mark.parametrize(
    "turn", [LOOP, LOOP + "\n\n", "让我再检查一下这个步骤。", "First, then that, then this.\nNo.\n"]
)
def test_a_loop_is_found_where_the_text_goes_on_behind_it(turn):
    lead = "We add the numbers and see that their sum is four; this is the end of it, or is it?\n\n"
    text = lead + turn * 12 + "\n\nSo the answer is 4, as I said in the beginning of all this."
    assert measured(text)["looping_tail"] >= 10 * len(turn.strip())


def test_a_grid_of_numbers_is_no_loop():
    assert measured("\n".join(["0 0 0 0 0 0 0 0 0 0 0 0"] * 20) + "\n\nThat is the grid.")["looping_tail"] == 0
