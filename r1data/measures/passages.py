"""Passages: stretches of a reply that are in another language than the target, row by row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from r1data.measures.clauses import DOUBTFUL, TALLIES, mark_clauses, mark_doubtful
from r1data.measures.runs import TOLERATED, mark_chinese, mark_runs
from r1data.measures.tokens import IN_ASIDE, LINE, Tokens, tokenize
from r1data.measures.vocabulary import EVERY_LANGUAGE, LANGUAGES
from r1data.texts import Bytes, Places, Words, kernel
from r1data.texts.characters import Script

_LATIN, _HAN, _KANA = int(Script.LATIN), int(Script.HAN), int(Script.KANA)
_SCRIPTS = len(Script)
DISTINCT = 12
"""Different words that are counted, and not more."""
KANA_GAP = 6
"""Chinese characters that may stand within a Japanese passage of a Chinese reply."""

Counts = npt.NDArray[np.float64]
Known = npt.NDArray[np.int64]


class Passages(NamedTuple):
    """Passages in order; each of the arrays has one entry for each."""

    rows: Places
    parts: Places
    starts: Places
    """Places in the block's data."""
    ends: Places
    words: Counts
    codes: Places
    """What language: see `runs.BY_SCRIPT` and `clauses.DOUBTFUL`."""
    gaps: Places
    """Words in the target language since the passage before."""
    own_script: Places
    """1 where it is written in the target's script, so that the script counted it as the target's."""

    @classmethod
    def room(cls, size: int) -> Passages:
        """Memory for so many."""
        whole = [np.empty(size, np.int64) for _ in range(7)]
        return cls(whole[0], whole[1], whole[2], whole[3], np.empty(size, np.float64), whole[4], whole[5], whole[6])

    def first(self, many: int) -> Passages:
        """The first ones, in memory of their own."""
        return self.where(np.arange(many))

    def where(self, chosen: npt.NDArray[Any]) -> Passages:
        """Some of them, in memory of their own."""
        some: list[Any] = [column[chosen] for column in self]
        return Passages(*some)


class Target(NamedTuple):
    """What is wanted of each row."""

    serves: Places
    """A bit for each script of the language."""
    script: Places
    """The script that most of its words are in."""
    number: Places
    """Its place in `vocabulary.LANGUAGES`, or -1."""
    shared: npt.NDArray[np.bool_]
    """Whether others have the script, too, and must be told apart by asking about every line."""


@kernel
def find_passages(
    data: Bytes,
    classes: Bytes,
    words: tuple[Any, ...],
    parts: tuple[Any, ...],
    target: Target,
    tables: tuple[Any, ...],
    weights: Counts,
    tokens: Tokens,
    into: Passages,
    counts: Counts,
    known: Known,
) -> int:
    """Fill `counts` (by row, part, 1 for the tolerated, script), `known` (see `count_known`) and `into`.

    Returns how many passages there are.

    `words` are the block's: hashes, kinds, starts, ends, offsets; `parts` starts and ends of reasoning and answer;
    `tables` scripts, gaps, and the vocabulary's keys and values.
    """
    hashes, kinds, starts, ends, offsets = words
    keys, values = tables[2], tables[3]
    tallies = np.zeros(TALLIES, np.int64)
    found = 0
    for row in range(len(offsets) - 1):
        word, last = offsets[row], offsets[row + 1]
        serves, script, number = target.serves[row], target.script[row], target.number[row]
        for part in range(2):
            begin, end = parts[2 * part][row], parts[2 * part + 1][row]
            limits = (word, last, begin, end)
            count, word = tokenize(data, classes, hashes, kinds, starts, ends, limits, tables, tokens)
            if count == 0:
                continue
            if part == 0:
                count_known(hashes, tokens, count, number, known[row])
            if number >= 0:
                mark_clauses(data, starts, tokens, count, script, number, tallies)
            elif target.shared[row]:
                mark_doubtful(tokens, count, script)
            if _has_others(tokens, count, serves):
                mark_runs(data, hashes, starts, ends, tokens, count, serves, keys, values)
            if serves >> _KANA & 1:
                mark_chinese(hashes, starts, ends, tokens, count, keys, values)
            _count_scripts(starts, ends, tokens, count, serves, weights, counts[row, part])
            found = _gather(starts, ends, tokens, count, serves, weights, row, part, into, found)
    return found


