"""Write keyrings: all epochs of a label at once, sealed to today's circle, under new sequence numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.files import write_atomic
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.vault.keyrings.circle import Circle
from tdsec_gov.vault.keyrings.keyring import Keyring, keyring_name, names_name, statement_name
from tdsec_gov.vault.keyrings.statement import ALGORITHMS, KeyringStatement

Files = Mapping[str, bytes | None]
"""Bytes by path from the repository's root; None: the file goes."""


def seal_keyrings(
    keyrings: Sequence[Keyring],
    circle: Circle,
    signer: Identity,
    last: KeyringStatement | None = None,
) -> dict[str, bytes | None]:
    """The files of ``keyrings`` (readable ones of one label), sealed to ``circle`` and signed.

    ``last`` is the label's statement with the highest sequence so far. The newest epoch gets the highest
    number: an older keyring in its place is then noticed. The files come newest epoch first, each statement
    after what it speaks of.

    Raises:
        PolicyInvalid: a recipient is malformed. AccessDenied: a keyring is not readable by me.
    """
    sequence = last.sequence if last else 0
    previous = last.digest if last else None
    written: list[dict[str, bytes | None]] = []
    for keyring in sorted(keyrings, key=lambda one: one.epoch):
        sequence += 1
        files, said = _seal(keyring, circle, sequence, previous)
        envelope = Envelope.sign(said.to_payload(), *signer.signers)
        written.append({**files, statement_name(keyring.vault, keyring.epoch): envelope.to_bytes()})
        previous = said.digest
    return {name: data for files in reversed(written) for name, data in files.items()}


def _seal(
    keyring: Keyring, circle: Circle, sequence: int, previous: str | None
) -> tuple[dict[str, bytes | None], KeyringStatement]:
    main, names = (make(keyring.vault, keyring.epoch) for make in (keyring_name, names_name))
    sealed = age_file.encrypt_bytes(keyring.to_bytes(), circle.keyring_recipients())
    files: dict[str, bytes | None] = {main: sealed, names: None}
    if circle.writers:
        files[names] = age_file.encrypt_bytes(keyring.names_to_bytes(), circle.names_recipients())
    data_recipient = str(keyring.recipient)
    said = KeyringStatement(
        vault=keyring.vault,
        epoch=keyring.epoch,
        subjects={name: sha256_hex(data) for name, data in files.items() if data is not None},
        readers=dict(sorted(circle.readers.items())),
        data_recipient=data_recipient,
        sequence=sequence,
        previous=previous,
        writers=dict(sorted(circle.writers.items())),
        recovery=circle.recovery,
        algorithm=ALGORITHMS[data_recipient.startswith("age1pq1")],
    )
    return files, said


def write_files(root: Path, files: Files) -> list[str]:
    """Write ``files`` below ``root`` in their order; returns the paths that were written or taken away."""
    changed = []
    for name, data in files.items():
        if data is not None:
            write_atomic(root / name, data)
        elif not (root / name).is_file():
            continue
        else:
            (root / name).unlink()
        changed.append(name)
    return changed
