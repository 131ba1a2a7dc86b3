"""Index: the items of all benchmarks, made ready to be looked for.

An item is looked for as one or more entries: its question, the question with its options, its solution; what is longer
than `LONGEST_ENTRY` words is cut into stretches of equal length.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.contamination.alignment import LONGEST_ENTRY
from r1data.contamination.items import Item
from r1data.contamination.lexicon import CONTENT, FUNCTION, tiers_of, weights_of
from r1data.contamination.search import Seeds
from r1data.contamination.seeds import (
    CHARACTER_UNITS,
    POWERS,
    WORD_UNITS,
    runs_of,
    seeds_of,
)
from r1data.recipe import Contamination
from r1data.texts import CHARACTER, NUMBER, Places, Texts, Words, words_of

LITTLE, SHORT, LONG = 20, 60, 110
"""What an item may say (`Entries.evidence`): with the least, all of it must be there, with the last `overlap`."""
SHARE_OF_LITTLE, SHARE_OF_SHORT = 0.95, 0.85
SHARE_WITHOUT_OVERLAP = 0.97
CHARACTERS_MORE = 0.2
"""How much more must be there of a text in characters: any two Chinese questions share more of them than of words."""
LEAST_MASS = 24
"""What an entry must say to be looked for inside longer texts: about two rare words and a sentence around them."""
LEAST_MASS_ALONE = 40
"""What a multiple-choice question must say to be looked for without its options."""
LEAST_SOLUTION = 30
"""What the rare words of a solution must say: "42" and "the answer is B" are in every text."""
MOST_SHARED = 12
"""A seed that more entries have finds too much to be worth a look..."""
KEPT_SEEDS = 4
"""...unless an entry has hardly any other."""
MOST_RARE = 4
"""Items that may share an n-gram before it is no evidence: one question stands in three of the MMLUs alone."""
LEAST_COVERAGE = 0.18
"""Share of an entry's words that seeds must cover. With 4 words in 10 changed, a quarter of them still is."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What is looked for, each an array with one value for an entry."""

    item: npt.NDArray[np.int64]
    solution: npt.NDArray[np.bool_]
    sizes: npt.NDArray[np.int64]
    """Words."""
    mass: npt.NDArray[np.int64]
    """What all words say, in tenths of a rare word."""
    content: npt.NDArray[np.int64]
    """What the rare ones of them say."""
    evidence: npt.NDArray[np.int64]
    """What the rare words say, and a quarter of what the others do."""
    numbers: npt.NDArray[np.int64]
    characters: npt.NDArray[np.float64]
    """Share of the words that are single characters."""
    needed: npt.NDArray[np.int64]
    """What of the mass must be in a text that copies it."""
    enough: npt.NDArray[np.int32]
    """Words that seeds must cover before anybody looks closer."""


@dataclass(frozen=True, slots=True)
class Index:
    """Items ready to be looked for."""

    items: tuple[Item, ...]
    settings: Contamination
    texts: Texts
    words: Words
    weights: npt.NDArray[np.int32]
    tiers: npt.NDArray[np.uint8]
    entries: Entries
    seeds: Seeds
    gram_keys: npt.NDArray[np.uint64]
    """For each word the n-gram that begins there, as a number."""
    gram_lengths: Places
    """Words of that n-gram; 0 where none begins or where it is no evidence, since many items have it."""
    whole: dict[bytes, tuple[int, ...]]
    """Entries by all their words, for prompts that are nothing but an item too short to be looked for elsewhere."""

    @classmethod
    def of(cls, items: Iterable[Item], settings: Contamination) -> Index:
        """Make items ready. Those without a word are left out."""
        kept = tuple(items)
        owner, solution, alone, written = _written(kept)
        texts = Texts.of(pl.Series(written, dtype=pl.String))
        cut = words_of(texts)
        offsets, source = _stretches(cut.offsets)
        words = Words(cut.hashes, cut.kinds, cut.starts, cut.ends, offsets)
        tiers = tiers_of(words, texts)
        weights = weights_of(words, tiers)
        item = owner[source]
        sizes = np.diff(offsets)
        entry_of = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        mass = _sums(weights, entry_of, len(sizes))
        content = _sums(np.where((tiers == CONTENT) & (words.kinds != NUMBER), weights, 0), entry_of, len(sizes))
        numbers = _sums(words.kinds == NUMBER, entry_of, len(sizes))
        needed = WORD_UNITS * min(settings.ngrams)
        length = _sums(np.where(words.kinds == CHARACTER, CHARACTER_UNITS, WORD_UNITS), entry_of, len(sizes))
        says = mass >= np.where(alone[source], LEAST_MASS_ALONE, LEAST_MASS)
        says &= ~solution[source] | ((content >= LEAST_SOLUTION) & (length >= needed))
        seeds, covered = _seeds(words, tiers, entry_of, says)
        characters = _sums(words.kinds == CHARACTER, entry_of, len(sizes)) / np.maximum(sizes, 1)
        enough = np.maximum(LEAST_COVERAGE * sizes, np.where(sizes > 14, 6, 4))
        enough = np.minimum(enough, np.maximum(covered / 2, 1)).astype(np.int32)
        evidence = content + (mass - content) // 4
        copied = np.ceil(_share(evidence, characters, settings.overlap) * mass).astype(np.int64)
        entries = Entries(item, solution[source], sizes, mass, content, evidence, numbers, characters, copied, enough)
        keys, lengths = _grams(words, entry_of, item, needed)
        whole: dict[bytes, tuple[int, ...]] = {}
        for entry in np.flatnonzero(~says & ~solution[source] & ~alone[source] & (sizes > 0)).tolist():
            key = words.hashes[offsets[entry] : offsets[entry + 1]].tobytes()
            whole[key] = (*whole.get(key, ()), entry)
        return cls(kept, settings, texts, words, weights, tiers, entries, seeds, keys, lengths, whole)

    def __len__(self) -> int:
        return len(self.items)


