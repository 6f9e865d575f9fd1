"""Which epoch sealed an object that does not open: one that I have no keyring for?"""

from __future__ import annotations

from tdsec_gov.errors import TdsecError
from tdsec_gov.vault import objects
from tdsec_gov.vault.listing import Stored
from tdsec_gov.vault.storage import Storage

_HEADER = 4096
_AHEAD = 16
"""How far beyond the newest known epoch is looked."""


def unknown_epoch(storage: Storage, one: Stored) -> int | None:
    """The epoch that an object's header binds it to, if I can open no keyring of it; else None."""
    try:
        with storage.inner.open(one.path, "rb") as stream:
            header: bytes = stream.read(_HEADER)
        rings = storage.vault.keyrings
    except (OSError, TdsecError):
        return None
    mine = {(ring.vault, ring.epoch) for ring in rings}
    newest = max(ring.epoch for ring in rings)
    for label in {ring.vault for ring in rings}:
        for epoch in range(1, newest + _AHEAD + 1):
            bound = objects.binding(label, epoch, one.name).to_bytes()
            if (label, epoch) not in mine and bound in header:
                return epoch
    return None
