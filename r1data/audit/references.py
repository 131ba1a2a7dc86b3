"""References judged by their own verifier: no answer can be right where not even the accepted one is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import polars as pl

from r1data.verifiers import Check, VerifierPool, versions
from schemas import Audits, Outcome, Verdict

REJECTED, UNREADABLE = "reference_rejected", "reference_unreadable"
PLACEHOLDERS = frozenset(
    {"proof", "notfound", "not found", "null", "nan", "n/a", "unknown", "tbd", "omitted", "no answer", "not given"}
    | {"see solution", "see the solution", "see explanation", "see above", "略", "答案略", "见解析", "见答案", "证明略"}
    | {"证明见解析", "无答案", "暂无答案"}
)
"""What data sets write where they have no answer, folded."""
SETTLED = (Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.BAD_REFERENCE, Outcome.UNDECIDED)
"""What is a fault of ours is asked again in the next run."""
UNCHECKED = frozenset({"code", "constraints", "identity", "judge", "quality"})
"""These compare with something else than an accepted answer."""


def checkable(prompts: pl.DataFrame) -> pl.DataFrame:
    """The prompts with a reference that their verifier can be asked about."""
    return prompts.filter(pl.col("reference").is_not_null() & ~pl.col("verifier").is_in(UNCHECKED))


def current(audits: pl.DataFrame) -> pl.DataFrame:
    """The audits that were made by the present versions of the verifiers."""
    rows = list(versions().items())
    present = pl.DataFrame(rows, schema={"verifier": pl.String, "version": pl.Int32}, orient="row")
    return audits.join(present, on=["verifier", "version"], how="semi")


def audit_references(prompts: pl.DataFrame, pool: VerifierPool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What each prompt's verifier says of the prompt's own reference.

    Returns (Audits, the prompt ids of those in it that are `settled`: the others are a fault of ours, worth another
    try). Prompts are all checkable; their order does not matter.
    """
    waiting = [_Candidate(row, pool.submit) for row in prompts.iter_rows(named=True)]
    found = [candidate.verdict() for candidate in waiting]
    rows = [(v.completion_id, v.verifier, v.version, *_rule(v)) for v in found]
    schema = {name: column.dtype for name, column in Audits.columns().items()}
    settled = [v.completion_id for v in found if v.outcome in SETTLED]
    return (
        pl.DataFrame(rows, schema=schema, orient="row"),
        pl.DataFrame({"prompt_id": settled}, schema={"prompt_id": pl.String}),
    )


def forms(verifier: str, reference: str) -> tuple[str, ...]:
    """The reference as an answer, in the ways that a faultless reply of this verifier's kind might give it."""
    whole_solution = "\\boxed" in reference or "####" in reference or "\n" in reference.strip()
    boxed = f"\\boxed{{{reference}}}"
    match verifier:
        case "math" | "choice":
            return (reference,) if whole_solution else (boxed,)
        case _:
            return f"<answer>{reference}</answer>", boxed, reference


def placeholder(verifier: str, reference: str) -> bool:
    """Whether a data set says by this that it has no answer."""
    return verifier in ("math", "choice") and reference.strip(" .。$\\{}()（）*").casefold() in PLACEHOLDERS


def _rule(verdict: Verdict) -> tuple[str | None, str]:
    match verdict.outcome:
        case Outcome.CORRECT:
            return None, verdict.detail
        case Outcome.BAD_REFERENCE:
            return UNREADABLE, verdict.detail
        case _:
            return REJECTED, f"{verdict.outcome}: {verdict.detail}"


class _Candidate:
    """A prompt's reference on its way through the pool: one form is asked at once, the others where it is refused."""

    def __init__(self, row: dict[str, object], submit: Callable[[Check], Future[Verdict]]) -> None:
        self._row, self._submit = row, submit
        self._forms = iter(forms(str(row["verifier"]), str(row["reference"])))
        self._first = self._ask(next(self._forms))

    def verdict(self) -> Verdict:
        """What was said of the form that was accepted, else of the first."""
        first = self._first.result()
        if first.outcome == Outcome.CORRECT or first.outcome not in SETTLED:
            return first
        others = (self._ask(form).result() for form in self._forms)
        return next((verdict for verdict in others if verdict.outcome == Outcome.CORRECT), first)

    def _ask(self, answer: str) -> Future[Verdict]:
        row = self._row
        messages = row["messages"]
        assert isinstance(messages, list)
        return self._submit(
            Check(
                completion_id=str(row["prompt_id"]),
                verifier=str(row["verifier"]),
                reference=str(row["reference"]),
                task=None if row["task"] is None else str(row["task"]),
                language=str(row["language"]),
                answer=answer,
                question=messages[-1]["content"],
            )
        )
