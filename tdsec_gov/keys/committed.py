"""The identity that lies in the repository itself, under a passphrase: password mode, a team of one.

The file is an age file (scrypt, N = 2**18, its salt and work factor in the header), so that a fresh clone
and the passphrase are all that is needed. It is public to whoever reads the repository.
"""

from __future__ import annotations

import os
from pathlib import Path

from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import identity_path, load_identity
from tdsec_gov.keys.terminal import once_at_terminal
from tdsec_gov.keys.unlocked import Ask

COMMITTED = ".tdsec/identity.age"


def identity_of(root: Path | None, ask: Ask | None = None) -> Identity:
    """My identity in the repository at ``root``: my own, else the committed one.

    Without ``ask`` somebody at the terminal is asked for a passphrase, once.

    Raises:
        KeyUnavailable, BackendUnavailable, DependencyMissing: as ``load_identity``.
    """
    committed = None if root is None else root / COMMITTED
    return load_identity(ask or once_at_terminal(str(root)), committed)


def has_own() -> bool:
    """Whether this user has an identity besides what a repository holds."""
    return bool(os.environ.get("TDSEC_IDENTITY")) or identity_path().exists()
