"""Is this review request to be believed? Exact steps over bytes, keys and a clock, before a byte of data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.errors import AccessDenied, DataTampered, IntegrityError, SignerUntrusted, Unverified
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.review.bundle import Bundle, require_belonging
from tdsec_gov.vault.review.shelf import FOLDER, Shelf
from tdsec_gov.vault.review.statement import ReviewRequest
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.verify import Verified, parse_time, verify_signature
from tdsec_gov.verdicts.waivers.rules import SKEW

LONGEST_DAYS = 90


@dataclass(frozen=True, slots=True)
class Opened:
    """A request whose signature, name and verdict hold; ``bundle`` is what it came in."""

    request: ReviewRequest
    verified: Verified
    bundle: Bundle
    label: str

    @property
    def people(self) -> list[str]:
        """Keyids of everybody it is sealed to."""
        return [self.request.sender, *self.request.reviewers]


def open_request(vault: OpenedVault, shelf: Shelf, id: str) -> Opened:
    """The request ``id`` on the storage, expired or not.

    Raises:
        UsageError: there is none. AccessDenied: it is not for me. SignerUntrusted, IntegrityError: it is
            not what a member who may write the vault has signed under this name.
    """
    name = shelf.request_file(id)
    sealed = shelf.read(id, name)
    return believe(vault, id, Bundle.opened(sealed, vault.identity, f"{FOLDER}/{id}"))


def believe(vault: OpenedVault, id: str, bundle: Bundle) -> Opened:
    """The request in ``bundle``, once every step holds. Raises as :func:`open_request`.

    Steps: it has the name that its statement gives it; it is about this vault; signed by its sender, alone,
    who may write there; I am its sender or one of its reviewers; the files that came with it are evidence
    about this version; the verdict is the one it names, signed by somebody who may begin one, and about
    this version.
    """
    request = ReviewRequest.parse(bundle.envelope.payload)
    if request.id != id:
        raise IntegrityError(
            "another request was put under this name", where=f"{FOLDER}/{id}", found=request.id
        )
    if request.vault != vault.name:
        raise IntegrityError("the request is about another vault", where=id, expected=vault.name)
    label = vault.book.policies.access.label(vault.name, request.dataset)
    signers = bundle.envelope.verified_by(vault.writers_of(label))
    if signers != {request.sender}:
        raise SignerUntrusted("the request is signed by somebody else than its sender", where=id)
    if vault.identity.keyid not in (request.sender, *request.reviewers):
        raise AccessDenied(f"the request does not ask '{vault.identity.name}'", where=id)
    return Opened(request, _verdict(vault, request, bundle), bundle, label)


def _verdict(vault: OpenedVault, request: ReviewRequest, bundle: Bundle) -> Verified:
    require_belonging(bundle.files, request.dataset, request.root)
    data = bundle.files.get(verdict_name(request.dataset, request.root), b"")
    if sha256_hex(data) != request.verdict:
        raise DataTampered("the verdict is not the one that the request names", where=request.short)
    verified = verify_signature(data, vault.book.beginners(request.dataset), 1, request.short)
    version = verified.verdict.version
    if (version.name, version.root, version.oid) != (request.dataset, request.root, request.oid):
        raise DataTampered("the verdict is about another version than the request", where=request.short)
    return verified


def expired(request: ReviewRequest, now: dt.datetime) -> bool:
    return now >= parse_time(request.expires)


def require_alive(request: ReviewRequest, now: dt.datetime) -> None:
    """Raises Unverified: the request has expired, is dated in the future, or lasts longer than any may."""
    begins, ends = parse_time(request.created), parse_time(request.expires)
    if expired(request, now) or begins > now + SKEW or ends - begins > dt.timedelta(days=LONGEST_DAYS + 1):
        raise Unverified(
            "the review request has expired" if expired(request, now) else "the request's times are wrong",
            where=request.short,
            expected=f"a time within {LONGEST_DAYS} days of when it was sent",
            found=f"{request.created} to {request.expires}",
            hint="let its author send it again: tdsec review send",
        )
