"""What a publication changes, over all that can lie in a repository."""

from hypothesis import given
from hypothesis import strategies as st

from r1data.publishing.difference import Entry, difference, is_ours, steps
from r1data.publishing.manifest import CARD, DATA, MANIFEST, File, Manifest
from r1data.publishing.versions import newest_first, next_version

PATHS = (CARD, MANIFEST, "data/a.parquet", "data/b.parquet", "data/c.parquet", "LICENSE", "images/data/x")


def file(path: str, version: int) -> File:
    return File(path, 10, f"{version:064x}", f"{version:040x}", None)


files = st.dictionaries(st.sampled_from(PATHS[:5]), st.integers(1, 3)).map(
    lambda found: [file(path, version) for path, version in found.items()]
)
trees = st.dictionaries(st.sampled_from(PATHS), st.tuples(st.integers(1, 3), st.booleans())).map(
    lambda found: {
        path: Entry(10, f"{version:040x}", f"{version:064x}" if large else None)
        for path, (version, large) in found.items()
    }
)


@given(files, trees, files, files)
def test_afterwards_the_places_of_a_publication_hold_what_it_wants_and_others_are_untouched(
    wanted: list[File], there: dict[str, Entry], published: list[File], begun: list[File]
) -> None:
    change = difference(wanted, there, published, begun)
    after = dict(there)
    for step in steps(change):
        seen = dict(after)
        for one in step.files:
            after[one.path] = Entry(one.size, one.git, one.sha256)
        for path in step.deleted:
            del after[path]
        if not step.last:
            assert all(after[path] == entry for path, entry in seen.items()), "a reader of the old card sees no change"
            assert all(one.path.startswith(DATA) for one in step.files)
    ours = {path for path in after if is_ours(path)}
    assert ours == {one.path for one in wanted} and all(after[one.path].holds(one) for one in wanted)
    others = {path: entry for path, entry in there.items() if not is_ours(path)}
    assert {path: entry for path, entry in after.items() if not is_ours(path)} == others
    assert len(change.same) + len(change.sent) == len(wanted)
    assert steps(difference(wanted, after, wanted)) == []


@given(files, trees, files, files)
def test_whatever_would_be_lost_and_is_nobodys_we_know_is_foreign(
    wanted: list[File], there: dict[str, Entry], published: list[File], begun: list[File]
) -> None:
    change = difference(wanted, there, published, begun)
    told, known = {one.path for one in change.foreign}, [*wanted, *published, *begun]
    for path in [one.path for one in change.replaced] + list(change.deleted):
        assert path in told or any(one.path == path and there[path].holds(one) for one in known)
    assert all(is_ours(path) for path in told)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_manifest_are_none(content: bytes) -> None:
    assert Manifest.read(content) is None


def test_a_manifest_is_read_as_it_was_written() -> None:
    listed = [file(CARD, 1), File("data/a.parquet", 3, "a" * 64, "b" * 40, 7)]
    made = Manifest.of(
        listed, "at 2026-01-01T00:00:00Z", name="n", made_by="r1data", rows={"train": 7}, version=2,
        columns={"a": "String"}, fingerprints={},
    )  # fmt: skip
    assert Manifest.read(made.text().encode()) == made and list(made.listed()) == listed


def test_versions_count_on() -> None:
    assert next_version([]) == "v1" and next_version(["v2", "v10", "v1.5", "x", "v"]) == "v11"
    assert newest_first(["final", "v2", "v10"]) == ["v10", "v2", "final"]
