"""Leaks: keys and tokens that must not leave this machine, found in texts that are about to be published.

Two kinds. Texts in the form that a provider gives its keys, wherever they come from: a model may have learned one, a
prompt may hold one. And the secrets of this very environment (variables whose names say so), in whatever form.
Both are reported by place and kind; the secret itself is never shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

SHORTEST_SECRET = 10
"""Shorter values of the environment are no secrets: they would be found everywhere."""
# In the syntax that Rust's regex and Python's share, without look-around. The runs of characters after the prefixes are
# as long as the providers make them; prefixes alone stand in documentation.
FORMS: Mapping[str, str] = {
    "Hugging Face token": r"\bhf_[A-Za-z]{34}\b",
    "OpenAI key": r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}",
    "Anthropic key": r"\bsk-ant-[a-z]{3,8}[0-9]{2}-[A-Za-z0-9_-]{80,}",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20}\b",
    "AWS key": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "Google key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "Slack token": r"\bxox[abeprs]-[0-9]{10,13}-[A-Za-z0-9-]{20,}",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{24,}\b",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}",
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\\nr]*(?:[A-Za-z0-9+/=]{40,}[\s\\nr]*){2,}",
}
_SECRET_NAME = re.compile(
    r"(^|_)(TOKENS?|KEYS?|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|PAT|CREDENTIALS?)(_|$)", re.IGNORECASE
)
_NAMES = list(FORMS)
_FORM = re.compile("|".join(f"({form})" for form in FORMS.values()))
# Rust's engine is several times slower where a word boundary must know all of Unicode.
_ANY_FORM = "|".join(f"(?:{form})" for form in FORMS.values()).replace(r"\b", r"(?-u:\b)")


@dataclass(frozen=True, slots=True)
class Leak:
    """`where` it stands, what `kind` it is, and a short hash of it by which a person can say that it is none. That of
    the environment's own secrets is empty: they are secret whatever anybody says.
    """

    where: str
    kind: str
    mark: str


def environment_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Values by the names of their variables, of those whose names say that they are secret."""
    return {
        name: value.strip()
        for name, value in environment.items()
        if _SECRET_NAME.search(name) and len(value.strip()) >= SHORTEST_SECRET
    }


def leaks_in(text: str, where: str, secrets: Mapping[str, str]) -> Iterator[Leak]:
    """What leaks in one text, in its order."""
    for name, value in secrets.items():
        if value in text:
            yield Leak(where, f"the value of {name}", "")
    for match in _FORM.finditer(text):
        yield Leak(where, _NAMES[(match.lastindex or 1) - 1], mark(match[0]))


def leaks_in_rows(frame: pl.DataFrame, key: str, where: str, secrets: Mapping[str, str]) -> Iterator[Leak]:
    """What leaks in the texts of a table, lists and structs of texts included; rows are named by column `key`."""
    for name, texts in _texts(frame):
        suspicious = texts.str.contains(_ANY_FORM)
        if secrets:
            suspicious |= texts.str.contains_any(list(secrets.values()))
        for place in suspicious.fill_null(False).arg_true():
            row = int(texts_row(frame, name)[place])
            yield from leaks_in(texts[place], f"{where}, row {frame[key][row]}, {name}", secrets)


def texts_row(frame: pl.DataFrame, name: str) -> pl.Series:
    """Of the texts that `_texts` makes of a column, the rows that they come from."""
    column = name.split(".")[0]
    counted = frame.select(pl.int_range(pl.len()).alias("_row"), column)
    return (counted.explode(column) if isinstance(counted[column].dtype, pl.List) else counted)["_row"]


def _texts(frame: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    for name in frame.columns:
        yield from _flat(name, frame[name])


def _flat(name: str, column: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    match column.dtype:
        case pl.String():
            yield name, column
        case pl.List():
            yield from _flat(name, column.explode())
        case pl.Struct():
            for field in column.struct.fields:
                yield from _flat(f"{name}.{field}", column.struct.field(field))


def mark(secret: str) -> str:
    """A short hash that names a secret without telling it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]
