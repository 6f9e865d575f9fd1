"""How many rows bear each label."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import polars


class LabelCounts:
    """Rows by label; None for a missing one. Exact."""

    name: ClassVar[str] = "labels"

    def partial(self, content: polars.DataFrame, labels: polars.Series) -> Counter[str | None]:
        import polars as pl

        counts = labels.cast(pl.String).alias("v").value_counts()
        return Counter(dict(zip(counts["v"].to_list(), counts["count"].to_list(), strict=True)))

    def merge(self, left: Counter[str | None], right: Counter[str | None]) -> Counter[str | None]:
        return left + right

    def finish(self, whole: Counter[str | None]) -> dict[str | None, int]:
        return dict(whole)
