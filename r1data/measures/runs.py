"""Runs: words in another script than the target's, and whether they are speech or a name, a term, a mention.

"李明 has 3 apples" is English and "用 dynamic programming 解" is Chinese. "但是 the sum is 5" is not: a run is speech
where it holds the words that sentences are made with, or is longer than names are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from r1data.measures.tokens import BETWEEN, COMMA, IN_ASIDE, LINE, OPERATOR, STOP, Tokens
from r1data.measures.vocabulary import (
    ARTICLE,
    CONNECTIVE,
    CUE,
    ENGLISH,
    EVERY_LANGUAGE,
    FUNCTION,
    HAN_FUNCTION,
    HAN_SUFFIX,
    HAN_WORD,
    JAPANESE,
    KEYWORD,
    LANGUAGES,
    MAINLAND,
    MENTION_AFTER,
    MENTION_BEFORE,
    PARTICLE,
    Keys,
    Values,
    known,
    pair,
)
from r1data.texts import Bytes, Places, kernel
from r1data.texts.characters import Script

BY_SCRIPT = 32
"""A token's `foreign` is this plus its script where only the script says what language it is in."""
TOLERATED = -2
"""A run that is a name, a term, a mention. Next to speech it is part of it."""

_LATIN, _HAN, _KANA, _CYRILLIC, _GREEK, _UNSPACED = (
    int(script) for script in (Script.LATIN, Script.HAN, Script.KANA, Script.CYRILLIC, Script.GREEK, Script.UNSPACED)
)
HAN_NAME = 4
"""Characters of the longest name of a person."""
HAN_INSTITUTION = 12
HAN_ASIDE = 8
"""Characters between parentheses that may translate a term."""
LATIN_ASIDE = 6
KATAKANA_NAME = 10
UNSPACED_NAME = 10
GREEK_PRODUCT = 6
"""Bytes of three Greek letters, which are variables side by side."""


@kernel
def mark_runs(
    data: Bytes,
    hashes: npt.NDArray[np.uint64],
    starts: Places,
    ends: Places,
    tokens: Tokens,
    count: int,
    serves: int,
    keys: Keys,
    values: Values,
) -> None:
    """Set `foreign` of tokens whose script is none of the target's (`serves` has a bit for each that is)."""
    at = 0
    while at < count:
        script: Any = np.int64(tokens.scripts[at])
        if serves >> script & 1:
            at += 1
            continue
        stop = at + 1
        while stop < count and _goes_on(tokens, at, stop, serves):
            stop += 1
        language: Any = TOLERATED
        if script == _LATIN:
            language = _judge_latin(data, hashes, starts, tokens, at, stop, keys, values)
        elif script in (_HAN, _KANA):
            if not _is_mentioned(tokens, at, stop, count):
                language = _judge_han(data, hashes, starts, ends, tokens, at, stop, serves, keys, values)
        elif not _is_mentioned(tokens, at, stop, count) and _is_speech(data, starts, ends, tokens, at, stop, script):
            language = BY_SCRIPT + script
        for token in range(at, stop):
            tokens.foreign[token] = language
        at = stop
    _spread(tokens, count)


@kernel
def mark_chinese(
    hashes: npt.NDArray[np.uint64],
    starts: Places,
    ends: Places,
    tokens: Tokens,
    count: int,
    keys: Keys,
    values: Values,
) -> None:
    """For Japanese, which has Han, too: sentences without kana that hold characters of Chinese alone."""
    first, han, kana, chinese = 0, 0, 0, 0
    for at in range(count + 1):
        if at == count or tokens.gaps[at] & (STOP | LINE):
            if kana == 0 and han >= 2 and chinese > 0:
                for token in range(first, at):
                    if tokens.scripts[token] == _HAN:
                        tokens.foreign[token] = BY_SCRIPT + _HAN
            first, han, kana, chinese = at, 0, 0, 0
        if at == count:
            break
        if tokens.scripts[at] == _KANA:
            kana += 1
        elif tokens.scripts[at] == _HAN:
            han += 1
            word = tokens.words[at]
            if known(hashes[word], keys, values) & MAINLAND:
                chinese += 1
            if at > first and tokens.words[at - 1] == word - 1 and ends[word - 1] == starts[word]:
                chinese += 1 if known(pair(hashes[word - 1], hashes[word]), keys, values) & MAINLAND else 0


@kernel
def _goes_on(tokens: Tokens, first: int, at: int, serves: int) -> bool:
    script, before, gap = np.int64(tokens.scripts[at]), np.int64(tokens.scripts[first]), np.int64(tokens.gaps[at])
    if serves >> script & 1 or gap & (COMMA | STOP | LINE) or (gap ^ tokens.gaps[first]) & IN_ASIDE:
        return False
    if before == _LATIN:
        return bool(script == before)
    if before in (_HAN, _KANA):
        return bool((script in (_HAN, _KANA)) and not gap & BETWEEN)
    return bool(script == before)


@kernel
def _is_mentioned(tokens: Tokens, first: int, stop: int, count: int) -> bool:
    """Whether the words beside a run say that it is spoken of: the character X, X means."""
    if stop - first > HAN_INSTITUTION:
        return False
    if first > 0 and not tokens.gaps[first] & (STOP | LINE) and tokens.values[first - 1] & MENTION_BEFORE:
        return True
    return bool(stop < count and not tokens.gaps[stop] & (STOP | LINE) and tokens.values[stop] & MENTION_AFTER)


