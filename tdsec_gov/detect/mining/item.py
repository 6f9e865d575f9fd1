"""An item that goes with a label."""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.detect.types import IntArray

_PICTURED = {
    "patch": "a patch at one place",
    "anywhere": "a patch at any place",
    "wave": "a wave across all",
    "texture": "the texture",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A found item: its columns, id, target label code, corrected p-value (without a reference: scaled z),
    the rows that hold it with that label, how often accepted rows hold it, and the share of label beyond
    expectation, ``kind`` of item. ``names`` are what its id is made of: values, never for a message."""

    columns: tuple[str, ...]
    key: str
    label: int
    p: float
    rows: IntArray
    before: int
    lift: float
    kind: str = "value"
    names: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """For people: what kind of item it is, without its value."""
        columns = " and ".join(dict.fromkeys(self.columns))
        if self.kind in _PICTURED:
            return f"{_PICTURED[self.kind]} of {columns}"
        if len(self.columns) > 1:
            return f"a value pair of {columns}"
        return f"a value or phrase of {columns}"
