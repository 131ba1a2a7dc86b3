"""Splits: on which side of train, validation and test a question is, with all of its examples.

The side hangs on the question and the seed alone. So a question stays where it is when the set grows, and what was
tested with yesterday is not trained on tomorrow. Shares are met on average, not to the row.
"""

from __future__ import annotations

import polars as pl

from r1data.recipe.merging import Merge
from r1data.selection.candidates import bits64
from r1data.selection.keeping import shuffled

TRAIN, VALIDATION, TEST = "train", "validation", "test"


def split_of(column: str, settings: Merge, seed: int) -> pl.Expr:
    """The split of rows whose questions belong together under the fingerprint in `column` (32 hexadecimal digits)."""
    place = bits64(column).map_batches(
        lambda keys: pl.Series(keys.name, shuffled(keys.to_numpy(), seed) / 2.0**64, pl.Float64),
        return_dtype=pl.Float64,
    )
    return (
        pl.when(place < settings.test_share).then(pl.lit(TEST))
        .when(place < settings.test_share + settings.validation_share).then(pl.lit(VALIDATION))
        .otherwise(pl.lit(TRAIN))
    )  # fmt: skip
