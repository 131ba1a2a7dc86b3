"""Kill anywhere: whatever is killed, and whenever, the tables end as if nothing had been."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from r1data.recipe import read_recipe
from r1data.store import Workspace
from tests.end_to_end.chaos import Chaos, cast_of, run_command, scripted_server
from tests.end_to_end.rehearsal import assert_same, write_recipe
