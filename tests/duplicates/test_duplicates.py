"""Duplicates: signatures estimate what they claim, groups find the pairs, leaders name a text that is kept."""

import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.duplicates import Resemblance, find_twins, most_different, signatures, similarity, twins
from r1data.duplicates.groups import groups
from r1data.duplicates.leaders import MOST_LEADERS
from r1data.duplicates.signatures import wordless
from r1data.recipe import Duplicates
from r1data.texts import Texts, Words, words_of

POOL = [f"w{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(3000)]
HANZI = [chr(0x4E00 + 7 * n) for n in range(2000)]
WORDS = st.lists(st.sampled_from(POOL[:300]), min_size=8, max_size=200)
KIN = settings(deadline=None, max_examples=60)


def words(texts: list[str]) -> Words:
    return words_of(Texts.of(pl.Series(texts, dtype=pl.String)))


def resembling(
    folder: Path, texts: list[str], ids: list[str] | None = None, prompts: list[str] | None = None, **options: object
) -> pl.DataFrame:
    resemblance = Resemblance(folder, Duplicates(**options))
    names = pl.Series(ids or [f"{n:032x}" for n in range(len(texts))], dtype=pl.String)
    resemblance.add(names, words(texts), pl.Series(prompts, dtype=pl.String) if prompts else names)
    return resemblance.finish()


def found_pairs(table: pl.DataFrame) -> set[tuple[str, ...]]:
    return {tuple(sorted(ids)) for ids in table.group_by("group").agg("completion_id")["completion_id"].to_list()}


def jaccard(one: list[str], other: list[str], ngram: int) -> float:
    a, b = ({tuple(text[n : n + ngram]) for n in range(len(text) - ngram + 1)} for text in (one, other))
    return len(a & b) / len(a | b)


def changed(text: list[str], share: float, pool: list[str], draw: random.Random) -> list[str]:
    """The text with so many of its words replaced."""
    places = set(draw.sample(range(len(text)), round(share * len(text))))
    return [draw.choice(pool) if place in places else word for place, word in enumerate(text)]


@KIN
@given(WORDS, st.integers(0, 100), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_estimate_is_near_the_true_similarity(text, percent, ngram, draw):
    other = changed(text, percent / 100, POOL, draw)
    one, two = signatures(words([" ".join(text), " ".join(other)]), ngram)
    true = jaccard(text, other, ngram)
    error = (true * (1 - true) / 128) ** 0.5
    rare = 6 / 128  # where hardly any of 128 agree, or all but a few, chance is no bell curve
    assert abs(similarity(one, two) - true) <= 6 * error + rare
    assert true < 1 or similarity(one, two) == 1
    assert similarity(one, one) == 1.0


def test_estimates_are_neither_too_high_nor_too_low():
    draw = random.Random(3)
    for length in (12, 40, 400):
        misses = []
        for _ in range(400):
            text = draw.choices(POOL, k=length)
            other = changed(text, 0.08, POOL, draw)
            one, two = signatures(words([" ".join(text), " ".join(other)]))
            if 0 < (true := jaccard(text, other, 3)) < 1:
                misses.append((similarity(one, two) - true) / (true * (1 - true) / 128) ** 0.5)
        assert abs(np.mean(misses)) < 0.2 and np.sqrt(np.mean(np.square(misses))) < 1.15, length


def test_short_texts_are_alike_only_where_all_their_words_are():
    texts = ["", "?!", "yes", "Yes!", "no", "yes no", "yes, no", "no yes"]
    rows = signatures(words(texts))
    assert wordless(rows).tolist() == [True, True] + [False] * 6
    alike = {(a, b) for a in range(2, 8) for b in range(a + 1, 8) if similarity(rows[a], rows[b]) == 1}
    assert alike == {(2, 3), (5, 6)}
    assert max(similarity(rows[a], rows[b]) for a, b in ((2, 4), (2, 5), (5, 7))) < 0.1
    assert (groups(rows, np.arange(8)) == [-1, -1, 0, 0, -1, 1, 1, -1]).all()
    assert groups(rows[:0], np.arange(0)).tolist() == []


@KIN
@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_equal_texts_are_always_found_and_order_does_not_matter(which, draw):
    stems = [" ".join(random.Random(n).choices(POOL, k=5 + 20 * n)) for n in range(5)]
    rows = signatures(words([stems[n] for n in which]))
    found = groups(rows, np.arange(len(which)))
    for a in range(len(which)):
        for b in range(a):
            assert (found[a] == found[b] >= 0) == (which[a] == which[b])
    shuffled = draw.sample(range(len(which)), len(which))
    again = groups(rows[shuffled], np.argsort(shuffled))
    assert (again == found[shuffled]).all()


@pytest.mark.parametrize(("pool", "between"), [(POOL, " "), (HANZI, "")])
def test_planted_copies_are_found_and_others_are_not(tmp_path, pool, between):
    draw = random.Random(1)
    sentences = [draw.choices(pool, k=draw.randint(8, 25)) for _ in range(400)]

    def trace() -> list[list[str]]:
        return draw.choices(sentences, k=40)

    def swapped(text: list[list[str]]) -> list[list[str]]:
        return [*text[20:], *text[:20]]

    kinds = {
        "1%": lambda text: [changed([w for s in text for w in s], 0.01, pool, draw)],
        "2%": lambda text: [changed([w for s in text for w in s], 0.02, pool, draw)],
        "cut": lambda text: text[:36],
        "swapped": swapped,
    }
    texts, copies = [], {}
    for kind, copy in kinds.items():
        for _ in range(50):
            whole = trace()
            copies.setdefault(kind, []).append((len(texts), len(texts) + 1))
            texts += [whole, copy(whole)]
    texts += [trace() for _ in range(300)]  # of the same sentences, and no copies
    spelled = [between.join(word for sentence in text for word in sentence) for text in texts]
    ids = [f"{n:032x}" for n in range(len(texts))]
    table = resembling(tmp_path, spelled, ids)
    assert set(found_pairs(table)) <= {(ids[a], ids[b]) for pairs in copies.values() for a, b in pairs}
    rows = pl.DataFrame({"completion_id": ids, "good": [True] * len(ids), "folded": ids})
    dropped = twins(rows, table, 0.8)
    assert dict(dropped.select("completion_id", "twin").iter_rows()).items() <= {
        (ids[b], ids[a]) for pairs in copies.values() for a, b in pairs
    }
    for kind, pairs in copies.items():
        recall = sum(ids[b] in set(dropped["completion_id"]) for _, b in pairs) / len(pairs)
        assert recall >= 0.96, kind


def test_bands_find_what_they_promise():
    rng, count = np.random.default_rng(5), 4000
    for likeness, least in ((0.8, 0.97), (0.85, 0.995)):
        one = rng.integers(1, 1 << 16, (count, 128), dtype=np.uint16)
        same = rng.random((count, 128)) < likeness
        rows = np.concatenate([one, np.where(same, one, rng.integers(1, 1 << 16, one.shape, dtype=np.uint16))])
        found = groups(rows, np.arange(2 * count))
        assert ((found[:count] >= 0) & (found[:count] == found[count:])).mean() >= least


def test_a_bucket_of_very_many_takes_no_square_of_time(tmp_path):
    count = 100_000
    rows = np.repeat(signatures(words(["the same words again and again, for ever"])), count, axis=0)
    assert (groups(rows, np.arange(count)) == 0).all()
    rng = np.random.default_rng(0)
    rows[:, 7:] = rng.integers(0, 1 << 16, (count, 121))  # equal in one band, unlike in all else
    assert (groups(rows, np.arange(count)) == -1).all()


def test_a_huge_group_of_texts_that_are_somewhat_alike_has_so_many_leaders():
    count = 20_000
    rows = np.random.default_rng(0).integers(0, 1 << 16, (count, 128), dtype=np.uint16)
    rows[:, :90] = 7
    every = np.arange(count)
    found, _ = find_twins(every, np.zeros(count, np.int64), every, rows, 0.85)
    assert (found == -1).all()
    late = np.concatenate([rows, rows[[3, MOST_LEADERS + 3]]])  # equal to a leader, and to one beyond the last
    every = np.arange(count + 2)
    found, how = find_twins(every, np.zeros(count + 2, np.int64), every, late, 0.85)
    assert found[count:].tolist() == [3, -1] and how[count] == 1.0


@KIN
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.booleans()), max_size=25),
    st.floats(0.1, 1.0),
)
def test_every_duplicate_names_an_earlier_text_that_is_kept(drawn, threshold):
    base = np.random.default_rng(1).integers(1, 1 << 16, (4, 128), dtype=np.uint16)
    rows = np.stack([np.where(np.arange(128) < noise, 4 * noise + stem, base[stem]) for stem, noise, _ in drawn]
                    ) if drawn else np.zeros((0, 128), np.uint16)  # fmt: skip
    rows = rows.astype(np.uint16)
    ids = [f"{n}" for n in range(len(drawn))]
    kinship = pl.DataFrame(
        {"completion_id": ids, "group": [stem for stem, _, _ in drawn]}, schema_overrides={"completion_id": pl.String}
    ).with_columns(signature=pl.Series(rows, dtype=pl.Array(pl.UInt16, 128)))
    good = [fine for _, _, fine in drawn]
    frame = pl.DataFrame(
        {"completion_id": ids, "good": good, "folded": [f"{d[:2]}" for d in drawn]},
        schema={"completion_id": pl.String, "good": pl.Boolean, "folded": pl.String},
    )
    found = twins(frame, kinship, threshold)
    follows = {int(a): (int(b), how) for a, b, how, _ in found.iter_rows()}
    for row, (leader, how) in follows.items():
        assert leader < row and good[leader] and good[row] and leader not in follows and how >= min(threshold, 1.0)
        assert how == similarity(rows[row], rows[leader])
    kept = [n for n in range(len(drawn)) if good[n] and n not in follows]
    for place, row in enumerate(kept):
        for earlier in kept[:place]:
            if drawn[row][0] == drawn[earlier][0]:
                assert similarity(rows[row], rows[earlier]) < threshold
    assert set(found.filter("exact")["completion_id"]) == {
        str(n) for n in range(len(drawn)) if good[n] and any(good[e] and drawn[e][:2] == drawn[n][:2] for e in range(n))
    }


