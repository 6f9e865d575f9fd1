"""Array types. A position is a row's number among all rows that are looked at together."""

from __future__ import annotations

from typing import Any

import numpy as np

IntArray = np.ndarray[Any, np.dtype[np.int64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
ByteArray = np.ndarray[Any, np.dtype[np.uint8]]

NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
