"""What a publication promises when nothing goes wrong: private, whole, few commits, nothing twice, nothing lost."""

from pathlib import Path

import polars as pl
import pytest

from r1data.errors import PublishError, WorkspaceError
from r1data.publishing.manifest import Manifest
from r1data.recipe.merging import Merge
from r1data.store import Workspace
from tests.merging.making import example, merged
from tests.publishing.fake_hub import FakeHub
from tests.publishing.staging import REPO, Publisher, edit_card, examples, remembered, stage, state


def test_what_is_staged_arrives_private_read_back_and_named(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    done = publisher(workspace)
    assert (done.changed, done.tag, done.private, dict(done.rows)) == (True, "v1", True, {"train": 40})
    there, folder = hub.contents(REPO, "v1"), workspace.root / "dataset"
    staged = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path: there[path] for path in staged} == staged and there == hub.contents(REPO)
    manifest = Manifest.read(there["r1data.json"])
    assert manifest is not None and manifest.table.version == 2 and manifest.fingerprints["recipe"] == "abc"
    assert {file.path for file in manifest.files} == set(staged)
    assert sum(file.rows or 0 for file in manifest.files) == 40
    assert len(done.commits) == 2 and len(hub.repos[REPO].commits) == 3
    assert set(hub.puts.values()) == {1}
    before = hub.repos[REPO].at(done.commits[0])
    assert before is not None and "README.md" not in before.files and len(before.files) == 4


def test_the_same_again_publishes_nothing(publisher: Publisher, hub: FakeHub, workspace: Workspace) -> None:
    first, before = publisher(workspace), state(hub)
    again = publisher(workspace)
    later = publisher(stage(workspace.root, examples(40), when="2026-02-03T04:05:06+00:00"))
    assert (again.changed, again.tag, again.commit, again.sent) == (False, "v1", first.commit, ())
    assert (later.changed, later.tag) == (False, "v1"), "another time on the card is nothing new"
    assert state(hub) == before and len(hub.repos[REPO].commits) == 3


