"""Keyring of a vault: one age file per label and epoch to all readers, signed by a writer.

Its plaintext is itself an age identity file, so that with stock age alone ``age -d -i me
keyring-1.age > k`` and ``age -d -i k OBJECT`` recover the data. Members who may write and not read get
``names-1.age`` instead: the name key alone. Beside them lies a signed statement
(:mod:`tdsec_gov.vault.keyrings.statement`) that names the epoch, the people and the SHA-256 of both files:
nobody can slip in their own. Written in :mod:`tdsec_gov.vault.keyrings.sealing`.

A *label* is a vault (``store``) or a compartment of it (``store/patients``). Its name key is the same in
every epoch, so that listings and names outlive a rotation.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tdsec_gov.domain.canonical import canonical_bytes, parse_object, sha256_hex
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import AccessDenied, IntegrityError, KeyUnavailable, TdsecError, Unverified
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import x25519
from tdsec_gov.keys.age.header import Header
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE, Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.members import Trusted
from tdsec_gov.vault.keyrings.naming import KEY_SIZE
from tdsec_gov.vault.keyrings.statement import KeyringStatement

if TYPE_CHECKING:
    from tdsec_gov.keys.age import hybrid

    DataIdentity: TypeAlias = x25519.Identity | hybrid.Identity
    DataRecipient: TypeAlias = x25519.Recipient | hybrid.Recipient

_FILE = re.compile(r"keyring-([1-9][0-9]{0,8})\.age\Z")
_HYBRID, _CLASSIC = "AGE-SECRET-KEY-PQ-1", "AGE-SECRET-KEY-1"


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """One epoch of a label: ``recipient`` seals its objects, ``data`` opens them (None for somebody who
    may write and not read), ``name_key`` (64 bytes) names them. ``vault`` is the label."""

    vault: str
    epoch: int
    recipient: DataRecipient
    data: DataIdentity | None
    name_key: bytes

    @classmethod
    def generate(cls, label: str, *, post_quantum: bool = False) -> Keyring:
        """The first epoch of a label."""
        data = new_data_identity(post_quantum)
        return cls(label, 1, data.recipient, data, os.urandom(KEY_SIZE))

    def successor(self, *, post_quantum: bool = False) -> Keyring:
        """The next epoch: a new data identity under the same name key."""
        data = new_data_identity(post_quantum)
        return Keyring(self.vault, self.epoch + 1, data.recipient, data, self.name_key)

    @property
    def opener(self) -> DataIdentity:
        """What opens objects. Raises AccessDenied: this is the keyring of somebody who may only write."""
        if self.data is None:
            raise AccessDenied(
                f"you may write vault '{self.vault}' and not read it",
                where=names_name(self.vault, self.epoch),
                hint="ask a reader who may write for: tdsec vault add-reader",
            )
        return self.data

    def to_bytes(self) -> bytes:
        """An age identity file whose comment carries the rest. It is secret."""
        return f"# tdsec vault keyring v1\n# {self._body()}\n{self.opener}\n".encode()

    def names_to_bytes(self) -> bytes:
        """What somebody who may write and not read gets: the name key. It is secret."""
        return f"# tdsec vault names v1\n# {self._body()}\n".encode()

    def _body(self) -> str:
        name_key = base64.b64encode(self.name_key).decode()
        return canonical_bytes(
            {"format": 1, "vault": self.vault, "epoch": self.epoch, "name_key": name_key}
        ).decode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Keyring:
        """Read :meth:`to_bytes`. Raises IntegrityError: not a keyring."""
        opened = _Opened.parse(data)
        if opened.data is None:
            raise IntegrityError("keyring is malformed")
        return cls(opened.label, opened.epoch, opened.data.recipient, opened.data, opened.name_key)


@dataclass(frozen=True, slots=True, repr=False)
class _Opened:
    """The plaintext of either file."""

    label: str
    epoch: int
    name_key: bytes
    data: DataIdentity | None

    @classmethod
    def parse(cls, plain: bytes) -> _Opened:
        try:
            title, comment, *secrets = plain.decode("ascii").splitlines()
            kinds = {"# tdsec vault keyring v1": 1, "# tdsec vault names v1": 0}
            body = parse_object(comment.removeprefix("# "), "keyring")
            name_key, epoch = base64.b64decode(str(body["name_key"]), validate=True), body["epoch"]
            if body["format"] != 1 or len(name_key) != KEY_SIZE or type(epoch) is not int:
                raise ValueError("malformed")
            if kinds[title] != len(secrets):
                raise ValueError("malformed")
            data = parse_data_identity(secrets[0]) if secrets else None
            return cls(str(body["vault"]), epoch, name_key, data)
        except (ValueError, KeyError, binascii.Error, KeyUnavailable):
            raise IntegrityError("keyring is malformed") from None


def new_data_identity(post_quantum: bool) -> DataIdentity:
    """A new secret: X25519, or X-Wing. X-Wing is imported only where a vault asks for it (30 ms)."""
    if not post_quantum:
        return x25519.Identity.generate()
    from tdsec_gov.keys.age import hybrid

    return hybrid.Identity.generate()


def parse_data_identity(text: str) -> DataIdentity:
    """Raises KeyUnavailable: neither an X25519 nor an X-Wing secret."""
    if not text.startswith(_HYBRID):
        return x25519.Identity.parse(text)
    from tdsec_gov.keys.age import hybrid

    return hybrid.Identity.parse(text)


def parse_data_recipient(text: str) -> DataRecipient:
    """Raises KeyUnavailable: neither an X25519 nor an X-Wing recipient."""
    if not text.startswith("age1pq1"):
        return x25519.Recipient.parse(text)
    from tdsec_gov.keys.age import hybrid

    return hybrid.Recipient.parse(text)


def keyring_name(label: str, epoch: int) -> str:
    """Path of a keyring from the repository's root."""
    return f".tdsec/vaults/{label}/keyring-{epoch}.age"


