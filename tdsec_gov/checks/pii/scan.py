"""One pass over the batches of a table or the lines of a text: candidates by RE2 in all values, counted.

A first, cheap pattern leaves out nearly all values of clean data; dates, times, UUIDs and digests go next;
only what is left meets the patterns of each kind, and only candidates meet the exact judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.pii import kinds as k
from tdsec_gov.checks.pii import patterns, quick, shapes
from tdsec_gov.checks.pii.arrays import texts
from tdsec_gov.checks.pii.names import axis, is_bare_name, named_kinds
from tdsec_gov.checks.pii.national import schemes_named
from tdsec_gov.checks.pii.normal import plain
from tdsec_gov.checks.pii.quick import matches
from tdsec_gov.checks.pii.spans import card_shaped, find_spans
from tdsec_gov.checks.pii.tally import INSIDE, NEAR, NOTHING, WHOLE, Tally
from tdsec_gov.checks.pii.validators import is_card
from tdsec_gov.checks.tables import scan_batches

SHORTEST, SHORTEST_CARD = 6, 12
PRECISE = r"^\s*-?[0-9]{1,3}\.[0-9]{4,}\s*$"
_KEPT = 200


@dataclass(slots=True)
class Column:
    """What was counted in one column (or one text, whose rows are lines)."""

    name: str
    index: int
    values: int = 0
    inside: dict[str, Tally] = field(default_factory=dict)
    named: dict[str, Tally] = field(default_factory=dict)
    shaped: dict[str, int] = field(default_factory=dict)
    precise: int = 0
    sample: list[str] = field(default_factory=list)
    free_text: bool = False


class Scanner:
    """Counts in columns; ``regions`` are those of local phone numbers, ``seed`` decides what is drawn."""

    def __init__(self, regions: tuple[str, ...], seed: str) -> None:
        import numpy

        self.regions = regions
        self.columns: dict[str, Column] = {}
        self._draw = numpy.random.default_rng(int(seed[:16], 16))

    def table(self, file: DataFile) -> list[Column]:
        """All columns of a table. Raises Unreadable."""
        start = 0
        for batch in scan_batches(file):
            for one in texts(batch):
                self.count(one.name, one.array, start, one.rows, whole=one.whole)
            start += batch.num_rows
        return list(self.columns.values())

    def count(
        self,
        name: str,
        array: Any,
        start: int,
        parents: Any = None,
        *,
        free_text: bool = False,
        whole: bool = False,
    ) -> None:
        """Count ``array``, a string array whose first row is ``start``; ``parents`` are its rows; ``whole``:
        its values are known to be whole numbers."""
        import numpy
        from pyarrow import compute

        column = self.columns.setdefault(name, Column(name, len(self.columns), free_text=free_text))
        lengths = compute.binary_length(array).fill_null(0).to_numpy(zero_copy_only=False)
        column.values += int(numpy.count_nonzero(lengths))
        if not free_text:
            self._named(column, array, lengths, start, parents)
        rows = numpy.flatnonzero(lengths >= SHORTEST)
        if len(rows) == 0:
            return
        long = array if len(rows) == len(array) else array.take(rows)
        places = (rows if parents is None else parents[rows]) + start
        if not free_text:
            self._keep(column, long)
        number = numpy.ones(len(rows), dtype=numpy.bool_) if whole else quick.numbers(long)
        if k.CARD not in column.named:
            self._cards(column, long, number & (lengths[rows] >= SHORTEST_CARD), places)
        words = numpy.flatnonzero(~number)
        if len(words):
            pool = long if len(words) == len(long) else long.take(words)
            self._words(column, pool, places[words])

    def _words(self, column: Column, values: Any, rows: Any) -> None:
        import numpy
        import pyarrow

        odd = quick.odd(values)
        found = numpy.flatnonzero(matches(values, patterns.HINT) | odd)
        if len(found) == 0:
            return
        values, rows, odd = values.take(found), rows[found], odd[found]
        if odd.any():
            shown = [
                plain(text)[0] if bad else text for text, bad in zip(values.to_pylist(), odd, strict=True)
            ]
            values = pyarrow.array(shown, pyarrow.string())
        left = numpy.flatnonzero(~quick.dull(values))
        if len(left):
            self._judge(column, values.take(left), rows[left])

    def _judge(self, column: Column, values: Any, rows: Any) -> None:
        """Count each kind among values that may hold any."""
        import numpy

        some = numpy.flatnonzero(matches(values, patterns.ANY))
        if len(some) == 0:
            return
        values, rows = values.take(some), rows[some]
        masks = _masks(values)
        present = frozenset(kind for kind, mask in masks.items() if mask.any())
        verdicts: dict[str, dict[str, int]] = {}

        def verdict(text: str, kind: str) -> int:
            if text not in verdicts:
                verdicts[text] = _verdicts(text, self.regions, present)
            return verdicts[text].get(kind, NOTHING)

        for kind in k.IN_TEXT:
            chosen = numpy.flatnonzero(masks[kind])
            if len(chosen):
                tally = column.inside.setdefault(kind, Tally())
                tally.add(values.take(chosen), rows[chosen], _of(verdict, kind), self._draw)

    def _cards(self, column: Column, values: Any, number: Any, rows: Any) -> None:
        import numpy

        hits = numpy.flatnonzero(number)
        hits = hits[matches(values.take(hits), patterns.CARD_NUMBER)] if len(hits) else hits
        if len(hits):
            tally = column.inside.setdefault(k.CARD, Tally())
            tally.add(
                values.take(hits),
                rows[hits],
                lambda text: WHOLE if is_card(text.partition(".")[0]) else NEAR,
                self._draw,
            )

    def _named(self, column: Column, array: Any, lengths: Any, start: int, parents: Any) -> None:
        """What the column's name speaks of: how many values look like it, and how many are valid."""
        import numpy
        from pyarrow import compute

        if axis(column.name):
            column.precise += int(numpy.count_nonzero(matches(array, PRECISE)))
        told = set(named_kinds(column.name))
        told |= {k.NATIONAL} if schemes_named(column.name) else set()
        told |= {k.PERSON} if is_bare_name(column.name) else set()
        full = numpy.flatnonzero(lengths)
        if not told or len(full) == 0:
            return
        values = compute.utf8_trim_whitespace(array.take(full))
        rows = (full if parents is None else parents[full]) + start
        for kind in told:
            shape = numpy.count_nonzero(matches(values, shapes.SHAPES[kind]))
            column.shaped[kind] = column.shaped.get(kind, 0) + int(shape)
            if not k.KINDS[kind].by_name:
                judge = shapes.judge(kind, column.name, self.regions)
                column.named.setdefault(kind, Tally()).add(values, rows, _whole(judge), self._draw)

    def _keep(self, column: Column, values: Any) -> None:
        """A few values for the forms of national identifiers; they leave with the scan."""
        room = _KEPT - len(column.sample)
        if room > 0:
            step = max(1, len(values) // room)
            column.sample += [text for text in values[::step].to_pylist() if text and len(text) <= 24][:room]


def _masks(values: Any) -> dict[str, Any]:
    """Which values each kind's pattern matches."""
    import numpy

    masks: dict[str, Any] = {}
    for group, pattern in patterns.GROUPS.items():
        together = matches(values, pattern)
        rows = numpy.flatnonzero(together)
        for kind in group:
            masks[kind] = together
            if len(group) > 1:
                masks[kind] = numpy.zeros(len(values), dtype=numpy.bool_)
                masks[kind][rows] = matches(values.take(rows), patterns.IN_TEXT[kind]) if len(rows) else False
    return masks


def _of(verdict: Callable[[str, str], int], kind: str) -> Callable[[str], int]:
    return lambda text: verdict(text, kind)


def _whole(judge: Callable[[str], bool]) -> Callable[[str], int]:
    return lambda text: WHOLE if judge(text) else NOTHING


def _verdicts(text: str, regions: tuple[str, ...], present: frozenset[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    size = len(text.strip())
    for span in find_spans(text, regions, present):
        whole = span.end - span.start >= size - 2
        found[span.kind] = max(found.get(span.kind, NOTHING), WHOLE if whole else INSIDE)
    if k.CARD in present and k.CARD not in found and card_shaped(text):
        found[k.CARD] = NEAR
    return found


def columns_of(pairs: Iterator[tuple[str, list[str], list[int]]], scanner: Scanner) -> list[Column]:
    """Columns made of ``(name, values, rows)``, as documents give them."""
    import numpy
    import pyarrow

    for name, values, rows in pairs:
        scanner.count(name, pyarrow.array(values, pyarrow.string()), 0, numpy.asarray(rows))
    return list(scanner.columns.values())
