"""The prompts' own audit: what is wrong with a prompt is found before a token is spent on it."""

from r1data.audit.auditing import Audited, audit, no_audits
from r1data.audit.rules import RULES

__all__ = ["RULES", "Audited", "audit", "no_audits"]
