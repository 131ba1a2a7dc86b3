"""An original: a reply that is right, with what a rewriter has to know of its prompt."""

from __future__ import annotations

from dataclasses import dataclass

from r1data import replies
from r1data.recipe import fingerprint


@dataclass(frozen=True, slots=True)
class Original:
    """`text` is the whole reply and the next five are those of its row; `origin` is the part that it comes from.

    `question` and what follows are its prompt's. `strays` says whether its thought has words of another language,
    `easy` whether the question is very easy.
    """

    completion_id: str
    prompt_id: str
    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    model: str
    model_fingerprint: str
    origin: str
    question: str
    language: str
    verifier: str
    reference: str | None
    task: str | None
    strays: bool
    easy: bool

    @property
    def rendered(self) -> str:
        """Fingerprint of what is to be rewritten, in place of that of a rendered prompt."""
        return fingerprint([self.completion_id, self.text, self.strays, self.easy])

    @property
    def thought(self) -> str:
        """The reasoning; of a reply without one, all that it says."""
        parts = replies.split(self.text)
        return parts.reasoning or replies.bare_text(parts.answer or "")

    @property
    def solution(self) -> str:
        """What stands behind the reasoning."""
        return replies.bare_text(replies.split(self.text).answer or "")