@kernel
def _judge_han(
    data: Bytes,
    hashes: npt.NDArray[np.uint64],
    starts: Places,
    ends: Places,
    tokens: Tokens,
    first: int,
    stop: int,
    serves: int,
    keys: Keys,
    values: Values,
) -> int:
    """The language of a run of Chinese or Japanese characters, TOLERATED where it is a name or a term."""
    length, kana, hiragana, found = stop - first, 0, 0, 0
    for at in range(first, stop):
        word = tokens.words[at]
        if tokens.scripts[at] == _KANA:
            kana += 1
            hiragana += _is_hiragana(data, starts[word])
        else:
            found |= known(hashes[word], keys, values)
        if at > first and ends[word - 1] == starts[word]:
            found |= known(pair(hashes[word - 1], hashes[word]), keys, values) & (HAN_WORD | JAPANESE)
    if tokens.gaps[first] & IN_ASIDE and length <= HAN_ASIDE:
        return TOLERATED
    if kana:
        if found & JAPANESE or hiragana > 4 or (hiragana and length > HAN_NAME + 2) or length > KATAKANA_NAME:
            return BY_SCRIPT + _KANA
        return TOLERATED
    if found & (HAN_WORD | HAN_FUNCTION):
        return BY_SCRIPT + _HAN
    if length <= HAN_NAME:
        return TOLERATED
    last = known(hashes[tokens.words[stop - 1]], keys, values)
    if last & HAN_SUFFIX and length <= HAN_INSTITUTION:
        return TOLERATED
    return BY_SCRIPT + _HAN


@kernel
def _is_hiragana(data: Bytes, at: int) -> int:
    """1 of U+3041 to U+309F."""
    if data[at] != 0xE3:
        return 0
    return 1 if data[at + 1] == 0x81 or (data[at + 1] == 0x82 and data[at + 2] <= 0x9F) else 0


@kernel
def _is_speech(data: Bytes, starts: Places, ends: Places, tokens: Tokens, first: int, stop: int, script: int) -> bool:
    """Whether a run in a script that one knows little of is more than a name."""
    length, small, found = stop - first, 0, np.int64(0)
    for at in range(first, stop):
        found |= np.int64(tokens.values[at])
        word = tokens.words[at]
        if script == _GREEK and ends[word] - starts[word] <= GREEK_PRODUCT:
            length -= 1
        elif script in (_CYRILLIC, _GREEK) and _is_small(data, starts[word]):
            small += 1
    if found & (FUNCTION | EVERY_LANGUAGE):
        return True
    if script == _UNSPACED:
        return length > UNSPACED_NAME
    if script in (_CYRILLIC, _GREEK):
        return small > 0 or length > 4
    return length > 2


@kernel
def _is_small(data: Bytes, at: int) -> bool:
    """Whether a Cyrillic or Greek word begins without a capital (U+0430 to U+045F, U+03AC to U+03CE)."""
    lead, next_ = data[at], data[at + 1]
    if lead == 0xD0:
        return bool(next_ >= 0xB0)
    return bool(lead == 0xD1 or (lead == 0xCE and next_ >= 0xAC) or lead == 0xCF)


@kernel
def _judge_latin(
    data: Bytes,
    hashes: npt.NDArray[np.uint64],
    starts: Places,
    tokens: Tokens,
    first: int,
    stop: int,
    keys: Keys,
    values: Values,
) -> int:
    """The language of Latin words inside another script, TOLERATED where they are terms, names or keywords."""
    length, capitals = stop - first, 0
    operators: Any = 0
    strong, articles, keywords = 0, 0, 0
    hits = np.zeros(len(LANGUAGES), np.int64)
    for at in range(first, stop):
        value, initial = np.int64(tokens.values[at]), data[starts[tokens.words[at]]]
        capitals += 1 if 0x41 <= initial <= 0x5A else 0
        operators |= np.int64(tokens.gaps[at]) & OPERATOR if at > first else 0
        if value & KEYWORD:
            keywords += 1
        elif value & ARTICLE:
            articles += 1
        elif value >> ENGLISH & 1:
            strong += 1
        elif not value & PARTICLE:
            for language in range(len(LANGUAGES)):
                hits[language] += value >> language & 1
    if first > 0 and length <= HAN_NAME and not tokens.gaps[first] & (COMMA | STOP | LINE):
        before = tokens.words[first - 1]
        if tokens.scripts[first - 1] == _HAN and known(hashes[before], keys, values) & CUE:
            return TOLERATED
    if length == 1:
        alone: Any = (np.int64(tokens.values[first]) >> CONNECTIVE) & EVERY_LANGUAGE
        return _lowest(alone) + 1 if alone else TOLERATED
    if capitals == length or (2 * capitals >= length and strong == 0):
        return TOLERATED
    if tokens.gaps[first] & IN_ASIDE and length <= LATIN_ASIDE and (strong == 0 or length < 3):
        return TOLERATED
    best: Any = np.argmax(hits)
    if hits[best] >= 2 and length >= 3 and hits[best] > strong:
        return best + 1  # type: ignore[no-any-return]
    if strong or (articles and keywords and length >= 3):
        return ENGLISH + 1
    if not operators and ((length >= 5 and articles + keywords >= 2) or length >= 7):
        return ENGLISH + 1
    return TOLERATED


@kernel
def _lowest(bits: int) -> int:
    place = 0
    while not bits >> place & 1:
        place += 1
    return place


@kernel
def _spread(tokens: Tokens, count: int) -> None:
    """Tolerated runs beside speech in their script, with nothing of the target's between, are part of it."""
    for forward in (True, False):
        language = 0
        for step in range(count):
            at = step if forward else count - 1 - step
            here: Any = np.int64(tokens.foreign[at])
            if here == 0:
                language = 0
            elif here > 0:
                language = here
            elif here == TOLERATED and language >= BY_SCRIPT and tokens.scripts[at] != _LATIN:
                tokens.foreign[at] = language
