"""Choice and short science answers: option letters in the forms that models write; else quantities; else equal texts.

A box outweighs prose, and of several final statements the last one counts, since models correct themselves.
"""

from __future__ import annotations

import math
import re
import unicodedata
from fractions import Fraction
from typing import Any

from r1data.verifiers.check import BadTask, Check, Finding, read_task
from r1data.verifiers.extraction import ALTERING, announced, answer_tags, last_box, unwrapped
from r1data.verifiers.letters import Options, Reading, end_of, final_letters, known_letters, read_reference
from r1data.verifiers.math.evaluation import size
from r1data.verifiers.math.expression import Scalar, Unreadable
from r1data.verifiers.math.reading import read
from r1data.verifiers.quantities import Match, Quantity, Tolerance, compare, plain, read_quantity
from r1data.verifiers.units import read_unit
from schemas import Outcome

VERSION = 2
LONGEST_LINE = 200
OUTCOMES = {Match.SAME: Outcome.CORRECT, Match.DIFFERENT: Outcome.INCORRECT, Match.UNSURE: Outcome.UNDECIDED}
QUESTION_OPTION = re.compile(r"^[ \t]*[(（]?([A-Z])[)）.:：、．][ \t]*(\S.*)$", re.MULTILINE)
HEDGED = re.compile(r"\d\s*(?:\bor\b|或)\s*[-+−]?\d", re.IGNORECASE)
BOUND = re.compile(r"(?:[<>≤≥≠]|\\(?:le|ge|ne|lt|gt)[qs]?\w*)\s*$")
EXACT = 99
"""Significant digits of what is not rounded."""
NUMBERLESS = re.compile(
    r"(?!.*\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|thousand"
    r"|million|billion|half|third|quarter|infinit\w+)\b)[^\d零一二两三四五六七八九十百千万亿半∞π\\½¼¾]*",
    re.IGNORECASE | re.DOTALL,
)
"""Words, and no number among them in digits or in letters."""
LONE_NUMBER = re.compile(r"(?<![\w.])[+\-−]?\d[\d,]*(?:\.\d+)?(?:\s*(?:×|\\times)\s*10\s*\^?\s*\{?[−-]?\d+\}?)?")


def verify(check: Check) -> Finding:
    """Judge one answer; see the module.

    Raises:
        BadTask: options, tolerance or reference are of no use.
    """
    task = read_task(check.task)
    references = check.references()
    options = _options(task, check.question)
    if not references:  # what was chosen is told all the same: a majority may name the reference later
        chosen = final_letters(check.answer, options) if check.answer else None
        named = "".join(sorted(chosen.letters)) if chosen is not None else ""
        return Finding(Outcome.BAD_REFERENCE, named or None, "there is no reference")
    accepted = [read_reference(reference, options) for reference in references]
    if "options" in task or all(accepted):
        for reference, letters in zip(references, accepted, strict=True):
            if not letters:
                raise BadTask(f"the reference {reference!r} is none of the options {', '.join(options) or 'A to J'}")
        return _judge_letters(check, [letters for letters in accepted if letters], options)
    return _judge_value(check, references, _tolerance(task))


def _options(task: dict[str, Any], question: str | None) -> Options:
    """The options by letter: from the task, else from lines `A. ...`, `B. ...` of the question, else none."""
    given = task.get("options")
    if given is None:
        found = dict(QUESTION_OPTION.findall(question or ""))
        named = "".join(found)
        return found if len(found) > 1 and named == known_letters(len(found)) else {}
    if isinstance(given, list):
        given = dict(zip(known_letters(len(given)), given, strict=False))
    if not isinstance(given, dict) or len(given) < 2:
        raise BadTask("`options` should be an object of two options at least, from letters to texts")
    options = {str(letter).strip().strip("().:").upper(): str(text) for letter, text in given.items()}
    strange = [letter for letter in options if not re.fullmatch(r"[A-Z]", letter)]
    if strange:
        raise BadTask(f"`options` has the key {strange[0]!r}, which is no letter")
    return options


def _tolerance(task: dict[str, Any]) -> Tolerance | None:
    given = task.get("tolerance")
    if given is None:
        return None
    if not isinstance(given, dict) or set(given) not in ({"relative"}, {"absolute"}):
        raise BadTask('`tolerance` should be {"relative": x} or {"absolute": x}')
    (name, value), *_ = given.items()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise BadTask(f"`tolerance` should be a number from 0 on, not {value!r}")
    return Tolerance(**{name: Fraction(str(value))})


