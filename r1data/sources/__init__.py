"""Prompts from wherever they are: files, the Hub, reasoning-gym, and the sets that come with r1data."""

from r1data.sources.formats import Unreadable, read_file
from r1data.sources.ingesting import Ingested, TooManyBadPrompts, read_prompts
from r1data.sources.shipped import ShippedSet, list_shipped

__all__ = ["Ingested", "ShippedSet", "TooManyBadPrompts", "Unreadable", "list_shipped", "read_file", "read_prompts"]
