"""Sight: one statement about a column, a text or a photograph, in counts; as it is remembered."""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue

IS, LIKELY, CONTAINS, TEXT, HEADER = "TDS300", "TDS301", "TDS302", "TDS305", "TDS307"
PHOTOGRAPH, NOT_CERTAIN = "TDS309", "TDS311"


@dataclass(frozen=True, slots=True)
class Sight:
    """``code`` before declarations are looked at; ``sure`` is False for what a name and a shape say."""

    code: str
    kind: str
    words: str
    column: str | None
    count: int
    rows: tuple[int, ...]
    sure: bool = True

    def as_json(self) -> list[JsonValue]:
        return [self.code, self.kind, self.words, self.column, self.count, list(self.rows), self.sure]

    @classmethod
    def from_json(cls, item: JsonValue) -> Sight:
        """Raises ValueError: not what :meth:`as_json` wrote."""
        if not isinstance(item, list) or len(item) != 7 or not isinstance(item[5], list):
            raise ValueError("not a sight")
        code, kind, words, column, count, places, sure = item
        rows = tuple(int(str(row)) for row in places) if isinstance(places, list) else ()
        name = None if column is None else str(column)
        return cls(str(code), str(kind), str(words), name, int(str(count)), rows, bool(sure))
