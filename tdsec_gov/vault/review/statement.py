"""What is signed about a review: the request and the answer, as in-toto Statements v1, strictly read.

A request is named by the first 32 digits of its statement's SHA-256, so that one request put in place of
another is noticed; ``salt`` keeps that name from saying anything about the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue, sha256_hex
from tdsec_gov.domain.dataset import FileEntry, is_oid, is_sha256
from tdsec_gov.errors import IntegrityError
from tdsec_gov.repo.pointers import is_pointer_file
from tdsec_gov.verdicts.predicate import PredicateType, Said
from tdsec_gov.verdicts.verify import parse_time

LONGEST_NOTE = 500
LARGEST_LIST = 1 << 30
"""Bytes of a manifest or list of files: some five million files."""
REQUEST = PredicateType(
    "urn:tdsec-gov:review-request:v1",
    "review request",
    frozenset(
        {
            *("vault", "md5", "file", "manifest_bytes", "listing_bytes", "verdict", "sender"),
            *("reviewers", "created", "expires", "note", "salt"),
        }
    ),
)
ANSWER = PredicateType(
    "urn:tdsec-gov:review-answer:v1",
    "review answer",
    frozenset({"request", "accepted", "reason", "reviewer", "created", "evidence"}),
)
_SALT = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """Somebody asks others to look at one version.

    ``root`` is the version's SHA-256, ``oid`` DVC's name of it, ``file`` its pointer file; ``verdict`` the
    SHA-256 of the verdict's envelope; ``sender`` and ``reviewers`` keyids; times RFC 3339 UTC.
    """

    vault: str
    dataset: str
    root: str
    oid: str
    file: str
    manifest_bytes: int
    listing_bytes: int
    verdict: str
    sender: str
    reviewers: tuple[str, ...]
    created: str
    expires: str
    note: str
    salt: str

    @property
    def digest(self) -> str:
        """SHA-256 of the statement."""
        return sha256_hex(self.to_payload())

    @property
    def id(self) -> str:
        """What people call it, and its folder on the storage: 32 hexadecimal digits."""
        return self.digest[:32]

    @property
    def short(self) -> str:
        return f"{self.dataset}@{self.root[:12]}"

    def to_payload(self) -> bytes:
        """Canonical bytes of the Statement; these are signed."""
        reviewers: list[JsonValue] = [*self.reviewers]
        predicate: dict[str, JsonValue] = {
            "vault": self.vault,
            "md5": self.oid,
            "file": self.file,
            "manifest_bytes": self.manifest_bytes,
            "listing_bytes": self.listing_bytes,
            "verdict": self.verdict,
            "sender": self.sender,
            "reviewers": reviewers,
            "created": self.created,
            "expires": self.expires,
            "note": self.note,
            "salt": self.salt,
        }
        return REQUEST.payload(self.dataset, self.root, predicate)

    @classmethod
    def parse(cls, payload: bytes) -> ReviewRequest:
        """Read what :meth:`to_payload` wrote.

        Raises:
            IntegrityError: anything else, or a path that could lead out of the repository.
        """
        said = _read(REQUEST, payload)
        item = said.predicate
        reviewers, oid, file, note = item["reviewers"], item["md5"], item["file"], item["note"]
        sizes = (item["manifest_bytes"], item["listing_bytes"])
        good = isinstance(reviewers, list) and reviewers and all(is_sha256(one) for one in reviewers)
        good = good and is_oid(oid) and is_sha256(item["verdict"]) and is_sha256(item["sender"])
        good = good and all(type(one) is int and 0 <= one <= LARGEST_LIST for one in sizes)
        good = good and isinstance(file, str) and is_pointer_file(file) and is_plain_path(file)
        good = good and is_note(note) and _SALT.match(str(item["salt"])) is not None
        if not good or not isinstance(reviewers, list):
            raise IntegrityError("review request is malformed")
        texts = {key: str(item[key]) for key in ("vault", "verdict", "sender", "created", "expires", "salt")}
        found = cls(
            dataset=said.name,
            root=said.digest,
            oid=str(oid),
            file=str(file),
            manifest_bytes=int(str(sizes[0])),
            listing_bytes=int(str(sizes[1])),
            reviewers=tuple(str(one) for one in reviewers),
            note=str(note),
            **texts,
        )
        for moment in (found.created, found.expires):
            parse_time(moment)
        if found.to_payload() != payload:
            raise IntegrityError("review request is malformed")
        return found


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """What one reviewer says to a request (``request``: SHA-256 of its statement).

    ``evidence`` maps paths of signed statements (waivers, the co-signed verdict) to the SHA-256 of the files
    that come with the answer.
    """

    dataset: str
    root: str
    request: str
    accepted: bool
    reason: str
    reviewer: str
    created: str
    evidence: Mapping[str, str]

    def to_payload(self) -> bytes:
        """Canonical bytes of the Statement; these are signed."""
        predicate: dict[str, JsonValue] = {
            "request": self.request,
            "accepted": self.accepted,
            "reason": self.reason,
            "reviewer": self.reviewer,
            "created": self.created,
            "evidence": dict(self.evidence),
        }
        return ANSWER.payload(self.dataset, self.root, predicate)

    @classmethod
    def parse(cls, payload: bytes) -> ReviewAnswer:
        """Read what :meth:`to_payload` wrote. Raises IntegrityError: anything else."""
        said = _read(ANSWER, payload)
        item = said.predicate
        accepted, evidence, reason = item["accepted"], item["evidence"], item["reason"]
        good = type(accepted) is bool and isinstance(evidence, dict) and is_note(reason)
        good = good and is_sha256(item["request"]) and is_sha256(item["reviewer"])
        if not good or not isinstance(evidence, dict) or not all(is_sha256(one) for one in evidence.values()):
            raise IntegrityError("review answer is malformed")
        texts = {key: str(item[key]) for key in ("request", "reason", "reviewer", "created")}
        files = {name: str(digest) for name, digest in evidence.items()}
        found = cls(dataset=said.name, root=said.digest, accepted=accepted is True, evidence=files, **texts)
        parse_time(found.created)
        if found.to_payload() != payload:
            raise IntegrityError("review answer is malformed")
        return found


def is_plain_path(text: str) -> bool:
    """Whether ``text`` is a path below the repository's root: the rule that manifests have for theirs."""
    try:
        FileEntry(text, 0, "0" * 64, "0" * 32)
    except IntegrityError:
        return False
    return not text.startswith(":")  # git reads more into such a path


def is_note(text: JsonValue) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST_NOTE and (not text or text.isprintable())


def _read(kind: PredicateType, payload: bytes) -> Said:
    said = kind.read(payload)
    if not is_plain_path(said.name):
        raise IntegrityError(f"{kind.noun} has no usable subject")
    return said
