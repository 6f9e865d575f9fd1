"""What a piece of text means when a schema asks for a type: polars expressions over a column of strings."""

from __future__ import annotations

from typing import Any

GUESSES = ("Int64", "Float64", "Boolean", "Date", "Datetime", "Time")
_DAY = "%Y-%m-%d"
_CLOCKS = ("%H:%M:%S%.f", "%H:%M")


def parsed(name: str, dtype: Any) -> Any:
    """The strings of column ``name`` as ``dtype``, null where one does not fit.

    None when text has no form for ``dtype`` (lists, durations). Dates and times are ISO 8601. Numbers may
    have blanks around them. A time zone must be written where the type has one, and must not where not.
    """
    import polars

    text, base = polars.col(name), dtype.base_type()
    if base in (polars.String, polars.Categorical, polars.Enum):
        return text
    if base is polars.Binary:
        return text.cast(polars.Binary)
    if base.is_numeric():
        return text.str.strip_chars().cast(dtype, strict=False)
    if base is polars.Boolean:
        return _boolean(text)
    if base is polars.Date:
        return text.str.to_date(_DAY, strict=False)
    if base is polars.Time:
        return polars.coalesce(text.str.to_time(one, strict=False) for one in _CLOCKS)
    if base is polars.Datetime:
        return _datetime(text, dtype)
    return None


def _boolean(text: Any) -> Any:
    import polars

    low = text.str.to_lowercase()
    yes, no = low.is_in(["true", "1"]), low.is_in(["false", "0"])
    return polars.when(yes).then(True).when(no).then(False).otherwise(None)


def _datetime(text: Any, dtype: Any) -> Any:
    import polars

    unit: Any = getattr(dtype, "time_unit", None) or "us"
    zone = getattr(dtype, "time_zone", None)
    ending = "%#z" if zone else ""
    shapes = [f"{_DAY}{between}{clock}{ending}" for between in ("T", " ") for clock in _CLOCKS]
    forms = [
        text.str.to_datetime(shape, time_unit=unit, time_zone="UTC" if zone else None, strict=False)
        for shape in shapes
    ]
    if not zone:
        return polars.coalesce([*forms, text.str.to_date(_DAY, strict=False).cast(polars.Datetime(unit))])
    return polars.coalesce(forms).dt.convert_time_zone(zone)


class Guess:
    """The types that all values of a column without a declared type have so far."""

    def __init__(self) -> None:
        self._open = list(GUESSES)
        self._values = 0

    def look(self, series: Any) -> None:
        """Take another batch of strings into account."""
        import polars

        values = series.drop_nulls()
        self._values += len(values)
        frame = values.to_frame("v")
        self._open = [
            kind
            for kind in self._open
            if frame.select(parsed("v", getattr(polars, kind)).is_not_null().all()).item()
        ]

    def dtype(self) -> Any:
        """The first type that fits them all; String where none does or there are no values."""
        import polars

        return getattr(polars, self._open[0]) if self._values and self._open else polars.String