def test_new_rows_are_a_new_version_and_the_old_one_stays(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    first = publisher(workspace)
    old = hub.contents(REPO)
    second = publisher(stage(workspace.root, examples(50)))
    assert (second.changed, second.tag) == (True, "v2") and hub.contents(REPO, "v1") == old
    gone = {file.path for file in first.sent if file.path.startswith("data/")}
    assert set(second.deleted) == gone and not gone & set(hub.contents(REPO))
    middle = hub.repos[REPO].at(second.commits[0])
    assert middle is not None and gone <= set(middle.files), "until the new card is there, the old one's files are"


def test_large_datasets_take_several_commits_and_the_card_comes_last(
    publisher: Publisher, hub: FakeHub, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("r1data.publishing.difference.FILES_PER_COMMIT", 4)
    stage(workspace.root, examples(40), files=10)
    done = publisher(workspace)
    counts = [len(found.files) for oid in done.commits if (found := hub.repos[REPO].at(oid))]
    assert counts == [5, 9, 11, 13]
    assert any("10 of 10 files" in line for line in publisher.said)


def test_what_others_put_beside_it_stays(publisher: Publisher, hub: FakeHub, workspace: Workspace) -> None:
    publisher(workspace)
    hub.commit(REPO, {"LICENSE": b"MIT", "images/a.png": b"x"})
    assert not publisher(workspace).changed, "what is beside a publication is none of its business"
    publisher(stage(workspace.root, examples(44)))
    assert hub.contents(REPO)["LICENSE"] == b"MIT" and hub.contents(REPO)["images/a.png"] == b"x"


@pytest.mark.parametrize("what", ["edited card", "foreign table", "deleted table", "edited manifest"])
def test_what_others_did_in_our_places_is_not_lost_silently(
    publisher: Publisher, hub: FakeHub, workspace: Workspace, what: str
) -> None:
    publisher(workspace)
    table = next(path for path in hub.contents(REPO) if path.startswith("data/"))
    match what:
        case "edited card":
            path = "README.md"
            hub.commit(REPO, {path: b"---\nlicense: mit\n---\nBetter words.\n"}, title="Better words")
        case "foreign table":
            path = "data/train-more.parquet"
            hub.commit(REPO, {path: b"PAR1"})
        case "edited manifest":
            path = "r1data.json"
            hub.commit(REPO, {path: b"[1, 2"})
        case _:
            path = table
            hub.commit(REPO, {}, deleted=(table,))
    before = state(hub)
    for rows in (40, 50) if what == "edited card" else (50,):
        with pytest.raises(PublishError, match=path) as caught:
            publisher(stage(workspace.root, examples(rows)))
        assert f"--over {hub.repos[REPO].commits[-1].oid[:12]}" in str(caught.value)
        assert "by somebody" in str(caught.value) and state(hub) == before
    with pytest.raises(PublishError):
        publisher(workspace, over=hub.repos[REPO].commits[-2].oid)
    done = publisher(workspace, over=hub.repos[REPO].commits[-1].oid[:12])
    assert (done.changed, done.tag) == (True, "v2")
    assert set(hub.contents(REPO)) == {".gitattributes", "README.md", "r1data.json"} | {
        f"data/{path.name}" for path in (workspace.root / "dataset" / "data").iterdir()
    }


def test_a_repository_that_is_somebody_elses_is_refused(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    hub.make(REPO)
    hub.commit(REPO, {"README.md": b"# Mine\n", "data/train.parquet": b"PAR1"})
    with pytest.raises(PublishError, match=r"README\.md: was not put there by r1data"):
        publisher(workspace)
    assert not hub.puts and len(hub.repos[REPO].commits) == 2


def test_private_means_private(publisher: Publisher, hub: FakeHub, workspace: Workspace) -> None:
    hub.make(REPO, private=False)
    with pytest.raises(PublishError, match="is public") as caught:
        publisher(workspace)
    assert "--public" in str(caught.value) and not hub.puts
    hub.make("team/closed", private=True)
    with pytest.raises(PublishError, match="is private"):
        publisher(workspace, "team/closed", public=True)
    assert not publisher(workspace, public=True).private
    assert publisher(workspace, "team/open", public=True).changed and not hub.repos["team/open"].private


def test_versions_are_not_moved(publisher: Publisher, hub: FakeHub, workspace: Workspace) -> None:
    publisher(workspace, tag="first")
    before = state(hub)
    stage(workspace.root, examples(50))
    with pytest.raises(PublishError, match="tag first: exists already"):
        publisher(workspace, tag="first")
    assert state(hub) == before
    assert publisher(workspace, tag="v7").tag == "v7"
    assert publisher(workspace, tag="final").changed, "a second name for the same version"
    assert hub.repos[REPO].tags["final"] == hub.repos[REPO].tags["v7"]
    assert publisher(stage(workspace.root, examples(52))).tag == "v8"
    for bad in ("-x", "a b", "a..b", "", "x/../y"):
        with pytest.raises(PublishError, match="no name for a version"):
            publisher(workspace, tag=bad)


@pytest.mark.parametrize("repo", ["sums", "a/b/c", "team/", "../x", "team/a b", "team/--x"])
def test_names_that_are_none_are_refused(publisher: Publisher, hub: FakeHub, workspace: Workspace, repo: str) -> None:
    with pytest.raises(PublishError, match=r"is no name|lacks the owner") as caught:
        publisher(workspace, repo)
    assert "OWNER/" in str(caught.value.remedy) and not hub.asked


def test_a_run_that_is_writing_is_not_published(publisher: Publisher, hub: FakeHub, workspace: Workspace) -> None:
    with workspace.locked(), pytest.raises(WorkspaceError, match="is writing here"):
        publisher(Workspace(workspace.root))
    assert not hub.asked


def test_a_merged_set_is_published_with_its_splits(publisher: Publisher, hub: FakeHub, tmp_path: Path) -> None:
    parts = {
        "one": [example(n, f"What is {n} + 1?", domain="math" if n % 2 else "logic") for n in range(30)],
        "two": [example(-n, f"Name {n} towns.", domain="general", licence=None) for n in range(1, 12)],
    }
    _, offers = merged(tmp_path, parts, Merge(quotas={"math": 9, "logic": 50}, test_share=0.3), file_bytes=5000)
    mix = Workspace(tmp_path / "mix")
    done = publisher(mix)
    counts = dict(offers.filter("kept").group_by("split").len().iter_rows())
    assert dict(done.rows) == counts and set(counts) == {"train", "test"} and done.notes
    there = {path for path in hub.contents(REPO, "v1") if path.startswith("data/")}
    assert there == {f"data/{path.name}" for path in (mix.root / "dataset" / "data").iterdir()}
    card, (side, count) = (mix.root / "dataset" / "README.md").read_text(), next(iter(counts.items()))
    edit_card(mix, lambda text: text.replace(f"| {side} | {count} |", f"| {side} | {count + 1} |"))
    with pytest.raises(PublishError, match=f"split {side}: {count + 1}, and the tables have {count}"):
        publisher(mix)
    edit_card(mix, lambda text: card)
    offers.with_columns(split=pl.when("kept").then(pl.lit("train"))).write_parquet(mix.root / "merged.parquet")
    with pytest.raises(PublishError, match=f"{counts['test']} rows are shown as another split"):
        publisher(mix)


def test_the_workspace_remembers_what_it_has_published(publisher: Publisher, workspace: Workspace) -> None:
    done = publisher(workspace)
    assert remembered(workspace) == {
        "repo": REPO, "content": done.content, "commit": done.commit, "tag": "v1", "begun": []
    }  # fmt: skip
