"""Everything in this process, one part after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


class Serial:
    """The back end of one machine (:class:`~tdsec_gov.detect.scale.contract.Backend`)."""

    wide: ClassVar[bool] = False

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [work(one) for one in items]

    def merged(self, work: Callable[[T], R], merge: Callable[[R, R], R], items: Sequence[T]) -> R:
        level = [work(one) for one in items]
        while len(level) > 1:
            level = [merge(*pair) if len(pair) > 1 else pair[0] for pair in pairs(level)]
        return level[0]

    def exchanged(
        self,
        split: Callable[[T], Sequence[S]],
        join: Callable[[Sequence[S]], R],
        items: Sequence[T],
        buckets: int,
    ) -> list[R]:
        pieces = [split(one) for one in items]
        return [join([piece[number] for piece in pieces]) for number in range(buckets)]


def pairs(level: Sequence[T]) -> list[Sequence[T]]:
    """Neighbours, two and two; the last may be alone."""
    return [level[one : one + 2] for one in range(0, len(level), 2)]
