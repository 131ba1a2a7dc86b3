"""Option letters: which ones a reference means, and which ones a reply finally names."""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass

from r1data.verifiers.extraction import (
    BOX,
    DISOWNED,
    LONGEST_LEAD,
    announced,
    answer_tags,
    last_box,
    narrow_width,
    unwrapped,
)
from r1data.verifiers.quantities import Match, compare, plain, read_quantity
from r1data.verifiers.sentences import DOUBTFUL
from r1data.verifiers.statements import ALL_WRONG, BARE, HEAD, JOINT, NEGATED, REJECTS_ALL, STATEMENTS
from schemas import Outcome

Options = dict[str, str]
USUAL = 10
LONGEST_LINE = 300
LONGEST_TEXT = 20_000
"""Of a longer answer only the end is read; nobody announces an answer further from the end."""
LONG_GAP = re.compile(r"[^\S\n]{2,}|\n{3,}")

SINGLE = re.compile(r"[(\[]?\s*([A-Za-z])\s*[)\]]?\s*[.:)、]?")
WITH_TEXT = re.compile(r"[(\[]?\s*([A-Za-z])\s*(?:[)\]][.:]?|[.:、])\s*(.+)|([A-Z])\s+-\s*(.+)", re.DOTALL)
LEAD = re.compile(
    r"^(?:the\s+)?(?:(?:final|correct|right)\s+)?"
    r"(?:answer|option|choice|选项|正确答案|答案)s?\s*(?:is|:|是|为|选)*\s*",
    re.I,
)
BEHIND_LETTER = re.compile(r"^[)\]}]?\s*[.:：、,，\-–—]?\s*(?=\S)")
LETTER_AND_WORDS = re.compile(r"([A-Z])\s+(\S.*)")
ALTERNATIVES = re.compile(r"\bor\b|或|还是", re.I)
EXCEPTED = re.compile(r"\b(?:everything|anything|all|any|every option)\s+(?:but|except)\s*$", re.I)
LONGEST_NAME = 3
"""Words that an announced answer may have and still be a name that is compared with the options."""
ONE_LETTER = re.compile(r"(?:option|choice|选项)?\s*[(\[]?\s*([A-Za-z])\s*[)\]]?", re.I)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a final statement says: letters, or a text that names none, then with the outcome that it gets and why."""

    letters: frozenset[str] = frozenset()
    text: str | None = None
    otherwise: Outcome = Outcome.UNDECIDED
    reason: str = ""


def known_letters(count: int) -> str:
    """The first so many letters."""
    return string.ascii_uppercase[:count]


def read_reference(reference: str, options: Options) -> frozenset[str] | None:
    """The letters that a reference asks for, by letter or by an option's text; None where it is no choice at all.

    A text that several options have is none of them: which one is asked for cannot be known.
    """
    text = narrow_width(reference).strip()
    allowed = set(options) or set(known_letters(USUAL))
    letters = _letters_only(text.strip('[]{}"'), upper=True)
    if letters and letters <= allowed:
        return letters
    by_text = _by_text(text, options)
    if len(by_text) == 1:
        return by_text
    found = WITH_TEXT.fullmatch(text)
    if found is None or by_text:
        return None
    letter, rest = (found.group(1) or found.group(3)).upper(), found.group(2) or found.group(4)
    meant = _by_text(rest, options)
    if letter not in allowed or (options and meant and letter not in meant):
        return None
    return frozenset(letter)


def final_letters(answer: str, options: Options) -> Reading | None:
    """What the reply finally chooses: in its last box, in `<answer>`, or in its last statement; None if nothing."""
    text = end_of(answer)
    boxed = _boxes_of_last_line(text)
    if boxed:
        return _read_boxes(boxed, options)
    tagged = answer_tags(text)
    if tagged:
        return _read_answer(tagged, options)
    statement = _last_statement(text, options)
    last = _last_line(text, options, alone=statement is None)
    return last or statement or _rejection(text, options) or _stranger(text, options)


def _rejection(text: str, options: Options) -> Reading | None:
    """A last line that calls all options wrong; where an option says just that, it is the choice."""
    line = text.rstrip().rpartition("\n")[2]
    if len(line) > LONGEST_LINE or not REJECTS_ALL.search(line):
        return None
    saying_so = frozenset(letter for letter, option in options.items() if ALL_WRONG.search(option[:LONGEST_LINE]))
    if saying_so:
        return Reading(saying_so)
    return Reading(text=line, otherwise=Outcome.INCORRECT, reason="calls all options wrong")


def _stranger(text: str, options: Options) -> Reading | None:
    """An announced name that is no option's. Where it shares a word with one it may be that one, in other words."""
    named = announced(text) if options else None
    if named is None or len(named) > LONGEST_LINE or NEGATED.search(named) or DOUBTFUL.search(named):
        return None
    words = re.findall(r"\w+", _tidy(named).casefold())
    if not 0 < len(words) <= LONGEST_NAME:
        return None
    theirs = set(re.findall(r"[a-z0-9]+|[^\W\d_]", " ".join(options.values()).casefold())) - {"the", "a", "an", "of"}
    if theirs.intersection(words) or any(theirs.intersection(word) for word in words if not word.isascii()):
        return Reading(text=named, reason="is no option's text, but like one")
    if not re.match(r"[A-Z\u4e00-\u9fff]", named) or named.endswith("的"):
        return None
    return Reading(text=named, otherwise=Outcome.INCORRECT, reason="is none of the options")


