"""Build inputs of checks from bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tdsec_gov.checks.contract import CheckInput, DataFile

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Maker:
    """Writes bytes under names without a suffix, as the DVC cache does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policies = folder / "policies"
        (self.policies / "schemas").mkdir(parents=True)

    def file(self, path: str, data: bytes) -> DataFile:
        digest = hashlib.sha256(data).hexdigest()
        location = self.folder / f"{len(list(self.folder.iterdir()))}-{digest[:16]}"
        location.write_bytes(data)
        return DataFile(path, location, len(data), digest)

    def given(
        self,
        files: Sequence[DataFile],
        params: Mapping[str, Any] | None = None,
        source: Any = None,
        previous: Sequence[DataFile] | None = None,
    ) -> CheckInput:
        before = None if previous is None else tuple(previous)
        root = None if previous is None else "0" * 64
        return CheckInput("data", tuple(files), before, root, dict(params or {}), source, self.policies, NOW)


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    return Maker(tmp_path)
