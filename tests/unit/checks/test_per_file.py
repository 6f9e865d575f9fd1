"""Checks of single files: remembered by bytes, suffixes, settings and engine, and by nothing less."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.perfile import PerFile, Seen
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult


class _Sizes(PerFile[int]):
    name: ClassVar[str] = "files"  # a name that the table of versions knows

    def __init__(self, engine: str = "1") -> None:
        self.looked: list[str] = []
        self._engine = engine

    def prepare(self, given: CheckInput) -> int:
        factor = given.params.get("factor", 1)
        assert isinstance(factor, int)
        return factor

    def engine(self, settings: int) -> JsonValue:
        return self._engine

    def examine(self, file: DataFile, settings: int) -> JsonValue:
        self.looked.append(file.path)
        return file.size * settings

    def conclude(self, seen: Seen, settings: int, given: CheckInput) -> CheckResult:
        return CheckResult.from_findings(self.name, [], facts={file.path: size for file, size in seen})


class _Kept:
    def __init__(self) -> None:
        self.partials: dict[str, JsonValue] = {}

    def recall(self, keys: Sequence[str]) -> dict[str, JsonValue]:
        return {key: self.partials[key] for key in keys if key in self.partials}

    def remember(self, partials: Mapping[str, JsonValue]) -> None:
        self.partials.update(partials)


def _given(memory: _Kept | None, *files: DataFile, **params: JsonValue) -> CheckInput:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return CheckInput("d", files, None, None, params, None, Path(), now, memory)


def _file(path: str, digest: str = "a" * 64, size: int = 3) -> DataFile:
    return DataFile(path, Path("nowhere"), size, digest)


def test_the_second_run_looks_at_what_is_new_only() -> None:
    memory, check = _Kept(), _Sizes()
    check.run(_given(memory, _file("a.csv"), _file("b.csv", "b" * 64)))
    result = check.run(
        _given(memory, _file("a.csv"), _file("renamed.csv", "b" * 64), _file("c.csv", "c" * 64))
    )
    assert check.looked == ["a.csv", "b.csv", "c.csv"]
    assert result.facts == {"a.csv": 3, "renamed.csv": 3, "c.csv": 3}


@pytest.mark.parametrize(
    ("again", "engine", "params"),
    [
        (_file("a.csv", "b" * 64), "1", {}),
        (_file("a.csv", size=4), "1", {}),
        (_file("a.csv.gz"), "1", {}),
        (_file("a.txt"), "1", {}),
        (_file("a.csv"), "2", {}),
        (_file("a.csv"), "1", {"factor": 2}),
    ],
)
def test_other_bytes_suffixes_settings_or_engine_are_looked_at_again(
    again: DataFile, engine: str, params: dict[str, JsonValue]
) -> None:
    memory = _Kept()
    _Sizes().run(_given(memory, _file("a.csv")))
    check = _Sizes(engine)
    check.run(_given(memory, again, **params))
    assert check.looked == [again.path]


def test_without_a_memory_everything_is_looked_at() -> None:
    check = _Sizes()
    check.run(_given(None, _file("a.csv"), _file("b.csv", "b" * 64)))
    assert check.looked == ["a.csv", "b.csv"]
