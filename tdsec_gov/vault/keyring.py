"""Keyring of a vault: one age file per epoch to all readers, signed by a writer.

Its plaintext is itself an age identity file, so that with stock age alone ``age -d -i me
keyring-1.age > k`` and ``age -d -i k OBJECT`` recover the data. Beside it lies a signed statement
that names the epoch, the readers and the SHA-256 of the keyring: nobody can slip in their own.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object, sha256_hex
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import IntegrityError, KeyUnavailable, Unverified
from tdsec_gov.files import write_atomic
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import x25519
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.signing import VerifyKey
from tdsec_gov.vault.naming import KEY_SIZE

PREDICATE_TYPE = "urn:tdsec-gov:vault-keyring:v1"
_FILE = re.compile(r"keyring-([1-9][0-9]{0,8})\.age\Z")


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The secrets of one epoch: ``data`` opens its objects, ``name_key`` (64 bytes) names them."""

    vault: str
    epoch: int
    data: x25519.Identity
    name_key: bytes

    @classmethod
    def generate(cls, vault: str) -> Keyring:
        return cls(vault, 1, x25519.Identity.generate(), os.urandom(KEY_SIZE))

    def to_bytes(self) -> bytes:
        """An age identity file whose comment carries the rest. It is secret."""
        body = canonical_bytes(
            {
                "format": 1,
                "vault": self.vault,
                "epoch": self.epoch,
                "name_key": base64.b64encode(self.name_key).decode(),
            }
        ).decode()
        return f"# tdsec vault keyring v1\n# {body}\n{self.data}\n".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Keyring:
        """Raises IntegrityError: not a keyring."""
        try:
            _, comment, secret = data.decode("ascii").splitlines()
            body = parse_object(comment.removeprefix("# "), "keyring")
            name_key = base64.b64decode(str(body["name_key"]), validate=True)
            epoch = body["epoch"]
            if body["format"] != 1 or len(name_key) != KEY_SIZE or not isinstance(epoch, int):
                raise ValueError("malformed")
            return cls(str(body["vault"]), epoch, x25519.Identity.parse(secret), name_key)
        except (ValueError, KeyError, binascii.Error, KeyUnavailable):
            raise IntegrityError("keyring is malformed") from None


def keyring_name(vault: str, epoch: int) -> str:
    """Path of a keyring from the repository's root."""
    return f".tdsec/vaults/{vault}/keyring-{epoch}.age"


def write_keyring(
    root: Path, keyring: Keyring, readers: Mapping[str, x25519.Recipient], signer: Identity
) -> list[str]:
    """Encrypt ``keyring`` to ``readers`` (by name), sign it, write both; returns the two paths.

    The statement is written last: without it the keyring is not believed.
    """
    name = keyring_name(keyring.vault, keyring.epoch)
    sealed = age_file.encrypt_bytes(keyring.to_bytes(), list(readers.values()))
    readers_json: dict[str, JsonValue] = {who: str(key) for who, key in sorted(readers.items())}
    statement = canonical_bytes(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": sha256_hex(sealed)}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "format": 1,
                "vault": keyring.vault,
                "epoch": keyring.epoch,
                "readers": readers_json,
                "data_recipient": str(keyring.data.recipient),
            },
        }
    )
    write_atomic(root / name, sealed)
    signed = f"{name.removesuffix('.age')}.intoto.jsonl"
    write_atomic(root / signed, Envelope.sign(statement, signer).to_bytes())
    return [name, signed]


def epochs(tree: Tree, vault: str) -> list[int]:
    """Epochs that have a keyring, newest first."""
    bases = (name.rpartition("/")[2] for name in tree.names(f".tdsec/vaults/{vault}"))
    return sorted((int(match[1]) for base in bases if (match := _FILE.match(base))), reverse=True)


def keyring_statement(
    tree: Tree, vault: str, epoch: int, writers: Mapping[str, VerifyKey]
) -> dict[str, JsonValue]:
    """The signed predicate of a keyring, checked against the keyring file.

    Raises:
        Unverified: the statement is missing. SignerUntrusted: signed by nobody who may write.
        IntegrityError: it is malformed, or speaks of another file.
    """
    name = keyring_name(vault, epoch)
    text = tree.read(f"{name.removesuffix('.age')}.intoto.jsonl")
    if text is None:
        raise Unverified("keyring has no signed statement", where=name, hint="restore .tdsec from git")
    envelope = Envelope.from_bytes(text)
    envelope.verified_by(writers)
    body = parse_object(envelope.payload, "keyring statement")
    predicate = body.get("predicate")
    subject: JsonValue = [{"name": name, "digest": {"sha256": sha256_hex(tree.read(name) or b"")}}]
    if body.get("predicateType") != PREDICATE_TYPE or not isinstance(predicate, dict):
        raise IntegrityError("keyring statement is malformed", where=name)
    if body.get("subject") != subject or (predicate.get("vault"), predicate.get("epoch")) != (vault, epoch):
        raise IntegrityError("keyring is not the one that was signed", where=name)
    return predicate


def open_keyrings(
    tree: Tree, vault: str, identity: Identity, writers: Mapping[str, VerifyKey]
) -> list[Keyring]:
    """The keyrings of every epoch that ``identity`` may open, newest first.

    Raises:
        Unverified, IntegrityError: a keyring is not as signed. KeyUnavailable: none opens with this identity.
    """
    found: list[Keyring] = []
    readers: JsonValue = {}
    for epoch in epochs(tree, vault):
        readers = keyring_statement(tree, vault, epoch, writers).get("readers")
        try:
            plain = age_file.decrypt_bytes(
                tree.read(keyring_name(vault, epoch)) or b"", identity.age_identities
            )
        except KeyUnavailable:
            continue
        keyring = Keyring.from_bytes(plain)
        if (keyring.vault, keyring.epoch) != (vault, epoch):
            raise IntegrityError("keyring lies under another name", where=keyring_name(vault, epoch))
        found.append(keyring)
    if not found:
        names: Sequence[str] = sorted(readers) if isinstance(readers, dict) else []
        raise KeyUnavailable(
            f"identity '{identity.name}' cannot open vault '{vault}'",
            expected=f"one of its readers ({', '.join(names)})" if names else "a keyring in .tdsec/vaults",
            hint="send what `tdsec key show` prints to a writer, for: tdsec vault add-reader"
            if names
            else "run: tdsec init",
        )
    return found