def end_of(answer: str) -> str:
    """The end of an answer, where its last word is, in narrow characters and with long gaps closed."""
    text = narrow_width(answer[-LONGEST_TEXT:])
    return LONG_GAP.sub(lambda gap: "\n\n" if "\n" in gap.group() else " ", text)


def _read_boxes(boxed: list[str], options: Options) -> Reading:
    readings = [_read_answer(one, options) for one in boxed]
    if len(readings) > 1 and all(reading.letters for reading in readings):
        return Reading(frozenset().union(*(reading.letters for reading in readings)))
    return readings[-1]


def _boxes_of_last_line(text: str) -> list[str]:
    """The boxes on the line where the last one stands: several choices may each have a box of their own."""
    last = last_box(text)
    if last is None:
        return []
    starts = [match.start() for match in BOX.finditer(text)]
    line = text[text.rfind("\n", 0, starts[-1]) + 1 :]
    boxes = re.findall(r"\\boxed\s*\{([^{}]{1,60})\}", line[:LONGEST_LINE])
    return boxes if len(boxes) > 1 and boxes[-1].strip() == last else [last]


def _read_answer(content: str, options: Options) -> Reading:
    """A box or tag holds nothing but the answer, so a lower-case letter or an option's text will do."""
    if len(content) > LONGEST_LINE:
        return Reading(text=content[:LONGEST_LINE], reason="is too long to be a choice")
    text = _tidy(content)
    if not re.search(r"\w", text):
        return Reading()
    allowed = set(options) or set(known_letters(USUAL))
    by_text = _by_text(text, options)
    if len(by_text) == 1 and not (len(text) == 1 and text.upper() in allowed):
        return Reading(by_text)
    bare = LEAD.sub("", text).strip()
    letters = _letters_only(bare, upper=False)
    if letters and not ALTERNATIVES.search(bare):
        return Reading(letters)
    found = WITH_TEXT.fullmatch(bare)
    if found:
        letter, rest = (found.group(1) or found.group(3)).upper(), found.group(2) or found.group(4)
        meant = _by_text(rest, options)
        if meant and letter not in meant:
            return Reading(text=text, reason=f"says {letter}, but with the text of {''.join(sorted(meant))}")
        return Reading(frozenset(letter))
    if len(by_text) > 1:
        return Reading(text=text, reason="several options have this text")
    reading = _last_statement(text, options) or _value(text, options)
    return reading or Reading(text=text, otherwise=_unlisted(text, options), reason="names no option")


def _last_statement(text: str, options: Options) -> Reading | None:
    """The last statement that chooses something. One that only excludes ("the answer is not A") chooses nothing."""
    found = sorted((m for p in STATEMENTS for m in p.finditer(text)), key=lambda m: (m.start("rest"), m.end("rest")))
    for match in reversed(found[-1000:]):
        before = text[max(0, match.start() - LONGEST_LEAD) : match.start()]
        if DISOWNED.search(before) or EXCEPTED.search(before):
            continue
        reading = _value(match["rest"], options)
        if reading is not None:
            return reading
    return None


def _value(rest: str, options: Options) -> Reading | None:
    """What stands behind "the answer is"; None where it chooses nothing."""
    rest = plain(rest) if len(rest) <= LONGEST_LINE else rest
    rest = re.sub(r"\\(?:boxed|text\w*)\s*|[{}*_`]", "", rest).strip()
    positive = NEGATED.sub(" ", rest)
    if positive != rest:
        left = {m.upper() for m in re.findall(rf"(?<![A-Za-z0-9'’])({BARE})(?![A-Za-z0-9'’])", positive)}
        head = HEAD.match(rest)
        if head and not NEGATED.match(rest):
            return Reading(_named(head["letters"]))  # "C, not A"
        if len(left) == 1:
            return Reading(frozenset(left))
        return Reading(text=rest[:LONGEST_LINE], reason="excludes one option and names several") if left else None
    head = HEAD.match(rest)
    if head and ALTERNATIVES.search(head["letters"]):
        return Reading(text=rest[:LONGEST_LINE], otherwise=Outcome.INCORRECT, reason="leaves it open which one")
    if head:
        return _against_text(_named(head["letters"]), rest[head.end() :], options)
    alone = re.fullmatch(r"[\s:]*([a-z])[.!\s]*", rest)
    if alone:
        return Reading(frozenset(alone.group(1).upper()))
    sentence = re.split(r"(?<!\d)[.。!](?:\s|$)|(?<=\d)[.。](?:\s|$)", rest, maxsplit=1)[0]
    run = re.fullmatch(r"[\s:：]*([A-Z]{2,10})[.。\s]*", sentence)
    if run and _letters_only(run.group(1), upper=True):
        return Reading(frozenset(run.group(1)))
    parts = ALTERNATIVES.split(sentence)
    if len(parts) > 1 and all(_by_text(part.strip(), options) for part in parts) and not _by_text(sentence, options):
        return Reading(text=sentence, otherwise=Outcome.INCORRECT, reason="leaves it open which one")
    by_text = _by_text(sentence, options)
    return Reading(by_text) if len(by_text) == 1 else None


