"""Review: what a person decided about one completion. Rows are added and never changed."""

from __future__ import annotations

from enum import StrEnum

import dataframely as dy

VERSION = 1


class Action(StrEnum):
    """What a person did with a sample."""

    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    SKIPPED = "skipped"


class Reviews(dy.Schema):
    """The table of what people decided: of two rows of one reading by one person, the later one counts.

    `reading` is 1 for a first reader, 2 for a second one; `plan` the queue that the sample came from. `text` is the
    whole edited reply, `outcome` what the verifier says of it, and `findings` what else is wrong with it (names as in
    `Decisions.findings`); all three are for edited samples only.
    """

    review_id = dy.String(primary_key=True, regex=r"^[0-9a-f]{32}$")
    completion_id = dy.String(regex=r"^[0-9a-f]{32}$")
    prompt_id = dy.String(regex=r"^[0-9a-f]{32}$")
    reviewer = dy.String(min_length=1)
    reading = dy.Int8(min=1, max=2)
    plan = dy.String(min_length=1)
    action = dy.String(check=lambda c: c.is_in([action.value for action in Action]))
    reason = dy.String(nullable=True)
    note = dy.String(nullable=True)
    text = dy.String(nullable=True)
    outcome = dy.String(nullable=True)
    findings = dy.List(dy.String())
    decided_at = dy.Datetime(time_unit="us", time_zone="UTC")
