"""Canonical base64 without padding (RFC 4648, sections 3.5 and 4), as stanzas are written."""

from __future__ import annotations

import binascii

from tdsec_gov.keys.age.errors import HeaderInvalid


def encode(data: bytes) -> str:
    """``data`` in base64 without ``=``."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").decode("ascii")


def decode(text: str, size: int | None = None) -> bytes:
    """Bytes of ``text``, which must be what :func:`encode` writes, and ``size`` bytes long if given.

    Raises:
        HeaderInvalid: padded, not canonical, foreign characters, or another length.
    """
    try:
        data = binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        raise HeaderInvalid("age header holds malformed base64") from None
    if encode(data) != text:
        raise HeaderInvalid("age header holds base64 that is not canonical")
    if size is not None and len(data) != size:
        raise HeaderInvalid("age header holds a value of the wrong length", expected=f"{size} bytes")
    return data
