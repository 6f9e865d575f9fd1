"""Bech32 (BIP 173) without its limit on length, as age writes keys."""

from __future__ import annotations

from collections.abc import Iterable

from tdsec_gov.errors import KeyUnavailable

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6
_MAX_LENGTH = 8192


def encode(prefix: str, data: bytes) -> str:
    """``data`` under ``prefix``; all upper case when the prefix is, else all lower case.

    Raises:
        KeyUnavailable: the prefix is empty, of mixed case or not printable ASCII.
    """
    lower = _one_case(prefix)
    _check_prefix(lower)
    words = _to_words(data)
    text = lower + "1" + "".join(_ALPHABET[word] for word in words + _checksum(lower, words))
    return text.upper() if prefix != lower else text


def decode(text: str) -> tuple[str, bytes]:
    """Prefix (in the case it was written) and data of ``text``.

    Raises:
        KeyUnavailable: not Bech32; the text is never quoted, for it may be a secret.
    """
    if len(text) > _MAX_LENGTH:
        raise _malformed()
    lower = _one_case(text)
    split = lower.rfind("1")
    prefix, coded = lower[:split], lower[split + 1 :]
    if split < 1 or len(coded) < _CHECKSUM_LENGTH or not set(coded) <= _VALUES.keys():
        raise _malformed()
    _check_prefix(prefix)
    words = [_VALUES[char] for char in coded]
    if _polymod(_expand(prefix) + words) != 1:
        raise _malformed()
    return text[:split], _to_bytes(words[:-_CHECKSUM_LENGTH])


def _malformed() -> KeyUnavailable:
    return KeyUnavailable("not a Bech32 key")


def _one_case(text: str) -> str:
    if not text.isascii() or (text != text.lower() and text != text.upper()):
        raise _malformed()
    return text.lower()


def _check_prefix(prefix: str) -> None:
    if not prefix or any(not 33 <= ord(char) <= 126 for char in prefix):
        raise _malformed()


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(words: Iterable[int]) -> int:
    check = 1
    for word in words:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ word
        for bit, factor in enumerate(_GENERATOR):
            if top >> bit & 1:
                check ^= factor
    return check


def _checksum(prefix: str, words: list[int]) -> list[int]:
    rest = _polymod(_expand(prefix) + words + [0] * _CHECKSUM_LENGTH) ^ 1
    return [rest >> 5 * place & 31 for place in range(_CHECKSUM_LENGTH - 1, -1, -1)]


def _to_words(data: bytes) -> list[int]:
    bits = len(data) * 8
    pad = -bits % 5
    number = int.from_bytes(data, "big") << pad
    return [number >> shift & 31 for shift in range(bits + pad - 5, -1, -5)]


def _to_bytes(words: list[int]) -> bytes:
    number = 0
    for word in words:
        number = number << 5 | word
    pad = len(words) * 5 % 8
    if pad >= 5 or number & ((1 << pad) - 1):
        raise _malformed()
    return (number >> pad).to_bytes(len(words) * 5 // 8, "big")