def test_equal_texts_are_duplicates_whatever_their_signatures(tmp_path):
    text = " ".join(POOL[:60])
    near = " ".join([*POOL[:59], "other"])
    table = resembling(tmp_path, [text, near, "!", "!", "?", near], [*"abcdef"])
    rows = pl.DataFrame(
        {
            "completion_id": [*"abcdef"],
            "prompt_id": [*"pppqpq"],
            "good": [True] * 6,
            "folded": ["1", "2", "3", "3", None, "2"],
        }
    )
    assert twins(rows, table, 0.8).select("completion_id", "twin", "exact").rows() == [
        ("b", "a", False),
        ("d", "c", True),
        ("f", "a", True),
    ]
    assert twins(rows, table, 0.99).select("completion_id", "twin").rows() == [("d", "c"), ("f", "b")]
    apart = resembling(tmp_path, [text, near, "!", "!", "?", near], [*"abcdef"], [*"pppqpq"], scope="prompt")
    assert twins(rows, apart, 0.8, "prompt").select("completion_id", "twin").rows() == [("b", "a")]
    assert apart["completion_id"].to_list() == ["a", "b"]
    worse = rows.with_columns(good=pl.col("completion_id") != "a")
    assert twins(worse, table, 0.8).select("completion_id", "twin").rows() == [("d", "c"), ("f", "b")]
    assert twins(rows.clear(), table.clear(), 0.8).height == 0


