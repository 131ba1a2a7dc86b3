"""The table of constraints: for each kind a function from its arguments to a test of a reply."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from r1data.verifiers.check import BadTask
from r1data.verifiers.constraints import prose

IFEVAL_RESPONSES = ["My answer is yes.", "My answer is no.", "My answer is maybe."]
BULLET = re.compile(r"^[ \t]*(?:\*(?!\*)|-(?!-)|•|\+(?=\s))[^\n]*\S", re.MULTILINE)
PLACEHOLDER = re.compile(r"\[[^\[\]\n]+\]|【[^【】\n]+】")
HIGHLIGHT = re.compile(r"\*\*([^\n*]+)\*\*|\*([^\n*]+)\*")
TITLE = re.compile(r"<<[^\n<>]*[^\s<>][^\n<>]*>>")
WORD_CHARACTER = rf"[{prose.LATIN}0-9_]"
STARS = re.compile(r"[ \t]?\*{3}[ \t]?")
BLANK_LINE = re.compile(r"\n[ \t]*\n")
QUOTES = (('"', '"'), ("“", "”"), ("「", "」"), ("『", "』"))
EDGE = " \t\n\"'“”‘’*_#>-(["
FENCED = re.compile(r"\A```(?:json|JSON|Json)?[ \t]*\n?(.*?)\n?```\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is tested: the answer without space around it, and the language that was asked for."""

    text: str
    language: str


Test = Callable[[Reply], bool]


