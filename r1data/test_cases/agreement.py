"""What the known-correct submissions agree on. Pure: from a table of runs to expected outputs, or reasons against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from r1data.verifiers.code import Run, Status

Same = Callable[[str, str], bool]
"""Whether an expected output and another one are the same answer."""

FEWEST_DECIDED = 3
"""So many inputs must have a majority before a submission is suspected of being wrong."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An input that may become a test; `expected` is the output that came with it."""

    input: str
    origin: str
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A candidate that all trusted submissions agree on has an `output`; the others have a reason.

    `seconds` is what the slowest of them took.
    """

    output: str | None
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """What became of each candidate, which submissions are not trusted, and whether there is more strife than unity."""

    checked: tuple[Checked, ...]
    suspects: tuple[int, ...]
    mostly_disagree: bool


def agree(candidates: Sequence[Candidate], runs: Sequence[Sequence[Run]], same: Same) -> Agreement:
    """Compare what the submissions printed: `runs[s][c]` is submission s on candidate c.

    A submission that is against the strict majority (an output that came with the candidate has a vote too) on more
    than half of the inputs that have one is suspected of being wrong itself and set aside. What is left must agree on
    an input to the last: where one crashes, is too slow or prints something else, the input is invalid.
    """
    suspects = _suspects(candidates, runs, same)
    trusted = [number for number in range(len(runs)) if number not in suspects]
    checked = tuple(
        _check(candidate, {number: runs[number][place] for number in trusted}, same)
        for place, candidate in enumerate(candidates)
    )
    contested = disagreed = 0
    for place, candidate in enumerate(candidates):
        outputs = _outputs(candidate, [runs[number][place] for number in trusted])
        contested += len(outputs) > 1
        disagreed += any(not same(outputs[0], other) for other in outputs[1:])
    return Agreement(checked, suspects, disagreed * 2 > contested)


def _suspects(candidates: Sequence[Candidate], runs: Sequence[Sequence[Run]], same: Same) -> tuple[int, ...]:
    against = [0] * len(runs)
    decided = 0
    for place, candidate in enumerate(candidates):
        here = [submission[place] for submission in runs]
        leading = _majority(_outputs(candidate, here), len(here) + (candidate.expected is not None), same)
        if leading is None:
            continue
        decided += 1
        for number, run in enumerate(here):
            # Our own fault is nobody's vote.
            agrees = run.status is Status.OK and same(leading, run.stdout)
            against[number] += not agrees and run.status is not Status.SANDBOX_ERROR
    if decided < FEWEST_DECIDED:
        return ()
    return tuple(number for number, times in enumerate(against) if times * 2 > decided)


def _outputs(candidate: Candidate, runs: Sequence[Run]) -> list[str]:
    printed = [run.stdout for run in runs if run.status is Status.OK]
    return printed if candidate.expected is None else [candidate.expected, *printed]


def _majority(outputs: Sequence[str], voters: int, same: Same) -> str | None:
    """The output that more than half of the voters stand behind."""
    for output in outputs:
        if sum(same(output, other) for other in outputs) * 2 > voters:
            return output
    return None


def _check(candidate: Candidate, runs: dict[int, Run], same: Same) -> Checked:
    if not runs:
        return Checked(None, "there is no correct submission to say what is right")
    for number, run in runs.items():
        if run.status is not Status.OK:
            return Checked(None, f"correct {number + 1}: {failure(run)}")
    expected = candidate.expected
    for number, run in runs.items():
        if expected is None:
            expected = run.stdout
        elif not same(expected, run.stdout):
            other = "the output that came with the test" if candidate.expected is not None else "another correct one"
            return Checked(None, f"correct {number + 1} disagrees with {other}")
    return Checked(expected, seconds=max(run.seconds for run in runs.values()))


def failure(run: Run) -> str:
    """How a run ended, with the last line of what it said."""
    last = run.stderr.strip().rsplit("\n", 1)[-1].strip()
    return f"{run.status.replace('_', ' ')}: {last[:200]}" if last else run.status.replace("_", " ")
