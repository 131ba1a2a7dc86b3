"""Targets: the language that a reply should be in, where nobody says so: that of the question, or else its own.

Told by script; between languages of the Latin, Cyrillic and Arabic scripts by fastText, when it is sure, and else the
script's most frequent language is taken.
"""

from __future__ import annotations

import re

import polars as pl

from r1data.measures import detector

LOOKED_AT = 600
"""Characters from the start."""
ENGLISH = frozenset(
    "the of is are and to in that we if then for with how many what find each has have be let a an".split()
)
ENGLISH_SHARE = 0.25
"""Text with so many of the commonest English words is English: fastText, which is slow, need not be asked."""
SURE = 0.7
FEWEST_WORDS = 4
HAN, KANA, HANGUL = (re.compile(rf"[{letters}]") for letters in ("㐀-䶿一-鿿", "぀-ヿ", "가-힣"))
LATIN, CYRILLIC, ARABIC = (re.compile(rf"[{letters}]{{2,}}") for letters in ("A-Za-zÀ-ɏ", "Ѐ-ӿ", "؀-ۿ"))
NOTATION = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`|\$[^$]*\$|\\[A-Za-z]+|</?[A-Za-z]+>|https?://\S+", re.DOTALL)
SCRIPT_LANGUAGES = {"latin": "en", "cyrillic": "ru", "arabic": "ar", "other": "en"}
"""What is taken where fastText is not sure."""


def target_languages(texts: pl.Series) -> pl.Series:
    """The language of each text, ISO 639-1; null where it holds no words at all."""
    told: list[str | None] = []
    unsure: list[tuple[int, str, str]] = []
    for place, text in enumerate(texts):
        words = NOTATION.sub(" ", (text or "")[:LOOKED_AT])
        script = _script(words)
        told.append(SCRIPT_LANGUAGES.get(script, script) if script else None)
        spoken = words.split()
        if script in SCRIPT_LANGUAGES and len(spoken) >= FEWEST_WORDS and not _english(spoken):
            unsure.append((place, script, words))
    opinions = detector.detect([words for _, _, words in unsure])
    for (place, _, _), opinion in zip(unsure, opinions, strict=True):
        if opinion is not None and opinion.probability >= SURE:
            told[place] = opinion.language
    return pl.Series(told, dtype=pl.String)


def _english(words: list[str]) -> bool:
    return sum(word.lower() in ENGLISH for word in words) >= ENGLISH_SHARE * len(words)


def _script(words: str) -> str | None:
    """The script of most words; of the East Asian ones, the language that goes with it. Two Han make a word or so."""
    if words.isascii():
        return "latin" if LATIN.search(words) else None
    kana, hangul, han = len(KANA.findall(words)), len(HANGUL.findall(words)), len(HAN.findall(words))
    counts = {
        "latin": len(LATIN.findall(words)),
        "cyrillic": len(CYRILLIC.findall(words)),
        "arabic": len(ARABIC.findall(words)),
        "ko": hangul / 2,
        "ja": (kana + han) / 2 if kana * 10 > han else 0,
        "zh": 0 if kana * 10 > han else han / 1.5,
    }
    most = max(counts, key=lambda name: counts[name])
    if counts[most]:
        return most
    return "other" if re.search(r"[^\W\d_]{2}", words) else None
