"""Names on the storage: keyed, so that no MD5 or path shows, and reversible, so that listing works.

AES-SIV (RFC 5297) with a 512-bit key over a kind byte and the raw digest. Deterministic by design:
one object has one name. Equal digests under one name key are equal objects, so nothing is revealed
but equality.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tdsec_gov.domain.dataset import is_oid, is_sha256
from tdsec_gov.errors import InternalError

KEY_SIZE = 64
_FILE, _FOLDER, _MANIFEST = b"f", b"d", b"m"
_CONTEXT = [b"tdsec-gov object name v1"]


class Names:
    """Storage names of one vault."""

    def __init__(self, key: bytes) -> None:
        """``key``: 64 bytes from the keyring."""
        if len(key) != KEY_SIZE:
            raise InternalError("name key has the wrong length")
        self._siv = AESSIV(key)

    def of_oid(self, oid: str) -> str:
        """Name of a DVC object: 66 hexadecimal digits. Raises InternalError: not an oid."""
        if not is_oid(oid):
            raise InternalError("not a DVC oid")
        kind = _FOLDER if oid.endswith(".dir") else _FILE
        return self._seal(kind + bytes.fromhex(oid[:32]))

    def of_manifest(self, root: str) -> str:
        """Name of the manifest with this root: 98 hexadecimal digits. Raises InternalError: no SHA-256."""
        if not is_sha256(root):
            raise InternalError("not a manifest root")
        return self._seal(_MANIFEST + bytes.fromhex(root))

    def to_oid(self, name: str) -> str | None:
        """The oid behind a name, None when it is not one of this vault's."""
        try:
            plain = self._siv.decrypt(bytes.fromhex(name), _CONTEXT)
        except (ValueError, InvalidTag):
            return None
        if len(plain) != 17 or plain[:1] not in (_FILE, _FOLDER):
            return None
        return plain[1:].hex() + (".dir" if plain[:1] == _FOLDER else "")

    def to_root(self, name: str) -> str | None:
        """The root of the manifest behind a name, None when it is not one of this vault's manifests."""
        try:
            plain = self._siv.decrypt(bytes.fromhex(name), _CONTEXT)
        except (ValueError, InvalidTag):
            return None
        return plain[1:].hex() if len(plain) == 33 and plain[:1] == _MANIFEST else None

    def _seal(self, plain: bytes) -> str:
        return self._siv.encrypt(plain, _CONTEXT).hex()
