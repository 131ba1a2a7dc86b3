"""Mathematics: the answer behind the thought against the reference, by two checkers of different kinds.

The first reads both into expressions and compares them exactly, modulo primes, or to a hundred digits; it says whether
it is certain. Where it is, that is the verdict. Where it is not, math-verify is asked: agreement decides, disagreement
is `undecided` and left to the judge. Where the first cannot read the reference, the second alone does not decide for an
answer: of texts that it half understands it accepts too much.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from r1data.verifiers.check import BadTask, Check, Finding, read_task
from r1data.verifiers.extraction import boxes_at_the_end, find_answer, last_box
from r1data.verifiers.math.comparison import Comparison
from r1data.verifiers.math.evaluation import UNKNOWN, Answer, is_defined
from r1data.verifiers.math.expression import (
    Form,
    Grid,
    Interval,
    Listing,
    Named,
    Phrase,
    Reals,
    Relation,
    Scalar,
    Unreadable,
)
from r1data.verifiers.math.moments import same_moment
from r1data.verifiers.math.numerals import roman
from r1data.verifiers.math.quantities import Tolerance
from r1data.verifiers.math.question import read_question
from r1data.verifiers.math.reading import read
from r1data.verifiers.math.spelling import spell, unwrap
from r1data.verifiers.math.symbolic import opinion
from schemas import Outcome

VERSION = 3

PLAIN_INTEGER = re.compile(r"[+-]?\d+")
OPTION_LEAD = re.compile(
    r"^(?:\\[a-z]+\s*\{)?\s*\(?(?P<letter>[A-J])\s*(?:\)\.?|[.:](?!\d))\s*\}?\s*(?P<rest>\S.*)$", re.DOTALL
)
ELSEWHERE = re.compile(
    r"^(?:see|refer to|as shown in|answers? (?:may )?var(?:y|ies)|omitted|n/?a|none given|proof\b"
    r"|<img|!\[|(?:draw|sketch|plot|graph)\b|\\text\{\s*(?:draw|sketch|see)|unknown|\?+|\.{3}|-+$)"
    r"|^(?:见图|如图|见解析|画出|作图|略$|证明|答案略|暂无)",
    re.IGNORECASE,
)
LONGEST_PHRASE = 200
EULER = re.compile(r"(\d)e([+-]\d)")
OVERLOOKED = re.compile(r"\\(?:not|cancel|sout|ne|neg)(?![A-Za-z])|^(?:\\(?:ge|le)(?![A-Za-z])|[<>])")
"""What the second checker does not see: it reads "not 5" and "at least 5" as 5."""
CROSSED = re.compile(r"\\(?:vec|overrightarrow|mathbf)\b.*(?:\\times(?![A-Za-z])|×)")
CAPITALS = re.compile(r"[A-Z]{2,}")
LETTERS_SIDE_BY_SIDE = re.compile(r"[A-Z]{2,4}")
"""A product of matrices, the name of a line or an angle: AB may or may not be BA."""
COMMAND = re.compile(r"\\[A-Za-z]+")
LETTERS, LISTED_LETTERS = re.compile(r"[A-J]{2,}"), re.compile(r"[A-J](?:\s*(?:[,、;]|and|和)?\s*[A-J])+")
GROUPED = re.compile(r"[(\[{][^()\[\]{}]*\d,\d{3}(?!\d)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the prompt says beside its reference."""

    question: str | None
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True)
class Opinions:
    """What the two checkers say of one pair of texts.

    `second` is None where it was not asked, or could not read one of them. `unread` where the first could not read the
    reference; `bad_reference` is what makes it unusable.
    """

    first: Answer
    second: bool | None = None
    asked: bool = False
    unread: bool = False
    bad_reference: str | None = None


def verify(check: Check) -> Finding:
    """Judge one answer; see the module."""
    found = None if check.answer is None else find_answer(check.answer)
    references = check.references()
    if not references:
        return Finding(Outcome.BAD_REFERENCE, found, "there is no reference")
    if found is None:
        return Finding(Outcome.NO_ANSWER, detail="no box and no sentence that announces an answer")
    if not spell(found):
        return Finding(Outcome.NO_ANSWER, found, "the box is empty")
    findings = [_judge(bare(reference), found, check) for reference in references]
    return min(findings, key=lambda finding: PREFERENCE[finding.outcome])


UNSURE_THEN_WRONG = (Outcome.UNDECIDED, Outcome.INCORRECT)
PREFERENCE = {outcome: n for n, outcome in enumerate(
    (Outcome.CORRECT, Outcome.UNDECIDED, Outcome.INCORRECT, Outcome.BAD_REFERENCE, Outcome.NO_ANSWER,
     Outcome.TIMEOUT, Outcome.VERIFIER_ERROR)
)}  # fmt: skip
"""Of several accepted references the most favourable counts."""


