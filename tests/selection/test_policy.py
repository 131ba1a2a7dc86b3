"""The whole truth table: what rule and judge say together, for each policy and every pair of outcomes."""

import itertools
import random

import polars as pl
import pytest

from r1data.recipe import Policy, Selection
from r1data.selection import combined, decide
from schemas import Outcome, Verdicts
from tests.selection.rows import completions, id_of, measures, verdict

SHORT = {
    "C": "correct", "I": "incorrect", "N": "no_answer", "B": "bad_reference", "T": "timeout", "E": "verifier_error",
    "U": "undecided", "-": None,
}  # fmt: skip
# Rows: what the rule says (`-`: nothing). Columns: the judge, in the order C I N B T E U and nothing.
TABLES: dict[Policy, str] = {
    "rule": """
        C  C C C C C C C C
        I  I I I I I I I I
        N  N N N N N N N N
        B  B B B B B B B B
        T  T T T T T T T T
        E  E E E E E E E E
        U  U U U U U U U U
        -  C I N B T E U .""",
    "judge": """
        C  C I N B T E U U
        I  C I N B T E U U
        N  C I N B T E U U
        B  C I N B T E U U
        T  C I N B T E U U
        E  C I N B T E U U
        U  C I N B T E U U
        -  C I N B T E U .""",
    "or": """
        C  C C C C C C C C
        I  C I I I I I I I
        N  C I N N N N N N
        B  C I N B B B B B
        T  C I N T T T T T
        E  C I N E E E E E
        U  C I N B T E U U
        -  C I N B T E U .""",
    "and": """
        C  C I N B T E U U
        I  I I I I I I I I
        N  N I N N N N N N
        B  B I N B B B B B
        T  T I N T T T T T
        E  E I N E E E E E
        U  C I N B T E U U
        -  C I N B T E U .""",
}
JUDGED, FAULTS = {"correct", "incorrect", "no_answer"}, {"bad_reference", "timeout", "verifier_error", "undecided"}


def outcome_of(rule: str | None, judge: str | None, policy: Policy) -> str | None:
    rows = [verdict(0, rule)] if rule else []
    rows += [verdict(0, judge, "judge")] if judge else []
    schema = {name: column.dtype for name, column in Verdicts.columns().items()}
    said = combined(pl.DataFrame(rows, schema=schema, orient="row").lazy(), policy).collect()
    return said["outcome"][0] if said.height else None


@pytest.mark.parametrize("policy", TABLES)
def test_every_pair_of_outcomes(policy: Policy) -> None:
    seen = 0
    for line in TABLES[policy].split("\n")[1:]:
        rule, *cells = line.split()
        for judge, cell in zip(SHORT, cells, strict=True):
            expected = None if cell == "." else SHORT[cell]
            assert outcome_of(SHORT[rule], SHORT[judge], policy) == expected, (policy, rule, judge)
            seen += 1
    assert seen == 64


def test_the_table_keeps_its_promises() -> None:
    """What the policies mean, said once more without a table."""
    for rule, judge in itertools.product(Outcome, Outcome):
        assert outcome_of(rule, judge, "rule") == rule
        assert outcome_of(rule, judge, "judge") == judge
        either, both = outcome_of(rule, judge, "or"), outcome_of(rule, judge, "and")
        assert (either == "correct") == ("correct" in (rule, judge))
        assert (both == "correct") == (judge == "correct" and rule in ("correct", "undecided"))
        if rule in FAULTS and judge in JUDGED:
            assert either == judge, "under `or` a fault leaves the word to the other"
        if {rule, judge} <= {"incorrect", "no_answer"}:
            assert either in JUDGED - {"correct"} and both in JUDGED - {"correct"}
        if {rule, judge} & {"incorrect", "no_answer"}:
            assert both in ("incorrect", "no_answer"), "under `and` a refusal stands by itself"
        if rule == "correct" and judge in FAULTS:
            assert both == judge, "under `and` a fault leaves it unjudged"


@pytest.mark.parametrize("policy", TABLES)
def test_the_order_of_rows_changes_nothing(policy: Policy) -> None:
    dice = random.Random(5)
    rows = [
        verdict(n, dice.choice(list(Outcome)), who, version)
        for n in range(30)
        for who in ("math", "judge", "other")
        for version in (1, 2)
        if dice.random() < 0.7
    ]
    schema = {name: column.dtype for name, column in Verdicts.columns().items()}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    first = combined(frame.lazy(), policy).collect().sort("completion_id")
    assert first["completion_id"].is_unique().all()
    for seed in range(3):
        again = combined(frame.sample(fraction=1, shuffle=True, seed=seed).lazy(), policy).collect()
        assert again.sort("completion_id").equals(first)


def test_the_side_that_decides_is_named() -> None:
    rows = [verdict(0, "incorrect"), verdict(0, "correct", "judge") | {"extracted": "42"}, verdict(1, "correct")]
    said = combined(pl.DataFrame(rows, schema_overrides={"extracted": pl.String}).lazy(), "or").collect()
    assert said.sort("completion_id").select("verifier", "extracted").rows() == [("judge", "42"), ("math", None)]
    waiting = combined(pl.DataFrame(rows[2:], schema_overrides={"extracted": pl.String}).lazy(), "and").collect()
    assert waiting.select("verifier", "outcome").rows() == [("judge", "undecided")]


def test_a_decision_goes_by_the_policy() -> None:
    rows = [verdict(0, "incorrect"), verdict(0, "correct", "judge"), verdict(1, "correct"),
            verdict(1, "incorrect", "judge"), verdict(2, "correct"), verdict(2, "correct", "judge")]  # fmt: skip
    frames = completions({}, {}, {}).lazy(), pl.DataFrame(rows).lazy(), measures({}, {}, {}).lazy()
    kept = {
        policy: set(decide(*frames, Selection(), policy).filter("kept")["completion_id"]) for policy in TABLES
    }  # fmt: skip
    assert kept == {
        "rule": {id_of(1), id_of(2)}, "judge": {id_of(0), id_of(2)},
        "or": {id_of(0), id_of(1), id_of(2)}, "and": {id_of(2)},
    }  # fmt: skip