def names_name(label: str, epoch: int) -> str:
    """Path of the file for those who may write and not read."""
    return f".tdsec/vaults/{label}/names-{epoch}.age"


def statement_name(label: str, epoch: int) -> str:
    """Path of the signed statement."""
    return f".tdsec/vaults/{label}/keyring-{epoch}.intoto.jsonl"


def epochs(tree: Tree, label: str) -> list[int]:
    """Epochs of this label (not of its compartments) that have a keyring, newest first."""
    folder = f".tdsec/vaults/{label}"
    placed = (name.rpartition("/") for name in tree.names(folder))
    bases = (base for parent, _, base in placed if parent == folder)
    return sorted((int(match[1]) for base in bases if (match := _FILE.match(base))), reverse=True)


def keyring_statement(tree: Tree, label: str, epoch: int, writers: Mapping[str, Trusted]) -> KeyringStatement:
    """What a writer signed about a keyring, checked against the files it speaks of.

    Raises:
        Unverified: the statement is missing. SignerUntrusted: signed by nobody who may write.
        IntegrityError: it is malformed, or speaks of other files.
    """
    name = keyring_name(label, epoch)
    text = tree.read(statement_name(label, epoch))
    if text is None:
        raise Unverified("keyring has no signed statement", where=name, hint="restore .tdsec from git")
    envelope = Envelope.from_bytes(text)
    if envelope.payload_type != INTOTO_PAYLOAD_TYPE:
        raise IntegrityError("keyring statement has another payload type", where=name)
    envelope.verified_by(writers)
    found = KeyringStatement.parse(envelope.payload, name)
    files = [name, *([names_name(label, epoch)] if found.writers else [])]
    subjects = {one: sha256_hex(tree.read(one) or b"") for one in files}
    if (found.vault, found.epoch, dict(found.subjects)) != (label, epoch, subjects):
        raise IntegrityError(
            "keyring is not the one that was signed",
            where=name,
            hint="run: tdsec vault status (or git checkout HEAD -- .tdsec/vaults)",
        )
    return found


def statements(tree: Tree, label: str, writers: Mapping[str, Trusted]) -> list[KeyringStatement]:
    """The statements of all epochs, newest epoch first. The newest epoch was always written last.

    Raises:
        Unverified, IntegrityError: as :func:`keyring_statement`, or an older epoch was written later.
    """
    found = [keyring_statement(tree, label, epoch, writers) for epoch in epochs(tree, label)]
    if found and max(one.sequence for one in found) != found[0].sequence:
        raise IntegrityError(
            "an older keyring lies in the place of the newest one",
            where=keyring_name(label, found[0].epoch),
            expected=f"sequence {max(one.sequence for one in found)} or higher",
            found=f"sequence {found[0].sequence}",
            hint="restore .tdsec/vaults from git",
        )
    return found


