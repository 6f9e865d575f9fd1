"""Answers: what a reviewer signed goes back beside the request, and its author puts it where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.overlay import Overlay
from tdsec_gov.errors import (
    DataTampered,
    IntegrityError,
    SignerUntrusted,
    TdsecError,
    Unverified,
    UsageError,
    VerdictMissing,
)
from tdsec_gov.files import WorkTree, write_atomic
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.review.bundle import Bundle, evidence_of, require_belonging
from tdsec_gov.vault.review.opened import Opened
from tdsec_gov.vault.review.people import recipients_of
from tdsec_gov.vault.review.shelf import FOLDER, Shelf, answer_name, answerer
from tdsec_gov.vault.review.statement import ReviewAnswer
from tdsec_gov.vault.review.taken import Taken
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.trust import member_keys
from tdsec_gov.verdicts.verify import format_time
from tdsec_gov.verdicts.waivers.filed import WaiverBook
from tdsec_gov.verdicts.waivers.rules import State
from tdsec_gov.verdicts.waivers.store import waiver_at


@dataclass(frozen=True, slots=True)
class Received:
    """One answer as it was found: what it says, what was ``written`` (paths), or why it was refused."""

    keyid: str
    answer: ReviewAnswer | None
    written: list[str] = field(default_factory=list)
    error: TdsecError | None = None


def signed_here(vault: OpenedVault, taken: Taken) -> dict[str, bytes]:
    """What I have signed about a taken version since I took it: my waivers, the verdict with my signature."""
    request, before = taken.opened.request, taken.opened.bundle.files
    now = evidence_of(WorkTree(taken.desk), request.dataset, request.root)
    mine = {name: data for name, data in now.items() if before.get(name) != data}
    return {name: data for name, data in mine.items() if vault.identity.keyid in _signers(data)}


def answer(
    vault: OpenedVault, shelf: Shelf, opened: Opened, accepted: bool, reason: str, files: Mapping[str, bytes]
) -> ReviewAnswer:
    """Sign and put an answer beside the request, over one of mine that lies there.

    Raises:
        UsageError: it is my own request, nothing was signed, or the request is gone.
    """
    request, me = opened.request, vault.identity
    if me.keyid not in request.reviewers:
        raise UsageError("this is your own request", where=request.short, hint="a reviewer answers it")
    if accepted and not files:
        raise UsageError(
            "there is nothing that you have signed about this version",
            where=request.short,
            hint=f"run: tdsec waive … or tdsec cosign, with --review {request.id}",
        )
    shelf.request_file(request.id)
    said = ReviewAnswer(
        dataset=request.dataset,
        root=request.root,
        request=request.digest,
        accepted=accepted,
        reason=reason,
        reviewer=me.keyid,
        created=format_time(vault.book.now),
        evidence={name: sha256_hex(data) for name, data in files.items()},
    )
    recipients = recipients_of(vault.book.policies.access, opened.people, opened.label)
    bundle = Bundle(Envelope.sign(said.to_payload(), *me.signers), files)
    shelf.put(request.id, answer_name(me.keyid), bundle.sealed(recipients))
    return said


def fetch(vault: OpenedVault, shelf: Shelf, opened: Opened, root: Path) -> list[Received]:
    """Every answer to a request of mine, believed and put into the work tree at ``root``; one that is
    refused changes nothing."""
    found = []
    for name in shelf.names(opened.request.id):
        keyid = answerer(name)
        if keyid is None:
            continue
        said: ReviewAnswer | None = None
        try:
            bundle = Bundle.opened(
                shelf.read(opened.request.id, name), vault.identity, f"{FOLDER}/{opened.request.id}/{name}"
            )
            said = believe_answer(vault, opened, keyid, bundle)
            files = _acceptable(vault, opened, keyid, bundle.files, root)
            for path, data in files.items():
                write_atomic(root / path, data)
            found.append(Received(keyid, said, sorted(files)))
        except TdsecError as exc:
            found.append(Received(keyid, said, error=exc))
    return found


def believe_answer(vault: OpenedVault, opened: Opened, keyid: str, bundle: Bundle) -> ReviewAnswer:
    """What ``keyid`` answered to this very request.

    Raises:
        SignerUntrusted: no reviewer of this request who is a member signed it, alone, under their own name.
        IntegrityError: it answers another request, or comes with other files than it names.
    """
    request, said = opened.request, ReviewAnswer.parse(bundle.envelope.payload)
    signers = bundle.envelope.verified_by(member_keys(vault.book.policies.access.file.members))
    if signers != {keyid} or said.reviewer != keyid or keyid not in request.reviewers:
        raise SignerUntrusted("the answer is not by a reviewer of this request", where=request.short)
    if said.request != request.digest or (said.dataset, said.root) != (request.dataset, request.root):
        raise IntegrityError(
            "the answer is to another request",
            where=request.short,
            expected=request.digest[:12],
            found=said.request[:12],
        )
    if said.evidence != bundle.digests():
        raise DataTampered("the files of the answer are not those that it names", where=request.short)
    require_belonging(bundle.files, request.dataset, request.root)
    return said


def _acceptable(
    vault: OpenedVault, opened: Opened, keyid: str, files: Mapping[str, bytes], root: Path
) -> dict[str, bytes]:
    """What of an answer's files goes into the work tree, each judged as if it lay there. Raises as below."""
    request, tree = opened.request, WorkTree(root)
    found: dict[str, bytes] = {}
    for name, data in files.items():
        if name == verdict_name(request.dataset, request.root):
            found[name] = _cosigned(vault, opened, keyid, data, tree.read(name))
        elif waiver_at(name) is not None:
            _require_waiver(vault, opened, keyid, name, data, tree)
            found[name] = data
        else:
            raise IntegrityError("an answer brings waivers and signatures, nothing else", where=request.short)
    return {name: data for name, data in found.items() if tree.read(name) != data}


