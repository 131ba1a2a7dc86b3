"""Small tables that tests of the selection begin with."""

from typing import Any

import polars as pl

from schemas import Completions, Measures, Verdicts

GOOD_MEASURES: dict[str, Any] = {
    "version": 1,
    "reasoning_chars": 10,
    "answer_chars": 10,
    "think_opens": 1,
    "think_closes": 1,
    "think_in_order": True,
    "has_box": True,
    "language_share": 1.0,
    "answer_language_share": 1.0,
    "detected_language": None,
    "detected_probability": None,
    "tokens": None,
    "answers_agree": None,
    "template_tokens": 0,
    "self_reference": 0,
    "cut_off": False,
    "foreign_words": 0,
    "foreign_passage": 0,
    "other_languages": [],
    "longest_paragraph": 10,
    "mean_paragraph": 10.0,
    "paragraphs": 1,
    "code_fences": 0,
    "fence_unclosed": False,
    "code_in_reasoning": False,
    "code_unparsed": 0,
    "code_misindented": 0,
    "prose_in_code": 0,
    "bare_code": 0,
    "repeated_lines": 0.0,
    "repeated_paragraphs": 0.0,
    "repeated_ngrams": 0.0,
    "tail_repeats": 1,
    "looping_tail": 0,
}
DRAWN: dict[str, Any] = {
    "prompt_id": "f" * 32,
    "route": "route",
    "seed": 0,
    "model": "model",
    "model_fingerprint": "m",
    "rendered": "r",
    "temperature": 1.0,
    "top_p": 1.0,
    "max_tokens": 10,
    "engine": "engine",
    "text": "text",
    "finish_reason": "stop",
    "prompt_tokens": 1,
    "completion_tokens": 10,
    "stages": 1,
    "seconds": 0.0,
    "error": None,
}


def id_of(number: int) -> str:
    return f"{number:032x}"


def completions(*changes: dict[str, Any]) -> pl.DataFrame:
    rows = [{"completion_id": id_of(n), "draw": n} | DRAWN | change for n, change in enumerate(changes)]
    schema = {name: column.dtype for name, column in Completions.columns().items()}
    return Completions.validate(pl.DataFrame(rows, schema=schema, orient="row"))


def measures(*changes: dict[str, Any]) -> pl.DataFrame:
    rows = [
        {"completion_id": id_of(n), "folded": id_of(n)} | GOOD_MEASURES | change for n, change in enumerate(changes)
    ]
    schema = {name: column.dtype for name, column in Measures.columns().items()}
    return Measures.validate(pl.DataFrame(rows, schema=schema, orient="row"))


def verdicts(*outcomes: str | None) -> pl.DataFrame:
    rows = [verdict(number, outcome) for number, outcome in enumerate(outcomes) if outcome]
    schema = {name: column.dtype for name, column in Verdicts.columns().items()}
    return Verdicts.validate(pl.DataFrame(rows, schema=schema, orient="row"))


def verdict(number: int, outcome: str, verifier: str = "math", version: int = 1) -> dict[str, Any]:
    said = {"verifier": verifier, "version": version, "outcome": outcome}
    return said | {"completion_id": id_of(number), "extracted": None, "detail": "", "seconds": 0.0}
