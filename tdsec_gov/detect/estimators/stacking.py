"""Accepted rows and new ones, one below the other, exactly as the check ``poisoning`` stacks its files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.data.pictures import SIDE, joined
from tdsec_gov.detect.data.shared import Plan
from tdsec_gov.detect.data.subject import Stack
from tdsec_gov.detect.estimators.inputs.given import Given
from tdsec_gov.detect.estimators.inputs.labels import NAME
from tdsec_gov.detect.scale.labels import Labels
from tdsec_gov.detect.scale.rows import stacked
from tdsec_gov.detect.scale.serial import Serial
from tdsec_gov.detect.types import ByteArray, IntArray

if TYPE_CHECKING:
    import polars

_BATCH = 65_536


@dataclass(frozen=True, eq=False)
class Rows:
    """A frame as one part (:class:`~tdsec_gov.detect.scale.contract.Part`)."""

    frame: polars.DataFrame

    def batches(self) -> Iterator[polars.DataFrame]:
        yield from self.frame.iter_slices(_BATCH)


def stack_of(accepted: Given | None, given: Given, *, whole: bool) -> tuple[Stack, int]:
    """The stack, and the position in it of the first row of ``given``.

    ``whole`` says that ``given`` is the version itself; otherwise it holds the rows that come in addition to
    all accepted ones.

    Raises:
        NotRunnable: labels of both that are no classes together.
    """
    sides = [given] if accepted is None else [accepted, given]
    before = [] if accepted is None else [0]
    now = [len(sides) - 1] if whole or accepted is None else [0, 1]
    make = _tables if given.frame is not None else _pictures
    stack = make(sides, before, now)
    gaps = tuple(dict.fromkeys(gap for one in sides for gap in one.gaps))
    return replace(stack, gaps=gaps), stack.current.size - given.rows


def _tables(sides: list[Given], before: list[int], now: list[int]) -> Stack:
    label = _label(sides)
    frames = [_labelled(one, label) for one in sides]
    plan = Plan.of(sorted(sides[-1].names), label, [one.schema for one in frames])
    return stacked(before, now, [Rows(one) for one in frames], plan, Serial())[0]


def _label(sides: list[Given]) -> str:
    """What the labels are called: no name of a content column."""
    labels = sides[-1].labels
    name = NAME if labels is None or not labels.name else labels.name
    while name in sides[-1].names:
        name += "_"
    return name


def _labelled(given: Given, label: str) -> polars.DataFrame:
    import polars as pl

    if given.frame is None:
        raise ValueError("X holds images on one side only.")
    labels = given.labels
    column = pl.Series(label, [None] * given.rows, dtype=pl.String) if labels is None else labels.alias(label)
    return given.frame.with_columns(column)


def _pictures(sides: list[Given], before: list[int], now: list[int]) -> Stack:
    order = [sides[at] for at in (*before, *now)]
    images = [one for side in order for one in side.pictures or ()]
    labels, classes = _codes(order)
    known: dict[bytes, int] = {}
    content = np.fromiter((known.setdefault(_digest(one), len(known)) for one in images), np.int64)
    old = sum(sides[at].rows for at in before)
    return Stack(
        content=content,
        labels=labels,
        classes=classes,
        current=np.arange(len(images)) >= old,
        columns=lambda index: (Column("image", pixels=joined([images[at] for at in index])),),
        label_name=_label(sides),
        notes=(f"what is finer than {SIDE} x {SIDE} pixels: larger images are made smaller",),
    )


def _codes(order: list[Given]) -> tuple[IntArray, int]:
    tables = [Labels() for _ in order]
    codes = [
        np.full(one.rows, -1, dtype=np.int64) if one.labels is None else table.look(one.labels)
        for one, table in zip(order, tables, strict=True)
    ]
    merged = Labels.merged(tables)
    placed = [merged.place(table)[code] for table, code in zip(tables, codes, strict=True)]
    return np.concatenate(placed), merged.classes


def _digest(pixels: ByteArray) -> bytes:
    body = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    body.update(pixels.tobytes())
    return body.digest()