def _share(
    evidence: npt.NDArray[np.int64], characters: npt.NDArray[np.float64], overlap: float | None
) -> npt.NDArray[np.float64]:
    """Share of what an entry says that a copy must say too."""
    least = SHARE_WITHOUT_OVERLAP if overlap is None else overlap
    shares = np.maximum((SHARE_OF_LITTLE, SHARE_OF_SHORT, least), least)
    share = np.interp(evidence, (LITTLE, SHORT, LONG), shares)
    more = np.minimum(share + CHARACTERS_MORE * characters, max(SHARE_OF_SHORT, least))
    return np.asarray(np.maximum(share, more))


def _written(
    items: tuple[Item, ...],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], list[str]]:
    """Of each text whose item it is, whether it is a solution, whether a question without its options, and the text."""
    rows: list[tuple[int, bool, bool, str]] = []
    for number, item in enumerate(items):
        rows.append((number, False, bool(item.choices), item.text))
        if item.choices:
            rows.append((number, False, False, f"{item.text}\n{item.choices}"))
        if item.solution:
            rows.append((number, True, False, item.solution))
    return (
        np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.bool_),
        np.array([row[2] for row in rows], np.bool_), [row[3] for row in rows],
    )  # fmt: skip


def _stretches(offsets: Places) -> tuple[Places, npt.NDArray[np.int64]]:
    """The bounds of the entries, and which text each is of."""
    sizes = np.diff(offsets)
    parts = np.maximum(-(-sizes // LONGEST_ENTRY), 1)
    source = np.repeat(np.arange(len(sizes)), parts)
    turn = np.arange(len(source)) - np.repeat(np.cumsum(parts) - parts, parts)
    starts = offsets[:-1][source] + turn * sizes[source] // parts[source]
    return np.append(starts, offsets[-1]).astype(np.int64), source.astype(np.int64)


def _sums(values: npt.NDArray[np.generic], entry_of: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int64]:
    return np.bincount(entry_of, weights=values.astype(np.float64), minlength=count).astype(np.int64)


def _seeds(
    words: Words, tiers: npt.NDArray[np.uint8], entry_of: npt.NDArray[np.int32], says: npt.NDArray[np.bool_]
) -> tuple[Seeds, npt.NDArray[np.int64]]:
    """The seeds that are looked for, and how many words of each entry they cover."""
    keys, lengths = np.zeros(len(words.hashes), np.uint64), np.zeros(len(words.hashes), np.uint8)
    seeds_of(words.hashes, words.kinds, words.offsets, POWERS, keys, lengths)
    places = np.flatnonzero((lengths > 0) & says[entry_of])
    frame = pl.DataFrame({"place": places, "key": keys[places], "entry": entry_of[places]}).with_columns(
        shared=pl.col("entry").n_unique().over("key")
    )
    saying = np.append(0, np.cumsum(tiers > FUNCTION))
    speaks = saying[places + lengths[places]] > saying[places]
    frame = frame.with_columns(good=(pl.col("shared") <= MOST_SHARED) & pl.Series(speaks)).with_columns(
        rank=pl.struct(~pl.col("good"), "shared", "place").rank("ordinal").over("entry")
    )
    frame = frame.filter(pl.col("good") | (pl.col("rank") <= KEPT_SEEDS)).sort("place")
    place = frame["place"].to_numpy()
    seen = np.zeros(len(words.hashes) + 1, np.int64)
    np.add.at(seen, place, 1)
    np.add.at(seen, place + lengths[place], -1)
    covered = _sums(np.cumsum(seen)[:-1] > 0, entry_of, len(says))
    entries = frame["entry"].to_numpy().astype(np.int64)
    inside, sizes = place - words.offsets[entries], np.diff(words.offsets)[entries]
    return Seeds.of(frame["key"].to_numpy(), lengths[place].astype(np.int64), entries, inside, sizes), covered


def _grams(
    words: Words, entry_of: npt.NDArray[np.int32], item: npt.NDArray[np.int64], needed: int
) -> tuple[npt.NDArray[np.uint64], Places]:
    keys, lengths = np.zeros(len(words.hashes), np.uint64), np.zeros(len(words.hashes), np.int64)
    runs_of(words.hashes, words.kinds, words.offsets, needed, keys, lengths)
    shared = pl.DataFrame({"key": keys, "item": item[entry_of]}).select(
        pl.col("item").n_unique().over("key")
    ).to_series()  # fmt: skip
    return keys, np.where(shared.to_numpy() <= MOST_RARE, lengths, 0)
