"""What counts as a hit, and what does not."""

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.contamination import Index, Item, Screening
from r1data.recipe import Contamination
from r1data.texts import Texts, words_of
from schemas import Contaminations

PENDULUM = Item(
    "own", "1", "A pendulum clock in the attic of Mrs Winterbottom loses 4 minutes a day while the cuckoo clock in her "
    "kitchen gains 6 minutes a day. Both show noon on Monday. On which weekday do they next agree?",
    "The difference grows by ten minutes a day, so after seventy-two days the dials, which repeat every twelve hours, "
    "agree again; that is a Wednesday, as seventy-two leaves remainder two when divided by seven.",
)  # fmt: skip
CAPITAL = Item("own", "2", "What is the capital of Australia?", "Canberra")
SUM = Item("own", "3", "What is 17 + 24?", "41")
FILLER = "Therefore we square both sides, collect the terms and see that the claim holds for every such number."


def look(items, texts, part="prompt", prompts=None, **given):
    screening = Screening(Index.of(items, Contamination(**given)))
    ids = [str(number) for number in range(len(texts))]
    held = Texts.of(pl.Series(texts, dtype=pl.String))
    screening.scan(ids, prompts or ids, words_of(held), held, part)
    return screening.finish()


def hit(text, items=(PENDULUM, CAPITAL, SUM), **given):
    return look(items, [text], **given).select("item", "method").rows()


def test_a_copy_is_found_whatever_its_case_spaces_and_surroundings() -> None:
    for text in (PENDULUM.text, PENDULUM.text.upper(), PENDULUM.text.replace(" ", "\n"), f"{FILLER} {PENDULUM.text}"):
        assert hit(text) == [("1", "ngram")]


def test_other_numbers_make_it_no_other_item() -> None:
    assert hit(PENDULUM.text.replace("4", "9").replace("6", "11"), ngrams=[25]) == [("1", "digits")]


def test_a_few_other_words_make_it_no_other_item() -> None:
    changed = PENDULUM.text.replace("attic", "cellar").replace("shows", "read").replace("kitchen", "hall")
    assert hit(changed, ngrams=[25]) == [("1", "overlap")]
    assert hit(changed, ngrams=[25], overlap=None) == []


def test_sentences_in_another_order_make_it_no_other_item() -> None:
    first, second, third = PENDULUM.text.split(". ")
    assert [item for item, _ in hit(f"{third} {second}. {first}.")] == ["1"]


def test_a_run_of_words_counts_from_the_length_that_the_recipe_says() -> None:
    run = "I saw a pendulum clock in the attic of Mrs Winterbottom loses nothing by comparison, said the dealer."
    assert hit(run, ngrams=[10]) == [("1", "ngram")]
    assert hit(run, ngrams=[13]) == []
    assert hit(run, ngrams=[13, 8]) == [("1", "ngram")]


def test_short_questions_count_only_as_whole_sentences() -> None:
    assert hit("Well, what is the capital of Australia?") == [("2", "ngram")]
    assert hit("What is the capital of Austria?") == []
    assert hit("What is the capital of Australia and when was it founded?") == []


def test_a_sum_is_itself_only_as_the_whole_prompt() -> None:
    assert hit("what is 17+24") == [("3", "ngram")]
    assert hit("What is 17 + 25?") == []
    assert hit("So what is 17 + 24? It is 41.") == []


def test_solutions_are_looked_for_if_they_say_something() -> None:
    found = look(
        [PENDULUM, CAPITAL, SUM], [f"{FILLER}\n{PENDULUM.solution}", "The answer is Canberra, or 41."], "answer"
    )
    assert found.select("completion_id", "item", "part").rows() == [("0", "1", "answer")]


def test_options_tell_questions_apart_that_say_nothing() -> None:
    item = Item("own", "4", "Which of the following is true?", "B", "Basalt is intrusive\nMarble was limestone once")
    assert hit("Which of the following is true? A) Chalk is a metal B) Coal is a gas", [item]) == []
    assert hit(f"{item.text} {item.choices}", [item]) == [("4", "ngram")]


