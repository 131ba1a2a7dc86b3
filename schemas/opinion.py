"""Opinion: what a model says of a prompt, beside what the rule says: whether a reply to it should think."""

from __future__ import annotations

import dataframely as dy

VERSION = 1


class Opinions(dy.Schema):
    """`judging` is the fingerprint of who was asked and how, `rule` what `r1data.thinking` says. `model` is null where
    the model failed to say; `said` is its reason, or why there is none.
    """

    prompt_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    judging = dy.String(primary_key=True, min_length=1)
    rule = dy.Bool(nullable=True)
    model = dy.Bool(nullable=True)
    said = dy.String()
