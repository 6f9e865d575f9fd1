"""One object: an age file with one recipient and one stanza that binds vault, epoch and name.

The stanza is under the header's MAC; stock age ignores it. A swapped, renamed or replayed object has
the wrong binding and is refused before any plaintext is released.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import BinaryIO

from tdsec_gov.errors import DataTampered, KeyUnavailable
from tdsec_gov.keys.age import base64raw
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age.errors import NoMatchingIdentity
from tdsec_gov.keys.age.header import Header, Stanza
from tdsec_gov.keys.age.intake import Source
from tdsec_gov.keys.age.seek import SeekableReader
from tdsec_gov.keys.age.wrapping import Identity
from tdsec_gov.vault.keyrings.keyring import Keyring

STANZA_TYPE = "tdsec-gov/object-v1"
_LARGEST_HEADER = 4096
SMALL = 1 << 20
"""Objects of at most this many bytes are sealed and opened in memory, in one go."""


def binding(vault: str, epoch: int, name: str) -> Stanza:
    """The stanza that ties an object to its place (44 characters of argument, no body)."""
    digest = _bound(vault, epoch).copy()
    data = name.encode()
    digest.update(len(data).to_bytes(4, "big") + data)
    return Stanza(STANZA_TYPE, (base64raw.encode(digest.digest()),), b"")


@lru_cache(maxsize=64)
def _bound(vault: str, epoch: int) -> hashlib._Hash:
    parts = (b"tdsec-gov object v1", vault.encode(), str(epoch).encode())
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts))


@lru_cache(maxsize=64)
def _header_length(stanza_length: int) -> int:
    return age_file.header_length_of([stanza_length, len(binding("", 1, "").to_bytes())])


def header_length(keyring: Keyring) -> int:
    """Bytes of every object's header under this keyring: it never varies, so sizes are arithmetic."""
    return _header_length(keyring.recipient.stanza_length)


def seal(source: Source, keyring: Keyring, name: str) -> age_file.EncryptReader:
    """A reader that yields the object ``name`` while pulling plaintext from ``source``."""
    return age_file.EncryptReader(source, [keyring.recipient], [binding(keyring.vault, keyring.epoch, name)])


def seal_bytes(data: bytes, keyring: Keyring, name: str) -> bytes:
    """The whole object ``name``, for small ones."""
    stanza = binding(keyring.vault, keyring.epoch, name)
    return age_file.encrypt_bytes(data, [keyring.recipient], [stanza])


def sealed_size(plain_size: int, keyring: Keyring) -> int:
    return age_file.ciphertext_size(plain_size, header_length(keyring))


def most_sealed(plain_size: int) -> int:
    """No object of ``plain_size`` bytes, padding included, is larger than this under any keyring."""
    return age_file.ciphertext_size(plain_size, _LARGEST_HEADER)


def opened_size(cipher_size: int, keyring: Keyring) -> int:
    """Raises PayloadInvalid: no object has this size."""
    return age_file.plaintext_size(cipher_size, header_length(keyring))


def sealed_by(start: bytes, keyrings: Sequence[Keyring]) -> Keyring | None:
    """The first of ``keyrings`` whose kind of recipient a header that begins with ``start`` names."""
    words = start.split(b"\n")[1:2]
    kind = words[0].split(b" ")[1:2] if words else []
    return next((one for one in keyrings if [one.recipient.stanza_type.encode()] == kind), None)


def _checker(keyrings: Sequence[Keyring], name: str) -> Callable[[Header], None]:
    def check(header: Header) -> None:
        found = [stanza for stanza in header.stanzas if stanza.type == STANZA_TYPE]
        known = any(found == [binding(one.vault, one.epoch, name)] for one in keyrings)
        if not known or len(header.stanzas) != 2:
            raise DataTampered(
                "object on the storage belongs to another place, vault or epoch", where=f"{name[:16]}…"
            )

    return check


def unseal(
    source: BinaryIO, sink: Callable[[memoryview], object], keyrings: Sequence[Keyring], name: str
) -> int:
    """Decrypt the object ``name`` into ``sink``; returns the plaintext's size in bytes.

    Raises:
        DataTampered: bound to another place. IntegrityError: damaged. KeyUnavailable: foreign.
        AccessDenied: the keyrings are those of somebody who may only write.
    """
    with _naming_epochs(keyrings):
        return age_file.decrypt_stream(source, sink, _openers(keyrings), _checker(keyrings, name))


def unseal_bytes(data: bytes, keyrings: Sequence[Keyring], name: str) -> bytes:
    """The plaintext of the whole object ``name``, for small ones. Raises as :func:`unseal`."""
    with _naming_epochs(keyrings):
        return age_file.decrypt_bytes(data, _openers(keyrings), _checker(keyrings, name), max_size=len(data))


def open_object(source: BinaryIO, keyrings: Sequence[Keyring], name: str) -> SeekableReader:
    """A seekable view of the object ``name``. Raises as :func:`unseal`."""
    with _naming_epochs(keyrings):
        return age_file.open_seekable(source, _openers(keyrings), _checker(keyrings, name))


def _openers(keyrings: Sequence[Keyring]) -> list[Identity]:
    return [one.opener for one in keyrings]


@contextlib.contextmanager
def _naming_epochs(keyrings: Sequence[Keyring]) -> Iterator[None]:
    """Say of an object that none of ``keyrings`` opens that its epoch may be one that I do not have."""
    try:
        yield
    except NoMatchingIdentity:
        known = ", ".join(str(one.epoch) for one in keyrings)
        raise KeyUnavailable(
            f"sealed under an epoch of vault '{keyrings[0].vault}' that you have no keyring for",
            expected=f"epoch {known}",
            hint="run: git pull (the keys may have been rotated); if it stays, ask a reader of the vault",
        ) from None
