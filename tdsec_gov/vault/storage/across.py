"""Several revisions at once (``dvc push --all-branches``, ``dvc exp push``): each by its own evidence.

DVC opens a filesystem for each revision and hands all their objects to the first of them. What that one's
evidence does not cover is asked of the others, which obey the policies, keyrings and pins of the clone.
"""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import IO, Any

from tdsec_gov.errors import TdsecError
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.storage.room import Opener
from tdsec_gov.vault.storage.storage import Storage

_Beside = weakref.WeakValueDictionary[str, "AcrossRevisions"]
_opened: dict[tuple[Path, str, str], _Beside] = {}


class AcrossRevisions(Storage):
    """A storage that knows those of the same vault and clone that DVC holds beside it."""

    def __init__(self, vault: OpenedVault, inner: Any, top: str, sub: str = "") -> None:
        super().__init__(vault, inner, top, sub)
        self._beside: _Beside = weakref.WeakValueDictionary()
        if vault.clone is not None:
            key = vault.clone.resolve(), vault.name, sub
            self._beside = _opened.setdefault(key, weakref.WeakValueDictionary())
            self._beside[vault.commit] = self

    def put(self, oid: str, opener: Opener, callback: Any = None) -> None:
        """As :meth:`Storage.put`, by the evidence of the first revision that covers ``oid``."""
        Storage.put(self._vouching(oid, sealing=True), oid, opener, callback)

    def get(self, oid: str, to: Path, callback: Any = None) -> None:
        """As :meth:`Storage.get`, by the evidence of the first revision that covers ``oid``."""
        Storage.get(self._vouching(oid), oid, to, callback)

    def open(self, oid: str) -> IO[bytes]:
        """As :meth:`Storage.open`, by the evidence of the first revision that covers ``oid``."""
        return Storage.open(self._vouching(oid), oid)

    def _vouching(self, oid: str, *, sealing: bool = False) -> Storage:
        """Who vouches for ``oid`` by a verdict, else by an exemption, else who can say what it belongs to.

        Exemptions of another revision do not count in a divided vault: its pointers would choose the room.
        """
        others = [one for one in list(self._beside.values()) if one is not self]
        if not others:
            return self
        exempting: list[Storage] = []
        for one in (self, *others):
            try:
                if one.covered(oid, sealing=sealing) is not None:
                    return one
            except TdsecError:
                continue
            if one is self or not self.vault.divided:
                exempting.append(one)
        knowing = [one for one in (self, *others) if one.owners.pointer(oid) is not None]
        chosen = exempting or ([] if self.vault.divided else knowing)
        return next((one for one in chosen if one in knowing), chosen[0] if chosen else self)