def open_keyrings(
    tree: Tree, label: str, identity: Identity, writers: Mapping[str, Trusted]
) -> list[Keyring]:
    """The keyrings of every epoch that ``identity`` may use, newest first.

    Raises:
        Unverified, IntegrityError: a keyring is not as signed. KeyUnavailable: none opens with this identity.
    """
    return open_signed(tree, label, identity, statements(tree, label, writers))


def open_signed(
    tree: Tree, label: str, identity: Identity, signed: Sequence[KeyringStatement]
) -> list[Keyring]:
    """As :func:`open_keyrings`, of epochs whose statements have been verified."""
    found = [one for said in signed if (one := _open(tree, said, identity)) is not None]
    if not found:
        raise _nobody(label, identity, signed)
    return found


def open_names(tree: Tree, label: str, identity: Identity) -> bytes:
    """The name key of a label (64 bytes), for listing: without policies, and without the statement.

    Only for files that :mod:`.listed` remembers as verified: a planted keyring with a name key of its own
    would make objects look pushed or missing.

    Raises:
        KeyUnavailable: no keyring opens with this identity. IntegrityError: what opens is no keyring.
    """
    for epoch in epochs(tree, label):
        for name in (keyring_name(label, epoch), names_name(label, epoch)):
            plain = _decrypt(tree.read(name), identity)
            if plain is not None:
                return _placed(plain, label, epoch, name).name_key
    raise _nobody(label, identity, _claimed(tree, label))


def _open(tree: Tree, said: KeyringStatement, identity: Identity) -> Keyring | None:
    label, epoch = said.vault, said.epoch
    recipient = parse_data_recipient(said.data_recipient)
    name = keyring_name(label, epoch)
    plain = _decrypt(tree.read(name), identity, len(said.recipients))
    if plain is not None:
        opened = _placed(plain, label, epoch, name)
        if opened.data is None or opened.data.recipient != recipient:
            raise IntegrityError("keyring holds another key than the signed one", where=name)
        return Keyring(label, epoch, recipient, opened.data, opened.name_key)
    name = names_name(label, epoch)
    plain = _decrypt(tree.read(name), identity, len(said.writers)) if said.writers else None
    if plain is None:
        return None
    return Keyring(label, epoch, recipient, None, _placed(plain, label, epoch, name).name_key)


def _decrypt(data: bytes | None, identity: Identity, sealed_to: int | None = None) -> bytes | None:
    """The plaintext, None where it is for others. A file that more keys open than were signed is refused."""

    def check(header: Header) -> None:
        if sealed_to is not None and len(header.stanzas) != sealed_to:
            raise IntegrityError(
                "keyring is sealed to other keys than the signed ones",
                expected=f"{sealed_to} recipients",
                found=str(len(header.stanzas)),
            )

    try:
        return None if data is None else age_file.decrypt_bytes(data, identity.age_identities, check)
    except KeyUnavailable:
        return None


def _placed(plain: bytes, label: str, epoch: int, name: str) -> _Opened:
    opened = _Opened.parse(plain)
    if (opened.label, opened.epoch) != (label, epoch):
        raise IntegrityError("keyring lies under another name", where=name)
    return opened


def _claimed(tree: Tree, label: str) -> list[KeyringStatement]:
    """The newest statement, unverified: for a message only."""
    for epoch in epochs(tree, label):
        try:
            envelope = Envelope.from_bytes(tree.read(statement_name(label, epoch)) or b"")
            return [KeyringStatement.parse(envelope.payload)]
        except TdsecError:
            continue
    return []


def _nobody(label: str, identity: Identity, signed: Sequence[KeyringStatement]) -> KeyUnavailable:
    names = sorted({*signed[0].readers, *signed[0].writers}) if signed else []
    return KeyUnavailable(
        f"identity '{identity.name}' cannot open vault '{label}'",
        expected=f"the key of one of its members ({', '.join(names)})"
        if names
        else "a keyring in .tdsec/vaults",
        hint="send what `tdsec key show` prints to a writer, for: tdsec vault add-reader"
        if names
        else "run: tdsec init",
    )
