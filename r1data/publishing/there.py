"""There: what a repository has, and what a publication may do with it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from r1data.publishing.difference import Difference
from r1data.publishing.hub import DamagedError, Hub, Repository
from r1data.publishing.manifest import MANIFEST, File, Manifest, manifest_file
from r1data.publishing.request import Request
from r1data.publishing.trouble import Trouble
from r1data.publishing.versions import newest_first
from r1data.store.files import STAGING
from r1data.store.publications import read_publication

SHORTEST_COMMIT = 7
TAGS_READ = 5
RECENT = 3


@dataclass(frozen=True, slots=True)
class There:
    """A repository at one moment. `manifest` is the one that an earlier publication left, `published` the files that it
    names and the manifest itself; None and empty where there is none.
    """

    repository: Repository
    manifest: Manifest | None = None
    published: tuple[File, ...] = ()


def look_there(hub: Hub, root: Path) -> There | None:
    """What the repository has; None where there is none. `root` is the workspace, in which it may write scratch."""
    repository = hub.look()
    if repository is None:
        return None
    if MANIFEST not in repository.files:
        return There(repository)
    scratch = root / "publish" / f"{STAGING}manifest"
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        content = hub.fetch(MANIFEST, repository.head, scratch).read_bytes()
    except DamagedError:
        return There(repository)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    manifest = Manifest.read(content)
    if manifest is None:
        return There(repository)
    return There(repository, manifest, (*manifest.listed(), manifest_file(content)))


def versions_of(hub: Hub, repository: Repository) -> list[str]:
    """The tags that stand for what the newest commit has: of that commit, or of one with the same manifest, on which
    somebody has put something else since.
    """
    named = [tag for tag in newest_first(repository.tags) if repository.tags[tag] == repository.head]
    for tag in newest_first(repository.tags)[:TAGS_READ] if not named else ():
        if hub.tree(repository.tags[tag]).get(MANIFEST) == repository.files.get(MANIFEST):
            named.append(tag)
    return named


def privacy(hub: Hub, repository: Repository, request: Request) -> list[Trouble]:
    """Whether the repository is as private as the dataset should be."""
    if repository.private != request.public:
        return []
    if request.public:
        remedy = "leave --public out, or make it public in its settings on the Hub first"
        return [Trouble(hub.url, "is private, and --public does not change that", remedy)]
    return [Trouble(hub.url, "is public", "say --public if everybody may read this, or name another repository")]


def foreign(hub: Hub, repository: Repository, change: Difference, request: Request) -> list[Trouble]:
    """What somebody else has done in the places of a publication, unless the request says that it may be lost."""
    over = request.over or ""
    if not change.foreign or (len(over) >= SHORTEST_COMMIT and repository.head.startswith(over)):
        return []
    recent = "; ".join(hub.commits()[:RECENT])
    remedy = f"look at it (newest commits: {recent}); to lose it, publish with --over {repository.head[:12]}"
    return [Trouble(f"{hub.url}/{one.path}", f"{one.what}, and would be lost", remedy) for one in change.foreign]


def tag_taken(hub: Hub, repository: Repository, request: Request) -> list[Trouble]:
    """Whether the version's name stands for something else."""
    if request.tag is None or request.tag not in repository.tags:
        return []
    what = f"exists already and stands for commit {repository.tags[request.tag][:12]}"
    return [Trouble(f"{hub.url}, tag {request.tag}", what, "name another with --tag: versions are not moved")]


def begun_files(root: Path, repo: str) -> list[File]:
    """What an unfinished publication of this workspace may have put there."""
    found = []
    for file in read_publication(root, repo).begun:
        with suppress(TypeError):  # somebody has edited it
            found.append(File(**file))
    return found


def wanted_files(manifest: Manifest) -> Sequence[File]:
    """The files that a manifest names, and the manifest itself."""
    return (*manifest.listed(), manifest_file(manifest.text().encode()))
