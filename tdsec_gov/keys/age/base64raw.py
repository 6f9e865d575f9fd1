"""Canonical base64 without padding (RFC 4648, sections 3.5 and 4), as stanzas are written."""

from __future__ import annotations

import base64
import binascii

from tdsec_gov.keys.age.errors import HeaderInvalid


def encode(data: bytes) -> str:
    """``data`` in base64 without ``=``."""
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str, size: int | None = None) -> bytes:
    """Bytes of ``text``, which must be what :func:`encode` writes, and ``size`` bytes long if given.

    Raises:
        HeaderInvalid: padded, not canonical, foreign characters, or another length.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise HeaderInvalid("age header holds malformed base64") from None
    if encode(data) != text:
        raise HeaderInvalid("age header holds base64 that is not canonical")
    if size is not None and len(data) != size:
        raise HeaderInvalid("age header holds a value of the wrong length", expected=f"{size} bytes")
    return data
