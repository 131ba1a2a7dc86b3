"""What is asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from r1data.publishing.difference import Difference, Step
from r1data.publishing.manifest import File, Manifest
from r1data.publishing.readback import Verify
from r1data.publishing.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be published where. `tag` is the version's name, by default the next of v1, v2, ...; `over` the
    commit whose foreign changes may be lost; `not_secret` the marks of texts that look like keys and are none.
    """

    repo: str
    public: bool = False
    tag: str | None = None
    message: str | None = None
    over: str | None = None
    verify: Verify = "full"
    not_secret: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Published:
    """What is on the Hub now, read back and found whole. `changed` is false where it was there already and nothing was
    done; `commits` are those that were made, `sent` the files in them, `rows` counts by split.
    """

    repo: str
    url: str
    changed: bool
    commit: str
    tag: str
    private: bool
    rows: Mapping[str, int]
    content: str
    commits: tuple[str, ...] = ()
    sent: tuple[File, ...] = ()
    deleted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What publishing would do. Where the Hub could not be asked, `unreachable` says why and `change` is against an
    empty repository; `tag` is the version that it would become, if it is new; `troubles` keep it from being published.
    """

    repo: str
    manifest: Manifest
    troubles: tuple[Trouble, ...]
    notes: tuple[str, ...]
    change: Difference
    steps: tuple[Step, ...]
    exists: bool
    tag: str | None
    unreachable: str | None = None
