"""The only code that reads and writes tables."""

from r1data.store.files import write_parquet, write_text, written_whole
from r1data.store.journal import CutRow, Journal, unpacked
from r1data.store.tables import Checked, Tables
from r1data.store.verdict_file import finished_rows, verdict_file
from r1data.store.workspace import PLAN_SCHEMA, Drawing, Workspace, with_references

__all__ = [
    "PLAN_SCHEMA",
    "Checked",
    "CutRow",
    "Drawing",
    "Journal",
    "Tables",
    "Workspace",
    "finished_rows",
    "unpacked",
    "verdict_file",
    "with_references",
    "write_parquet",
    "write_text",
    "written_whole",
]