def _against_text(letters: frozenset[str], behind: str, options: Options) -> Reading:
    """The letters, unless what stands behind a single one is the text of another option."""
    sentence = re.split(r"(?<!\d)[.。!;；](?:\s|$)|(?<=\d)[.。](?:\s|$)", BEHIND_LETTER.sub("", behind), maxsplit=1)[0]
    meant = _by_text(_tidy(sentence), options) if len(letters) == 1 and sentence.strip() else frozenset()
    if meant and not letters & meant:
        said, theirs = "".join(letters), "".join(sorted(meant))
        return Reading(text=(said + behind)[:LONGEST_LINE], reason=f"says {said}, but with the text of {theirs}")
    return Reading(letters)


def _last_line(text: str, options: Options, *, alone: bool) -> Reading | None:
    """A last line that is nothing but the choice; with a text behind the letter only if that is the option's own."""
    lines = [line for line in text.rsplit("\n", 40) if line.strip()]
    if not lines or len(lines[-1]) > LONGEST_LINE:
        return None
    line = LEAD.sub("", _tidy(lines[-1])).strip()
    letters = _letters_only(line, upper=True)
    if letters and not ALTERNATIVES.search(line):
        return Reading(letters)
    found = WITH_TEXT.fullmatch(line)
    if found:
        letter, rest = (found.group(1) or found.group(3)).upper(), found.group(2) or found.group(4)
        if letter in _by_text(rest, options) or (alone and not options):
            return Reading(frozenset(letter))
        if alone and _by_text(rest, options):
            return _against_text(frozenset(letter), rest, options)
    by_text = _by_text(line, options)
    if len(by_text) == 1 and alone:
        return Reading(by_text)
    spaced = LETTER_AND_WORDS.fullmatch(line) if alone else None
    if spaced and _by_text(spaced.group(2), options):
        return _against_text(frozenset(spaced.group(1)), spaced.group(2), options)
    return None


def _tidy(text: str) -> str:
    text = unwrapped(text)
    text = plain(text) if len(text) <= LONGEST_LINE else text
    return re.sub(r"[*_`]{1,3}|[{}]", "", text).strip(" \t\n.。!！,，;；\"'“”‘’")


def _letters_only(text: str, *, upper: bool) -> frozenset[str] | None:
    """The letters of a text that is nothing but letters: "C", "(c)", "A, C", "A and C", "ACD"."""
    if len(text) > LONGEST_LINE:
        return None
    single = SINGLE.fullmatch(text)
    if single:
        return frozenset(single.group(1).upper())
    text = re.sub(r"[\"'“”]", "", text.strip())
    pieces = [piece for piece in re.split(JOINT + r"|\s+", text) if piece]
    found = [ONE_LETTER.fullmatch(piece) for piece in pieces]
    if len(pieces) > 1 and all(found):
        return frozenset(match.group(1).upper() for match in found if match)
    run = text if upper else text.upper() if text.islower() and len(text) == 2 else text
    if re.fullmatch(r"[A-Z]{2,10}", run) and sorted(set(run)) == list(run):
        return frozenset(run)
    return None


def _named(letters: str) -> frozenset[str]:
    bare = re.sub(r"(?i:option|choice|letter|statement)s?|选项|\band\b|\bor\b", " ", letters)
    return frozenset(letter.upper() for letter in re.findall(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])", bare))


def _by_text(text: str, options: Options) -> frozenset[str]:
    """The options that have this text, or state the same quantity."""
    wanted = _folded(text)
    if not wanted or not options:
        return frozenset()
    same = frozenset(letter for letter, option in options.items() if _folded(option) == wanted)
    quantity = read_quantity(text)
    if same or quantity is None:
        return same
    theirs = {letter: read_quantity(option) for letter, option in options.items()}
    return frozenset(
        letter
        for letter, one in theirs.items()
        if one and one.value == quantity.value and compare(one, quantity, None) is Match.SAME
    )


def _unlisted(text: str, options: Options) -> Outcome:
    """A number that is none of the numbers to choose from is wrong; of words we cannot say."""
    numbers = bool(options) and all(read_quantity(option) for option in options.values())
    return Outcome.INCORRECT if numbers and read_quantity(text) else Outcome.UNDECIDED


def _folded(text: str) -> str:
    if len(text) <= LONGEST_LINE:
        text = plain(text)
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s{}*_`\\]+", "", text).strip(".。,，;；:：!！\"'“”‘’()")
