"""A download that ends as soon as it is larger than it may be: by the storage's word, then by its bytes."""

from __future__ import annotations

from typing import Any

from fsspec.callbacks import Callback

from tdsec_gov.errors import DataTampered


class Bounded(Callback):  # type: ignore[misc]
    """What a filesystem tells of a download. It asks for nothing, so it costs no request.

    Most filesystems name the size before the first byte; all of them count what arrives.
    """

    def __init__(self, most: int, where: str) -> None:
        super().__init__()
        self._most, self._where = most, where

    def _require(self, size: Any) -> None:
        if isinstance(size, int) and size > self._most:
            raise DataTampered(
                "object on the storage is too large for what it should be",
                where=self._where,
                expected=f"at most {self._most} bytes",
                found=f"{size} or more",
            )

    def set_size(self, size: Any) -> None:
        """Raises DataTampered: larger than it may be."""
        self._require(size)
        super().set_size(size)

    def absolute_update(self, value: int) -> None:
        """Raises DataTampered: more has arrived than there may be."""
        self._require(value)
        super().absolute_update(value)

    def relative_update(self, inc: int = 1) -> None:
        """Raises DataTampered: more has arrived than there may be."""
        self._require(self.value + inc)
        super().relative_update(inc)
