"""Steps: the funnel as stages with the losses between them, and what each reason means in words."""

from __future__ import annotations

from dataclasses import dataclass

from r1data.recipe import Selection
from r1data.report.funnel import Funnel
from schemas import Reason

MEANING = {
    Reason.TRUNCATED: "it ends before it was done",
    Reason.FORMAT: "the thought is not where it belongs, or the reply is not of one piece",
    Reason.NO_ANSWER: "nothing that could be compared: no box, no sentence that announces an answer",
    Reason.INCORRECT: "the answer is not the reference",
    Reason.UNVERIFIED: "no judgement could be reached; a fault of the checking, not of the model",
    Reason.MIXED_LANGUAGE: "words or whole passages in another language than the question's",
    Reason.LONG_PARAGRAPH: "a paragraph that nobody would want to read",
    Reason.MESSY_CODE: "code that is no program, never ends, or stands where it should not",
    Reason.REPETITION: "it ends in a loop, or says again what it has said",
    Reason.STYLE: "as it was rewritten, it does not keep to the principles of style",
    Reason.REVIEW: "a person rejected it, or it waits for one",
    Reason.CONTAMINATED: "it holds an item of a benchmark",
    Reason.DUPLICATE: "another one that was kept says the same, or nearly the same",
    Reason.PASS_RATE: "its prompt is easier or harder than wanted",
    Reason.SURPLUS: "good, but its prompt has enough good ones",
    Reason.QUOTA: "good, but there are enough of its kind",
}
STAGES = (
    ("correct", (Reason.TRUNCATED, Reason.FORMAT, Reason.NO_ANSWER, Reason.INCORRECT, Reason.UNVERIFIED)),
    ("readable", (Reason.MIXED_LANGUAGE, Reason.LONG_PARAGRAPH, Reason.MESSY_CODE, Reason.REPETITION, Reason.STYLE)),
    ("kept", (Reason.REVIEW, Reason.CONTAMINATED, Reason.DUPLICATE, Reason.PASS_RATE, Reason.SURPLUS, Reason.QUOTA)),
)
"""What a row is after it has passed these reasons, in the order in which a first reason is chosen."""


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of the funnel. A stage shows what is left; a loss shows what one reason took, at the end of what was left.

    Shares are of the planned draws.
    """

    name: str
    note: str
    count: int
    share: float
    offset: float
    css: str


def steps(funnel: Funnel, selection: Selection) -> list[Step]:
    """Planned, completed, correct, readable, kept, and before each of them what was lost on the way."""
    total = max(funnel.planned, 1)
    left = funnel.planned
    shown = [Step("planned", "draws that the recipe asks for", left, 1.0, 0.0, "stage")]

    def lose(name: str, note: str, count: int) -> None:
        nonlocal left
        if count:
            left -= count
            shown.append(Step(name, note, count, count / total, left / total, "loss"))

    def reach(name: str, note: str) -> None:
        css = "stage kept" if name == "kept" else "stage"
        shown.append(Step(name, note, left, left / total, 0.0, css))

    lose("pending", "not drawn yet", funnel.pending)
    lose("failed", "the engine gave an error instead of a reply", funnel.failed)
    reach("completed", "the engine gave a reply")
    lose("undecided", "not judged and measured yet", funnel.completed - funnel.kept - funnel.rejected)
    for stage, reasons in STAGES:
        for reason in reasons:
            lose(reason.value.replace("_", " "), MEANING[reason], funnel.rejected_by_reason.get(reason, 0))
        unasked = stage == "correct" and selection.correctness == "any"
        reach("complete" if unasked else stage, "what is left after the losses above")
    return shown
