"""Lists: of texts, of rows, of records (dictionaries), of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from tdsec_gov.detect.estimators.inputs import pictures
from tdsec_gov.detect.estimators.inputs.arrays import from_array
from tdsec_gov.detect.estimators.inputs.given import Given, counted, of_frame, of_texts
from tdsec_gov.detect.estimators.inputs.values import series_of


def from_list(rows: list[Any]) -> Given:
    """Raises ValueError: no rows, rows of different lengths; TypeError: values of another kind."""
    import polars as pl

    if rows and all(isinstance(one, str) or one is None for one in rows):
        return of_texts(rows)
    if rows and all(isinstance(one, dict) for one in rows):
        names = sorted({str(key) for one in rows for key in one})
        counted(len(rows), len(names))
        return of_frame(pl.DataFrame([series_of(name, [one.get(name) for one in rows]) for name in names]))
    if rows and all(pictures.is_picture(one) for one in rows):
        return pictures.from_many(rows)
    return from_array(nested(rows))


def nested(rows: list[Any]) -> np.ndarray[Any, Any]:
    """Rows of one length as an array; numbers among texts stay numbers. Raises ValueError."""
    try:
        plain = np.asarray(rows)
        return np.array(rows, dtype=object) if plain.dtype.kind in "USV" else plain
    except ValueError:
        raise ValueError("the rows of X have different lengths.") from None
