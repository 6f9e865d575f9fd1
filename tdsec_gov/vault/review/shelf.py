"""Where review requests lie on the storage: ``review/<id>/``, beside ``objects/``, under no key of the vault.

``bytes.age`` comes first, ``request-<YYYYMMDD>.age`` last: what has no request was never sent. The date is
the day on which it expires, readable without any key so that ``tdsec vault gc`` can clear up; what
counts is the signed one inside. ``answer-<keyid>.age`` is one reviewer's.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from tdsec_gov.errors import DataTampered, IntegrityError, UsageError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.vault.objects.carriers import Carrier, Sealed
from tdsec_gov.vault.storage.rooms import Rooms

FOLDER = "review"
BYTES = "bytes.age"
LARGEST = 64 << 20
"""Bytes of a sealed request or answer: statements and a verdict with many findings."""
_PIECE = 1 << 20
_ID = re.compile(r"[0-9a-f]{32}\Z")
_REQUEST = re.compile(r"request-([0-9]{8})\.age\Z")
_ANSWER = re.compile(r"answer-([0-9a-f]{64})\.age\Z")


def is_id(text: str) -> bool:
    """Whether ``text`` can be the name of a request."""
    return _ID.match(text) is not None


def is_name(name: str) -> bool:
    """Whether a file of a request can be called this."""
    return name == BYTES or _REQUEST.match(name) is not None or _ANSWER.match(name) is not None


def expiry_of(name: str) -> dt.date | None:
    """The last day that the name of a request's file says, None for any other file."""
    found = _REQUEST.match(name)
    if found is None:
        return None
    with contextlib.suppress(ValueError):
        return dt.datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=dt.UTC).date()
    return dt.date.min


def request_name(expires: dt.date) -> str:
    return f"request-{expires:%Y%m%d}.age"


def answer_name(keyid: str) -> str:
    return f"answer-{keyid}.age"


def answerer(name: str) -> str | None:
    """The keyid in the name of an answer, None for any other file."""
    found = _ANSWER.match(name)
    return found[1] if found else None


class Shelf:
    """The requests on the storage of one vault. Knows names and bytes; opens and believes nothing."""

    def __init__(self, rooms: Rooms) -> None:
        self._inner: Any = rooms.inner
        self._folder = f"{rooms.base}/{FOLDER}"
        self._carrier: Carrier = rooms.main.carrier

    def ids(self) -> list[str]:
        """Every folder that a request may lie in."""
        return sorted(one for one in self._names(self._folder) if is_id(one))

    def names(self, id: str) -> list[str]:
        """The files of one request. Raises UsageError: it cannot be a request's name."""
        return sorted(one for one in self._names(self._of(id)) if is_name(one))

    def request_file(self, id: str) -> str:
        """Name of the request's own file.

        Raises:
            UsageError: there is no such request. IntegrityError: there are several under one name.
        """
        found = [one for one in self.names(id) if expiry_of(one) is not None]
        if len(found) > 1:
            raise IntegrityError("several requests lie under one name", where=f"{FOLDER}/{id}")
        if not found:
            raise UsageError(f"there is no review request {id}", hint="see: tdsec review list")
        return found[0]

    def read(self, id: str, name: str) -> bytes:
        """One small file, as it lies there. Raises DataTampered: too large for what it should be."""
        data = bytearray()
        with self.open(id, name, LARGEST) as stream:
            while len(data) <= LARGEST and (piece := stream.read(_PIECE)):
                data += piece
        if len(data) > LARGEST:
            raise DataTampered("file on the storage is too large for what it should be", where=name)
        return bytes(data)

    @contextlib.contextmanager
    def open(self, id: str, name: str, most: int) -> Iterator[BinaryIO]:
        """The ciphertext of a file of at most ``most`` bytes. Raises UsageError: there is none."""
        place = f"{self._of(id)}/{name}"
        with naming_os_errors(f"{FOLDER}/{id}/{name}", "cannot be fetched"):
            try:
                with self._carrier.receive(place, seekable=False, most=most) as stream:
                    yield stream
            except FileNotFoundError:
                raise UsageError(f"review request {id} is not complete (or was just closed)") from None

    def put(self, id: str, name: str, sealed: Sealed) -> None:
        """Store ``sealed``, all of it or nothing."""
        with naming_os_errors(f"{FOLDER}/{id}/{name}", "cannot be stored"):
            self._carrier.send(sealed, f"{self._of(id)}/{name}")

    def remove(self, id: str) -> int:
        """Take a request away, its own file first; how many files went. Nothing else is touched."""
        names = sorted(self.names(id), key=lambda one: (expiry_of(one) is None, one))
        with naming_os_errors(f"{FOLDER}/{id}", "cannot be removed"):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    self._inner.fs.rm_file(f"{self._of(id)}/{name}")
        with contextlib.suppress(OSError, NotImplementedError):
            self._inner.fs.rmdir(self._of(id))
        return len(names)

    def _of(self, id: str) -> str:
        if not is_id(id):
            raise UsageError(
                "not a review request", expected="32 hexadecimal digits", hint="see: tdsec review list"
            )
        return f"{self._folder}/{id}"

    def _names(self, folder: str) -> list[str]:
        with naming_os_errors(folder, "the storage cannot be listed"):
            try:
                with contextlib.suppress(AttributeError):
                    self._inner.fs.invalidate_cache(folder)
                found = self._inner.fs.ls(folder, detail=False)
            except FileNotFoundError:
                return []
        return [os.path.basename(str(one).rstrip("/")) for one in found]  # noqa: PTH119 - no path of this disk
