"""Folding: words brought to one spelling, so that equal means equal.

Letter case, outer punctuation, the width of characters and articles never matter; "3" is 3 and 3.0.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_NUMBER = 50
OUTER = " \t\n.。!！?？,，;；:：\"'“”‘’`*_$()（）[]【】{}「」✓✔✅"
ARTICLE = re.compile(r"(?:the|an?)\s+(?=\w{2,}\S*(?:\s\S+)?$)")
TRUTH = {
    word: verdict
    for verdict, words in (
        ("true", "yes true correct right 是 对 真 正确 是的 对的 成立"),
        ("false", "no false incorrect wrong 否 错 假 错误 不是 不对 不正确 不成立"),
    )
    for word in words.split()
}


def fold(text: str) -> str:
    """A text without case, width, outer punctuation, an article and spare space; a number in its plainest form."""
    return ARTICLE.sub("", fold_with_article(text), count=1)


def fold_with_article(text: str) -> str:
    """The same, but for the article: for sentences."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"\s+", " ", text).strip()
    number = _number(text.strip("$ "))
    if number is not None:
        return number
    bare = text.strip(OUTER)
    return (_number(bare) or bare) if bare else text


def truth(text: str) -> str | None:
    """`true` or `false` for a word that says so; a negation of one turns it round."""
    folded = fold(text)
    negated = re.match(r"not\s+", folded)
    said = TRUTH.get(folded[negated.end() :] if negated else folded)
    return said if said is None or not negated else {"true": "false", "false": "true"}[said]


def _number(text: str) -> str | None:
    if len(text) > LONGEST_NUMBER or not re.fullmatch(r"[+\-]?\d+(?:\.\d+)?", text, re.ASCII):
        return None
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.removeprefix("+"))
    whole, _, decimals = digits.partition(".")
    plain = (whole.lstrip("0") or "0") + ("." + decimals).rstrip("0").rstrip(".")
    return plain if plain == "0" else sign + plain
