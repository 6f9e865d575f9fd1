"""Names that both sides of the registration share; imports nothing."""

from __future__ import annotations

CONTEXT = "tdsec_context"

FOLDER = "tdsec-v1"
"""Name of the vault's own folder on the inner remote."""

SCHEME = "tdsec://"


def is_vault(url: object) -> bool:
    """Whether a remote's URL leads into a vault. Schemes know no case (RFC 3986, 3.1), nor does DVC."""
    return str(url)[: len(SCHEME)].lower() == SCHEME
