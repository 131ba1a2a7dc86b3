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
    Opinions,
    Prompt,
    Prompts,
    References,
    Reviews,
    Rewrites,
    Stops,
    Verdict,
    Verdicts,
    audit,
    completion,
    decision,
    example,
    kinship,
    measure,
    opinion,
    prompt,
    review,
    rewriting,
    stop,
    verdict,
)

PINNED = {
    "Prompts": (prompt, 2, "a5d49fb28ec8c1d277439c553642eeb7"),
    "Completions": (completion, 2, "a732550ac4f327bed5b10dfb6fa03638"),
    "Verdicts": (verdict, 1, "55ebc267edb4ffa5c51663f16ab003df"),
    "Measures": (measure, 2, "3a6cd267e649c00fedb15d0816fe111e"),
    "Decisions": (decision, 3, "9ba82f6d6da15cdf01950f4960169917"),
    "Kinship": (kinship, 1, "2c2c8aebb36a7344094a26f008d22cd7"),
    "Contaminations": (kinship, 1, "2f382ebda966bbe5cdc3105f02abd860"),
    "Audits": (audit, 1, "0074aad0f85c7c95da5b23b899f6c529"),
    "References": (audit, 1, "f2224b91bc42a72a354be6438e70196c"),
    "Stops": (stop, 1, "f8627082141d545d7bf78da95b3c96d0"),
    "Opinions": (opinion, 1, "b2695ef6786dde0b36258a402d92cf5d"),
    "Rewrites": (rewriting, 1, "8a1bc9862f3990422e452c19c1ae5ea1"),
    "Reviews": (review, 1, "4aee933b5adb83e1b4526bf662d34cf5"),
    "Examples": (example, 2, "3c3c3ed5e73498091b85e994cb717f03"),
}


def shape(schema: type[dy.Schema]) -> str:
    return fingerprint({name: f"{column.dtype} {column.nullable}" for name, column in schema.columns().items()})


@pytest.mark.parametrize(
    "schema",
    [
        Prompts,
        Completions,
        Verdicts,
        Measures,
        Decisions,
        Examples,
        Audits,
        References,
        Stops,
        Kinship,
        Contaminations,
        Opinions,
        Rewrites,
        Reviews,
    ],
)
def test_columns_change_with_the_version_only(schema: type[dy.Schema]) -> None:
    module, version, pinned = PINNED[schema.__name__]
    assert (module.VERSION, shape(schema)) == (version, pinned), (
        "the columns of this table have changed: raise its VERSION and pin the new shape here"
    )


@pytest.mark.parametrize(("row", "table"), [(Prompt, Prompts), (Completion, Completions), (Verdict, Verdicts)])
def test_a_row_has_the_fields_of_its_table(row: type, table: type[dy.Schema]) -> None:
    assert [field.name for field in fields(row)] == list(table.columns())
