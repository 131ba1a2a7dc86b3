"""What is not fit to be published is told, all of it, with place and remedy, and nothing is sent."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from r1data.errors import PublishError, WorkspaceError
from r1data.publishing.card import read_card
from r1data.publishing.leaks import FORMS, environment_secrets, leaks_in, leaks_in_rows, mark
from r1data.publishing.staged import read_staged
from r1data.store import Workspace
from tests.publishing.fake_hub import TOKEN, FakeHub
from tests.publishing.staging import REPO, Publisher, edit_card, examples, stage


def tables(workspace: Workspace) -> list[Path]:
    return sorted((workspace.root / "dataset" / "data").iterdir())


def rewrite(workspace: Workspace, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    path = tables(workspace)[0]
    change(pl.read_parquet(path)).write_parquet(path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


BROKEN: dict[str, tuple[Callable[[Workspace], object], str]] = {
    "a table is cut short": (lambda w: cut(tables(w)[0]), r"is no whole Parquet file"),
    "a table is gone": (lambda w: tables(w)[0].unlink(), r"14 of them are not in the dataset"),
    "no table": (lambda w: [path.unlink() for path in tables(w)], "there is no table"),
    "no card": (lambda w: (w.root / "dataset" / "README.md").unlink(), r"README\.md: there is no card"),
    "a column is missing": (lambda w: rewrite(w, lambda t: t.drop("seed")), "it lacks seed"),
    "a column more": (lambda w: rewrite(w, lambda t: t.with_columns(path=pl.lit("x"))), "it has path besides"),
    "another type": (lambda w: rewrite(w, lambda t: t.with_columns(pl.col("seed").cast(pl.Int32))), "seed is Int32"),
    "another order": (lambda w: rewrite(w, lambda t: t.select(sorted(t.columns))), "another order"),
    "a rule is broken": (
        lambda w: rewrite(w, lambda t: t.with_columns(pass_rate=pl.lit(2.0))), "14 rows break the rule `pass_rate"
    ),
    "no turn of the assistant": (
        lambda w: rewrite(w, lambda t: t.with_columns(pl.col("messages").list.reverse())), "ends_with_the_assistant"
    ),
    "a row twice": (lambda w: rewrite(w, lambda t: pl.concat([t, t.head(1)])), "1 rows are there more than once"),
    "a row that was not kept": (
        lambda w: rewrite(w, lambda t: t.with_columns(pl.col("example_id").str.reverse())), "which has 14 others"
    ),
    "a strange file": (lambda w: (w.root / "dataset" / "notes.txt").write_text("x"), r"notes\.txt: does not belong"),
    "a strange name": (lambda w: tables(w)[0].rename(tables(w)[0].with_name("a b.parquet")), r"a b\.parquet: does not"),
    "a link": (lambda w: (w.root / "dataset" / "data" / "x.parquet").symlink_to("/etc/passwd"), "is a link"),
    "a number of the card": (
        lambda w: edit_card(w, lambda card: card.replace("| math | 14 |", "| math | 15 |")),
        "states for domain math: 15, and the tables have 14",
    ),
    "a sum of the card": (
        lambda w: edit_card(w, lambda card: card.replace("| all | 40 |", "| all | 1,040 |")),
        "states for domain all: 1,040, and the tables have 40",
    ),
    "a domain of the card": (
        lambda w: edit_card(w, lambda card: card.replace("| math |", "| maths |")),
        "states for domain math: nothing",
    ),
    "no licence": (
        lambda w: edit_card(w, lambda card: card.replace("license: mit\n", "")), "its header states no licence"
    ),
    "no header": (lambda w: edit_card(w, lambda card: card.replace("---\n", "", 1)), "no `configs`"),
    "no split for a table": (
        lambda w: edit_card(w, lambda card: card.replace("path: data/train-", "path: data/test-")), "as no split"
    ),
    "a secret in the recipe": (
        lambda w: (w.root / "recipe.yaml").write_text(f"key: {TOKEN}\n"), r"recipe\.yaml: holds a secret"
    ),
    "a secret in the card": (
        lambda w: edit_card(w, lambda card: f"{card}\nexport HF_TOKEN={TOKEN}\n"), r"README\.md: holds a secret"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_told_before_anything_is_sent(
    publisher: Publisher, hub: FakeHub, workspace: Workspace, what: str
) -> None:
    harm, said = BROKEN[what]
    harm(workspace)
    with pytest.raises(PublishError, match=said) as caught:
        publisher(workspace)
    assert "nothing was sent" in str(caught.value) and "fix: " in str(caught.value)
    assert not hub.asked and TOKEN not in str(caught.value)


def test_where_nothing_was_made_there_is_nothing_to_publish(publisher: Publisher, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "new")
    with pytest.raises(WorkspaceError, match="nothing has been decided"):
        publisher(workspace)


def test_rows_without_a_licence_are_noted_and_not_made_public(publisher: Publisher, workspace: Workspace) -> None:
    stage(workspace.root, examples(40, licence=None))
    with pytest.raises(PublishError, match="40 rows state no licence"):
        publisher(workspace, public=True)
    assert publisher(workspace).notes == ("40 of 40 rows state no licence",)


SAMPLES = {
    "Hugging Face token": TOKEN,
    "OpenAI key": "sk-proj-" + "a1B2" * 6 + "T3BlbkFJ" + "c3D4" * 6,
    "Anthropic key": "sk-ant-api03-" + "x-9_" * 24,
    "GitHub token": "ghp_" + "a1" * 18,
    "GitLab token": "glpat-" + "a1b2" * 5,
    "AWS key": "AKIA" + "Q2W3" * 4,
    "Google key": "AIza" + "a1B2c" * 7,
    "Slack token": "xoxb-" + "1234567890" + "-" + "a1" * 12,
    "Stripe key": "sk_live_" + "a1" * 12,
    "npm token": "npm_" + "a1" * 18,
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + "a1" * 30,
    "private key": "-----BEGIN RSA PRIVATE KEY-----\n" + ("MIIE" * 16 + "\n") * 3 + "-----END",
}


def test_every_form_of_key_is_found_in_texts_and_tables_and_never_shown() -> None:
    assert set(SAMPLES) == set(FORMS)
    rows = examples(len(SAMPLES))
    turns = [
        [{"role": "user", "content": "词 how?"}, {"role": "assistant", "content": f"It is 键“{secret}”, so\n"}]
        for secret in SAMPLES.values()
    ]
    rows = rows.with_columns(messages=pl.Series(turns, dtype=rows["messages"].dtype))
    found = list(leaks_in_rows(rows, "example_id", "t", {}))
    assert [leak.kind for leak in found] == list(SAMPLES)
    assert [leak.mark for leak in found][:-1] == [mark(secret) for secret in SAMPLES.values()][:-1]
    for leak, row in zip(found, rows["example_id"], strict=True):
        assert leak.where == f"t, row {row}, messages.content"
    for kind, secret in SAMPLES.items():
        assert [leak.kind for leak in leaks_in(f"a {secret} b", "x", {})] == [kind]


def test_what_only_talks_of_keys_is_no_leak() -> None:
    harmless = (
        "hf_..., hf_token, hf_xxxxxxxx; sk-learn, risk-averse-but-very-long-hyphenated-words-are-fine; ghp_YOUR_TOKEN; "
        "AKIAIOSFODNN7; -----BEGIN PRIVATE KEY----- ... -----END PRIVATE KEY-----; a npm_package; xoxb-your-token"
    )
    assert list(leaks_in(harmless, "x", {})) == []
    rows = examples(3, reference=harmless)
    assert list(leaks_in_rows(rows, "example_id", "t", {})) == []


def test_the_secrets_of_the_environment_are_found_whatever_their_form(workspace: Workspace) -> None:
    environment = {"DB_PASSWORD": "Twice 7.\n\n", "MONKEY": "logic_puzzles", "API_KEY": "made here", "X_TOKEN": "MIT"}
    environment |= {"MY_SECRET": "  Is 4 \u202eeven\u202c?  "}
    secrets = environment_secrets(environment)
    assert set(secrets) == {"MY_SECRET"}, "what is too short or not named so is none"
    staged = read_staged(workspace, secrets, frozenset({""}))
    assert [str(trouble).partition("(")[2] for trouble in staged.troubles] == ["the value of MY_SECRET)"]
    assert "messages.content" in staged.troubles[0].where and "--not-secret" not in staged.troubles[0].remedy


def test_a_text_that_looks_like_a_key_and_is_none_can_be_named_by_its_mark(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    stage(workspace.root, examples(40, reference=f"use {SAMPLES['AWS key']} here"))
    with pytest.raises(PublishError, match=r"row \w{32}, reference: holds a secret \(AWS key\)") as caught:
        publisher(workspace)
    name = mark(SAMPLES["AWS key"])
    assert f"--not-secret {name}" in str(caught.value) and SAMPLES["AWS key"] not in str(caught.value)
    assert publisher(workspace, not_secret=frozenset({name})).changed and REPO in hub.repos


@pytest.mark.parametrize(
    "text",
    ["", "---\n", "---\n- a\n---\n", "---\nconfigs: 3\n---\n", "---\nconfigs: [1, {data_files: 2}]\n---\n",
     "---\na: &a [*a]\n---\n", "---\n!!python/object/apply:os.system [x]\n---\n",
     "| domain | samples |\n|---|---|\n| a |"],
)  # fmt: skip
def test_a_card_that_is_none_states_nothing(text: str) -> None:
    card = read_card(text)
    assert (card.licence, card.patterns, dict(card.samples)) == (None, (), {})
