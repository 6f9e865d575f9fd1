"""Push a frame after another one, as a user would, and ask the checks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.domain.canonical import JsonValue

Push = Callable[..., CheckInput]


@pytest.fixture
def push(tmp_path: Path) -> Push:
    """``push(before, after, **params)`` -> CheckInput; frames, or lists of frames; before may be None."""
    number = 0

    def files(frames: list[pl.DataFrame]) -> tuple[DataFile, ...]:
        nonlocal number
        result = []
        for place, frame in enumerate(frames):
            number += 1
            path = tmp_path / f"object{number}"
            frame.write_csv(path)
            data = path.read_bytes()
            result.append(DataFile(f"part{place}.csv", path, len(data), hashlib.sha256(data).hexdigest()))
        return tuple(result)

    def listed(frames: pl.DataFrame | list[pl.DataFrame]) -> list[pl.DataFrame]:
        return [frames] if isinstance(frames, pl.DataFrame) else frames

    def make(
        before: pl.DataFrame | list[pl.DataFrame] | None,
        after: pl.DataFrame | list[pl.DataFrame],
        **params: JsonValue,
    ) -> CheckInput:
        return CheckInput(
            dataset="data/train",
            files=files(listed(after)),
            previous=None if before is None else files(listed(before)),
            previous_root=None if before is None else "0" * 64,
            params={"label": "label", **params},
            source=None,
            policies=tmp_path,
            now=datetime(2026, 1, 1, tzinfo=UTC),
        )

    return make


@pytest.fixture(scope="session")
def digits() -> pl.DataFrame:
    from sklearn.datasets import load_digits

    data = load_digits()
    columns = {f"c{one:02d}": data.data[:, one] for one in range(64)}
    return pl.DataFrame({**columns, "label": data.target})


@pytest.fixture(scope="session")
def cancer() -> pl.DataFrame:
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    columns = {f"c{one:02d}": data.data[:, one] for one in range(30)}
    return pl.DataFrame({**columns, "label": data.target})
