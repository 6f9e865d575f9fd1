"""One object: an age file with one X25519 recipient and one stanza that binds vault, epoch and name.

The stanza is under the header's MAC; stock age ignores it. A swapped, renamed or replayed object has
the wrong binding and is refused before any plaintext is released.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import BinaryIO

from tdsec_gov.errors import DataTampered
from tdsec_gov.keys.age import base64raw
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age.header import Header, Stanza
from tdsec_gov.keys.age.intake import Source
from tdsec_gov.keys.age.seek import SeekableReader
from tdsec_gov.vault.keyring import Keyring

STANZA_TYPE = "tdsec-gov/object-v1"


def binding(vault: str, epoch: int, name: str) -> Stanza:
    """The stanza that ties an object to its place (44 characters of argument, no body)."""
    parts = (b"tdsec-gov object v1", vault.encode(), str(epoch).encode(), name.encode())
    body = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return Stanza(STANZA_TYPE, (base64raw.encode(hashlib.sha256(body).digest()),), b"")


HEADER_LENGTH = age_file.X25519_HEADER_LENGTH + len(binding("", 1, "").to_bytes())
"""Bytes of every object's header; sizes are arithmetic because it never varies."""


def seal(source: Source, keyring: Keyring, name: str) -> age_file.EncryptReader:
    """A reader that yields the object ``name`` while pulling plaintext from ``source``."""
    stanza = binding(keyring.vault, keyring.epoch, name)
    return age_file.EncryptReader(source, [keyring.data.recipient], [stanza])


def sealed_size(plain_size: int) -> int:
    return age_file.ciphertext_size(plain_size, HEADER_LENGTH)


def opened_size(cipher_size: int) -> int:
    """Raises PayloadInvalid: no object has this size."""
    return age_file.plaintext_size(cipher_size, HEADER_LENGTH)


def _checker(keyrings: Sequence[Keyring], name: str) -> Callable[[Header], None]:
    allowed = [binding(one.vault, one.epoch, name) for one in keyrings]

    def check(header: Header) -> None:
        found = [stanza for stanza in header.stanzas if stanza.type == STANZA_TYPE]
        if len(found) != 1 or found[0] not in allowed or len(header.stanzas) != 2:
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
    """
    identities = [one.data for one in keyrings]
    return age_file.decrypt_stream(source, sink, identities, _checker(keyrings, name))


def open_object(source: BinaryIO, keyrings: Sequence[Keyring], name: str) -> SeekableReader:
    """A seekable view of the object ``name``. Raises as :func:`unseal`."""
    identities = [one.data for one in keyrings]
    return age_file.open_seekable(source, identities, _checker(keyrings, name))