@kernel
def _has_others(tokens: Tokens, count: int, serves: int) -> bool:
    """Whether there are tokens in other scripts than the target's."""
    for at in range(count):  # noqa: SIM110 - numba compiles no generator expressions
        if not serves >> np.int64(tokens.scripts[at]) & 1:
            return True
    return False


@kernel
def _count_scripts(
    starts: Places, ends: Places, tokens: Tokens, count: int, serves: int, weights: Counts, into: Counts
) -> None:
    """Add up words by script, those that are tolerated apart. Asides in another script count for nothing."""
    behind = -1
    for at in range(count):
        script, word = np.int64(tokens.scripts[at]), tokens.words[at]
        if not serves >> script & 1 and tokens.gaps[at] & IN_ASIDE:
            continue
        weight = weights[script]
        if script == _KANA:
            weight = 0.0 if behind == starts[word] else 1.0
            behind = ends[word]
        into[1 if tokens.foreign[at] == TOLERATED else 0, script] += weight


@kernel
def count_known(hashes: npt.NDArray[np.uint64], tokens: Tokens, count: int, number: int, into: Known) -> None:
    """How many Latin words each language of the vocabulary knows; how many any does; how many are different."""
    languages = len(LANGUAGES)
    into[languages + 1] = 0
    for at in range(count):
        if tokens.scripts[at] != _LATIN:
            continue
        value = np.int64(tokens.values[at]) & EVERY_LANGUAGE
        if value:
            into[languages] += 1
            if number >= 0 and value >> number & 1:
                into[number] += 1
            else:
                for language in range(languages):
                    into[language] += value >> language & 1
        distinct = into[languages + 1]
        if distinct < DISTINCT:
            hashed, place = np.int64(hashes[tokens.words[at]]), languages + 2
            while place < languages + 2 + distinct and into[place] != hashed:
                place += 1
            if place == languages + 2 + distinct:
                into[place] = hashed
                into[languages + 1] += 1


KNOWN = len(LANGUAGES) + 2 + DISTINCT
"""Places of a row of `known`: one for each language, the words of any, how many are different, and those."""


@kernel
def _gather(
    starts: Places,
    ends: Places,
    tokens: Tokens,
    count: int,
    serves: int,
    weights: Counts,
    row: int,
    part: int,
    into: Passages,
    found: int,
) -> int:
    """Write the tokens that are foreign as passages; a doubtful one ends with its line."""
    gap, before = 0, np.int64(0)
    for at in range(count):
        code, script, word = np.int64(tokens.foreign[at]), np.int64(tokens.scripts[at]), tokens.words[at]
        if code == 0 or code == TOLERATED:
            if serves >> script & 1:
                gap += 1
            before = np.int64(0)
            continue
        if code != before or (code == DOUBTFUL and tokens.gaps[at] & LINE):
            into.rows[found], into.parts[found], into.codes[found], into.gaps[found] = row, part, code, gap
            into.starts[found], into.words[found] = starts[word], 0.0
            into.own_script[found] = serves >> script & 1
            found += 1
            gap = 0
        # A kana word is a run of kana, as in `_count_scripts`.
        first = script != _KANA or at == 0 or tokens.scripts[at - 1] != _KANA or tokens.words[at - 1] != word - 1
        into.words[found - 1] += weights[script] if first else 0.0
        into.ends[found - 1] = ends[word]
        before = code
    return found


def tuple_of(words: Words) -> tuple[Any, ...]:
    """The words as a kernel takes them."""
    return words.hashes, words.kinds, words.starts, words.ends, words.offsets


@kernel
def characters_between(data: Bytes, starts: Places, ends: Places) -> Places:
    """How many characters stand between pairs of places."""
    lengths = np.zeros(len(starts), np.int64)
    for pair in range(len(starts)):
        for at in range(starts[pair], ends[pair]):
            if data[at] & 0xC0 != 0x80:
                lengths[pair] += 1
    return lengths
