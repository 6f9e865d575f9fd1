"""The closed table of sources."""

from __future__ import annotations

import importlib

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys.sources.contract import KeySource

SOURCES: dict[str, str] = {
    "keyring": "tdsec_gov.keys.sources.os_keyring:OsKeyring",
    "vault-transit": "tdsec_gov.keys.sources.vault_transit:VaultTransit",
    "aws-kms": "tdsec_gov.keys.sources.aws_kms:AwsKms",
}


def key_source(scheme: str, key: str) -> KeySource:
    """The source of this scheme with this key; imported now, contacted when it is used.

    Raises:
        KeyUnavailable: no such scheme, or the key has no possible name.
    """
    place = SOURCES.get(scheme)
    if place is None:
        raise KeyUnavailable("identity is kept in an unknown way", expected=", ".join(sorted(SOURCES)))
    module, _, name = place.partition(":")
    made: KeySource = getattr(importlib.import_module(module), name)(key)
    return made