def _tolerance(check: Check) -> Tolerance | None:
    given = read_task(check.task).get("tolerance")
    if given is None:
        return None
    kinds = {kind: given[kind] for kind in ("relative", "absolute") if isinstance(given, dict) and kind in given}
    if len(kinds) != 1 or not all(type(v) in (int, float) and 0 <= v < math.inf for v in kinds.values()):
        raise BadTask('`tolerance` should be {"relative": x} or {"absolute": x}')
    return Tolerance(**kinds)


def bare(reference: str) -> str:
    """The reference without the box or the marks of a solution around it."""
    box = last_box(reference)
    if box is not None:
        return box
    _, mark, tail = reference.rpartition("####")
    return tail.strip() if mark and tail.strip() else reference


def _judge(reference: str, found: str, check: Check) -> Finding:
    asked = Asked(check.question, _tolerance(check))
    opinions = consult(reference, found, asked, always=False)
    finding = conclude(opinions, found)
    if finding.outcome in (Outcome.CORRECT, Outcome.BAD_REFERENCE):
        return finding
    for other in _other_readings(reference, found, check.answer or ""):
        second = conclude(consult(reference, other, asked, always=False), other)
        if second.outcome == Outcome.CORRECT or (finding.outcome, second.outcome) == UNSURE_THEN_WRONG:
            return Finding(second.outcome, other, second.detail)
    return finding


def _other_readings(reference: str, found: str, answer: str) -> list[str]:
    """(B) 12 as the letter or as what stands behind it; several boxes at the end as a list."""
    readings = []
    lead = OPTION_LEAD.match(found.strip().strip("$"))
    if lead:
        is_letter = re.fullmatch(r"\(?[A-J]\)?\.?", spell(reference)) is not None
        readings.append(lead["letter"] if is_letter else lead["rest"])
    boxes = boxes_at_the_end(answer)
    if len(boxes) > 1:
        readings.append(", ".join(boxes))
    if re.fullmatch(r"\d{5,}", reference.strip()) and re.fullmatch(r"\d{1,4}(?:,\d{4})+", found.strip()):
        readings.append(found.replace(",", ""))  # digits in fours, as Chinese groups them
    numeral = unwrap(found)
    if re.fullmatch(r"\d+", reference.strip()) and len(numeral) > 1 and (value := roman(numeral)) is not None:
        readings.append(str(value))  # a lone C or I is a letter
    listed = LISTED_LETTERS.fullmatch(found.strip()) and not found.strip().isalpha()
    if listed and LETTERS.fullmatch(reference.strip()):
        readings.append("".join(sorted(re.findall(r"[A-J]", found))))  # A, B, D for ABD
    return readings


def consult(reference: str, answer: str, asked: Asked, *, always: bool) -> Opinions:
    """What the checkers say. The second is asked only where the first is not certain, unless `always`."""
    if ELSEWHERE.match(reference.strip()):
        return Opinions(UNKNOWN, bad_reference="the reference points elsewhere")
    plain = (
        _plain_integers(reference, answer)
        or _capitals(reference, answer, asked.question)
        or _moment(reference, answer, asked.question)
    )
    if plain is not None and not (always or (asked.tolerance and not plain.same)):
        return Opinions(plain)
    if LETTERS_SIDE_BY_SIDE.fullmatch(reference) and reference != answer and sorted(reference) == sorted(answer):
        return Opinions(Answer(None, False, "the same letters in another order", final=True))
    if _is_cut(spell(reference)):
        return Opinions(UNKNOWN, bad_reference="the reference is cut off: its braces do not match")
    try:
        ours = read(reference)
    except Unreadable as trouble:
        if _as_text(reference) == _as_text(answer):
            return Opinions(Answer(True, True, "the same text"))
        if not re.search(r"\w", COMMAND.sub("", spell(reference))):
            return Opinions(UNKNOWN, bad_reference=f"the reference cannot be read: {trouble}")
        first = Answer(None, False, f"the first checker cannot read the reference: {trouble}")
        return Opinions(first, opinion(spell(reference), spell(answer)), asked=True, unread=True)
    flaw = _flaw(ours)
    if flaw is not None:
        return Opinions(UNKNOWN, bad_reference=flaw)
    first = (plain if asked.tolerance is None else None) or _first_opinion(ours, reference, answer, asked)
    alone = first.final or isinstance(ours, Phrase) or "!!" in reference + answer  # math-verify reads (n!)! there
    if alone or (first.certain and not always):
        return Opinions(first)
    return Opinions(first, opinion(spell(reference), spell(answer)), asked=True)


def both_checkers(check: Check) -> Finding:
    """What the first and the second checker say, as `equal/different`; for measuring how far they agree."""
    found = None if check.answer is None else find_answer(check.answer)
    if found is None or not check.reference:
        return Finding(Outcome.NO_ANSWER)
    opinions = consult(bare(check.reference), found, Asked(check.question, _tolerance(check)), always=True)
    if not opinions.asked:
        return Finding(Outcome.UNDECIDED, found)
    return Finding(Outcome.CORRECT, found, f"{_said(opinions.first.same)}/{_said(opinions.second)}")