def _judge_letters(check: Check, accepted: list[frozenset[str]], options: Options) -> Finding:
    reading = final_letters(check.answer or "", options)
    asked = " or ".join("".join(sorted(letters)) for letters in accepted)
    match reading:
        case Reading(letters=letters, text=text) if letters:
            right = frozenset(letters) in accepted
            chosen = "".join(sorted(letters))
            detail = f"chose {chosen}, asked for {asked}"
            return Finding(Outcome.CORRECT if right else Outcome.INCORRECT, chosen, detail)
        case Reading(text=text) if text is not None:
            return Finding(reading.otherwise, text, f"{reading.reason}; asked for {asked}")
    return Finding(Outcome.NO_ANSWER, None, "no final statement names an option")


def _judge_value(check: Check, references: tuple[str, ...], tolerance: Tolerance | None) -> Finding:
    found = _final_value(check.answer)
    if not found:
        return Finding(Outcome.NO_ANSWER, None, "nothing that could be an answer")
    outcomes = [_judge_one(reference, found, tolerance) for reference in references]
    if Outcome.CORRECT not in outcomes and NUMBERLESS.fullmatch(found) and all(map(_quantity, references)):
        return Finding(Outcome.NO_ANSWER, None, "a quantity is asked for, and no number is given")
    for outcome in (Outcome.CORRECT, Outcome.UNDECIDED):
        if outcome in outcomes:
            return Finding(outcome, found, f"compared with {' or '.join(references)}")
    return Finding(Outcome.INCORRECT, found, f"is not {' or '.join(references)}")


def _judge_one(reference: str, found: str, tolerance: Tolerance | None) -> Outcome:
    ours, theirs = _quantity(reference), _quantity(found)
    units = ours is not None and theirs is not None and ours.unit is not None and theirs.unit is not None
    if folded(reference) == folded(found) and not units:
        return Outcome.CORRECT
    if ours is not None and HEDGED.search(plain(found)):
        return Outcome.INCORRECT
    if ours is None:
        if tolerance is not None:
            raise BadTask(f"there is a tolerance, but the reference {reference!r} is no quantity")
        return Outcome.UNDECIDED
    theirs = theirs or _only_quantity(found)
    return Outcome.UNDECIDED if theirs is None else OUTCOMES[compare(ours, theirs, tolerance)]


def _quantity(text: str) -> Quantity | None:
    r"""The quantity that a text states, as a number or as a closed expression such as `\frac{\pi}{2}`."""
    found = read_quantity(text)
    if found is not None or len(text) > LONGEST_LINE:
        return found
    try:
        form = read(text)
        value = size(form.value) if isinstance(form, Scalar) and not form.percent else None
    except (Unreadable, ArithmeticError, TypeError, ValueError, RecursionError):
        return None
    if value is None or not math.isfinite(value) or not isinstance(form, Scalar):
        return None
    unit = read_unit(form.unit) if form.unit else None
    return Quantity(Fraction(value), unit, Fraction(0), integer=False, digits=EXACT)


def _only_quantity(text: str) -> Quantity | None:
    """The one quantity of a sentence; None where it has several or none."""
    if len(text) > LONGEST_LINE:
        return None
    tidy = plain(text)
    numbers = list(LONE_NUMBER.finditer(tidy))
    after = tidy[numbers[-1].start() :] if numbers else ""
    if numbers and (ALTERING.search(tidy[: numbers[-1].start()]) or BOUND.search(tidy[: numbers[-1].start()])):
        return None
    behind_equals = re.search(r"[=≈][^=≈]*$", tidy)
    if behind_equals and (found := read_quantity(behind_equals.group())):
        return found
    return read_quantity(after) if len(numbers) == 1 else None


def _final_value(answer: str | None) -> str | None:
    if answer is None:
        return None
    text = end_of(answer)
    for find in (last_box, answer_tags, announced):
        found = find(text)
        if found:
            return unwrapped(found)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1].strip("*_` ") if lines else ""
    return last if 0 < len(last) <= LONGEST_LINE else None


def folded(text: str) -> str:
    """A text for comparison: no case, no marks around it, one kind of space."""
    text = unicodedata.normalize("NFKC", plain(unwrapped(text))).casefold()
    return re.sub(r"\s+", " ", text).strip(" .。,，;；:：!！?？\"'“”‘’`*_()[]{}")
