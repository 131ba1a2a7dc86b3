"""A dataset card read back: its header, which files it shows as which split, and the counts that it states."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import yaml

from r1data.publishing.manifest import CARD
from r1data.publishing.trouble import Trouble

ALL = "all"
"""The row of the card's table that counts every domain together."""
_HEADER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_COUNT = re.compile(r"\d{1,3}(,\d{3})*|\d+")


@dataclass(frozen=True, slots=True)
class Card:
    """`patterns` are pairs of split and pattern in the header's order, `samples` and `splits` counts by domain and by
    split as the tables have them; empty where the card has no such header or table.
    """

    licence: str | None
    patterns: tuple[tuple[str, str], ...]
    samples: Mapping[str, int]
    splits: Mapping[str, int]

    def split_of(self, path: str) -> list[str]:
        """The splits as which a file of the folder is shown: one, if the card is right."""
        return [split for split, pattern in self.patterns if fnmatchcase(path, pattern)]


def read_card(text: str) -> Card:
    """What a card states; nothing of it is trusted."""
    header = _header(text)
    return Card(_licence(header), tuple(_patterns(header)), _counts(text, "domain"), _counts(text, "split"))


def check_card(
    card: Card, paths: Iterable[str], samples: Mapping[str, int], splits: Mapping[str, int]
) -> list[Trouble]:
    """Hold a card against the data: `paths` of the tables, `samples` as counted in them by domain, `splits` by split.

    Only a set that has several splits has a table of them.
    """
    again = "make the dataset again with `r1data run`, which writes card and tables together"
    found = []
    if not card.licence:
        found.append(Trouble(CARD, "its header states no licence", f"add `license:` to the header, or {again}"))
    if not card.patterns:
        found.append(Trouble(CARD, "its header has no `configs` that say which files are which split", again))
    for path in paths if card.patterns else ():
        named = card.split_of(path)
        if len(named) != 1:
            shown = f"as {' and '.join(named)}" if named else "as no split"
            found.append(Trouble(CARD, f"its header shows {path} {shown}", again))
    if not card.samples:
        found.append(Trouble(CARD, "it has no table of samples per domain", again))
        return found
    counted = {ALL: sum(samples.values()), **samples}
    wrong = [f"domain {told}" for told in _unlike(card.samples, counted)]
    wrong += [f"split {told}" for told in _unlike(card.splits, splits) if card.splits]
    return found + [Trouble(CARD, f"it states for {told}", again) for told in wrong]


def _unlike(stated: Mapping[str, int], counted: Mapping[str, int]) -> Iterator[str]:
    for name in sorted({*stated, *counted}):
        if stated.get(name) != counted.get(name, 0):
            told = f"{stated[name]:,}" if name in stated else "nothing"
            yield f"{name}: {told}, and the tables have {counted.get(name, 0):,}"


def _header(text: str) -> dict[str, Any]:
    match = _HEADER.match(text)
    if match is None:
        return {}
    try:
        header = yaml.safe_load(match[1])
    except yaml.YAMLError:
        return {}
    return header if isinstance(header, dict) else {}


def _licence(header: Mapping[str, Any]) -> str | None:
    licence = header.get("license")
    return str(licence) if licence else None


def _patterns(header: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    configs = header.get("configs")
    for config in configs if isinstance(configs, list) else ():
        files = config.get("data_files") if isinstance(config, dict) else None
        for entry in files if isinstance(files, list) else ():
            if isinstance(entry, dict) and "split" in entry and "path" in entry:
                paths = entry["path"] if isinstance(entry["path"], list) else [entry["path"]]
                for path in paths:
                    yield str(entry["split"]), str(path)


def _counts(text: str, key: str) -> dict[str, int]:
    """The rows of the first table whose columns begin with `key` and `samples`."""
    found: dict[str, int] = {}
    inside = False
    for line in text.splitlines():
        cells = _cells(line)
        if not inside:
            inside = [cell.lower() for cell in cells[:2]] == [key, "samples"]
        elif not cells:
            break
        elif len(cells) > 1 and _COUNT.fullmatch(cells[1]):
            found[cells[0]] = int(cells[1].replace(",", ""))
    return found


def _cells(line: str) -> list[str]:
    if not line.startswith("|"):
        return []
    cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [html.unescape(re.sub(r"\\(.)", r"\1", cell)).strip().strip("*") for cell in cells]
