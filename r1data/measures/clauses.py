"""Clauses: words of another language that has the target's script, found by the frequent words of both.

A clause or a sentence with several of another language's words and none, or few, of the target's is in that language.
A long sentence with hardly any known word at all is doubtful, and fastText is asked about it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from r1data.measures.tokens import COMMA, LINE, STOP, Tokens
from r1data.measures.vocabulary import CONNECTIVE, EVERY_LANGUAGE, LANGUAGES, PARTICLE
from r1data.texts import Bytes, Places, kernel

DOUBTFUL = -1
"""What a token's `foreign` is until fastText has spoken."""
_LANGUAGES = len(LANGUAGES)
_CLAUSE, _CLAUSE_STRONG, _SENTENCE, _SENTENCE_STRONG = range(4)
TALLIES = (4, _LANGUAGES)
"""Shape of the room for counting words by language: of a clause and of a sentence, all and those that are no names."""

SENTENCE_WORDS = 4
CLAUSE_WORDS = 3
DOUBTFUL_WORDS = 8
"""Words without a capital that a sentence needs before it is doubtful. Names and headings are not."""
KNOWN_SHARE = 12
"""One word in so many must be a frequent one of the target's. Of honest prose it is one in three."""


@kernel
def mark_clauses(
    data: Bytes, starts: Places, tokens: Tokens, count: int, script: int, target: int, tallies: npt.NDArray[np.int64]
) -> None:
    """Set `foreign` of tokens of the target's script to the number of another language plus one, or to DOUBTFUL.

    `target` is the target's number in the vocabulary, `tallies` room of the shape TALLIES.
    """
    clause, sentence = 0, 0  # first tokens of both
    # All words, those of the target, those without a capital, those of any other language.
    clause_words, clause_known, clause_small, clause_others = 0, 0, 0, 0
    words, known, small, others, any_others = 0, 0, 0, 0, 0
    tallies[:] = 0
    for at in range(count + 1):
        gap = np.int64(tokens.gaps[at]) if at < count else STOP
        if gap & (COMMA | STOP | LINE):
            foreign = clause_others > 0 and _end_clause(tokens, clause, at, script, clause_words, clause_known, tallies)
            if not foreign:
                words, known, small = words + clause_words, known + clause_known, small + clause_small
                others += clause_others
            clause, clause_words, clause_known, clause_small, clause_others = at, 0, 0, 0, 0
        if gap & (STOP | LINE):
            if others and _end_sentence(tokens, sentence, at, script, words, known, tallies):
                pass
            elif small >= DOUBTFUL_WORDS and known * KNOWN_SHARE < words:
                _mark(tokens, sentence, at, script, DOUBTFUL)
            sentence, words, known, small, others = at, 0, 0, 0, 0
        if at == count or tokens.scripts[at] != script:
            continue
        clause_words += 1
        capital = 0x41 <= data[starts[tokens.words[at]]] <= 0x5A
        clause_small += 0 if capital else 1
        value = np.int64(tokens.values[at])
        languages = value & EVERY_LANGUAGE
        if languages >> target & 1:
            clause_known += 1
        elif languages:
            clause_others += 1
            any_others += 1
            for language in range(_LANGUAGES):
                tallies[_CLAUSE, language] += languages >> language & 1
                tallies[_CLAUSE_STRONG, language] += 0 if capital or value & PARTICLE else languages >> language & 1
    if any_others:
        _mark_singles(tokens, count, script, target)


@kernel
def mark_doubtful(tokens: Tokens, count: int, script: int) -> None:
    """For a target of which no words are known: every line of enough words is doubtful."""
    first, words = 0, 0
    for at in range(count + 1):
        if at == count or tokens.gaps[at] & LINE:
            if words >= DOUBTFUL_WORDS:
                _mark(tokens, first, at, script, DOUBTFUL)
            first, words = at, 0
        if at < count and tokens.scripts[at] == script:
            words += 1


@kernel
def _end_clause(
    tokens: Tokens, first: int, last: int, script: int, words: int, known: int, tallies: npt.NDArray[np.int64]
) -> bool:
    """Mark a clause that is in another language, and say so. The words of one that is not count for its sentence."""
    best = _best(tallies[_CLAUSE])
    hits = tallies[_CLAUSE, best]
    foreign = known == 0 and words >= CLAUSE_WORDS and hits >= 2 and tallies[_CLAUSE_STRONG, best] >= 1
    foreign = foreign and 4 * hits >= words
    if foreign:
        _mark(tokens, first, last, script, best + 1)
    else:
        tallies[_SENTENCE] += tallies[_CLAUSE]
        tallies[_SENTENCE_STRONG] += tallies[_CLAUSE_STRONG]
    tallies[_CLAUSE] = 0
    tallies[_CLAUSE_STRONG] = 0
    return foreign


@kernel
def _end_sentence(
    tokens: Tokens, first: int, last: int, script: int, words: int, known: int, tallies: npt.NDArray[np.int64]
) -> bool:
    best = _best(tallies[_SENTENCE])
    hits = tallies[_SENTENCE, best]
    foreign = words >= SENTENCE_WORDS and hits >= 2 and tallies[_SENTENCE_STRONG, best] >= 1
    foreign = foreign and hits > 2 * known and 5 * hits >= words
    if foreign:
        _mark(tokens, first, last, script, best + 1)
    tallies[_SENTENCE] = 0
    tallies[_SENTENCE_STRONG] = 0
    return foreign


@kernel
def _best(tally: npt.NDArray[np.int64]) -> int:
    best = 0
    for language in range(1, _LANGUAGES):
        if tally[language] > tally[best]:
            best = language
    return best


@kernel
def _mark(tokens: Tokens, first: int, last: int, script: int, language: int) -> None:
    for at in range(first, last):
        if tokens.scripts[at] == script and tokens.foreign[at] == 0:
            tokens.foreign[at] = language


@kernel
def _mark_singles(tokens: Tokens, count: int, script: int, target: int) -> None:
    """Words that are a lapse alone, and two in a row of one other language that are no names."""
    before: Any = 0
    for at in range(count):
        if tokens.scripts[at] != script or tokens.foreign[at] != 0:
            before = 0
            continue
        value = np.int64(tokens.values[at])
        languages = value & EVERY_LANGUAGE
        if languages == 0 or languages >> target & 1:
            before = 0
            continue
        alone: Any = (value >> CONNECTIVE) & EVERY_LANGUAGE
        if alone:
            tokens.foreign[at] = _lowest(alone) + 1
        if value & PARTICLE:
            before = 0
            continue
        both: Any = before & languages
        if both and not tokens.gaps[at] & (COMMA | STOP | LINE):
            tokens.foreign[at] = tokens.foreign[at - 1] = _lowest(both) + 1
        before = languages


@kernel
def _lowest(bits: int) -> int:
    place = 0
    while not bits >> place & 1:
        place += 1
    return place
