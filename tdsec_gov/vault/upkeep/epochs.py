"""Which epoch sealed an object that does not open: one that I have no keyring for?"""

from __future__ import annotations

from tdsec_gov.errors import TdsecError
from tdsec_gov.vault.objects import objects
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.vault.upkeep.listing import Stored

_HEADER = 4096
_AHEAD = 16
"""How far beyond the newest known epoch is looked."""


def unknown_epoch(storage: Storage, one: Stored) -> int | None:
    """The epoch that an object's header binds it to, if I can open no keyring of it; else None."""
    try:
        with storage.inner.open(one.path, "rb") as stream:
            header: bytes = stream.read(_HEADER)
        rings = storage.room(one.label).keyrings
    except (OSError, TdsecError):
        return None
    mine = {ring.epoch for ring in rings}
    for epoch in range(1, max(mine) + _AHEAD + 1):
        if epoch not in mine and objects.binding(one.label, epoch, one.name).to_bytes() in header:
            return epoch
    return None
