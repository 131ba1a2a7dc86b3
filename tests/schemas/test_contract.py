"""The tables are a contract: a change of columns is a decision, never an accident."""

from dataclasses import fields

import dataframely as dy
import pytest

from r1data.recipe import fingerprint
from schemas import (
    Audits,
    Completion,
    Completions,
    Contaminations,
    Decisions,
    Examples,
    Kinship,
    Measures,
    Prompt,
    Prompts,
    References,
    Stops,
    Verdict,
    Verdicts,
    audit,
    completion,
    decision,
    example,
    kinship,
    measure,
    prompt,
    stop,
    verdict,
)

PINNED = {
    "Prompts": (prompt, 1, "9ff8a4b2197223639355d3b6f805d505"),
    "Completions": (completion, 2, "a732550ac4f327bed5b10dfb6fa03638"),
    "Verdicts": (verdict, 1, "55ebc267edb4ffa5c51663f16ab003df"),
    "Measures": (measure, 2, "3a6cd267e649c00fedb15d0816fe111e"),
    "Decisions": (decision, 2, "9ba82f6d6da15cdf01950f4960169917"),
    "Kinship": (kinship, 1, "2c2c8aebb36a7344094a26f008d22cd7"),
    "Contaminations": (kinship, 1, "2f382ebda966bbe5cdc3105f02abd860"),
    "Audits": (audit, 1, "0074aad0f85c7c95da5b23b899f6c529"),
    "References": (audit, 1, "f2224b91bc42a72a354be6438e70196c"),
    "Stops": (stop, 1, "f8627082141d545d7bf78da95b3c96d0"),
    "Examples": (example, 1, "9fc32d61e9cf459ba86050c0640c32d2"),
}


def shape(schema: type[dy.Schema]) -> str:
    return fingerprint({name: f"{column.dtype} {column.nullable}" for name, column in schema.columns().items()})


@pytest.mark.parametrize(
    "schema",
    [Prompts, Completions, Verdicts, Measures, Decisions, Examples, Audits, References, Stops, Kinship, Contaminations],
)
def test_columns_change_with_the_version_only(schema: type[dy.Schema]) -> None:
    module, version, pinned = PINNED[schema.__name__]
    assert (module.VERSION, shape(schema)) == (version, pinned), (
        "the columns of this table have changed: raise its VERSION and pin the new shape here"
    )


@pytest.mark.parametrize(("row", "table"), [(Prompt, Prompts), (Completion, Completions), (Verdict, Verdicts)])
def test_a_row_has_the_fields_of_its_table(row: type, table: type[dy.Schema]) -> None:
    assert [field.name for field in fields(row)] == list(table.columns())
