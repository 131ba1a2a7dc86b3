"""The manifest of a publication, `r1data.json`: which files it has, with their hashes and counts, and what made them.

It is committed together with the card and after the data, so what it says is there is there. It holds no time: two
stagings of the same rows are told to be the same by `content`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from r1data.recipe import fingerprint

MANIFEST = "r1data.json"
CARD = "README.md"
DATA = "data/"
LONGEST_MANIFEST = 64 << 20
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)?")

Digest256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest160 = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


@dataclass(frozen=True, slots=True)
class File:
    """One file of the dataset's folder: `path` in it with `/`, `size` in bytes, SHA-256 and git's object id of what it
    holds, and its rows where it is a table.
    """

    path: str
    size: int
    sha256: str
    git: str
    rows: int | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    path: str
    size: Annotated[int, Field(ge=0)]
    sha256: Digest256
    git: Digest160
    rows: int | None


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    table: Literal["examples"]
    version: int
    columns: dict[str, str]


class Manifest(BaseModel):
    """What is published. `content` is the fingerprint of the rows, their schema and the card's words without times;
    `rows` counts by split; `fingerprints` are those of the workspace's own manifest.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    format: Literal[1] = 1
    made_by: str
    name: str
    content: str
    rows: dict[str, int]
    table: _Schema
    fingerprints: dict[str, str]
    files: list[_File]

    @classmethod
    def of(
        cls,
        files: Iterable[File],
        card: str,
        *,
        name: str,
        made_by: str,
        rows: Mapping[str, int],
        version: int,
        columns: Mapping[str, str],
        fingerprints: Mapping[str, str],
    ) -> Manifest:
        """The manifest of these files, `card` being the text of one of them."""
        listed = sorted(files, key=lambda file: file.path)
        data = [[file.path, file.sha256] for file in listed if file.path != CARD]
        words = fingerprint(_TIME.sub("", card))
        return cls(
            made_by=made_by,
            name=name,
            content=fingerprint({"data": data, "card": words, "columns": list(columns.items()), "version": version}),
            rows=dict(rows),
            table=_Schema(table="examples", version=version, columns=dict(columns)),
            fingerprints=dict(fingerprints),
            files=[_File(**asdict(file)) for file in listed],
        )

    @classmethod
    def read(cls, content: bytes) -> Manifest | None:
        """The manifest in these bytes; None where they are none that this version can read. Anybody may have written
        them.
        """
        if len(content) > LONGEST_MANIFEST:
            return None
        try:
            return cls.model_validate_json(content)
        except ValidationError:
            return None

    def listed(self) -> tuple[File, ...]:
        """Its files, in the order of their paths."""
        return tuple(File(**file.model_dump()) for file in self.files)

    def text(self) -> str:
        """The manifest as it is published."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def manifest_file(content: bytes) -> File:
    """The manifest itself as one of the files."""
    git = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False)
    return File(MANIFEST, len(content), hashlib.sha256(content).hexdigest(), git.hexdigest())
