"""Replies: conversations that exist already, taken over as draws."""

from __future__ import annotations

from r1data.recipe.strict import Strict


class Replies(Strict):
    """A set of conversations with their assistant's turns, in files or on the Hub."""

    path: str
