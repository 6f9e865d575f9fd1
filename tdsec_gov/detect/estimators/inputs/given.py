"""What every adapter makes: rows as a frame or as pictures, with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tdsec_gov.detect.types import ByteArray

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, slots=True)
class Given:
    """Rows of one input: ``frame`` holds the content columns, or ``pictures`` one array of shape (height,
    width, channels) for each row. ``labels`` is None where there are none; ``gaps`` say what was left out."""

    frame: polars.DataFrame | None = None
    pictures: tuple[ByteArray, ...] | None = None
    labels: polars.Series | None = None
    gaps: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        if self.frame is not None:
            return self.frame.height
        return len(self.pictures or ())

    @property
    def names(self) -> tuple[str, ...]:
        """The content columns in the order given."""
        return ("image",) if self.frame is None else tuple(self.frame.columns)


def of_frame(frame: polars.DataFrame) -> Given:
    """Columns of lists, structures and bytes are left out, and told.

    Raises:
        ValueError: no row, no column, or none that can be used.
    """
    import polars as pl

    counted(*frame.shape)
    opaque = [
        name for name, kind in frame.schema.items() if kind.is_nested() or kind in (pl.Binary, pl.Object)
    ]
    kept = frame.drop(opaque)
    if kept.width == 0:
        raise ValueError("X has only columns of lists, structures or bytes: none can be examined.")
    gaps = (f"{len(opaque)} columns of lists, structures or bytes",) if opaque else ()
    return Given(frame=kept, gaps=gaps)


def of_texts(values: Sequence[Any]) -> Given:
    """One column of texts. Raises ValueError: no row."""
    import polars as pl

    counted(len(values), 1)
    return Given(frame=pl.DataFrame({"text": pl.Series(values, dtype=pl.String)}))


def counted(rows: int, columns: int) -> None:
    """Raises ValueError, in scikit-learn's words."""
    shape = f"(shape=({rows}, {columns})) while a minimum of 1 is required by PoisonDetector."
    if rows == 0:
        raise ValueError(f"Found array with 0 sample(s) {shape}")
    if columns == 0:
        raise ValueError(f"Found array with 0 feature(s) {shape}")
