"""Which carrier an inner remote gets."""

from __future__ import annotations

from typing import Any

from tdsec_gov.vault.objects.carriers import Carrier, DiskCarrier, RemoteCarrier


def carrier_of(inner: Any) -> Carrier:
    """The carrier for DVC's filesystem object of an inner remote."""
    if inner.protocol == "local":
        return DiskCarrier()
    if inner.protocol == "ssh":
        from tdsec_gov.vault.objects.ssh import SshCarrier

        return SshCarrier(inner)
    return RemoteCarrier(inner)
