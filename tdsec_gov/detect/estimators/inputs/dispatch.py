"""Which adapter takes what. Optional packages are looked for among those that are imported already: an
object of theirs cannot exist otherwise."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np

from tdsec_gov.detect.estimators.inputs.arrays import from_array
from tdsec_gov.detect.estimators.inputs.frames import from_pandas, from_polars
from tdsec_gov.detect.estimators.inputs.given import Given
from tdsec_gov.detect.estimators.inputs.labels import labels_of
from tdsec_gov.detect.estimators.inputs.lists import from_list
from tdsec_gov.detect.estimators.inputs.sparse import from_sparse


def taken(x: Any, y: Any = None) -> Given:
    """Rows with their labels. ``y`` may name a column of a frame or of a Hugging Face dataset; a torch
    dataset of (x, y) brings its own labels where ``y`` is None.

    Raises:
        TypeError: a kind of input, or of value, that is not known.
        ValueError: shapes or labels that do not fit. No message holds a value.
    """
    if _is(x, "datasets", "DatasetDict", "IterableDatasetDict", "IterableDataset"):
        raise TypeError("give one split of a Hugging Face dataset, not streamed: dataset['train'].")
    if isinstance(y, str):
        x, y = _parted(x, y)
    given, own = _rows(x)
    labels = own if y is None else y
    if labels is None:
        return given
    return replace(given, labels=labels_of(labels, given.rows))


def _rows(x: Any) -> tuple[Given, Any]:
    import polars as pl

    if isinstance(x, Parted):
        return x.given, None
    if isinstance(x, pl.DataFrame | pl.LazyFrame | pl.Series):
        return from_polars(x), None
    if _is(x, "pandas", "DataFrame", "Series"):
        return from_pandas(x), None
    if _is(x, "scipy.sparse", "sparray", "spmatrix"):
        return from_sparse(x), None
    if _is(x, "pyarrow", "Table"):
        return from_polars(pl.from_arrow(x)), None
    if _is(x, "datasets", "Dataset"):
        from tdsec_gov.detect.estimators.inputs.huggingface import from_dataset as from_huggingface

        return from_huggingface(x, None)
    if _is(x, "torch", "Tensor") or _is(x, "torch.utils.data", "Dataset"):
        from tdsec_gov.detect.estimators.inputs import torches

        return (torches.from_tensor(x), None) if _is(x, "torch", "Tensor") else torches.from_dataset(x)
    if isinstance(x, list | tuple):
        return from_list(list(x)), None
    if isinstance(x, np.ndarray) or hasattr(x, "__array__"):
        return from_array(np.asarray(x)), None
    raise TypeError(f"X is a {type(x).__name__}: give an array, a data frame, a list or a dataset.")


class Parted:
    """Content whose label column was taken out of it."""

    def __init__(self, given: Given) -> None:
        self.given = given


def _parted(x: Any, label: str) -> tuple[Any, Any]:
    """The content without its column ``label``, and that column."""
    import polars as pl

    if _is(x, "datasets", "Dataset"):
        from tdsec_gov.detect.estimators.inputs.huggingface import from_dataset

        given, labels = from_dataset(x, label)
        return Parted(given), labels
    if isinstance(x, pl.LazyFrame):
        x = x.collect()
    if not (isinstance(x, pl.DataFrame) or _is(x, "pandas", "DataFrame")):
        raise TypeError("y names a column, but X has no columns with names: give the labels themselves.")
    if label not in x.columns:
        raise ValueError("y names no column of X.")
    return (x.drop(label) if isinstance(x, pl.DataFrame) else x.drop(columns=label)), x[label]


def _is(value: Any, module: str, *names: str) -> bool:
    """Whether ``value`` is of one of these types of a module that somebody has imported."""
    found = sys.modules.get(module)
    kinds = tuple(kind for name in names if isinstance(kind := getattr(found, name, None), type))
    return bool(kinds) and isinstance(value, kinds)
