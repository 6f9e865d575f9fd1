"""One look at one table: what fails and what it weighs, in a form that can be remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.refusals import shown_column, unreadable
from tdsec_gov.checks.schema.failure import Failure
from tdsec_gov.checks.schema.rules import UNIQUE, Rules
from tdsec_gov.checks.tables import NULLS, TEXT_FORMATS, scan_batches, table_format
from tdsec_gov.domain.canonical import JsonValue


def examine_table(file: DataFile, rules: Rules, *, unique: bool) -> JsonValue:
    """``{"rows", "empty", "failures", "unique"}`` of one table, or ``{"unreadable"}``.

    ``empty`` counts null values by column; without ``unique`` repetitions are not looked for, and the sets
    of columns in which they should be are listed instead.
    """
    from tdsec_gov.checks.schema.engine import failures
    from tdsec_gov.checks.schema.frames import opened

    try:
        with opened(file, rules.types) as frame:
            found = failures(rules, frame)
            if unique:
                found += repetitions(rules, frame)
            empty = {name: tally.count for name, tally in frame.empty.items()}
            sets = [] if unique else rules.unique_in(frame.names)
            return _partial(frame.height, frame.names, empty, found, sets)
    except Unreadable as exc:
        return {"unreadable": unreadable(file, exc).as_json()}


def measure_table(file: DataFile) -> JsonValue:
    """As :func:`examine_table`, of a table that was accepted before: its weight alone."""
    from tdsec_gov.checks.schema.frames import decoded

    try:
        if table_format(file) in TEXT_FORMATS:
            rows, empty = _weigh_text(file)
        else:
            rows, tallies, _ = decoded(file)
            empty = {name: tally.count for name, tally in tallies.items()}
    except Unreadable as exc:
        return {"unreadable": unreadable(file, exc).as_json()}
    return _partial(rows, tuple(empty), empty, [])


def repetitions(rules: Rules, frame: Any) -> list[Failure]:
    """Columns, alone or together, whose rows repeat within one table."""
    from tdsec_gov.checks.schema.unique import Held, repeated

    found = []
    for columns in rules.unique_in(frame.names):
        broken = any(one in frame.unfit for one in columns)
        for count, rows in repeated([Held(frame.lazy)], columns, skip_nulls=broken).values():
            found.append(repetition(rules, columns, count, rows))
    return found


def repetition(rules: Rules, columns: Sequence[str], count: int, rows: tuple[int, ...]) -> Failure:
    """The failure that says so. A column is named when the schema names it."""
    if len(columns) == 1:
        words = "repeated values in a column that must be unique"
        shown = columns[0] if columns[0] in rules.schema.columns else None
        return Failure("TDS205", words, shown, count, rows, rules.share(columns[0], UNIQUE))
    return Failure("TDS205", f"repeated combinations of {', '.join(columns)}", None, count, rows)


def _partial(
    rows: int,
    names: Sequence[str],
    empty: dict[str, int],
    found: list[Failure],
    unique: Sequence[Sequence[str]] = (),
) -> JsonValue:
    shown: dict[str, JsonValue] = {}
    for index, name in enumerate(names):
        shown[shown_column(name, index)] = empty.get(name, 0)
    failures = [one.as_json() for one in found]
    return {"rows": rows, "empty": shown, "failures": failures, "unique": [list(one) for one in unique]}


def _weigh_text(file: DataFile) -> tuple[int, dict[str, int]]:
    import polars

    rows = 0
    filled: dict[str, int] = {}
    for batch in scan_batches(file):
        frame = polars.DataFrame(polars.from_arrow(batch))
        rows += frame.height
        for series in frame:
            full = series.is_not_null()
            if series.dtype == polars.String and table_format(file) != "jsonl":
                full &= ~series.is_in(NULLS)
            filled[series.name] = filled.get(series.name, 0) + int(full.sum())
    return rows, {name: rows - count for name, count in filled.items()}
