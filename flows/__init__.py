"""Thin Prefect flows over the plain functions of `r1data`. The only place that imports Prefect."""

import os

# Quiet, and patient with a busy machine. Prefect reads these when it is imported, which is after this.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "90")
