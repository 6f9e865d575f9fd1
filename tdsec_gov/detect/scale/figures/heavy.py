"""Frequent values of every column by label: Misra-Gries summaries, which merge (Agarwal et al. 2013)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import polars

Pair = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Heavy:
    """``counts`` by (value, label): each is at most ``missed`` too small, never too large; whatever is
    not there occurs at most ``missed`` times, which is at most rows / (kept + 1)."""

    counts: Counter[Pair]
    missed: int


class FrequentValues:
    """For each content column its most frequent (value, label) pairs. Values never leave the process
    that asked but in these summaries."""

    name: ClassVar[str] = "frequent"

    def __init__(self, kept: int = 5_000) -> None:
        """``kept``: pairs that a summary holds at most."""
        self._kept = kept

    def partial(self, content: polars.DataFrame, labels: polars.Series) -> dict[str, Heavy]:
        return {name: self._column(content[name], labels) for name in content.columns}

    def merge(self, left: dict[str, Heavy], right: dict[str, Heavy]) -> dict[str, Heavy]:
        return {name: self._both(left[name], right[name]) for name in left}

    def finish(self, whole: dict[str, Heavy]) -> dict[str, Heavy]:
        return whole

    def _column(self, values: polars.Series, labels: polars.Series) -> Heavy:
        import polars as pl

        frame = pl.DataFrame({"v": values.cast(pl.String), "l": labels.cast(pl.String)})
        counted = frame.group_by("v", "l").len()
        pairs = zip(counted["v"].to_list(), counted["l"].to_list(), strict=True)
        return self._cut(Counter(dict(zip(pairs, counted["len"].to_list(), strict=True))), 0)

    def _both(self, left: Heavy, right: Heavy) -> Heavy:
        return self._cut(left.counts + right.counts, left.missed + right.missed)

    def _cut(self, counts: Counter[Pair], missed: int) -> Heavy:
        """Take the largest count that has no room from all, which keeps the bound."""
        if len(counts) <= self._kept:
            return Heavy(counts, missed)
        border = sorted(counts.values(), reverse=True)[self._kept]
        left = Counter({pair: count - border for pair, count in counts.items() if count > border})
        return Heavy(left, missed + border)
