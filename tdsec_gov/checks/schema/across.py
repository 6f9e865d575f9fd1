"""Repetitions over all files of a dataset that together form one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.schema.report import failures_in, shortened
from tdsec_gov.checks.schema.rules import Rules
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Finding


def repeated_across(
    seen: Sequence[tuple[DataFile, JsonValue]], rules: Rules, rows: int, share: float
) -> list[Finding]:
    """TDS205 for each file with rows that stand elsewhere in the dataset, too.

    Nothing is said while a file is unreadable: that denies already.
    """
    from tdsec_gov.checks.schema.examine import repetition
    from tdsec_gov.checks.schema.unique import repeated

    found: list[Finding] = []
    for columns, files in _sets(seen).items():
        tables = [_Opened(file, rules) for file in files]
        try:
            hits = repeated(tables, columns, skip_nulls=_misfits(seen, columns))
        except Unreadable:
            return found
        total = sum(count for count, _ in hits.values())
        for index, (count, numbers) in hits.items():
            failure = repetition(rules, columns, count, numbers)
            whole = replace(failure, count=total).finding(None, rows, share)
            here = failure.finding(files[index].path, rows, share)
            found.append(replace(here, severity=whole.severity))
    return shortened(found)


class _Opened:
    """A table that is opened again whenever it is asked for."""

    def __init__(self, file: DataFile, rules: Rules) -> None:
        self._file = file
        self._rules = rules

    @contextmanager
    def lazy(self) -> Iterator[Any]:
        from tdsec_gov.checks.schema.frames import opened

        with opened(self._file, self._rules.types, again=True) as frame:
            yield frame.lazy


def _sets(seen: Sequence[tuple[DataFile, JsonValue]]) -> dict[tuple[str, ...], list[DataFile]]:
    """Which files have which columns that must be unique."""
    found: dict[tuple[str, ...], list[DataFile]] = {}
    for file, partial in seen:
        sets = partial.get("unique") if isinstance(partial, dict) else None
        for columns in sets if isinstance(sets, list) else ():
            key = tuple(str(one) for one in columns) if isinstance(columns, list) else ()
            found.setdefault(key, []).append(file)
    return found


def _misfits(seen: Sequence[tuple[DataFile, JsonValue]], columns: Sequence[str]) -> bool:
    """Whether values of these columns were not of their type and are therefore null in the frame."""
    partials = [partial for _, partial in seen if isinstance(partial, dict)]
    failures = [failure for partial in partials for failure in failures_in(partial)]
    return any(one.code == "TDS203" and one.column in columns for one in failures)