def test_a_phrase_of_many_prompts_is_no_evidence_and_draws_of_one_prompt_count_once() -> None:
    phrase = "Remember the pendulum clock in the attic of Mrs Winterbottom loses 4 minutes, as the story goes. "
    texts = [
        f"{phrase} Story number {number} is about a {word}." for number, word in enumerate("cat dog owl fox".split())
    ]
    assert len(look([PENDULUM], texts)) == 4
    assert len(look([PENDULUM], [*texts, f"{phrase} The end."])) == 0
    assert len(look([PENDULUM], [*texts, f"{phrase} The end."], prompts=["one"] * 5)) == 5
    copies = [*texts, f"{phrase} The end.", PENDULUM.text]
    assert look([PENDULUM], copies)["completion_id"].to_list() == ["5"]


def test_replies_say_in_which_part_the_hit_is() -> None:
    texts = [f"{PENDULUM.text}</think>It is Wednesday.", f"Hm.</think>{PENDULUM.text}"]
    held = Texts.of(pl.Series(texts))
    answers = Texts(held.data, held.starts + np.array([len(texts[0]) - 16, 11]), held.ends)
    screening = Screening(Index.of([PENDULUM], Contamination()))
    screening.scan(["a", "b"], ["p", "q"], words_of(held), held, answers)
    assert screening.finish()["part"].to_list() == ["reasoning", "answer"]


def test_nothing_to_look_for_and_nothing_to_look_at() -> None:
    assert Contaminations.is_valid(look([], ["some text"])) and look([], ["some text"]).is_empty()
    assert look([PENDULUM], []).is_empty() and look([PENDULUM], ["", "?!"]).is_empty()
    assert look([Item("own", "5", "", "")], ["some text"]).is_empty()


def test_threads_and_their_order_change_nothing() -> None:
    dice = random.Random(3)
    texts = [FILLER * dice.randint(1, 5) + dice.choice([PENDULUM.text, CAPITAL.text, FILLER]) for _ in range(60)]
    ids = [str(number) for number in range(60)]
    whole = look([PENDULUM, CAPITAL], texts)
    screening = Screening(Index.of([PENDULUM, CAPITAL], Contamination()))

    def scan(at):
        held = Texts.of(pl.Series(texts[at : at + 6]))
        screening.scan(ids[at : at + 6], ids[at : at + 6], words_of(held), held, "prompt")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(scan, range(54, -1, -6)))
    assert screening.finish().equals(whole)


WORDS = st.lists(
    st.sampled_from("ab the of copper 17 3 lagoon walrus x y 水 牛 山 der Élan 0 sum".split()), max_size=400
)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, st.lists(st.text("abcdefgh", min_size=5, max_size=9), min_size=8, max_size=300))
def test_an_item_is_found_wherever_it_stands(before, after, item) -> None:
    text = " ".join(item)
    assert [row[0] for row in hit(f"{' '.join(before)}\n{text}.\n{' '.join(after)}", [Item("own", "i", text)])] == ["i"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=6), st.lists(st.text(max_size=300), max_size=6))
def test_any_text_can_be_looked_at(texts, items) -> None:
    found = look([Item("own", str(number), text, text) for number, text in enumerate(items)], [*texts, *items])
    assert set(found["item"]) <= {str(number) for number in range(len(items))}


@pytest.mark.parametrize(
    "text", [PENDULUM.text * 400, "pendulum clock in the attic " * 4000, "1 " * 60000, "水" * 60000]
)
def test_hostile_texts_take_no_longer_than_others(text) -> None:
    import time

    items = [PENDULUM, Item("own", "n", "1 " * 40 + "walrus lagoon copper kettle"), Item("own", "w", "水" * 200)]
    look(items, ["warm"])
    started = time.thread_time()
    look(items, [text])
    assert time.thread_time() - started < 2.0
