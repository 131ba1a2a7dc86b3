"""What a workspace remembers of its publications: a small file for each repository, `publish/OWNER--NAME.json`.

It is a convenience and never the truth, which is on the Hub: it tells which files an unfinished publication may have
put there, so that the next one takes them for its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r1data.store.files import write_text


@dataclass(frozen=True, slots=True)
class Publication:
    """`begun` are the files (as JSON) that an unfinished publication is bringing; `content`, `commit` and `tag` are of
    the last one that was read back and found whole.
    """

    repo: str
    begun: tuple[dict[str, Any], ...] = ()
    content: str | None = None
    commit: str | None = None
    tag: str | None = None


def read_publication(root: Path, repo: str) -> Publication:
    """What is known about a repository; nothing, where the file is not there or is none of ours."""
    try:
        kept = json.loads(_path(root, repo).read_text(encoding="utf-8"))
        begun = tuple(dict(file) for file in kept.pop("begun"))
        return Publication(begun=begun, **kept)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Publication(repo)


def write_publication(root: Path, publication: Publication) -> None:
    """Remember it."""
    kept = {
        "repo": publication.repo, "content": publication.content, "commit": publication.commit,
        "tag": publication.tag, "begun": list(publication.begun),
    }  # fmt: skip
    write_text(_path(root, publication.repo), json.dumps(kept, indent=2) + "\n")


def _path(root: Path, repo: str) -> Path:
    return root / "publish" / f"{repo.replace('/', '--')}.json"
