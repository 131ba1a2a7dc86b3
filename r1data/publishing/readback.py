"""Reading back: whether what the Hub has is what was sent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from r1data.publishing.difference import Entry
from r1data.publishing.hub import DamagedError, Hub
from r1data.publishing.manifest import CARD, MANIFEST, File
from r1data.store.dataset_folder import digests, table_rows

Verify = Literal["full", "hashes"]
SMALL = (CARD, MANIFEST)


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that did not arrive as it was sent."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def read_back(
    hub: Hub, commit: str, files: Sequence[File], verify: Verify, scratch: Path, say: Callable[[str], None]
) -> list[Damage]:
    """Compare files of a commit with what was sent, by the hashes that the Hub tells and, if `full`, by those of what
    it gives back; card and manifest always. `scratch` is a folder to read into, of which nothing is left.
    """
    there = hub.tree(commit)
    found = []
    for number, file in enumerate(files, start=1):
        damage = listed_damage(file, there.get(file.path))
        if damage is None and (verify == "full" or file.path in SMALL):
            say(f"reading back {file.path} ({number} of {len(files)})")
            damage = _fetched_damage(hub, commit, file, scratch)
        if damage is not None:
            found.append(damage)
    return found


def listed_damage(file: File, entry: Entry | None) -> Damage | None:
    """What the Hub's own list says against a file."""
    if entry is None:
        return Damage(file.path, "is not there")
    if not entry.holds(file):
        return Damage(file.path, f"is listed with {entry.size:,} bytes and another hash; sent were {file.size:,} bytes")
    return None


def _fetched_damage(hub: Hub, commit: str, file: File, scratch: Path) -> Damage | None:
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        path = hub.fetch(file.path, commit, scratch)
        if digests(path) != (file.sha256, file.git):
            return Damage(file.path, f"came back as {path.stat().st_size:,} bytes with another hash")
        if file.rows is not None and (rows := table_rows(path)) != file.rows:
            return Damage(file.path, f"came back with {rows:,} rows, sent were {file.rows:,}")
    except DamagedError as error:
        return Damage(file.path, f"cannot be read back: {error}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return None
