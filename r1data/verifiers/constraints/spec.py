"""Spec: the constraints of a prompt, read from our own form or from IFEval's."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import Any

from r1data.verifiers.check import BadTask
from r1data.verifiers.constraints.table import CONSTRAINTS, Arguments, Test

IFEVAL: dict[str, tuple[str, dict[str, str]]] = {
    "keywords:existence": ("keywords", {"keywords": "words"}),
    "keywords:frequency": ("keyword_count", {"keyword": "word", "frequency": "#", "relation": "?"}),
    "keywords:forbidden_words": ("forbidden", {"forbidden_words": "words"}),
    "keywords:letter_frequency": ("letter_count", {"letter": "letter", "let_frequency": "#", "let_relation": "?"}),
    "language:response_language": ("language", {"language": "language"}),
    "length_constraints:number_sentences": ("sentences", {"num_sentences": "#", "relation": "?"}),
    "length_constraints:number_paragraphs": ("starred_paragraphs", {"num_paragraphs": "exactly"}),
    "length_constraints:number_words": ("words", {"num_words": "#", "relation": "?"}),
    "length_constraints:nth_paragraph_first_word": (
        "paragraph_start", {"num_paragraphs": "exactly", "nth_paragraph": "nth", "first_word": "word"}),
    "detectable_content:number_placeholders": ("placeholders", {"num_placeholders": "min"}),
    "detectable_content:postscript": ("postscript", {"postscript_marker": "marker"}),
    "detectable_format:number_bullet_lists": ("bullets", {"num_bullets": "exactly"}),
    "detectable_format:constrained_response": ("one_of", {}),
    "detectable_format:number_highlighted_sections": ("highlights", {"num_highlights": "min"}),
    "detectable_format:multiple_sections": ("sections", {"section_spliter": "marker", "num_sections": "min"}),
    "detectable_format:json_format": ("json", {}),
    "detectable_format:title": ("title", {}),
    "combination:two_responses": ("two_responses", {}),
    "combination:repeat_prompt": ("repeat_prompt", {"prompt_to_repeat": "prompt"}),
    "startend:end_checker": ("ending", {"end_phrase": "phrase"}),
    "startend:quotation": ("quoted", {}),
    "change_case:english_capital": ("capitals", {}),
    "change_case:english_lowercase": ("lowercase", {}),
    "change_case:capital_word_frequency": ("capital_words", {"capital_frequency": "#", "capital_relation": "?"}),
    "punctuation:no_comma": ("no_comma", {}),
}  # fmt: skip
"""IFEval's 25 instructions: our kind, and our name for each argument; `#` with `?` is a count with its relation."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint: its kind, its arguments, and how it is called in a verdict."""

    kind: str
    arguments: dict[str, Any]
    label: str

    def prepare(self, question: str | None) -> Test:
        """The test that a reply has to pass.

        Raises:
            BadTask: the arguments do not fit.
        """
        arguments = Arguments(self.label, self.arguments, question)
        test = CONSTRAINTS[self.kind](arguments)
        arguments.all_read()
        return test


def read_spec(given: Any, reference: str | None) -> list[Constraint]:  # noqa: ANN401 - any JSON
    """The constraints in the task, else in the reference.

    Raises:
        BadTask: there are none, or they are written in no form that we know.
    """
    if given is None:
        try:
            given = json.loads(reference or "")
        except (ValueError, RecursionError):
            raise BadTask("neither the task's `constraints` nor the reference holds constraints as JSON") from None
    if isinstance(given, dict) and "instruction_id_list" in given:
        ids, kwargs = given["instruction_id_list"], given.get("kwargs")
        kwargs = [{} for _ in ids] if kwargs is None and isinstance(ids, list) else kwargs
        if not isinstance(ids, list) or not isinstance(kwargs, list) or len(ids) != len(kwargs):
            raise BadTask("`instruction_id_list` and `kwargs` should be lists of one length")
        given = [{"id": one, "kwargs": more} for one, more in zip(ids, kwargs, strict=True)]
    if isinstance(given, dict):
        given = [given]
    if not isinstance(given, list) or not given:
        raise BadTask("the constraints should be a list with one object for each")
    return [_constraint(one) for one in given]


def _constraint(given: Any) -> Constraint:  # noqa: ANN401 - any JSON
    if not isinstance(given, dict):
        raise BadTask(f"a constraint should be an object, not {given!r:.100}")
    if "kind" in given:
        kind = given["kind"]
        if not isinstance(kind, str) or kind not in CONSTRAINTS:
            raise BadTask(f"there is no constraint {kind!r:.100}{_near(kind, list(CONSTRAINTS))}")
        arguments = {key: value for key, value in given.items() if key != "kind" and value is not None}
        return Constraint(kind, arguments, _label(kind, arguments))
    name = given.get("id", given.get("instruction_id"))
    if not isinstance(name, str) or name not in IFEVAL:
        raise BadTask(f"there is no instruction {name!r:.100}{_near(name, list(IFEVAL))}")
    kind, names = IFEVAL[name]
    kwargs = given.get("kwargs") or {}
    if not isinstance(kwargs, dict):
        raise BadTask(f"{name}: its kwargs should be an object")
    arguments = _translated(name, names, {key: value for key, value in kwargs.items() if value is not None})
    return Constraint(kind, arguments, _label(name, kwargs))


def _translated(name: str, names: dict[str, str], kwargs: dict[str, Any]) -> dict[str, Any]:
    strange = sorted(set(kwargs) - set(names))
    if strange:
        raise BadTask(f"{name} takes no {strange[0]!r}")
    missing = [key for key in names if key not in kwargs and names[key] not in ("?", "prompt")]
    if missing:
        raise BadTask(f"{name} needs {missing[0]!r}")
    ours = {names[key]: value for key, value in kwargs.items()}
    relation, count = ours.pop("?", "at least"), ours.pop("#", None)
    if count is None:
        return ours
    if isinstance(count, float) and count.is_integer():
        count = int(count)
    if isinstance(count, bool) or not isinstance(count, int):
        raise BadTask(f"{name}: {count!r:.50} is no count")
    bounds = {"at least": {"min": count}, "less than": {"max": count - 1}, "more than": {"min": count + 1},
              "at most": {"max": count}, "exactly": {"exactly": count}}  # fmt: skip
    if not isinstance(relation, str) or relation not in bounds:
        raise BadTask(f"{name}: the relation {relation!r:.50} is none of {', '.join(bounds)}")
    return ours | bounds[relation]


def _label(name: str, arguments: dict[str, Any]) -> str:
    told = ", ".join(f"{key}={value!r:.40}" for key, value in arguments.items() if value is not None)
    return f"{name}({told})" if told else name


def _near(name: object, known: list[str]) -> str:
    near = difflib.get_close_matches(str(name)[:100], known, 1)
    return f"; did you mean {near[0]}?" if near else ""
