"""Rewriting: which completion a rewritten one was made from, by which steps, and how its style is."""

from __future__ import annotations

import dataframely as dy

VERSION = 1

STYLE_CHECKS = (
    "paragraphs",
    "person",
    "markdown",
    "opening",
    "reflection",
    "brief",
    "mentions_thought",
    "straight",
    "unsupported",
    "conclusion",
)
"""Names of the principles of style that can be checked (R1 paper, B.3.2 and B.3.3); `r1data.style` says how."""


class Rewrites(dy.Schema):
    """The table of rewritten completions: one row each, with the text that it was made from.

    The text after it is that of the completion. `origin` names the part of a mix that the original belongs to. A row
    without steps was taken over as it was. `style` names the principles that the new text does not keep to.
    """

    completion_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    prompt_id = dy.String(regex=r"^[0-9a-f]{32}$")
    original_id = dy.String(regex=r"^[0-9a-f]{32}$")
    origin = dy.String()
    before = dy.String()
    steps = dy.List(
        dy.Struct(
            {
                "step": dy.String(),
                "model": dy.String(),
                "model_fingerprint": dy.String(),
                "template": dy.String(),
                "seed": dy.Int64(),
                "tokens": dy.Int32(),
                "tries": dy.Int32(),
            }
        )
    )
    style = dy.List(dy.String())
