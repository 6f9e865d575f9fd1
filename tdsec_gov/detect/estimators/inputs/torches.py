"""torch: tensors, and datasets whose items are x or (x, y)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tdsec_gov.detect.estimators.inputs import pictures
from tdsec_gov.detect.estimators.inputs.arrays import from_array
from tdsec_gov.detect.estimators.inputs.given import Given
from tdsec_gov.detect.estimators.inputs.lists import from_list

Labelled = tuple[Given, Any]
"""Rows, and the labels that came with them (None: none came)."""


def as_array(tensor: Any) -> np.ndarray[Any, Any]:
    return np.asarray(tensor.detach().cpu().numpy())


def from_tensor(tensor: Any) -> Given:
    """Shape (rows, columns), or images: uint8 or fractions, channels first or last."""
    values = as_array(tensor)
    return _images(list(values)) if values.ndim in (3, 4) else from_array(values)


def from_dataset(dataset: Any) -> Labelled:
    """Every item is asked for once, in order.

    Raises:
        TypeError: it has no length; items of another form; images that are normalised.
        ValueError: items of different shapes.
    """
    import torch

    if isinstance(dataset, torch.utils.data.TensorDataset) and len(dataset.tensors) in (1, 2):
        labels = as_array(dataset.tensors[1]) if len(dataset.tensors) == 2 else None
        return from_tensor(dataset.tensors[0]), labels
    if not hasattr(dataset, "__len__"):
        raise TypeError("a torch dataset without a length cannot be read twice: give a map-style dataset.")
    items = [dataset[at] for at in range(len(dataset))]
    if items and all(isinstance(one, tuple | list) and len(one) == 2 for one in items):
        return _rows([one[0] for one in items]), [_value(one[1]) for one in items]
    if any(isinstance(one, tuple | list) for one in items):
        raise TypeError("items of a torch dataset are x or (x, y): these have another number of parts.")
    return _rows(items), None


def _rows(items: list[Any]) -> Given:
    plain = [_value(one) for one in items]
    if all(isinstance(one, np.ndarray) and one.ndim in (2, 3) for one in plain):
        return _images(plain)
    if all(isinstance(one, np.ndarray) and one.ndim == 1 for one in plain) and plain:
        if len({one.size for one in plain}) > 1:
            raise ValueError("items of the torch dataset have different lengths.")
        return from_array(np.stack(plain))
    if all(isinstance(one, dict) for one in plain):
        plain = [{key: _value(value) for key, value in one.items()} for one in plain]
    return from_list(plain)


def _images(found: list[np.ndarray[Any, Any]]) -> Given:
    return pictures.from_many([pictures.as_bytes(pictures.channels_last(one)) for one in found])


def _value(item: Any) -> Any:
    """A tensor as an array, a tensor without dimensions as a number; anything else as it is."""
    if not (hasattr(item, "detach") and hasattr(item, "cpu")):
        return item
    values = as_array(item)
    return values.item() if values.ndim == 0 else values
