"""Where examinations lie, ``.tdsec/examinations/<dataset>/<root>/<digest>.intoto.jsonl``, and which count.

A revocation beside one takes it away, even if it cannot be read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.dataset import is_sha256
from tdsec_gov.domain.examination import Examination
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import IntegrityError, PolicyInvalid, Unverified
from tdsec_gov.files import write_atomic
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE, Envelope
from tdsec_gov.policy.load import Policies
from tdsec_gov.verdicts.examinations.statement import from_statement
from tdsec_gov.verdicts.trust import member_keys
from tdsec_gov.verdicts.verify import parse_time
from tdsec_gov.verdicts.waivers.rules import SKEW

FOLDER = ".tdsec/examinations"
SUFFIX = ".intoto.jsonl"
REVOKED = ".revoked.intoto.jsonl"
CHECK = "poisoning"


@dataclass(frozen=True, slots=True)
class Filed:
    """One file: what it says (None where nobody's signature holds), and why it does not count (empty: it
    does)."""

    name: str
    examination: Examination | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class ExaminationBook:
    """Reads examinations of ``evidence``. ``policies`` decide whose word counts: theirs who may waive."""

    evidence: Tree
    policies: Policies
    now: dt.datetime

    def filed(self, dataset: str) -> list[Filed]:
        """Every examination of ``dataset``, oldest first."""
        found = [self._read(*one) for one in _names(self.evidence, dataset)]
        return sorted(found, key=lambda one: (one.examination.created if one.examination else "", one.name))

    def items(self, dataset: str, brought: Collection[str]) -> frozenset[str]:
        """Ids that as many people accepted as a waiver needs. ``brought``: keyids of those who brought the
        version under judgement, whose word does not count where the policy wants somebody else's."""
        rules = self.policies.for_dataset(dataset).waivers
        if CHECK not in rules.checks:
            return frozenset()
        people: dict[str, set[str]] = {}
        for one in self._counting(dataset, brought):
            for item in one.items:
                people.setdefault(item, set()).add(one.by)
        return frozenset(item for item, by in people.items() if len(by) >= rules.threshold)

    def audited(self, dataset: str, brought: Collection[str]) -> frozenset[str]:
        """Roots of the versions that as many people audited."""
        people: dict[str, set[str]] = {}
        for one in self._counting(dataset, brought):
            if one.audited:
                people.setdefault(one.root, set()).add(one.by)
        least = self.policies.for_dataset(dataset).waivers.threshold
        return frozenset(root for root, by in people.items() if len(by) >= least)

    def why_not(self, one: Examination) -> str:
        """Why its signer's word does not count under today's policy; empty: it does.

        Raises:
            PolicyInvalid: no rule matches the dataset.
        """
        rules = self.policies.for_dataset(one.dataset).waivers
        if one.items and CHECK not in rules.checks:
            return f"the policy lets nobody waive '{CHECK}'"
        if one.by not in {member.keyid for member in self.policies.access.in_roles(rules.roles)}:
            return "who signed it may not waive under today's policy"
        if parse_time(one.created) > self.now + SKEW:
            return "it is dated in the future"
        return ""

    def _counting(self, dataset: str, brought: Collection[str]) -> Iterator[Examination]:
        independent = self.policies.for_dataset(dataset).waivers.independent(CHECK)
        for filed in self.filed(dataset):
            one = filed.examination
            if one is not None and not filed.why and not (independent and one.by in brought):
                yield one

    def _read(self, name: str, dataset: str, root: str, digest: str) -> Filed:
        try:
            one = self._verified(self.evidence.read(name) or b"")
        except (IntegrityError, Unverified) as exc:
            return Filed(name, None, exc.message)
        if (one.dataset, one.root, one.digest) != (dataset, root, digest):
            return Filed(name, None, "it lies under another examination's name")
        if self.evidence.read(revocation_name(one)) is not None:
            return Filed(name, one, "it was revoked")
        try:
            return Filed(name, one, self.why_not(one))
        except PolicyInvalid as exc:
            return Filed(name, one, exc.message)

    def _verified(self, data: bytes) -> Examination:
        envelope = Envelope.from_bytes(data)
        if envelope.payload_type != INTOTO_PAYLOAD_TYPE:
            raise IntegrityError("envelope holds another payload type")
        signers = envelope.verified_by(member_keys(self.policies.access.file.members))
        if len(signers) != 1:
            raise IntegrityError("an examination is one person's word", expected="one signature")
        return from_statement(envelope.payload, next(iter(signers)))


def examination_name(dataset: str, root: str, digest: str) -> str:
    return f"{FOLDER}/{dataset}/{root}/{digest}{SUFFIX}"


def revocation_name(one: Examination) -> str:
    return f"{FOLDER}/{one.dataset}/{one.root}/{one.digest}{REVOKED}"


def write_examination(root: Path, one: Examination, envelope: Envelope) -> str:
    """Store a signed examination; returns its path. Raises BackendUnavailable, ConfigurationError."""
    name = examination_name(one.dataset, one.root, sha256_hex(envelope.payload))
    write_atomic(root / name, envelope.to_bytes())
    return name


def _names(evidence: Tree, dataset: str) -> Iterator[tuple[str, str, str, str]]:
    """``(path, dataset, root, digest)`` of every examination of ``dataset``."""
    folder = f"{FOLDER}/{dataset}"
    for name in evidence.names(folder):
        root, _, base = name.removeprefix(f"{folder}/").partition("/")
        digest = base.removesuffix(SUFFIX)
        if base.endswith(SUFFIX) and is_sha256(root) and is_sha256(digest):
            yield name, dataset, root, digest
