"""What changed between two versions, row by row, exact and independent of row order.

Rows are compared as a multiset of (content, label). Content that keeps its place in the version but
carries another label than before is a *label change on identical content*: an exact count, no
statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tdsec_gov.detect.types import BoolArray, IntArray

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, slots=True)
class RowDiff:
    """Masks over all stacked rows (true only for rows of this version), and counts.

    ``added`` content with label that the version before does not have (so often); ``relabelled``
    content that it has under another label which is gone now; ``contradicting`` added rows whose
    content stays in this version under other labels only; ``repeated`` added rows that repeat an
    accepted row; ``removed`` number of accepted rows that are gone; ``content`` one code per distinct
    content.
    """

    added: BoolArray
    relabelled: BoolArray
    contradicting: BoolArray
    repeated: BoolArray
    removed: int
    content: IntArray


def row_diff(content: IntArray, labels: IntArray, current: BoolArray) -> RowDiff:
    """Compare the rows of the version before (not ``current``) with those of this one; each array has
    shape (rows,), ``labels`` is -1 where there is none. Cost: linear up to sorting."""
    key = content * (int(labels.max(initial=-1)) + 2) + labels + 1
    _, key = np.unique(key, return_inverse=True)
    key = key.astype(np.int64)
    old, new = ~current, current
    contents = int(content.max(initial=-1)) + 1
    before = np.bincount(key[old], minlength=int(key.max(initial=-1)) + 1)
    after = np.bincount(key[new], minlength=before.size)
    first = np.zeros(before.size, dtype=np.int64)
    first[key] = content
    gone = np.bincount(first, weights=np.maximum(before - after, 0), minlength=contents)
    left = new & (_occurrence(key, new) >= before[key])
    relabelled = left & (_occurrence(content, left) < gone[content])
    added = left & ~relabelled
    known = np.bincount(content[old], minlength=gone.size)[content] > 0
    return RowDiff(
        added=added,
        relabelled=relabelled,
        contradicting=added & known & (before[key] == 0),
        repeated=added & (before[key] > 0),
        removed=int(gone.sum()) - int(relabelled.sum()),
        content=content,
    )


def content_codes(frame: polars.DataFrame) -> IntArray:
    """One code per distinct row content; codes are equal exactly when all values are.

    Values are written out and length-prefixed, so that no two different rows meet.
    """
    import polars as pl

    parts: list[polars.Series] = []
    for name in frame.columns:
        text = frame[name].cast(pl.String).to_frame("v")
        shown = pl.concat_str([pl.col("v").str.len_bytes().cast(pl.String), pl.lit(":"), pl.col("v")])
        parts.append(text.select(shown.fill_null("~").alias(str(len(parts))))[:, 0])
    joined = pl.DataFrame(parts).select(pl.concat_str(pl.all()))[:, 0]
    codes: dict[str, int] = {}
    return np.fromiter((codes.setdefault(one, len(codes)) for one in joined), np.int64, frame.height)


def _occurrence(group: IntArray, mask: BoolArray) -> IntArray:
    """For rows in ``mask``: how many rows of the same group in ``mask`` come before (else 0)."""
    result = np.zeros(group.size, dtype=np.int64)
    index = np.flatnonzero(mask)
    if index.size == 0:
        return result
    order = index[np.argsort(group[index], kind="stable")]
    sorted_groups = group[order]
    starts = np.flatnonzero(np.r_[True, sorted_groups[1:] != sorted_groups[:-1]])
    sizes = np.diff(np.r_[starts, order.size])
    result[order] = np.arange(order.size) - np.repeat(starts, sizes)
    return result
