"""Found in the drawn rows, looked up in all added rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.items.holders import Holder
from tdsec_gov.detect.mining.item import Item
from tdsec_gov.detect.types import IntArray


def all_rows(subject: Subject, items: Sequence[Item]) -> list[IntArray]:
    """For each item the stacked positions of the added rows that hold it and bear its label.

    Drawn ones first, then those that the draw left out; nothing is read again where it left out none, and an
    item that rows alone do not tell (a bin, a patch) keeps its drawn rows.
    """
    found = [subject.at(item.rows) for item in items]
    holders = [Holder.of(item.columns, item.names) if item.names else None for item in items]
    if not subject.sampled:
        return found
    known = [place for place, one in enumerate(holders) if one is not None]
    looked_up = subject.everywhere([one for one in holders if one is not None])
    for place, rows in zip(known, looked_up, strict=True):
        mine = rows[subject.stack.labels[rows] == items[place].label]
        found[place] = np.concatenate([found[place], np.setdiff1d(mine, found[place])])
    return found
