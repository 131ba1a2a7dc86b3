"""Doors: who gets in, and what a browser may do with what it gets.

Each reviewer has a token of their own, which stands in their link behind a `#` and so in no log and no referrer. The
page trades it for a cookie that scripts cannot read and that no other site can have sent. Requests must be addressed to
this machine by number, or by a name that we were told (a name that was pointed here by somebody else is refused: DNS
rebinding), and what changes anything must come from our own page (CSRF).
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types review"
)
"""No script and no style but the page's own files, and nothing from elsewhere."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
LONGEST_NAME = 60


class Doors:
    """The tokens and cookies of one server. `names` are host names that it may be called by."""

    def __init__(self, reviewers: Iterable[str], port: int, names: Iterable[str] = ()) -> None:
        self.tokens = {reviewer: secrets.token_urlsafe(32) for reviewer in reviewers}
        self._secrets = {reviewer: secrets.token_urlsafe(32) for reviewer in self.tokens}
        self._names = {"localhost", socket.gethostname().lower(), *(name.lower() for name in names)}
        self.cookie = f"r1data_review_{port}"
        """Browsers keep one jar for all ports of a machine, so that two servers need two names."""

    def enter(self, token: object) -> str | None:
        """The `Set-Cookie` header for whoever has this token; None for nobody's."""
        reviewer = _whose(self.tokens, token)
        if reviewer is None:
            return None
        return f"{self.cookie}={self._secrets[reviewer]}; Path=/; HttpOnly; SameSite=Strict"

    def reviewer(self, cookies: str | None) -> str | None:
        """Whose cookie this is."""
        try:
            morsel = SimpleCookie(cookies or "").get(self.cookie)
        except CookieError:
            return None
        return None if morsel is None else _whose(self._secrets, morsel.value)

    def is_addressed(self, host: str | None) -> bool:
        """Whether the `Host` of a request is this machine: by number, or by a name of its own."""
        name = _name(host)
        if name is None:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def is_own(origin: str | None, host: str | None) -> bool:
    """Whether a request that changes something comes from the page itself."""
    if origin is None or host is None:
        return False
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def is_name(reviewer: str) -> bool:
    """Whether somebody can be called so: printable, of a sensible length."""
    return bool(reviewer) and len(reviewer) <= LONGEST_NAME and reviewer.isprintable() and reviewer == reviewer.strip()


def _whose(known: Mapping[str, str], given: object) -> str | None:
    """The reviewer with this secret. Every one is compared, each in constant time."""
    told = given.encode("utf-8", "replace") if isinstance(given, str) else b""
    found = None
    for reviewer, secret in known.items():
        if hmac.compare_digest(secret.encode(), told):
            found = reviewer
    return found


def _name(host: str | None) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname if host else None
    except ValueError:
        return None
