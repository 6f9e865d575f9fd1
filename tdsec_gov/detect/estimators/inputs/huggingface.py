"""Hugging Face datasets: columns by name, images decoded."""

from __future__ import annotations

from typing import Any

from tdsec_gov.detect.estimators.inputs import pictures
from tdsec_gov.detect.estimators.inputs.given import Given, of_frame


def from_dataset(dataset: Any, label: str | None) -> tuple[Given, Any]:
    """The content without the column ``label``, and that column's values (None: no label is named). Where a
    column holds images it is the content, and other columns are left out and told.

    Raises:
        ValueError: no such column, more than one column of images.
    """
    import polars as pl

    if label is not None and label not in dataset.column_names:
        raise ValueError("y names no column of the dataset.")
    names = [name for name in dataset.column_names if name != label]
    images = [name for name in names if type(dataset.features[name]).__name__ == "Image"]
    table = dataset.with_format("arrow")
    labels = None if label is None else pl.Series(label, pl.from_arrow(table[label][:].combine_chunks()))
    if not images:
        return of_frame(pl.DataFrame(pl.from_arrow(table.select_columns(names)[:]))), labels
    if len(images) > 1:
        raise ValueError("the dataset has more than one column of images: keep one (select_columns).")
    plain = dataset.with_format(None).select_columns(images)
    given = pictures.from_many([plain[at][images[0]] for at in range(len(plain))])
    gaps = (f"{len(names) - 1} columns beside the images",) if len(names) > 1 else ()
    return Given(pictures=given.pictures, gaps=gaps), labels
