"""The only code that reads and writes tables."""

from r1data.store.files import write_parquet, write_text, written_whole
from r1data.store.journal import Journal
from r1data.store.tables import Tables
from r1data.store.verdict_file import finished_rows, verdict_file
from r1data.store.workspace import Workspace, with_references

__all__ = [
    "Journal",
    "Tables",
    "Workspace",
    "finished_rows",
    "verdict_file",
    "with_references",
    "write_parquet",
    "write_text",
    "written_whole",
]
