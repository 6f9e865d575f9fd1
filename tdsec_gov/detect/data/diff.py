"""What changed between two versions, row by row, exact and independent of row order.

Rows are compared as a multiset of (content, label). Content that keeps its place in the version but
carries another label than before is a *label change on identical content*: an exact count, no
statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tdsec_gov.detect.data.digests import Digester, first_seen
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
    shape (rows,), ``labels`` is -1 where there is none. Cost: one sort."""
    kinds = int(labels.max(initial=-1)) + 2
    order = np.argsort((content * kinds + labels + 1) * 2 + current, kind="stable")
    new = current[order]
    contents = _starts(content[order])
    keys = contents | _starts(labels[order])
    key, whole = np.cumsum(keys) - 1, np.cumsum(contents) - 1
    firsts = np.flatnonzero(keys)
    owner = whole[firsts]
    after = np.add.reduceat(new, firsts, dtype=np.int64) if firsts.size else firsts
    before = np.diff(np.r_[firsts, order.size]) - after
    gone = np.bincount(owner, weights=np.maximum(before - after, 0)).astype(np.int64)
    known = np.bincount(owner, weights=before)[whole] > 0
    repeating = (before > 0)[key]
    # In a run of one key the old rows come first, then the new ones: as many of them are no news.
    left = new & (np.arange(order.size) >= (firsts + 2 * before)[key])
    relabelled = _first_ones(left, order, whole, gone)
    added = left & ~relabelled
    return RowDiff(
        added=_back(added, order),
        relabelled=_back(relabelled, order),
        contradicting=_back(added & known & ~repeating, order),
        repeated=_back(added & repeating, order),
        removed=int(gone.sum()) - int(np.count_nonzero(relabelled)),
        content=content,
    )


def content_codes(frame: polars.DataFrame) -> IntArray:
    """For each row the position of the first one of the same content."""
    return first_seen(Digester().rows(frame))


def _starts(ordered: IntArray) -> BoolArray:
    """Where a run of equal numbers begins."""
    return np.r_[True, ordered[1:] != ordered[:-1]] if ordered.size else np.empty(0, dtype=np.bool_)


def _first_ones(left: BoolArray, order: IntArray, whole: IntArray, gone: IntArray) -> BoolArray:
    """Of the rows ``left`` of each content the first ones, as many as rows of it are ``gone``."""
    result = np.zeros(left.size, dtype=np.bool_)
    places = np.flatnonzero(left & (gone > 0)[whole])
    places = places[np.lexsort((order[places], whole[places]))]
    starts = np.flatnonzero(_starts(whole[places]))
    sizes = np.diff(np.r_[starts, places.size])
    before = np.arange(places.size) - np.repeat(starts, sizes)
    result[places[before < gone[whole[places]]]] = True
    return result


def _back(ordered: BoolArray, order: IntArray) -> BoolArray:
    """From sorted places to positions."""
    result = np.empty(ordered.size, dtype=np.bool_)
    result[order] = ordered
    return result
