"""Reasons for which a person rejects a sample, each with the digit that stands for it on the page."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "wrong_answer": "the answer is wrong",
    "unsound": "the thought does not hold, whatever it ends in",
    "unreadable": "hard to read: form, notation, order",
    "language": "another language, or a mixture",
    "repetitive": "it goes round in circles, or is far too long",
    "off_task": "it does not do what was asked",
    "bad_question": "the question itself is faulty",
    "unsafe": "harmful, private or not ours to publish",
    "other": "something else (add a note)",
}
"""In the order of the digits 1 to 9."""
