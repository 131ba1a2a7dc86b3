"""The `r1data` command line."""

from r1data.cli.app import main

__all__ = ["main"]
