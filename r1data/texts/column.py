"""Column: a Polars column of texts as the bytes that kernels read, without a copy where there need be none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
_NOTHING = np.frombuffer(b"", np.uint8)
"""Bytes are read-only, always: kernels would be compiled anew for others."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as UTF-8: text `i` is `data[starts[i]:ends[i]]`. A null is an empty text.

    Parts of texts (the reasoning of each, say) are other places in the same data.
    """

    data: Bytes
    starts: Places
    ends: Places

    @classmethod
    def of(cls, column: pl.Series) -> Texts:
        """The texts of a String column, in its order."""
        return cls.of_arrow(column.fill_null("").rechunk().to_arrow(compat_level=pl.CompatLevel.oldest()))

    @classmethod
    def of_arrow(cls, array: pa.StringArray | pa.LargeStringArray) -> Texts:
        """The texts of an Arrow array that has no nulls and is known to be valid UTF-8, without a copy."""
        width = np.int64 if pa.types.is_large_string(array.type) else np.int32
        _, offsets, data = array.buffers()
        if offsets is None:
            return cls(_NOTHING, np.zeros(0, np.int64), np.zeros(0, np.int64))
        places = np.frombuffer(offsets, width, array.offset + len(array) + 1)[array.offset :].astype(np.int64)
        held = np.frombuffer(data, np.uint8) if data is not None else _NOTHING
        held.flags.writeable = False
        return cls(held, places[:-1], places[1:])

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, row: int) -> str:
        """One text as a string."""
        return self.between(int(self.starts[row]), int(self.ends[row]))

    def between(self, start: int, end: int) -> str:
        """What stands between two places of `data`."""
        return bytes(self.data[start:end]).decode("utf-8", errors="replace")

    def longest(self) -> int:
        """Bytes of the longest text: room that is enough for whatever a kernel notes of one of them."""
        return int((self.ends - self.starts).max()) if len(self) else 0