def _cosigned(vault: OpenedVault, opened: Opened, keyid: str, data: bytes, mine: bytes | None) -> bytes:
    """My verdict with the reviewer's signature. Raises IntegrityError: it is not the verdict that I have."""
    where = opened.request.short
    theirs = Envelope.from_bytes(data)
    signers = theirs.verified_by(member_keys(vault.book.policies.access.file.members))
    if keyid not in signers:
        raise SignerUntrusted(
            "the verdict that came back does not bear its reviewer's signature", where=where
        )
    if mine is None:
        raise VerdictMissing("the verdict that was sent is not here any more", where=where)
    own = Envelope.from_bytes(mine)
    if own.payload != theirs.payload:
        raise IntegrityError(
            "the gate has run again since the request was sent, so another verdict was signed than you have",
            where=where,
            hint=f"send the new one: tdsec review send {opened.request.dataset}",
        )
    known = {keyid for keyid, _ in own.signatures}
    member = vault.book.policies.access.member(keyid)
    keys = {key.keyid for key in member_keys([member])[keyid].required} if member else set()
    more = tuple(pair for pair in theirs.signatures if pair[0] in keys - known)
    return Envelope(own.payload_type, own.payload, (*own.signatures, *more)).to_bytes()


def _require_waiver(
    vault: OpenedVault, opened: Opened, keyid: str, name: str, data: bytes, tree: WorkTree
) -> None:
    """Raises Unverified unless the waiver is the reviewer's own and holds under today's policy here."""
    book = WaiverBook(Overlay({name: data}, tree), vault.book.policies, vault.book.now)
    filed = book.filed(opened.request.dataset, opened.request.root)
    one = next((one for one in filed if one.name == name), None)
    if one is None or one.waiver is None or one.state is not State.HOLDS or one.waiver.approver != keyid:
        why = one.why if one is not None and one.why else "it is somebody else's"
        raise Unverified(f"the waiver that came back does not hold here: {why}", where=opened.request.short)


def _signers(data: bytes) -> set[str]:
    try:
        return {keyid for keyid, _ in Envelope.from_bytes(data).signatures}
    except IntegrityError:
        return set()
