"""Versions: the names of tags."""

from __future__ import annotations

import re
from collections.abc import Iterable

from r1data.errors import PublishError

_NUMBERED = re.compile(r"v(\d{1,9})")
_ALLOWED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_tag(tag: str | None) -> None:
    """Whether this may be a tag's name.

    Raises:
        PublishError: it may not.
    """
    if tag is not None and (not _ALLOWED.fullmatch(tag) or ".." in tag or tag.endswith((".", ".lock"))):
        raise PublishError(f"--tag {tag!r}: is no name for a version", "letters, digits, '.', '_' and '-', like v2")


def next_version(tags: Iterable[str]) -> str:
    """The number after the highest of v1, v2, ..."""
    numbers = [int(match[1]) for tag in tags if (match := _NUMBERED.fullmatch(tag))]
    return f"v{max(numbers, default=0) + 1}"


def newest_first(tags: Iterable[str]) -> list[str]:
    """Numbered versions from the highest down, then all others."""

    def order(tag: str) -> tuple[int, str]:
        match = _NUMBERED.fullmatch(tag)
        return (-int(match[1]) if match else 1, tag)

    return sorted(tags, key=order)
