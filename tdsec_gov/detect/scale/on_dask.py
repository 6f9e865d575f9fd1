"""The same work on a Dask cluster. Needs the extra ``dask``; workers need tdsec-gov and the same files.

Workers read the data in clear, and whoever reaches the scheduler can run code on them: use a cluster of your
own behind ``tls://`` (Dask's configuration names the certificates).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, ClassVar, TypeVar

from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.scale.serial import pairs

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


class OnDask:
    """The back end of a cluster (:class:`~tdsec_gov.detect.scale.contract.Backend`).

    Tasks are not pure for Dask: nothing computed for another run is reused.
    """

    wide: ClassVar[bool] = True

    def __init__(self, cluster: Any, *, patience: float = 30) -> None:
        """``cluster``: the address of a scheduler (``tcp://host:8786``), or a ``distributed.Client``;
        ``patience``: seconds to wait for an answer.

        Raises:
            NotRunnable: Dask is not installed, or nobody answers at the address.
        """
        try:
            import distributed
        except ImportError:
            raise NotRunnable("a cluster needs Dask: pip install 'tdsec-gov[dask]'") from None
        self._own = isinstance(cluster, str)
        try:
            self._client: Any = _joined(distributed, cluster, patience) if self._own else cluster
        except (OSError, ValueError) as exc:
            raise NotRunnable(f"no Dask scheduler answers at that address ({type(exc).__name__})") from None

    def close(self) -> None:
        """Leave the cluster, if it was joined here."""
        if self._own:
            self._client.close()

    def __enter__(self) -> OnDask:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return list(self._client.gather(self._map(work, items)))

    def merged(self, work: Callable[[T], R], merge: Callable[[R, R], R], items: Sequence[T]) -> R:
        level = self._map(work, items)
        while len(level) > 1:
            level = [self._submit(merge, *pair) if len(pair) > 1 else pair[0] for pair in pairs(level)]
        whole: R = level[0].result()
        return whole

    def exchanged(
        self,
        split: Callable[[T], Sequence[S]],
        join: Callable[[Sequence[S]], R],
        items: Sequence[T],
        buckets: int,
    ) -> list[R]:
        whole = self._map(split, items)
        joined = []
        for number in range(buckets):
            pieces = self._map(itemgetter(number), whole)
            joined.append(self._submit(partial(_listed, join), *pieces))
        return list(self._client.gather(joined))

    def _map(self, work: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        return [self._submit(work, one) for one in items]

    def _submit(self, work: Callable[..., Any], *given: Any) -> Any:
        return self._client.submit(work, *given, pure=False)


def _joined(distributed: Any, address: str, patience: float) -> Any:
    return distributed.Client(address, set_as_default=False, timeout=patience)


def _listed(join: Callable[[Sequence[Any]], R], *pieces: Any) -> R:
    return join(pieces)
