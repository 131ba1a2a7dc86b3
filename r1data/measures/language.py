"""Language: the share of words that are in the target language (R1 paper, section 2.3.2, Eq. 7).

The paper leaves open how words are split and told apart; this is our reading. Words are told apart by script, on
columns, after `masking` has taken out what is no word. Between languages that share the Latin script fastText
decides, for a text as a whole and only when it is sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from r1data.measures import detector
from r1data.measures.masking import words_only
from r1data.measures.spaces import squeezed


class Script(NamedTuple):
    """How one script's words are found: a pattern, how much of a word each match is, and the languages it serves.

    The first of the languages is the one named where the script is all that is known.
    """

    pattern: str
    words_per_match: float
    languages: tuple[str, ...]


def _runs(letters: str) -> str:
    """Words of two letters or more: single letters are symbols."""
    return rf"[{letters}][{letters}\p{{M}}]+"


CHINESE_WORD = 1.5
"""Han characters in a word of running Chinese: about half are one character long, nearly all others two. Counting
runs would make a sentence one word, counting characters would make English terms in it look rare."""
THAI_WORD = 4.0
"""Characters in a word of Thai, Lao, Khmer or Burmese, which put no space between words either."""

SCRIPTS = {
    "Latin": Script(r"\p{Latin}[\p{Latin}\p{M}'’]*[\p{Latin}\p{M}]", 1, ()),
    "Han": Script(r"\p{Han}", 1 / CHINESE_WORD, ("zh", "yue", "wuu", "ja")),
    "Kana": Script(r"[\p{Hiragana}\p{Katakana}ー]+", 1, ("ja",)),
    "Hangul": Script(r"\p{Hangul}+", 1, ("ko",)),
    "Cyrillic": Script(_runs(r"\p{Cyrillic}"), 1, ("ru", "uk", "bg", "be", "mk", "kk", "ky", "mn", "tg", "tt")),
    "Arabic": Script(_runs(r"\p{Arabic}"), 1, ("ar", "fa", "ur", "ps", "ug", "sd")),
    "Greek": Script(_runs(r"\p{Greek}"), 1, ("el",)),
    "Hebrew": Script(_runs(r"\p{Hebrew}"), 1, ("he", "yi")),
    "Devanagari": Script(_runs(r"\p{Devanagari}"), 1, ("hi", "mr", "ne", "sa")),
    "Unspaced": Script(
        r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]", 1 / THAI_WORD, ("th", "lo", "km", "my")
    ),
    "Other": Script(
        r"[\p{Alphabetic}--[\p{Common}\p{Inherited}\p{Latin}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Cyrillic}"
        r"\p{Arabic}\p{Greek}\p{Hebrew}\p{Devanagari}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]+",
        1,
        ("bn", "ta", "te", "kn", "ml", "gu", "pa", "or", "as", "si", "ka", "hy", "am", "bo", "dv"),
    ),
}  # fmt: skip
"""Latin serves every language that no other script names."""

NOT_LATIN = frozenset(language for script in SCRIPTS.values() for language in script.languages)
HAN_WITHOUT_KANA = 20
"""From this many Han characters on, a text with hardly any kana is Chinese even where Japanese was wanted."""

ENOUGH_WORDS = 20
ENOUGH_DISTINCT = 12
"""Below these fastText guesses: "Ones: 7 + 5 = 12, write 2, carry 1." is a handful of labels, not a language."""
SURE = 0.8
SAME = ({"no", "nb", "nn"}, {"hr", "bs", "sh", "sr"}, {"id", "ms"})
"""Written languages that fastText cannot keep apart, and that need not be."""


class Speech(NamedTuple):
    """Three columns about one text column; see `measure`."""

    share: pl.Series
    language: pl.Series
    probability: pl.Series


def speech(texts: pl.Series, languages: pl.Series) -> Speech:
    """Share of words in the target language, and the language detected with its probability, for each text.

    `languages` holds the targets (ISO 639-1). The share is null for a text without words, and 0 where fastText is
    sure that a Latin text is in another Latin-script language than the target. Without an opinion the language is
    null; for other scripts than Latin it is the script's, with the script's share of the words as its probability.
    """
    frame = _counted(texts, languages)
    share, total = pl.col("hits") / pl.col("total"), pl.col("total")
    frame = frame.with_columns(pl.when(total > 0).then(share.clip(0, 1)).alias("share"), *_by_script())
    asked = frame.filter((pl.col("Latin") >= ENOUGH_WORDS) & (pl.col("Latin") * 2 > total) & _wide(pl.col("words")))
    opinions = _opinions(asked)
    told = frame.join(opinions, on="row", how="left", maintain_order="left")
    other = _is_another(told["heard"], told["target"])
    told = told.with_columns(
        pl.when(other & (pl.col("sureness") >= SURE)).then(0.0).otherwise("share").alias("share"),
        pl.coalesce("heard", "script_language").alias("detected"),
        pl.coalesce("sureness", "script_share").alias("probability"),
    )
    return Speech(told["share"], told["detected"], told["probability"])


def language_shares(texts: Sequence[str], languages: Sequence[str]) -> list[float | None]:
    """Eq. 7 for many reasonings at once, as a reward needs it; None for a text without words."""
    share = speech(pl.Series(texts, dtype=pl.String), pl.Series(languages, dtype=pl.String)).share
    return list(share)


def language_share(text: str, language: str) -> float | None:
    """Eq. 7 for one reasoning: its words in the language, of all its words; None without any word."""
    return language_shares([text], [language])[0]


def _counted(texts: pl.Series, languages: pl.Series) -> pl.DataFrame:
    """One column of word counts for each script, their total, and those in the target language (`hits`)."""
    frame = pl.DataFrame({"text": texts, "target": languages}).with_row_index("row")
    frame = frame.select("row", "target", words_only(pl.col("text").fill_null("")).alias("words"))
    # Most texts are ASCII for the most part, and only Latin words can hold any of it: the others look at the rest.
    rest = frame["words"].str.replace_all(r"[\x00-\x7F]+", " ").alias("rest")
    counts = [
        (pl.col("words" if name == "Latin" else "rest").str.count_matches(script.pattern) * script.words_per_match)
        .cast(pl.Float64)
        .alias(name)
        for name, script in SCRIPTS.items()
    ]
    frame = frame.with_columns(rest).with_columns(counts).drop("rest")
    hits = [pl.when(_serves(name)).then(pl.col(name)).otherwise(0.0) for name in SCRIPTS]
    return frame.with_columns(pl.sum_horizontal(list(SCRIPTS)).alias("total"), pl.sum_horizontal(hits).alias("hits"))


def _serves(script: str) -> pl.Expr:
    target = pl.col("target")
    if script == "Latin":
        return ~target.is_in(NOT_LATIN)
    serves = target.is_in(SCRIPTS[script].languages)
    if script == "Han":
        characters = pl.col("Han") * CHINESE_WORD
        return serves & ((target != "ja") | (characters < HAN_WITHOUT_KANA) | (pl.col("Kana") * 20 >= characters))
    return serves


def _by_script() -> list[pl.Expr]:
    """The language that the most frequent script stands for, and its share of the words. Null for Latin."""
    rows: list[pl.Expr] = []
    for name, script in SCRIPTS.items():
        if script.languages:
            served = pl.when(_serves(name)).then(pl.col("target")).otherwise(pl.lit(script.languages[0]))
            leads = (pl.col(name) * 2 > pl.col("total")) & (pl.col("total") > 0)
            rows.append(pl.when(leads).then(served))
    japanese = (pl.col("Kana") > 0) & ((pl.col("Kana") + pl.col("Han")) * 2 > pl.col("total"))
    japanese &= pl.col("Kana") * CHINESE_WORD * 4 >= pl.col("Han")
    language = pl.coalesce(pl.when(japanese).then(pl.lit("ja")), *rows)
    most = pl.when(japanese).then(pl.col("Kana") + pl.col("Han"))
    leading = pl.coalesce(most, pl.max_horizontal([name for name in SCRIPTS if name != "Latin"]))
    share = pl.when(language.is_not_null()).then(leading / pl.col("total"))
    return [language.alias("script_language"), share.alias("script_share")]


def _wide(words: pl.Expr) -> pl.Expr:
    """Whether the text has a vocabulary rather than a few labels; looks at its first thousands of characters only."""
    seen = words.str.slice(0, detector.LONGEST).str.to_lowercase().str.extract_all(SCRIPTS["Latin"].pattern)
    return seen.list.n_unique() >= ENOUGH_DISTINCT


def _opinions(asked: pl.DataFrame) -> pl.DataFrame:
    opinions = detector.detect(asked.select(squeezed(pl.col("words")))["words"].to_list())
    return pl.DataFrame(
        {
            "row": asked["row"],
            "heard": [opinion.language if opinion else None for opinion in opinions],
            "sureness": [opinion.probability if opinion else None for opinion in opinions],
        },
        schema={"row": asked.schema["row"], "heard": pl.String, "sureness": pl.Float64},
    )


def _is_another(heard: pl.Series, target: pl.Series) -> pl.Series:
    """Whether what was heard is a Latin-script language other than the target, and fastText knows the target."""
    pairs = pl.DataFrame({"heard": heard, "target": target})
    same = pl.col("heard") == pl.col("target")
    for family in SAME:
        same |= pl.col("heard").is_in(family) & pl.col("target").is_in(family)
    known = pl.col("target").is_in(detector.known_languages())
    return pairs.select((~same & known & ~pl.col("heard").is_in(NOT_LATIN)).fill_null(False))["heard"]
