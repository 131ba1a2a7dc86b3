"""What can go wrong, and whose turn it is to act.

    R1dataError             the run cannot go on; the message names the place and the remedy
    ├── RecipeError         a recipe or runtime file is wrong
    ├── SourceError         prompts cannot be read, or too many of them are bad
    ├── ModelError          a model's folder or tokenizer cannot be used
    ├── EngineError         no engine can be reached or started, or all of them have died
    ├── WorkspaceError      a workspace is missing, in use, or not what it should be
    ├── TrainingError       a training cannot begin, or has ended without a model
    └── PublishError        a dataset is not fit to be published, or the Hub does not take it or has something else

One bad row is never an exception: it becomes a row with its reason. Anything that is not an `R1dataError` is a
fault of ours and keeps its traceback.
"""

from __future__ import annotations


class R1dataError(Exception):
    """Something a person can mend. `remedy` says how; both are shown, a traceback is not."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


class RecipeError(R1dataError):
    """A recipe or runtime file is wrong."""


class SourceError(R1dataError):
    """Prompts cannot be read, or too many of them are bad."""


class ModelError(R1dataError):
    """A model's folder or tokenizer cannot be used."""


class EngineError(R1dataError):
    """No engine can be reached or started, or all of them have died."""


class VerifierError(R1dataError):
    """Nobody verifies any more."""


class WorkspaceError(R1dataError):
    """A workspace is missing, in use, or not what it should be."""


class TrainingError(R1dataError):
    """A training cannot begin, or has ended without a model."""


class PublishError(R1dataError):
    """A dataset is not fit to be published, or the Hub does not take it or has something else."""
