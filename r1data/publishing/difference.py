"""What a publication changes on the Hub, and what is there that somebody else has put there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from r1data.publishing.manifest import CARD, DATA, MANIFEST, File

FILES_PER_COMMIT = 100
"""The Hub answers commits with many more files too late."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as the Hub lists it: its size, git's object id and, where it is stored as a large file, its SHA-256."""

    size: int
    git: str
    sha256: str | None = None

    def holds(self, file: File) -> bool:
        """Whether it is what `file` is."""
        return self.size == file.size and (self.sha256 == file.sha256 if self.sha256 else self.git == file.git)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file in our places that is not as we left it."""

    path: str
    what: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`added` and `replaced` go to the Hub, `deleted` paths go from it, `same` are there. `foreign` is what somebody
    else has done in the places that a publication owns: the card, the manifest and `data/`.
    """

    added: tuple[File, ...] = ()
    replaced: tuple[File, ...] = ()
    deleted: tuple[str, ...] = ()
    same: tuple[File, ...] = ()
    foreign: tuple[Foreign, ...] = ()

    @property
    def sent(self) -> tuple[File, ...]:
        """All that goes to the Hub."""
        return self.added + self.replaced


def difference(
    wanted: Sequence[File], there: Mapping[str, Entry], published: Iterable[File], begun: Iterable[File] = ()
) -> Difference:
    """Compare `wanted` (card and manifest included) with what is `there`.

    `published` are the files that the manifest there names, `begun` those that an unfinished publication of this
    workspace may have put there: whatever else lies in our places is foreign.
    """
    published, known = tuple(published), _by_path((*wanted, *begun))
    for file in published:
        known.setdefault(file.path, []).append(file)
    paths = {file.path: file for file in wanted}
    ours = {path: entry for path, entry in there.items() if is_ours(path)}
    foreign = [
        Foreign(path, "was changed" if path in {file.path for file in published} else "was not put there by r1data")
        for path, entry in sorted(ours.items())
        if not any(entry.holds(file) for file in known.get(path, ()))
    ]
    foreign += [
        Foreign(file.path, "was deleted") for file in published if file.path not in there and is_ours(file.path)
    ]
    return Difference(
        added=tuple(file for file in wanted if file.path not in there),
        replaced=tuple(file for file in wanted if file.path in there and not there[file.path].holds(file)),
        deleted=tuple(sorted(path for path in ours if path not in paths)),
        same=tuple(file for file in wanted if file.path in there and there[file.path].holds(file)),
        foreign=tuple(foreign),
    )


def is_ours(path: str) -> bool:
    """Whether publications own this place; the rest of a repository is left alone."""
    return path in (CARD, MANIFEST) or path.startswith(DATA)


@dataclass(frozen=True, slots=True)
class Step:
    """One commit: files to add, paths to delete. Only the last one changes what a reader of the card sees."""

    files: tuple[File, ...] = ()
    deleted: tuple[str, ...] = field(default=())
    last: bool = False


def steps(change: Difference) -> list[Step]:
    """The commits of a change, in order; none where nothing changes.

    New data comes first, under names that no card tells of yet. The last commit brings card and manifest, replaces
    and deletes: so no card ever names files that are not there, neither the old nor the new one.
    """
    if not change.sent and not change.deleted:
        return []
    data = [file for file in change.added if file.path.startswith(DATA)]
    shown = tuple(file for file in change.sent if file not in set(data))
    first = [Step(tuple(data[start : start + FILES_PER_COMMIT])) for start in range(0, len(data), FILES_PER_COMMIT)]
    return [*first, Step(shown, change.deleted, last=True)]


def _by_path(files: Iterable[File]) -> dict[str, list[File]]:
    found: dict[str, list[File]] = {}
    for file in files:
        found.setdefault(file.path, []).append(file)
    return found
