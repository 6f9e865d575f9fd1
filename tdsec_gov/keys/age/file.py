"""Whole age files: encrypt and decrypt bytes and streams, seek, and the arithmetic of sizes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tdsec_gov.keys.age import armor, header, x25519
from tdsec_gov.keys.age.errors import HeaderInvalid, PayloadInvalid
from tdsec_gov.keys.age.header import Header, Stanza
from tdsec_gov.keys.age.intake import Intake, Source
from tdsec_gov.keys.age.reader import EncryptReader
from tdsec_gov.keys.age.seek import SeekableReader
from tdsec_gov.keys.age.stream import (
    BATCH,
    CHUNK,
    NONCE_SIZE,
    SEALED,
    TAG,
    open_run,
    opened_size,
    payload_cipher,
    seal,
    sealed_size,
)
from tdsec_gov.keys.age.wrapping import Identity, Recipient, SizedRecipient, unwrap_any, wrap_all

__all__ = [
    "X25519_HEADER_LENGTH",
    "EncryptReader",
    "ciphertext_size",
    "decrypt_bytes",
    "decrypt_stream",
    "encrypt_bytes",
    "header_length",
    "header_length_of",
    "open_seekable",
    "plaintext_size",
]

CheckHeader = Callable[[Header], None]

X25519_HEADER_LENGTH = header.length([x25519.STANZA_LENGTH])
"""Bytes of a header with one X25519 recipient and no other stanza."""

DEFAULT_MAX_SIZE = 16 << 20
"""Largest file that :func:`decrypt_bytes` takes unless told otherwise, in bytes."""


def encrypt_bytes(
    data: bytes, recipients: Sequence[Recipient], extra_stanzas: Iterable[Stanza] = ()
) -> bytes:
    """The age file of ``data``, for small things such as keyrings.

    Raises:
        UsageError, KeyUnavailable: see :func:`tdsec_gov.keys.age.wrapping.wrap_all`.
    """
    file_key, nonce = os.urandom(header.FILE_KEY_SIZE), os.urandom(NONCE_SIZE)
    head = wrap_all(file_key, recipients, extra_stanzas).to_bytes() + nonce
    out = bytearray(len(head) + sealed_size(len(data)))
    out[: len(head)] = head
    with memoryview(data) as plain, memoryview(out)[len(head) :] as target:
        seal(payload_cipher(file_key, nonce), 0, plain, target, final=True)
    return bytes(out)


def decrypt_bytes(
    data: bytes,
    identities: Iterable[Identity],
    check_header: CheckHeader | None = None,
    *,
    max_size: int = DEFAULT_MAX_SIZE,
    allow_armor: bool = False,
) -> bytes:
    """Plaintext of the age file ``data``, all of it or nothing.

    ``max_size`` bounds ``data`` in bytes; ``allow_armor`` accepts the ASCII form as well.

    Raises:
        PayloadInvalid, HeaderInvalid, MacInvalid, NoMatchingIdentity: as :func:`decrypt_stream`.
        ArmorInvalid: the armor is not strict.
    """
    if len(data) > max_size:
        raise PayloadInvalid("age file is too large to read at once", expected=f"at most {max_size} bytes")
    binary = armor.decode(data) if allow_armor and armor.is_armored(data) else data
    end = header.end_of(binary)
    if end is None:
        raise HeaderInvalid("age header is cut short")
    start = end + NONCE_SIZE
    cipher = _cipher(Header.from_bytes(binary[:end]), binary[end:start], identities, check_header)
    with memoryview(binary)[start:] as sealed:
        plain = bytearray(max(0, len(sealed) - TAG * max(1, -(-len(sealed) // SEALED))))
        opened = open_run(cipher, 0, sealed, memoryview(plain), final=True)
    if opened.fault is not None:
        raise PayloadInvalid(f"age file is damaged: {opened.fault}")
    return bytes(plain)


def decrypt_stream(
    source: Source,
    sink_write: Callable[[memoryview], object],
    identities: Iterable[Identity],
    check_header: CheckHeader | None = None,
) -> int:
    """Decrypt ``source`` to its end in constant memory; returns the size of the plaintext in bytes.

    ``check_header`` is called with the authenticated header before any plaintext is released.
    ``sink_write`` gets views that are good until the call after the next one returns. Plaintext that
    was verified before a fault is met is released, as the specification allows: write to a temporary
    place and rename after success.

    Raises:
        HeaderInvalid, MacInvalid: the header is malformed or was changed.
        NoMatchingIdentity: no identity opens the file.
        PayloadInvalid: the content was changed, cut, extended or put out of order.
    """
    intake = Intake(source)
    cipher, _ = _begin(intake, identities, check_header)
    index = total = carry = 0
    chunks = 1
    sealed, plain, spare = _buffers(chunks)
    while True:
        whole = sealed_size(chunks * CHUNK)
        have = carry + intake.fill(sealed[carry:])
        final = have <= whole
        opened = open_run(cipher, index, sealed[: min(have, whole)], plain, final)
        if opened.size:
            sink_write(plain[: opened.size].toreadonly())
            plain, spare = spare, plain
        if opened.fault is not None:
            raise PayloadInvalid(f"age file is damaged: {opened.fault}")
        total += opened.size
        if final:
            return total
        index += chunks
        ahead = bytes(sealed[whole : whole + 1])
        if chunks < BATCH:
            chunks = BATCH
            sealed, plain, spare = _buffers(chunks)
        sealed[:1] = ahead
        carry = 1


def open_seekable(
    source: BinaryIO, identities: Iterable[Identity], check_header: CheckHeader | None = None
) -> SeekableReader:
    """A readable, seekable view of the plaintext; ``source`` is a whole age file and can seek.

    Raises:
        HeaderInvalid, MacInvalid, NoMatchingIdentity: as :func:`decrypt_stream`.
        PayloadInvalid: the last chunk, hence the size, is not as written; or, when reading, a chunk.
    """
    source.seek(0)
    cipher, start = _begin(Intake(source), identities, check_header)
    return SeekableReader(source, cipher, start)


def header_length_of(stanza_lengths: Iterable[int]) -> int:
    """Bytes of a header whose stanzas, as written, have these lengths."""
    return header.length(stanza_lengths)


def header_length(recipients: Iterable[SizedRecipient], extra_stanzas: Iterable[Stanza] = ()) -> int:
    """Bytes of the header for these recipients and stanzas, without encrypting anything."""
    lengths = [recipient.stanza_length for recipient in recipients]
    return header.length(lengths + [len(stanza.to_bytes()) for stanza in extra_stanzas])


def ciphertext_size(plain_size: int, header_len: int) -> int:
    """Bytes of the age file of ``plain_size`` bytes whose header has ``header_len`` bytes."""
    return header_len + NONCE_SIZE + sealed_size(plain_size)


def plaintext_size(cipher_size: int, header_len: int) -> int:
    """Bytes of plaintext in an age file of ``cipher_size`` bytes whose header has ``header_len`` bytes.

    Arithmetic only: an unverified size. :func:`open_seekable` gives a verified one.

    Raises:
        PayloadInvalid: no age file has this size.
    """
    return opened_size(cipher_size - header_len - NONCE_SIZE)


def _begin(
    intake: Intake, identities: Iterable[Identity], check_header: CheckHeader | None
) -> tuple[ChaCha20Poly1305, int]:
    """The payload's cipher and where the payload starts, after the header was verified and checked."""
    head, size = intake.read_header()
    nonce = bytearray(NONCE_SIZE)
    count = intake.fill(memoryview(nonce))
    return _cipher(head, bytes(nonce[:count]), identities, check_header), size + NONCE_SIZE


def _cipher(
    head: Header, nonce: bytes, identities: Iterable[Identity], check_header: CheckHeader | None
) -> ChaCha20Poly1305:
    file_key = unwrap_any(head, identities)
    if check_header is not None:
        check_header(head)
    if len(nonce) < NONCE_SIZE:
        raise HeaderInvalid("age file is cut short before its content")
    return payload_cipher(file_key, nonce)


def _buffers(chunks: int) -> tuple[memoryview, memoryview, memoryview]:
    """Room for a run of sealed chunks and one byte more, and twice for their plaintext."""
    sealed = memoryview(bytearray(sealed_size(chunks * CHUNK) + 1))
    return sealed, memoryview(bytearray(chunks * CHUNK)), memoryview(bytearray(chunks * CHUNK))
