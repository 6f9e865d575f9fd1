"""Names on the storage: keyed, so that no MD5 or path shows, and reversible, so that listing works.

AES-SIV (RFC 5297) with a 512-bit key over a kind byte and the raw digest. Deterministic by design:
one object has one name. Equal digests under one name key are equal objects, so nothing is revealed
but equality. Of a path each part is sealed by itself with the parent's path as associated data, so
that folders can be listed and equal names in two folders look different.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tdsec_gov.domain.dataset import is_oid, is_sha256
from tdsec_gov.errors import InternalError, UsageError

KEY_SIZE = 64
LONGEST_PART = 143
"""Bytes of UTF-8 that one part of a path may have, so that its name fits into 255 characters."""
_FILE, _FOLDER, _MANIFEST, _PLACEMENT, _ROOM = b"f", b"d", b"m", b"p", b"c"
_CONTEXT = [b"tdsec-gov object name v1"]
_PATH_CONTEXT = b"tdsec-gov path name v1"


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

    def of_placement(self, name: str, sha256: str) -> str:
        """Name of the placement statement for the object ``name`` (on the storage) with this content."""
        return self._seal(_PLACEMENT + hashlib.sha256(f"{name}\n{sha256}".encode()).digest())

    def of_compartment(self, label: str) -> str:
        """Name of the folder that a compartment's objects lie in."""
        return self._seal(_ROOM + hashlib.sha256(label.encode()).digest()[:16])[:32]

    def of_path(self, path: str) -> str:
        """Name of a path, part by part (``/`` between them). Raises UsageError: a part is too long."""
        parts, parent = [], ""
        for part in path.split("/"):
            data = part.encode("utf-8", "surrogateescape")
            if len(data) > LONGEST_PART:
                raise UsageError(
                    "a name is too long for a vault", expected=f"{LONGEST_PART} bytes", found=len(data)
                )
            sealed = self._siv.encrypt(data, [_PATH_CONTEXT, parent.encode("utf-8", "surrogateescape")])
            parts.append(base64.b32hexencode(sealed).decode().rstrip("=").lower())
            parent = f"{parent}/{part}"  # begins with "/", the top is ""
        return "/".join(parts)

    def to_part(self, parent: str, name: str) -> str | None:
        """The last part of the path behind ``name`` in the folder ``parent`` ("" is the top)."""
        try:
            sealed = base64.b32hexdecode(name.upper() + "=" * (-len(name) % 8))
            above = f"/{parent}" if parent else ""
            plain = self._siv.decrypt(sealed, [_PATH_CONTEXT, above.encode("utf-8", "surrogateescape")])
        except (ValueError, InvalidTag):
            return None
        part = plain.decode("utf-8", "surrogateescape")
        return None if "/" in part or "\0" in part or part in ("", ".", "..") else part

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
