"""ASCII armor: strict PEM (RFC 7468, section 3) with the label ``AGE ENCRYPTED FILE``."""

from __future__ import annotations

import base64
import binascii

from tdsec_gov.keys.age.errors import ArmorInvalid

BEGIN = b"-----BEGIN AGE ENCRYPTED FILE-----"
END = b"-----END AGE ENCRYPTED FILE-----"
_COLUMNS = 64
_WHITESPACE = b" \t\r\n"


def is_armored(data: bytes) -> bool:
    """Whether ``data`` begins, after white space, like an armored file (it may still be malformed)."""
    return data.lstrip(_WHITESPACE).startswith(BEGIN)


def encode(data: bytes) -> bytes:
    """``data`` in armor, with line feeds and a final one."""
    coded = base64.b64encode(data)
    lines = [coded[start : start + _COLUMNS] for start in range(0, len(coded), _COLUMNS)]
    return b"\n".join([BEGIN, *lines, END, b""])


def decode(data: bytes) -> bytes:
    """The bytes inside the armor. Only white space may stand around it; LF and CRLF both end a line.

    Raises:
        ArmorInvalid: anything else: malformed, not canonical, or with other text around.
    """
    lines = _trimmed(data).replace(b"\r\n", b"\n").split(b"\n")
    if len(lines) < 2 or lines[0] != BEGIN or lines[-1] != END:
        raise ArmorInvalid("age armor lacks its first or last line")
    body = lines[1:-1]
    if any(len(line) != _COLUMNS for line in body[:-1]) or (body and not 0 < len(body[-1]) <= _COLUMNS):
        raise ArmorInvalid("age armor has a line of the wrong length")
    coded = b"".join(body)
    try:
        decoded = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        raise ArmorInvalid("age armor holds malformed base64") from None
    if base64.b64encode(decoded) != coded:
        raise ArmorInvalid("age armor holds base64 that is not canonical")
    return decoded


def _trimmed(data: bytes) -> bytes:
    """``data`` without white space around it; the first line must begin at the start of a line."""
    start = len(data) - len(data.lstrip(_WHITESPACE))
    if start and data[start - 1 : start] != b"\n":
        raise ArmorInvalid("age armor does not begin at the start of a line")
    return data.strip(_WHITESPACE)
