"""What is spread over processes, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

if TYPE_CHECKING:
    import polars

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


class Part(Protocol):
    """Some rows of a version. Can be pickled where a back end has other processes."""

    def batches(self) -> Iterator[polars.DataFrame]:
        """The rows, in order, the same each time."""
        ...


class Backend(Protocol):
    """Where work runs. Functions and items go to other processes by pickle; the order of answers is that
    of the items, and merging takes one fixed tree, so that sums of fractions agree between back ends."""

    wide: ClassVar[bool]
    """Whether many parts run side by side: then large files are worth cutting into several."""

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """``work`` of every item."""
        ...

    def merged(self, work: Callable[[T], R], merge: Callable[[R, R], R], items: Sequence[T]) -> R:
        """``work`` of every item, neighbours merged until one is left. ``items`` is not empty."""
        ...

    def exchanged(
        self,
        split: Callable[[T], Sequence[S]],
        join: Callable[[Sequence[S]], R],
        items: Sequence[T],
        buckets: int,
    ) -> list[R]:
        """Every item is split into ``buckets`` pieces; the n-th pieces of all items are joined."""
        ...


class Statistic(Protocol):
    """A figure over all rows that is made of figures over parts.

    ``partial`` of one batch is small and can be pickled; ``merge`` is associative, and exact but for the
    rounding of sums; ``finish`` gives the figure. A batch is typed content with its labels.
    """

    name: ClassVar[str]

    def partial(self, content: polars.DataFrame, labels: polars.Series) -> Any: ...

    def merge(self, left: Any, right: Any) -> Any: ...

    def finish(self, whole: Any) -> Any: ...
