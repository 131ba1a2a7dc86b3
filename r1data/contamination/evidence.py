"""Evidence: which alignments are hits.

Two kinds of evidence count. A *copy*: the text says most of what the item says. A *run*: enough words in a row that
are the item's, and that are neither what any question says nor what many items or many prompts share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from r1data.contamination.alignment import Alignments
from r1data.contamination.index import SHORT, Index
from r1data.contamination.lexicon import CONTENT
from r1data.contamination.seeds import WORD_UNITS
from r1data.texts import NUMBER, Texts, Words

RENUMBERED = 60
"""What the rare words in common must say where numbers differ: a short sum with other numbers is another sum."""
RENUMBERED_WORDS = 18
"""Or how many words must all be equal."""
RUN_CONTENT = 30
"""What the rare words of a run must say."""
NGRAM, DIGITS, OVERLAP = 0, 1, 2
BEHIND = frozenset('.?!;:\n。？！；："”』」')
BEFORE = BEHIND | frozenset(",，、*#>(（“『「")
"""What stands behind and before a sentence."""
METHODS = ("ngram", "digits", "overlap")


@dataclass(frozen=True, slots=True)
class Hits:
    """Which events are hits; `run` those that rest on a run alone, which many prompts may turn out to share."""

    method: npt.NDArray[np.int64]
    """Of `METHODS`; -1 where the event is none."""
    run: npt.NDArray[np.bool_]


def judge(index: Index, events: npt.NDArray[np.int64], found: Alignments, words: Words, texts: Texts) -> Hits:
    """What the alignments of events say."""
    entry, entries = events[1], index.entries
    size, says = entries.sizes[entry], entries.evidence[entry]
    lost = entries.numbers[entry] - found["numbers"]
    plain = size - entries.numbers[entry]
    equal = (found["words"] - found["numbers"] == plain) & (found["strange"] == 0)
    renumbered = (found["content"] >= RENUMBERED) | (equal & (plain >= RENUMBERED_WORDS))
    copy = (found["mass"] >= entries.needed[entry]) & ((lost == 0) | renumbered)
    copy &= (says >= SHORT) | (found["strange"] <= 1 + size // 6)
    copy |= equal & (lost > 0) & renumbered
    for number in np.flatnonzero(copy & (says < SHORT)).tolist():
        copy[number] = _stands_alone(index, events[:2, number].tolist(), found, number, words, texts)
    long = found["run"] >= WORD_UNITS * min(index.settings.ngrams)
    run = np.zeros(len(entry), np.bool_)
    for number in np.flatnonzero(long & ~copy).tolist():
        run[number] = _is_evidence(index, int(entry[number]), found, number)
    method = np.full(len(entry), -1, np.int64)
    method[copy] = OVERLAP
    method[copy & equal] = DIGITS
    method[(copy & equal & (lost == 0)) | (copy & long) | run] = NGRAM
    return Hits(method, run)


def _is_evidence(index: Index, entry: int, found: Alignments, number: int) -> bool:
    """Whether a run says something, and has an n-gram that few items share."""
    first = int(index.words.offsets[entry])
    begin, end = first + int(found["run_first"][number]), first + int(found["run_last"][number])
    says = (index.tiers[begin:end] == CONTENT) & (index.words.kinds[begin:end] != NUMBER)
    if index.weights[begin:end][says].sum() < RUN_CONTENT:
        return False
    return len(grams(index, begin, end)) > 0


def grams(index: Index, begin: int, end: int) -> npt.NDArray[np.uint64]:
    """The n-grams between two words of the items that few items share."""
    lengths = index.gram_lengths[begin:end]
    rare = (lengths > 0) & (np.arange(begin, end) + lengths <= end)
    return index.gram_keys[begin:end][rare]


def _stands_alone(index: Index, event: list[int], found: Alignments, number: int, words: Words, texts: Texts) -> bool:
    """Whether what was found is a sentence of its own: no other word before or behind it without a stop between."""
    row, entry = event
    first, last = int(found["text_first"][number]), int(found["text_last"][number])
    begin, end = int(words.offsets[row]), int(words.offsets[row + 1])
    lost = (int(found["item_first"][number]), int(index.entries.sizes[entry] - found["item_last"][number]))
    return _stops(words, texts, BEFORE, range(first, max(first - lost[0], begin) - 1, -1), begin) and _stops(
        words, texts, BEHIND, range(last, min(last + lost[1], end) + 1), end
    )


def _stops(words: Words, texts: Texts, stops: frozenset[str], places: range, border: int) -> bool:
    """Whether a stop, or the border, is before one of some words: those that may stand for words of the item."""
    return any(
        place == border or stops & set(texts.between(int(words.ends[place - 1]), int(words.starts[place])))
        for place in places
    )
