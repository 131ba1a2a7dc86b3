"""The kept rows of somebody's file, as the file has them: Parquet from Parquet, JSON lines from everything else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from r1data.errors import SourceError
from r1data.sources.formats import Unreadable, read_file
from r1data.store.files import ROW_GROUP_ROWS, written_whole

READ_BYTES = 1 << 20


def check_kind(source: Path, target: Path) -> None:
    """Refuse, before any work is done, a target that could not hold the source's rows.

    Raises:
        SourceError: the two are of different kinds.
    """
    wanted = ".parquet" if _is_parquet(source) else ".jsonl"
    if target.suffix.lower() != wanted:
        raise SourceError(
            f"{target}: the kept rows of {source.name} are written as {wanted}", f"name it {target.stem}{wanted}"
        )


def write_kept(source: Path, kept: npt.NDArray[np.bool_], target: Path) -> None:
    """Copy the rows of `source` at the places that are kept, bool[rows], all columns as they are."""
    with written_whole(target) as staging:
        if _is_parquet(source):
            _copy_parquet(source, kept, staging)
        else:
            _copy_rows(source, kept, staging)


def _copy_parquet(source: Path, kept: npt.NDArray[np.bool_], staging: Path) -> None:
    with (
        pq.ParquetFile(source, buffer_size=READ_BYTES, pre_buffer=False) as file,
        pq.ParquetWriter(staging, file.schema_arrow, compression="zstd", write_statistics=False) as writer,
    ):
        row = 0
        for batch in file.iter_batches(batch_size=ROW_GROUP_ROWS):
            wanted = batch.filter(pa.array(kept[row : row + batch.num_rows]))
            row += batch.num_rows
            if wanted.num_rows:
                writer.write_batch(wanted)


def _copy_rows(source: Path, kept: npt.NDArray[np.bool_], staging: Path) -> None:
    with staging.open("w", encoding="utf-8") as file:
        for wanted, (_, row) in zip(kept, read_file(source, source.name), strict=True):
            if wanted and not isinstance(row, Unreadable):
                file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"
