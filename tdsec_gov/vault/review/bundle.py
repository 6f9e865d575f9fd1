"""Signed statements sealed to a few people: an envelope, and the evidence files that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_canonical, sha256_hex
from tdsec_gov.domain.provenance import provenance_name
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import AccessDenied, IntegrityError
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age.errors import NoMatchingIdentity
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE, Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.recipients import Recipient
from tdsec_gov.vault.review.shelf import LARGEST
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.waivers.store import REVOKED, SUFFIX, folder_of, waiver_at


@dataclass(frozen=True, slots=True)
class Bundle:
    """A signed statement, and files by path from the repository's root."""

    envelope: Envelope
    files: Mapping[str, bytes]

    def to_bytes(self) -> bytes:
        """Canonical JSON. Raises IntegrityError: a file is no text."""
        try:
            files: dict[str, JsonValue] = {name: data.decode() for name, data in sorted(self.files.items())}
        except UnicodeDecodeError:
            raise IntegrityError("a file of evidence is not text") from None
        return canonical_bytes({"format": 1, "envelope": self.envelope.to_bytes().decode(), "files": files})

    @classmethod
    def from_bytes(cls, data: bytes) -> Bundle:
        """Read what :meth:`to_bytes` wrote. Raises IntegrityError: anything else."""
        body = parse_canonical(data, "review request or answer")
        files, envelope = body.get("files"), body.get("envelope")
        if set(body) != {"format", "envelope", "files"} or body["format"] != 1:
            raise IntegrityError("review request or answer has an unknown format", expected="format 1")
        if not isinstance(files, dict) or not isinstance(envelope, str):
            raise IntegrityError("review request or answer is malformed")
        if not all(isinstance(one, str) for one in files.values()):
            raise IntegrityError("review request or answer is malformed")
        found = Envelope.from_bytes(envelope.encode())
        if found.payload_type != INTOTO_PAYLOAD_TYPE:
            raise IntegrityError("envelope holds another payload type")
        return cls(found, {name: str(text).encode() for name, text in files.items()})

    def sealed(self, recipients: Sequence[Recipient]) -> bytes:
        return age_file.encrypt_bytes(self.to_bytes(), recipients)

    @classmethod
    def opened(cls, sealed: bytes, identity: Identity, where: str) -> Bundle:
        """Raises AccessDenied: it is not sealed to me. IntegrityError: damaged, or no bundle."""
        try:
            plain = age_file.decrypt_bytes(sealed, identity.age_identities, max_size=LARGEST)
        except NoMatchingIdentity:
            raise AccessDenied(
                f"'{identity.name}' is not among those this was sent to",
                where=where,
                hint="ask its author to send it again: tdsec review send … --to NAME",
            ) from None
        return cls.from_bytes(plain)

    def digests(self) -> dict[str, str]:
        """SHA-256 of each file."""
        return {name: sha256_hex(data) for name, data in self.files.items()}


def evidence_of(tree: Tree, dataset: str, root: str) -> dict[str, bytes]:
    """What lies in ``tree`` about one version: verdict, waivers and their revocations, provenance."""
    names = [verdict_name(dataset, root), provenance_name(dataset, root)]
    names += [name for name in tree.names(folder_of(dataset, root)) if belongs(name, dataset, root)]
    found = {name: tree.read(name) for name in names}
    return {name: data for name, data in found.items() if data is not None}


def belongs(name: str, dataset: str, root: str) -> bool:
    """Whether evidence about this very version may lie at this path, and nothing else could."""
    if name in (verdict_name(dataset, root), provenance_name(dataset, root)):
        return True
    plain = f"{name.removesuffix(REVOKED)}{SUFFIX}" if name.endswith(REVOKED) else name
    found = waiver_at(plain)
    return found is not None and found[:2] == (dataset, root)


def require_belonging(names: Iterable[str], dataset: str, root: str) -> None:
    """Raises IntegrityError: a file would lie elsewhere than where evidence about this version does."""
    for name in names:
        if not belongs(name, dataset, root):
            raise IntegrityError("a file that came with it is no evidence about this version", where=dataset)