def conclude(opinions: Opinions, found: str) -> Finding:
    """The verdict that two opinions make."""
    first, second = opinions.first, opinions.second
    if opinions.bad_reference is not None:
        return Finding(Outcome.BAD_REFERENCE, found, opinions.bad_reference)
    if first.certain:
        return Finding(Outcome.CORRECT if first.same else Outcome.INCORRECT, found, first.why)
    asked = f"math-verify says {_said(second)}" if opinions.asked else "math-verify was not asked"
    if second is not None and first.same in (second, None):
        if second and not opinions.unread:
            return Finding(Outcome.CORRECT, found, f"{first.why}; {asked}")
        if first.same is False:
            return Finding(Outcome.INCORRECT, found, f"{first.why}; {asked}")
    return Finding(Outcome.UNDECIDED, found, f"{first.why}; {asked}")


def _as_text(text: str) -> str:
    return re.sub(r"\s+", "", spell(text))


def _is_cut(text: str) -> bool:
    plain = text.replace(r"\{", "").replace(r"\}", "")
    return plain.count("{") != plain.count("}") or text.count(r"\begin") != text.count(r"\end")


def _said(same: bool | None) -> str:
    return {True: "equal", False: "different", None: "nothing"}[same]


def _capitals(reference: str, answer: str, question: str | None) -> Answer | None:
    """XVI is no XIV, and BCA no ABC, though the products of their letters are equal; None for anything else."""
    one, other = unwrap(reference), unwrap(answer)
    if one == other or not (CAPITALS.fullmatch(one) and CAPITALS.fullmatch(other)):
        return None
    ours, theirs = roman(one), roman(other)
    if ours is not None and theirs is not None:
        return Answer(ours == theirs, True, f"{theirs} against {ours}")
    if sorted(one) == sorted(other) and len(one) > 2:
        same = False if read_question(question).ordered else None
        return Answer(same, same is not None, "the same letters in another order", final=True)
    return None


def _moment(reference: str, answer: str, question: str | None) -> Answer | None:
    same = same_moment(reference, answer, question)
    return None if same is None else Answer(same, True, "the same date or time" if same else "another date or time")


def _first_opinion(ours: Form, reference: str, answer: str, asked: Asked) -> Answer:
    try:
        theirs = read(answer)
    except Unreadable as trouble:
        final = bool(OVERLOOKED.search(spell(answer))) and not OVERLOOKED.search(spell(reference))
        return Answer(None, False, f"the answer cannot be read: {trouble}", final)
    comparison = Comparison(read_question(asked.question), asked.tolerance)
    result = comparison.forms(ours, theirs)
    if result.same and CROSSED.search(reference) and CROSSED.search(answer) and spell(reference) != spell(answer):
        return Answer(None, False, "a product of vectors, whose order counts", final=True)
    if result.same and not (GROUPED.search(reference) or GROUPED.search(answer)):
        return result
    if EULER.search(reference) or EULER.search(answer):  # 2e-1 may be a tenth of two, or 2e minus 1
        apart = [EULER.sub(r"\1 e \2", text) for text in (reference, answer)]
        again = comparison.forms(read(apart[0]), read(apart[1]))
        if again.same:
            return again
    if GROUPED.search(reference) or GROUPED.search(answer):  # (1,234) may be a point
        again = comparison.forms(read(reference, False), read(answer, False))
        if again.same != result.same and result.same:
            return Answer(True, False, "equal if the comma groups digits")
        return again
    return result


def _plain_integers(reference: str, answer: str) -> Answer | None:
    """Most answers are integers: compared digit by digit, of whatever length."""
    one, other = reference.strip(), answer.strip()
    if not (PLAIN_INTEGER.fullmatch(one) and PLAIN_INTEGER.fullmatch(other)) or not (one + other).isascii():
        return None
    same = _digits(one) == _digits(other)
    return Answer(same, True, "the same integer" if same else "another integer")


def _digits(text: str) -> str:
    digits = text.lstrip("+-").lstrip("0")
    return ("-" if text.startswith("-") and digits else "") + digits


def _flaw(form: Form) -> str | None:
    """What makes a reference unusable though it can be read: a division by zero, a page of prose."""
    match form:
        case Phrase(text):
            return "the reference is prose, not an answer" if len(text) > LONGEST_PHRASE else None
        case Scalar(value):
            return None if is_defined(value) else "the reference has no value"
        case Named(_, value):
            return _flaw(value)
        case Listing(_, items):
            return next((flaw for item in items if (flaw := _flaw(item)) is not None), None)
        case Interval() | Reals() | Relation() | Grid():
            return None
