"""Hold what a run uses against the signed verdicts: pointer, verdict, then the files themselves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from tdsec_gov.domain.lineage import State, UsedDataset
from tdsec_gov.errors import DataTampered, TdsecError
from tdsec_gov.lineage.used import Used
from tdsec_gov.lineage.workspace import Fingerprint, fingerprint, workspace_manifest
from tdsec_gov.vault.keyrings.seen import Seen, require_current
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.verify import Verified


@dataclass
class Hashed:
    """Roots of the work tree's datasets, hashed once per process as long as no file changes."""

    known: dict[str, tuple[Fingerprint, str]] = field(default_factory=dict)

    def root(self, root: Path, name: str) -> str:
        """SHA-256 root of dataset ``name`` in the work tree. Raises as :func:`workspace_manifest`."""
        seen = fingerprint(root, name)
        key = f"{root}\0{name}"
        if key not in self.known or self.known[key][0] != seen:
            self.known[key] = (seen, workspace_manifest(root, name).root)
        return self.known[key][1]


def verified_dataset(used: Used, root: Path, book: VerdictBook, hashed: Hashed) -> UsedDataset:
    """The evidence for one dataset of a run.

    Steps: an accepted, trusted, unexpired verdict names the pointer's oid, and no later one was accepted
    for another version; the files in the work tree have the root that it signs; and so has what
    ``tdsec run`` saw.

    Raises:
        VerdictMissing, VerdictExpired, SignerUntrusted, GateDenied, IntegrityError: no such verdict.
        DataTampered: the files are not the signed ones. Unverified: they are not checked out.
    """
    proof = require_current(book, used.name, used.oid, Seen(root))
    signed = proof.verdict.version.root
    found = hashed.root(root, used.name)
    if found != signed:
        raise DataTampered(
            "the files in the work tree are not the signed ones",
            where=used.name,
            expected=f"sha256 {signed[:12]}",
            found=f"sha256 {found[:12]}",
            hint=f"run: dvc checkout {used.name} (or dvc add and tdsec check, if the change is meant)",
        )
    if used.root and used.root != signed:
        raise DataTampered("not the version that tdsec run verified", where=used.name)
    return _described(used, proof, book)


def examined_dataset(used: Used, root: Path, book: VerdictBook, hashed: Hashed) -> UsedDataset:
    """As :func:`verified_dataset`, with the refusal as a reason instead of an error."""
    try:
        return verified_dataset(used, root, book, hashed)
    except TdsecError as exc:
        return unverified_dataset(used, exc)


def unverified_dataset(used: Used, error: TdsecError) -> UsedDataset:
    """A dataset without evidence, and why."""
    reason = f"{error.code}: {_line(error, used.name)}"
    return UsedDataset(used.name, used.oid, used.origin, State.UNVERIFIED, reason)


def _line(error: TdsecError, name: str) -> str:
    """The error's line without a leading repetition of the dataset's name."""
    return error.line().removeprefix(f"{name}: ")


def _described(used: Used, proof: Verified, book: VerdictBook) -> UsedDataset:
    verdict = proof.verdict
    plain = UsedDataset(used.name, used.oid, used.origin, State.VERIFIED)
    return replace(
        plain,
        root=verdict.version.root,
        files=verdict.version.files,
        size=verdict.version.size,
        result=verdict.result.value,
        signers=tuple(book.policies.access.name_of(keyid) for keyid in proof.signers),
        envelope_sha256=proof.envelope_sha256,
        verdict=verdict_name(used.name, verdict.version.root),
        source=verdict.source or "",
        checks=len(verdict.results),
        expires_at=verdict.expires_at,
        content=verdict.version.content or "",
    )
