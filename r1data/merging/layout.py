"""Layout: in which file of the merged dataset a kept example stands, and where in it.

Examples stand in an order that the seed makes, so that whoever reads the first thousand has all parts and domains in
them; a file has about so many bytes of text.
"""

from __future__ import annotations

import polars as pl

from r1data.merging.splits import TEST, TRAIN, VALIDATION
from r1data.selection.candidates import bits64
from r1data.selection.keeping import shuffled

ORDER = (TRAIN, VALIDATION, TEST)


def laid_out(offers: pl.DataFrame, chosen: pl.DataFrame, seed: int, file_bytes: int) -> pl.DataFrame:
    """`file` (counted over all splits, train first) and `place` (counted over all files) of each offer in the given
    order, null for those that are not kept; and `split`.

    `offers` is `Offered.rows`, `chosen` what `choose` says of them.
    """
    rows = offers.select("example_id", "part", "size").hstack(chosen.select("kept", "split")).with_row_index("row")
    key = rows.select(bits64("example_id")).to_series().to_numpy()
    rows = rows.with_columns(pl.Series("shuffle", shuffled(key, seed)))
    kept = rows.filter("kept").sort(pl.col("split").cast(pl.Enum(ORDER)), "shuffle", "example_id", "part")
    kept = kept.with_row_index("place")
    number = (pl.col("size").cum_sum().over("split") - pl.col("size")) // file_bytes
    kept = kept.with_columns(file=pl.struct("split", number).rle_id())
    placed = kept.select("row", "file", "place")
    return rows.select("row", "split").join(placed, on="row", how="left", maintain_order="left").drop("row")
