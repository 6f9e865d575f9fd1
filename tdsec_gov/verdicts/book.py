"""The verdicts of one repository, by dataset and by DVC oid, believed only as far as they verify."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import IntegrityError, TdsecError, Unverified, VerdictMissing
from tdsec_gov.keys.members import MemberKeys
from tdsec_gov.policy.load import Policies, policies_from
from tdsec_gov.policy.models import Signers
from tdsec_gov.verdicts.examinations.filed import ExaminationBook
from tdsec_gov.verdicts.readings import Keys, Readings, keys_of
from tdsec_gov.verdicts.store import verdict_name, verdict_names, version_of
from tdsec_gov.verdicts.trust import Quorum, member_keys
from tdsec_gov.verdicts.verify import Verified, require_accepted, verify_reading
from tdsec_gov.verdicts.waivers.filed import WaiverBook


@dataclass
class VerdictBook:
    """Answers by dataset, root or oid; parses and verifies each envelope once (:mod:`.readings`).

    ``policies`` decide whose signature counts; ``now`` is the moment expiry is judged at.
    """

    evidence: Tree
    policies: Policies
    now: dt.datetime
    _by_oid: dict[str, list[str]] | None = field(default=None, init=False, repr=False)
    _members: dict[str, MemberKeys] | None = field(default=None, init=False, repr=False)
    _quorums: dict[Signers, Quorum] = field(default_factory=dict, init=False, repr=False)
    _keys: dict[Signers | None, Keys] = field(default_factory=dict, init=False, repr=False)
    _readings: Readings = field(default_factory=Readings, init=False, repr=False)

    @classmethod
    def open(cls, evidence: Tree, now: dt.datetime) -> VerdictBook:
        """Raises PolicyInvalid when policies/ is missing or broken."""
        return cls(evidence, policies_from(evidence), now)

    def signers(self, dataset: str) -> Signers:
        """The rule on signatures for ``dataset``. Raises PolicyInvalid when no rule matches it."""
        return self.policies.for_dataset(dataset).rule.signers

    def quorum(self, dataset: str) -> Quorum:
        """Whose signatures a verdict on ``dataset`` needs. Raises PolicyInvalid as :meth:`signers`."""
        signers = self.signers(dataset)
        if signers not in self._quorums:
            self._quorums[signers] = Quorum.of(self.policies.access, signers)
        return self._quorums[signers]

    def trusted(self, dataset: str) -> dict[str, MemberKeys]:
        """Keys whose signature on a verdict on ``dataset`` counts, by keyid."""
        return self.quorum(dataset).trusted

    def beginners(self, dataset: str) -> dict[str, MemberKeys]:
        """Keys of those who may begin a verdict on ``dataset`` that others complete: every member where the
        rule says whose signatures it asks for, otherwise those that count."""
        if self.signers(dataset) == Signers():
            return self.trusted(dataset)
        if self._members is None:
            self._members = member_keys(self.policies.access.file.members)
        return self._members

    @property
    def waivers(self) -> WaiverBook:
        """The waivers beside the verdicts."""
        return WaiverBook(self.evidence, self.policies, self.now)

    @property
    def examinations(self) -> ExaminationBook:
        """What people say of versions that they looked at."""
        return ExaminationBook(self.evidence, self.policies, self.now)

    def accepted(self, dataset: str, root: str) -> Verified:
        """The verdict of one version, if it holds.

        Raises:
            VerdictMissing, VerdictExpired, SignerUntrusted, GateDenied, IntegrityError.
        """
        name = verdict_name(dataset, root)
        data = self.evidence.read(name)
        if data is None:
            raise _missing(f"{dataset}@{root[:12]}", dataset)
        return self._accepted(name, data, dataset, root)

    def for_oid(self, dataset: str | None, oid: str) -> Verified:
        """The accepted verdict of the version that DVC names ``oid`` (of ``dataset``, or of any).

        The oid only finds the candidates; what counts is the signed root. Where several verdicts
        name the oid, the one with the highest sequence among those that hold decides.

        Raises:
            VerdictMissing, VerdictExpired, SignerUntrusted, GateDenied, IntegrityError.
        """
        return max(self.all_for_oid(dataset, oid), key=lambda one: one.verdict.sequence)

    def all_for_oid(self, dataset: str | None, oid: str) -> list[Verified]:
        """Every accepted verdict of the versions that DVC names ``oid``, never none. Raises as above."""
        found: list[Verified] = []
        failure: TdsecError | None = None
        for name in self._index().get(oid, []):
            version = version_of(name)
            if version is None or dataset not in (None, version[0]):
                continue
            data = self.evidence.read(name)
            try:
                found.append(self._accepted(name, data or b"", *version))
            except TdsecError as exc:
                failure = failure or exc
        if not found:
            raise failure or _missing(dataset or oid, dataset)
        return found

    def current(self, dataset: str, oid: str) -> Verified:
        """As :meth:`for_oid`, and no newer version of ``dataset`` was accepted.

        Where merged branches left several versions with one sequence, each of them is current.

        Raises:
            IntegrityError: another version was accepted later; its verdict lies beside this one's.
        """
        proof = self.for_oid(dataset, oid)
        newer = superseding(proof, self.history(dataset))
        if newer is not None:
            raise IntegrityError(
                "a newer version of this dataset was approved, and this one has been put back",
                where=proof.verdict.version.short,
                expected=f"{newer.verdict.version.short}, sequence {newer.verdict.sequence}",
                found=f"sequence {proof.verdict.sequence}",
                hint=f"to go back on purpose, approve it again: tdsec check {dataset}",
            )
        return proof

    def history(self, dataset: str) -> list[Verified]:
        """Every verdict of ``dataset`` with trusted signatures, oldest sequence first.

        Expired and FAILED ones are included; those that do not verify are left out.
        """
        return self._signed(dataset, complete=True)

    def begun(self, dataset: str) -> list[Verified]:
        """As :meth:`history`, with those that one of :meth:`beginners` has signed and further signatures
        are missing from: good for going on with them, for nothing else."""
        return self._signed(dataset, complete=False)

    def _signed(self, dataset: str, *, complete: bool) -> list[Verified]:
        quorum, keys = self.quorum(dataset), self._trusted_keys(dataset, beginners=not complete)
        found = []
        for name in verdict_names(self.evidence, dataset):
            data = self.evidence.read(name) or b""
            try:
                one = verify_reading(self._readings.of(data), keys, quorum if complete else 1, name)
            except (IntegrityError, Unverified):
                continue
            if one.verdict.version.name == dataset:
                found.append(one)
        return sorted(found, key=lambda one: (one.verdict.sequence, one.verdict.evaluated_at))

    def datasets(self) -> list[str]:
        """Names of all datasets with a stored verdict."""
        versions = (version_of(name) for name in verdict_names(self.evidence))
        return sorted({version[0] for version in versions if version is not None})

    def _accepted(self, name: str, data: bytes, dataset: str, root: str) -> Verified:
        quorum = self.quorum(dataset)
        try:
            verified = verify_reading(self._readings.of(data), self._trusted_keys(dataset), quorum, name)
            require_accepted(verified, self.now)
            self.waivers.require(verified.verdict, verified.signers)
        except (IntegrityError, Unverified) as exc:
            exc.where, exc.hint = exc.where or name, exc.hint or f"run: tdsec check {dataset}"
            raise
        version = verified.verdict.version
        if (version.name, version.root) != (dataset, root):
            raise IntegrityError("verdict lies under another version's name", where=name)
        return verified

    def _index(self) -> dict[str, list[str]]:
        if self._by_oid is None:
            self._by_oid = {}
            for name in verdict_names(self.evidence):
                oid = self._claimed_oid(self.evidence.read(name))
                if oid is not None:
                    self._by_oid.setdefault(oid, []).append(name)
        return self._by_oid

    def _claimed_oid(self, data: bytes | None) -> str | None:
        """The oid a verdict claims, unverified: good for finding it, for nothing else."""
        try:
            return self._readings.of(data or b"").verdict.version.oid
        except TdsecError:
            return None

    def _trusted_keys(self, dataset: str, *, beginners: bool = False) -> Keys:
        """The keys of :meth:`trusted`, or of :meth:`beginners`."""
        signers = self.signers(dataset)
        rule = None if beginners and signers != Signers() else signers
        if rule not in self._keys:
            self._keys[rule] = keys_of(self.beginners(dataset) if beginners else self.trusted(dataset))
        return self._keys[rule]


def superseding(proof: Verified, history: list[Verified]) -> Verified | None:
    """The newest accepted verdict (expired or not) on another version in ``history`` (that of the dataset),
    where it is newer than ``proof``."""
    mine = proof.verdict
    newer = [
        one
        for one in history
        if one.verdict.accepted
        and one.verdict.version.root != mine.version.root
        and one.verdict.sequence > mine.sequence
    ]
    return newer[-1] if newer else None


def _missing(what: str, dataset: str | None) -> VerdictMissing:
    return VerdictMissing(
        "no verdict covers this version", where=what, hint=f"run: tdsec check {dataset or '--all'}"
    )
