"""The payload: chunks of 64 KiB under ChaCha20-Poly1305 (c2sp.org/age, "Payload"; the STREAM of
eprint.iacr.org/2015/189). The nonce is an 11-byte chunk counter and a byte that marks the last chunk.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tdsec_gov.keys.age.errors import PayloadInvalid

CHUNK = 65536
TAG = 16
SEALED = CHUNK + TAG
NONCE_SIZE = 16
BATCH = 16
"""Chunks that are handled between two calls of the source or the sink: 1 MiB."""


def payload_cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    """The cipher of one payload; ``nonce`` is the 16 bytes after the header."""
    return ChaCha20Poly1305(HKDF(hashes.SHA256(), 32, nonce, b"payload").derive(file_key))


def chunk_nonce(index: int, last: bool) -> bytes:
    """12 bytes: ``index`` as an 11-byte big-endian number, then 1 for the last chunk or 0."""
    return (index << 8 | last).to_bytes(12, "big")


def seal(cipher: ChaCha20Poly1305, index: int, plain: memoryview, out: memoryview, final: bool) -> int:
    """Encrypt a run of chunks, the first of which is number ``index``, into ``out``.

    Unless ``final``, ``plain`` is a whole number of chunks. Returns the number of bytes written.
    """
    count = max(1, -(-len(plain) // CHUNK))
    for place in range(count):
        piece = plain[place * CHUNK : (place + 1) * CHUNK]
        start = place * SEALED
        last = final and place == count - 1
        target = out[start : start + len(piece) + TAG]
        cipher.encrypt_into(chunk_nonce(index + place, last), piece, None, target)
    return len(plain) + count * TAG


@dataclass(frozen=True, slots=True)
class Opened:
    """What came out of a run of sealed chunks: ``size`` plaintext bytes, and what was wrong after them."""

    size: int
    fault: str | None = None


def open_run(
    cipher: ChaCha20Poly1305, index: int, sealed: memoryview, out: memoryview, final: bool
) -> Opened:
    """Decrypt a run of chunks, the first of which is number ``index``, into ``out``.

    ``final`` says that nothing follows ``sealed``; otherwise it is a whole number of sealed chunks.
    Plaintext of every chunk before the fault is good; the caller may release it, and must then refuse.
    """
    count = max(1, -(-len(sealed) // SEALED))
    done = 0
    for place in range(count):
        piece = sealed[place * SEALED : (place + 1) * SEALED]
        last = final and place == count - 1
        if len(piece) < TAG:
            return Opened(done, "the content is cut short")
        if last and len(piece) == TAG and index + place > 0:
            return Opened(done, "the last chunk is empty")
        target = out[done : done + len(piece) - TAG]
        if not _open(cipher, chunk_nonce(index + place, last), piece, target):
            return _why(cipher, index + place, piece, target, last, done)
        done += len(target)
    return Opened(done)


def open_chunk(cipher: ChaCha20Poly1305, index: int, sealed: bytes, out: memoryview, last: bool) -> None:
    """Decrypt exactly one chunk; ``out`` is zeros after a failure.

    Raises:
        PayloadInvalid: it is not chunk ``index`` as written.
    """
    if len(sealed) != len(out) + TAG or not _open(cipher, chunk_nonce(index, last), sealed, out):
        out[:] = bytes(len(out))
        raise PayloadInvalid("age file is damaged", where=f"chunk {index}")


def _open(cipher: ChaCha20Poly1305, nonce: bytes, sealed: memoryview | bytes, out: memoryview) -> bool:
    try:
        cipher.decrypt_into(nonce, sealed, None, out)
    except InvalidTag:
        return False
    return True


def _why(
    cipher: ChaCha20Poly1305, index: int, sealed: memoryview, out: memoryview, last: bool, done: int
) -> Opened:
    """A full chunk may be good with the other mark: then something was cut off or added after it."""
    if len(sealed) == SEALED and _open(cipher, chunk_nonce(index, not last), sealed, out):
        fault = "the content is cut short" if last else "something was added after the last chunk"
        return Opened(done + CHUNK, fault)
    return Opened(done, f"chunk {index} was changed, or the content was cut")


def sealed_size(plain_size: int) -> int:
    """Bytes of all sealed chunks for ``plain_size`` bytes of plaintext."""
    return plain_size + TAG * max(1, -(-plain_size // CHUNK))


def opened_size(payload_size: int) -> int:
    """Bytes of plaintext in ``payload_size`` bytes of sealed chunks.

    Raises:
        PayloadInvalid: no content has this size.
    """
    full, rest = divmod(payload_size, SEALED)
    if payload_size < TAG or 0 < rest < TAG or (rest == TAG and full > 0):
        raise PayloadInvalid("age file has an impossible size")
    return full * CHUNK + max(0, rest - TAG)