@dataclass(slots=True)
class Arguments:
    """A constraint's arguments, taken by name and type; what nobody takes is an error too."""

    label: str
    given: dict[str, Any]
    question: str | None
    taken: set[str] = field(default_factory=set)

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is not blank."""
        self.taken.add(name)
        value = self.given.get(name, default)
        if not isinstance(value, str) or not value.strip():
            raise BadTask(f"{self.label}: {name!r} should be a text")
        return value

    def texts(self, name: str, default: list[str] | None = None) -> list[str]:
        """One text or more."""
        self.taken.add(name)
        value = self.given.get(name, default)
        if not isinstance(value, list) or not value or not all(isinstance(one, str) and one.strip() for one in value):
            raise BadTask(f"{self.label}: {name!r} should be a list of texts")
        return value

    def count(self, name: str, default: int | None = None) -> int:
        """A whole number from 0 on."""
        self.taken.add(name)
        value = self.given.get(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise BadTask(f"{self.label}: {name!r} should be a whole number from 0 on")
        return value

    def bounds(self) -> Callable[[int], bool]:
        """Whether a number lies within `min` and `max`, or is `exactly` what it should be."""
        named = {name: self.count(name) for name in ("min", "max", "exactly") if name in self.given}
        low, high = named.get("min", 0), named.get("max")
        exact = named.get("exactly")
        if not named or (exact is not None and len(named) > 1) or (high is not None and high < low):
            raise BadTask(f"{self.label}: it needs `min`, `max` (not below it) or `exactly`")
        if exact is not None:
            return lambda number: number == exact
        return lambda number: low <= number and (high is None or number <= high)

    def all_read(self) -> None:
        """Complain of arguments that mean nothing."""
        strange = sorted(set(self.given) - self.taken)
        if strange:
            raise BadTask(f"{self.label}: there is no argument {strange[0]!r}")


def counted(count: Callable[[str], int]) -> Callable[[Arguments], Test]:
    """A constraint on how much there is of something."""

    def constraint(arguments: Arguments) -> Test:
        within = arguments.bounds()
        return lambda reply: within(count(reply.text))

    return constraint


def always(holds: Callable[[str], bool]) -> Callable[[Arguments], Test]:
    """A constraint that needs no arguments."""
    return lambda arguments: lambda reply: holds(reply.text)


def keywords(arguments: Arguments) -> Test:
    """All of `words` occur, each as a word of its own, inflected or not; Chinese words anywhere."""
    patterns = [_whole(word, INFLECTED) for word in arguments.texts("words")]
    return lambda reply: all(pattern.search(reply.text) for pattern in patterns)


def keyword_count(arguments: Arguments) -> Test:
    """`word` occurs so often: "seas" counts for "sea", "season" does not; Chinese words anywhere."""
    pattern, within = _whole(arguments.text("word"), INFLECTED), arguments.bounds()
    return lambda reply: within(sum(1 for _ in pattern.finditer(reply.text)))


def forbidden(arguments: Arguments) -> Test:
    """None of `words` occurs as a word of its own; Chinese words anywhere."""
    patterns = [_whole(word) for word in arguments.texts("words")]
    return lambda reply: not any(pattern.search(reply.text) for pattern in patterns)


def letter_count(arguments: Arguments) -> Test:
    """The character `letter` occurs so often, in either case."""
    letter, within = arguments.text("letter").strip().casefold(), arguments.bounds()
    if len(letter) != 1:
        raise BadTask(f"{arguments.label}: 'letter' should be one character")
    return lambda reply: within(reply.text.casefold().count(letter))


def language(arguments: Arguments) -> Test:
    """All of it is in `language`."""
    code = arguments.text("language").strip().casefold()
    if code.partition("-")[0] not in prose.known_languages():
        raise BadTask(f"{arguments.label}: nobody can tell the language {code!r}; use a code such as en or zh")
    return lambda reply: prose.speaks(reply.text, code)


def words(arguments: Arguments) -> Test:
    """So many words; in a Chinese text each Chinese character is one."""
    within = arguments.bounds()
    return lambda reply: within(prose.count_words(reply.text))


def starred_paragraphs(arguments: Arguments) -> Test:
    """So many paragraphs, divided by `***`; none may be empty but at the ends."""
    within = arguments.bounds()

    def test(reply: Reply) -> bool:
        pieces = [piece.strip() for piece in STARS.split(reply.text)]
        inner = pieces[bool(not pieces[0]) : len(pieces) - bool(not pieces[-1])]
        return all(inner) and within(len(inner))

    return test


def paragraph_start(arguments: Arguments) -> Test:
    """Of the paragraphs, so many and divided by blank lines, the `nth` begins with `word`."""
    within, nth, word = arguments.bounds(), arguments.count("nth"), arguments.text("word").strip().casefold()
    if nth < 1:
        raise BadTask(f"{arguments.label}: 'nth' counts from 1")

    def test(reply: Reply) -> bool:
        paragraphs = _paragraphs(reply.text)
        if not within(len(paragraphs)) or nth > len(paragraphs):
            return False
        start = paragraphs[nth - 1].lstrip(EDGE).casefold()
        return start.startswith(word) and not re.match(r"[a-z0-9]", start[len(word) : len(word) + 1])

    return test


def postscript(arguments: Arguments) -> Test:
    """A line that is not the first begins with the `marker`, dots and spaces aside, and says something."""
    marker = re.sub(r"[.\s]", "", arguments.text("marker", "P.S.")).casefold()
    loose = r"\.?[ \t]?".join(re.escape(letter) for letter in marker)
    pattern = re.compile(rf"\n[ \t*_]{{0,9}}{loose}(?![a-z])[^\n]*\w", re.IGNORECASE)
    return lambda reply: pattern.search(reply.text) is not None


def one_of(arguments: Arguments) -> Test:
    """One of `options` occurs, word for word."""
    options = arguments.texts("options", IFEVAL_RESPONSES)
    return lambda reply: any(option in reply.text for option in options)


def sections(arguments: Arguments) -> Test:
    """So many headings of `marker` and a number, such as "SECTION 1"; in Chinese also 第1部分 with the marker 部分."""
    marker, within = re.escape(arguments.text("marker").strip()), arguments.bounds()
    pattern = re.compile(
        rf"{marker}[ \t]?[\dIVX一二三四五六七八九十]|第[ \t]?[\d一二三四五六七八九十]{{1,3}}[ \t]?{marker}"
    )
    return lambda reply: within(sum(1 for _ in pattern.finditer(reply.text)))


def is_json(text: str) -> bool:
    """Whether all of a text is JSON, a fence around it aside."""
    fenced = FENCED.match(text) if text.endswith("```") else None
    try:
        json.loads(fenced.group(1) if fenced else text)
    except (ValueError, RecursionError):
        return False
    return True


def two_responses(text: str) -> bool:
    """Whether a text is two different texts, divided by six stars."""
    pieces = [piece.strip() for piece in text.split("******")]
    pieces = pieces[bool(not pieces[0]) : len(pieces) - bool(not pieces[-1])]
    return len(pieces) == 2 and all(pieces) and pieces[0] != pieces[1]


def repeat_prompt(arguments: Arguments) -> Test:
    """It begins with `prompt`, else with the question, word for word but for case and spaces, and then goes on."""
    arguments.taken.add("prompt")
    prompt = arguments.given.get("prompt", arguments.question)
    if not isinstance(prompt, str) or not prompt.strip():
        raise BadTask(f"{arguments.label}: 'prompt' should be a text, and there is no question to repeat")
    wanted = " ".join(prompt.casefold().split())
    return lambda reply: " ".join(reply.text.casefold().split()).startswith(wanted)


def ending(arguments: Arguments) -> Test:
    """It ends with `phrase`, a closing quotation mark aside."""
    phrase = arguments.text("phrase").strip().strip('"').casefold()
    return lambda reply: reply.text.rstrip('"”」 \n*_').casefold().endswith(phrase.rstrip('"”」 \n*_'))


def opening(arguments: Arguments) -> Test:
    """It begins with `phrase`, an opening quotation mark aside."""
    phrase = arguments.text("phrase").strip().casefold()
    return lambda reply: reply.text.lstrip('"“「').casefold().startswith(phrase)


def no_comma(text: str) -> bool:
    """Whether there is no comma, Chinese ones included."""
    return not re.search(r"[,，]", text)


def quoted(text: str) -> bool:
    """Whether all of it stands in quotation marks."""
    return len(text) > 2 and any(text.startswith(left) and text.endswith(right) for left, right in QUOTES)


def count_capital_words(text: str) -> int:
    """Words in capital letters throughout."""
    return sum(word.isupper() for word in text.split())


def count_highlights(text: str) -> int:
    """Stretches of a line in single or double stars."""
    return sum(bool((one or other).strip()) for one, other in HIGHLIGHT.findall(text))


def _paragraphs(text: str) -> list[str]:
    return [piece.strip() for piece in BLANK_LINE.split(text) if piece.strip()]


INFLECTED = "(?:s|es|d|ed|ing|'s|’s)?"
"""IFEval itself looks for the letters anywhere; a person counts "rivers" for "river", but not "season" for "sea"."""


def _whole(word: str, ending: str = "") -> re.Pattern[str]:
    """The word between characters that belong to none, with one of the endings."""
    word = word.strip()
    left = rf"(?<!{WORD_CHARACTER})" if re.match(WORD_CHARACTER, word[0]) else ""
    right = rf"{ending}(?!{WORD_CHARACTER})" if re.match(WORD_CHARACTER, word[-1]) else ""
    return re.compile(left + re.escape(word) + right, re.IGNORECASE)


CONSTRAINTS: dict[str, Callable[[Arguments], Test]] = {
    "keywords": keywords,
    "keyword_count": keyword_count,
    "forbidden": forbidden,
    "letter_count": letter_count,
    "language": language,
    "words": words,
    "characters": counted(prose.count_characters),
    "sentences": counted(prose.count_sentences),
    "paragraphs": counted(lambda text: len(_paragraphs(text))),
    "starred_paragraphs": starred_paragraphs,
    "paragraph_start": paragraph_start,
    "placeholders": counted(lambda text: len(PLACEHOLDER.findall(text))),
    "postscript": postscript,
    "bullets": counted(lambda text: len(BULLET.findall(text))),
    "one_of": one_of,
    "highlights": counted(count_highlights),
    "sections": sections,
    "json": always(is_json),
    "title": always(lambda text: TITLE.search(text) is not None),
    "two_responses": always(two_responses),
    "repeat_prompt": repeat_prompt,
    "opening": opening,
    "ending": ending,
    "quoted": always(quoted),
    "capitals": always(str.isupper),
    "lowercase": always(str.islower),
    "capital_words": counted(count_capital_words),
    "no_comma": always(no_comma),
}