def test_the_table_depends_on_no_order_of_adding_and_fits_the_schema(tmp_path):
    from schemas import Kinship

    draw = random.Random(0)
    texts = [" ".join(draw.choices(POOL, k=50)) for _ in range(40)]
    texts += [" ".join(changed(text.split(), 0.04, POOL, draw)) for text in texts[:20]]
    ids = [f"{draw.getrandbits(128):032x}" for _ in texts]
    table = resembling(tmp_path, texts, ids)
    assert table["group"].n_unique() >= 15
    Kinship.validate(table)
    resemblance = Resemblance(tmp_path, Duplicates(), everyone=True)
    order = draw.sample(range(len(texts)), len(texts))
    for first in range(0, len(order), 7):
        rows = order[first : first + 7]
        names = pl.Series([ids[n] for n in rows])
        resemblance.add(names, words([texts[n] for n in rows]), names)
    everyone = resemblance.finish()
    assert everyone.filter(pl.len().over("group") > 1).equals(table) and everyone.height == len(texts)
    assert not list(tmp_path.iterdir())


def test_most_different():
    rows = np.zeros((6, 128), np.uint16)
    rows[1, :20], rows[2, :90], rows[3, :60] = 1, 2, 3
    rows[4], rows[5] = 4, 5
    prompts = np.array([0, 0, 0, 0, 1, 0])
    assert most_different(prompts, rows, 4).tolist() == [1, 0, 3, 4, 1, 2]
    assert most_different(prompts, rows, 1).tolist() == [1, 0, 0, 0, 1, 0]
    assert sorted(most_different(prompts, rows, 9)[prompts == 0].tolist()) == [1, 2, 3, 4, 5]
    assert most_different(prompts[:0], rows[:0], 3).tolist() == []
