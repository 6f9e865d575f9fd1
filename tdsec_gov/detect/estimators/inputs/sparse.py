"""scipy's sparse matrices, made dense within a budget: detectors work on columns."""

from __future__ import annotations

from typing import Any

from tdsec_gov.detect.estimators.inputs.arrays import from_matrix
from tdsec_gov.detect.estimators.inputs.given import Given

MOST_CELLS = 20_000_000
"""Rows times columns of a sparse matrix that is made dense (160 MB of doubles)."""


def from_sparse(matrix: Any) -> Given:
    """Raises TypeError: more than ``MOST_CELLS`` cells; ValueError: not two dimensions."""
    if len(matrix.shape) != 2:
        raise ValueError("Expected 2D array, got another sparse array instead.")
    rows, columns = matrix.shape
    if rows * columns > MOST_CELLS:
        raise TypeError(
            f"a sparse matrix of {rows} x {columns} is too large to be made dense ({MOST_CELLS} cells at "
            "most): give texts instead of their counts, or fewer columns (TruncatedSVD)."
        )
    return from_matrix(matrix.toarray())
