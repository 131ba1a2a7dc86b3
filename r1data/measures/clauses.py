"""Clauses: words of another language that has the target's script, found by the frequent words of both.

A clause or a sentence with several of another language's words and none, or few, of the target's is in that language.
A long sentence with hardly any known word at all is doubtful, and fastText is asked about it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from r1data.measures.tokens import COMMA, LINE, STOP, Tokens
from r1data.measures.vocabulary import CONNECTIVE, EVERY_LANGUAGE, LANGUAGES, PARTICLE
from r1data.texts import Bytes, Places, kernel

DOUBTFUL = -1
"""What a token's `foreign` is until fastText has spoken."""
_LANGUAGES = len(LANGUAGES)
_HITS, _WORDS, _SMALL = _LANGUAGES, _LANGUAGES + 1, _LANGUAGES + 2
"""Places of a tally behind those of the languages: words of the target, all words, and those without a capital."""
TALLY = _LANGUAGES + 3

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

    `target` is the target's number in the vocabulary, `tallies` room for two tallies and as many of strong hits.
    """
    clause, sentence = 0, 0
    tallies[:] = 0
    for at in range(count + 1):
        gap = np.int64(tokens.gaps[at]) if at < count else STOP
        if gap & (COMMA | STOP | LINE):
            _end_clause(tokens, clause, at, script, target, tallies)
            clause = at
        if gap & (STOP | LINE):
            _end_sentence(tokens, sentence, at, script, target, tallies)
            sentence = at
        if at < count and tokens.scripts[at] == script:
            _count(data[starts[tokens.words[at]]], np.int64(tokens.values[at]), target, tallies)
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
def _count(initial: int, value: int, target: int, tallies: npt.NDArray[np.int64]) -> None:
    """Count a word in the clause's tally."""
    tallies[0, _WORDS] += 1
    if not 0x41 <= initial <= 0x5A:
        tallies[0, _SMALL] += 1
    languages = value & EVERY_LANGUAGE
    if languages == 0:
        return
    if languages >> target & 1:
        tallies[0, _HITS] += 1
        return
    for language in range(_LANGUAGES):
        if languages >> language & 1:
            tallies[0, language] += 1
            if not value & PARTICLE:
                tallies[2, language] += 1


@kernel
def _end_clause(
    tokens: Tokens, first: int, last: int, script: int, target: int, tallies: npt.NDArray[np.int64]
) -> None:
    words = tallies[0, _WORDS]
    if words > 0:
        best = _best(tallies, 0)
        hits = tallies[0, best]
        foreign = words >= CLAUSE_WORDS and hits >= 2 and tallies[2, best] >= 1
        if foreign and tallies[0, _HITS] == 0 and 4 * hits >= words:
            _mark(tokens, first, last, script, best + 1)
        else:
            for place in range(TALLY):
                tallies[1, place] += tallies[0, place]
                tallies[3, place] += tallies[2, place]
        tallies[0, :] = 0
        tallies[2, :] = 0


@kernel
def _end_sentence(
    tokens: Tokens, first: int, last: int, script: int, target: int, tallies: npt.NDArray[np.int64]
) -> None:
    words, known = tallies[1, _WORDS], tallies[1, _HITS]
    if words == 0:
        return
    best = _best(tallies, 1)
    hits = tallies[1, best]
    if words >= SENTENCE_WORDS and hits >= 2 and tallies[3, best] >= 1 and hits > 2 * known and 5 * hits >= words:
        _mark(tokens, first, last, script, best + 1)
    elif tallies[1, _SMALL] >= DOUBTFUL_WORDS and known * KNOWN_SHARE < words:
        _mark(tokens, first, last, script, DOUBTFUL)
    tallies[1, :] = 0
    tallies[3, :] = 0


@kernel
def _best(tallies: npt.NDArray[np.int64], row: int) -> int:
    best = 0
    for language in range(1, _LANGUAGES):
        if tallies[row, language] > tallies[row, best]:
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
    before = 0
    for at in range(count):
        if tokens.scripts[at] != script or tokens.foreign[at] != 0:
            before = 0
            continue
        value = np.int64(tokens.values[at])
        languages = value & EVERY_LANGUAGE
        if languages == 0 or languages >> target & 1:
            before = 0
            continue
        alone = (value >> CONNECTIVE) & EVERY_LANGUAGE
        if alone:
            tokens.foreign[at] = _lowest(alone) + 1
        if value & PARTICLE:
            before = 0
            continue
        both = before & languages
        if both and not tokens.gaps[at] & (COMMA | STOP | LINE):
            tokens.foreign[at] = tokens.foreign[at - 1] = _lowest(both) + 1
        before = languages


@kernel
def _lowest(bits: int) -> int:
    place = 0
    while not bits >> place & 1:
        place += 1
    return place
