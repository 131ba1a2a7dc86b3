"""r1data: a factory for verified reasoning data. `docs/architecture.md` says how the parts fit."""

__version__ = "0.1.0"
