"""Fingerprints: short, strict hashes of values that have one stable encoding."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

DIGEST_BYTES = 16


def fingerprint(value: object) -> str:
    """128-bit BLAKE2b of the value's canonical JSON, as 32 hex digits.

    Raises:
        TypeError: for a value without a stable encoding (a callable, an object with a default repr, a set).
    """
    text = json.dumps(_encode(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def fingerprint_files(folder: Path, names: list[str]) -> str:
    """Hash of the files' names and contents, whatever folder they lie in."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for name in sorted(names):
        digest.update(name.encode() + b"\0" + _digest(folder / name))
    return digest.hexdigest()


def fingerprint_file(path: Path) -> str:
    """Hash of a file's content, whatever its name."""
    return _digest(path).hex()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=DIGEST_BYTES)).digest()


def _encode(value: object) -> object:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case BaseModel():
            return _encode(value.model_dump(mode="json"))
        case Path():
            return value.as_posix()
        case Mapping():
            return {str(key): _encode(item) for key, item in value.items()}
        case list() | tuple():
            return [_encode(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__qualname__} has no stable encoding: {value!r}")
