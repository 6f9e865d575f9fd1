"""Fernet tokens (github.com/fernet/spec), read in constant memory: to import old files, never to write any.

::

    token = base64url( 0x80 | time 8 | IV 16 | AES-128-CBC with PKCS#7 | HMAC-SHA-256 of all before, 32 )

``cryptography.fernet`` needs 7.7 times a token's size in memory. Here a file is read twice: the first
time its HMAC is verified, the second time it is decrypted, so that nothing unauthenticated comes out.
A token has no name of its key, and its time is not looked at: old files are old.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tdsec_gov.errors import DataTampered, IntegrityError, SignatureInvalid
from tdsec_gov.vault.importing.fernet_key import URLSAFE, FernetKey

_HEAD, _TAG, _BLOCK = 25, 32, 16
_SHORTEST = 100
"""Characters of the token of an empty file."""
_STEP = 1 << 20
_VERSION = re.compile(rb"g[A-P]")


class Token:
    """One token in a seekable stream; a line break after it is allowed, nothing else.

    Raises:
        IntegrityError: it cannot be a token: empty, another format, line breaks, wrong length.
    """

    def __init__(self, stream: BinaryIO, where: object) -> None:
        self._stream = stream
        self._where = where
        head, self._chars, padding = self._measure()
        self._size = self._chars // 4 * 3 - padding
        self.created = int.from_bytes(self._decode(head[:12])[1:9], "big")
        """Seconds since 1970 at which the token says it was made; authentic after :meth:`authenticate`."""

    def _measure(self) -> tuple[bytes, int, int]:
        """The first characters, the number of characters, and how many of them are padding."""
        size = self._stream.seek(0, 2)
        self._stream.seek(max(0, size - 4))
        tail = self._stream.read(4)
        self._stream.seek(0)
        head = self._stream.read(1024)
        if not size:
            raise self._refused("is empty")
        if not _VERSION.match(head):
            raise self._refused("is no Fernet token", expected="a text that begins with gAAAAA")
        ending = 2 if tail.endswith(b"\r\n") else 1 if tail.endswith(b"\n") else 0
        chars = size - ending
        if set(b"\r\n") & set(head[:chars]):
            raise self._broken_lines()
        self._stream.seek(max(0, chars - 2))
        padding = self._stream.read(2)[: min(2, chars)].count(b"=")
        whole = chars // 4 * 3 - padding - _HEAD - _TAG
        if chars % 4 or chars < _SHORTEST or whole % _BLOCK:
            raise self._refused("is cut short, or something follows the token", found=f"{chars} characters")
        return head, chars, padding

    def authenticate(self, keys: Sequence[FernetKey]) -> FernetKey:
        """Which of ``keys`` the token is under, after reading all of it.

        Raises:
            SignatureInvalid: under none of them, or the token was changed (Fernet cannot tell which).
            IntegrityError: not base64url.
        """
        macs = [key.mac() for key in keys]

        def take(part: memoryview) -> None:
            for mac in macs:
                mac.update(part)

        tag = self._read(take)
        for key, mac in zip(keys, macs, strict=True):
            try:
                mac.verify(tag)
            except InvalidSignature:
                continue
            return key
        raise SignatureInvalid(
            "is under none of the keys given, or was changed (Fernet cannot tell which)", where=self._where
        )

    def decrypt(self, key: FernetKey, write: Callable[[bytes], object]) -> int:
        """Give the plaintext to ``write`` piece by piece; returns its size in bytes.

        Call it with the key that :meth:`authenticate` found. The HMAC is taken again on the way: keep
        what was written only after this returns.

        Raises:
            DataTampered: the file changed since. IntegrityError: the padding is not PKCS#7.
        """
        mac, unpadder, size = key.mac(), PKCS7(128).unpadder(), 0
        cipher: CipherContext | None = None

        def take(part: memoryview) -> None:
            nonlocal cipher, size
            mac.update(part)
            if cipher is None:
                vector, part = bytes(part[9:_HEAD]), part[_HEAD:]
                cipher = Cipher(algorithms.AES(key.raw[16:]), modes.CBC(vector)).decryptor()
            plain = unpadder.update(cipher.update(part))
            size += len(plain)
            write(plain)

        tag = self._read(take)
        try:
            mac.verify(tag)
            last = unpadder.finalize()
        except InvalidSignature:
            raise DataTampered("changed while it was read", where=self._where) from None
        except ValueError:
            raise self._refused("is signed, but its padding is not PKCS#7") from None
        write(last)
        return size + len(last)

    def _read(self, take: Callable[[memoryview], None]) -> bytes:
        """Give every byte before the tag to ``take``, the first 25 at once; returns the tag."""
        self._stream.seek(0)
        left, signed, tag = self._chars, self._size - _TAG, b""
        while left:
            text = self._stream.read(min(left, _STEP))
            left -= len(text)
            if not text or len(text) % 4:
                raise DataTampered("changed while it was read", where=self._where)
            raw = self._decode(text, last=not left)
            part = memoryview(raw)[: max(0, signed)]
            if part:
                take(part)
            tag += raw[len(part) :]
            signed -= len(part)
        return tag

    def _decode(self, text: bytes, *, last: bool = False) -> bytes:
        try:
            raw = binascii.a2b_base64(text.translate(URLSAFE), strict_mode=True)
        except binascii.Error:
            if set(b"\r\n") & set(text):
                raise self._broken_lines() from None
            raise self._refused("holds what is not base64url") from None
        if not last and len(raw) != len(text) // 4 * 3:
            raise self._refused("goes on after the end of the token")
        loose = last and binascii.b2a_base64(raw[-(len(raw) % 3 or 3) :], newline=False)
        if loose and loose != text[-4:].translate(URLSAFE):
            raise self._refused("is not canonical base64url (RFC 4648, 3.5)")
        return raw

    def _broken_lines(self) -> IntegrityError:
        return self._refused(
            "has line breaks inside the token", hint="take them out: tr -d '\\r\\n' < FILE > NEW"
        )

    def _refused(
        self, text: str, *, expected: str | None = None, found: str | None = None, hint: str | None = None
    ) -> IntegrityError:
        return IntegrityError(text, where=self._where, expected=expected, found=found, hint=hint)
