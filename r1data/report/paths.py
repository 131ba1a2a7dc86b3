"""Where the templates lie."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
