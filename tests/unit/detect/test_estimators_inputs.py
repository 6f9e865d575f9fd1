"""Every kind of input gives the same rows, and what cannot be taken is refused without a value."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import torch
from PIL import Image
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from tdsec_gov.detect.data.pictures import joined
from tdsec_gov.detect.estimators.inputs import sparse
from tdsec_gov.detect.estimators.inputs.dispatch import taken

NUMBERS = np.array([[1.5, 2.0], [0.0, np.nan], [-3.0, 0.0]])
LABELS = ["p", "q", "p"]
FRAME = pl.DataFrame({"n": [1.5, None, 3.0], "k": [1, 2, 3], "c": ["a", None, "b"], "label": LABELS})


class Items(Dataset):
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, at):
        return self.items[at]


class Stream(IterableDataset):
    def __iter__(self):
        yield torch.zeros(2), 0


@pytest.mark.parametrize(
    "given",
    [
        NUMBERS,
        NUMBERS.astype(np.float32),
        NUMBERS.astype(np.longdouble),
        NUMBERS.astype(object),
        NUMBERS.tolist(),
        np.asfortranarray(NUMBERS),
        sp.csr_array(NUMBERS),
        sp.coo_matrix(NUMBERS),
        torch.tensor(NUMBERS),
        pd.DataFrame(NUMBERS, columns=["x0", "x1"]),
        pd.DataFrame(NUMBERS, columns=["x0", "x1"]).astype(pd.SparseDtype(float)),
        pl.DataFrame(NUMBERS, schema=["x0", "x1"]).lazy(),
        pl.DataFrame(NUMBERS, schema=["x0", "x1"]).to_arrow(),
        TensorDataset(torch.tensor(NUMBERS), torch.tensor([0, 1, 0])),
        Items([(torch.tensor(one), "p") for one in NUMBERS]),
        Items([torch.tensor(one) for one in NUMBERS]),
    ],
    ids=lambda one: type(one).__name__,
)
def test_numbers(given):
    found = taken(given).frame
    assert found.columns == ["x0", "x1"]
    assert np.array_equal(found.to_numpy().astype(float), NUMBERS, equal_nan=True)


@pytest.mark.parametrize(
    "given",
    [
        FRAME,
        FRAME.lazy(),
        FRAME.to_pandas(),
        FRAME.to_pandas().set_index(pd.Index([7, 7, 7])),
        FRAME.to_pandas().astype({"c": object, "n": object}),
        FRAME.to_pandas().astype({"c": "category"}),
    ],
    ids=["polars", "lazy", "pandas", "index", "objects", "category"],
)
def test_frames_with_their_label(given):
    found = taken(given, "label")
    assert found.frame.rows() == FRAME.drop("label").rows() and found.labels.to_list() == LABELS
    assert found.labels.name == "label"


def test_records_of_a_torch_dataset_and_of_a_list():
    items = [{"n": torch.tensor(float(at)), "c": "ab"[at % 2]} for at in range(4)]
    found = taken(Items([(one, at % 2) for at, one in enumerate(items)]))
    assert found.frame.to_dict(as_series=False) == {"c": ["a", "b", "a", "b"], "n": [0.0, 1.0, 2.0, 3.0]}
    assert found.labels.to_list() == [0, 1, 0, 1]
    assert taken([{"a": 1}, {"b": "x"}]).frame.rows() == [(1, None), (None, "x")]


@pytest.mark.parametrize(
    "given",
    [["a b", None, "c"], np.array(["a b", None, "c"], dtype=object), pd.Series(["a b", None, "c"]),
     pl.Series(["a b", None, "c"]), Items([("a b", 0), (None, 1), ("c", 0)])],
)  # fmt: skip
def test_texts(given):
    assert taken(given).frame.to_dict(as_series=False) == {"text": ["a b", None, "c"]}


@pytest.mark.parametrize("channels", [1, 3])
def test_images(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 10, 12, channels)).astype(np.uint8)
    plain = pixels[..., 0] if channels == 1 else pixels
    first = torch.tensor(np.moveaxis(pixels, 3, 1))
    given = [
        plain,
        list(plain),
        [Image.fromarray(one) for one in plain],
        first,
        TensorDataset(first / 255, torch.arange(4)),
        Items([(one, 1) for one in first]),
        Items([(Image.fromarray(one), 1) for one in plain]),
    ]
    for one in given:
        assert np.array_equal(joined(taken(one).pictures), pixels), type(one)


@pytest.mark.parametrize(
    "y",
    [LABELS, tuple(LABELS), np.array(LABELS), np.array(LABELS)[:, None], pd.Series(LABELS, index=[5, 4, 3]),
     pd.DataFrame({"l": LABELS}), pl.Series(LABELS), pl.DataFrame({"l": LABELS}),
     pd.Series(LABELS, dtype="category"), np.array(LABELS, dtype=object)],
)  # fmt: skip
def test_labels(y):
    assert taken(NUMBERS, y).labels.to_list() == LABELS


def test_labels_of_numbers():
    assert taken(NUMBERS, torch.tensor([1, 0, 1])).labels.to_list() == [1, 0, 1]
    assert taken(NUMBERS, [True, None, False]).labels.to_list() == [True, None, False]


def test_hugging_face():
    datasets = pytest.importorskip("datasets")
    made = datasets.Dataset.from_dict(FRAME.to_dict(as_series=False))
    found = taken(made, "label")
    assert found.frame.rows() == FRAME.drop("label").rows() and found.labels.to_list() == LABELS
    turned = taken(made.select([2, 0]), "label")
    assert turned.frame["k"].to_list() == [3, 1] and turned.labels.to_list() == ["p", "p"]
    assert taken(made).labels is None
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 6, 3)).astype(np.uint8)
    rows = {"img": [Image.fromarray(one) for one in pixels], "label": [0, 1, 0], "note": LABELS}
    kinds = {
        "img": datasets.Image(),
        "label": datasets.ClassLabel(names=["p", "q"]),
        "note": datasets.Value("string"),
    }
    images = taken(datasets.Dataset.from_dict(rows, features=datasets.Features(kinds)), "label")
    assert np.array_equal(joined(images.pictures), pixels) and images.labels.to_list() == [0, 1, 0]
    assert images.gaps == ("1 columns beside the images",)
    with pytest.raises(TypeError, match="one split"):
        taken(datasets.DatasetDict({"train": made}), "label")
    with pytest.raises(ValueError, match="names no column"):
        taken(made, "other")


def test_columns_that_cannot_be_examined_are_told():
    found = taken(pl.DataFrame({"a": [1, 2], "b": [[1], [2]], "c": [b"x", b"y"]}))
    assert found.names == ("a",) and found.gaps == ("2 columns of lists, structures or bytes",)


def test_times_stay_times_and_mixed_values_become_texts():
    found = taken([[dt.date(2026, 1, 1), 1], [dt.date(2026, 1, 2), "x"]]).frame
    assert found.dtypes == [pl.Date, pl.String] and found["x1"].to_list() == ["1", "x"]
    assert taken([[2**70, True], [1, False]]).frame.dtypes == [pl.Float64, pl.Boolean]


def test_an_array_that_changes_later_changes_nothing():
    values = np.ones((5, 1))
    found = taken(values)
    values[:] = 9
    assert found.frame["x0"].to_list() == [1.0] * 5


SECRET = "s3cret"


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        ({"a": SECRET}, None, TypeError, "X is a dict"),
        (SECRET, None, TypeError, "X is a str"),
        (iter([SECRET]), None, TypeError, "generator|iterator"),
        (np.zeros(4), None, ValueError, "Reshape your data"),
        (np.zeros((2, 3, 4)), None, ValueError, "images are uint8"),
        (np.zeros((0, 2)), None, ValueError, "0 sample"),
        (np.zeros((2, 0)), None, ValueError, "0 feature"),
        ([], None, ValueError, "Expected 2D"),
        ([[SECRET], [SECRET, 1]], None, ValueError, "different lengths"),
        (np.array([[{SECRET: 1}]], dtype=object), None, TypeError, "string or a number"),
        (np.ones((2, 2)) * 1j, None, ValueError, "Complex"),
        (np.array([(1, 2)], dtype=[("a", int), ("b", int)]), None, TypeError, "array of records"),
        (np.zeros((2, 3, 40, 40), dtype=np.uint8), None, ValueError, "last dimension"),
        (torch.zeros((2, 3, 4, 4)) - 1, None, TypeError, "before normalisation"),
        (Stream(), None, TypeError, "map-style"),
        (Items([(1, 2, 3)]), None, TypeError, "another number of parts"),
        (Items([torch.zeros(2), torch.zeros(3)]), None, ValueError, "different lengths"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), None, ValueError, "two columns"),
        (pl.DataFrame({"b": [[1]]}), None, ValueError, "none can be examined"),
        (pd.Series([1, 2]), None, ValueError, "only texts"),
        (NUMBERS, "label", TypeError, "no columns with names"),
        (FRAME, "other", ValueError, "names no column"),
        (NUMBERS, LABELS[:2], ValueError, "inconsistent"),
        (NUMBERS, [None] * 3, ValueError, "y is empty"),
        (NUMBERS, [[SECRET, 1]] * 3, TypeError, "string or a number"),
        (NUMBERS, np.ones((3, 2)), ValueError, "1d array"),
        (np.ones((30, 1)), np.linspace(0, 1, 30), ValueError, "continuous"),
        (np.ones((300, 1)), [f"{SECRET}{at}" for at in range(300)], ValueError, "200 classes"),
    ],
)
def test_refused(x, y, error, message):
    with pytest.raises(error, match=message) as caught:
        taken(x, y)
    assert SECRET not in str(caught.value)


def test_a_large_sparse_matrix_is_refused():
    side = sparse.MOST_CELLS // 1000
    with pytest.raises(TypeError, match="too large to be made dense"):
        taken(sp.csr_array((side + 1, 1000)))
